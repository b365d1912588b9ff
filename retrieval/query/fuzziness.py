"""Fuzziness: how many edits a term may be away, and which terms of an index are that near."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from indexer import ParsingError
from indexer.fields import Field

from ..context import SearchContext
from ..words import similarity_of
from .lexical_leaf import dictionaries
from .options import flag, whole

KEYS = {"fuzziness", "prefix_length", "max_expansions", "fuzzy_transpositions"}
MAX_EXPANSIONS = 1024
_LONGEST = 255  # characters of a term that is compared
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Fuzziness:
    """AUTO by length (0 edits below `low` characters, 1 below `high`, else 2), or a fixed number."""

    low: int = 3
    high: int = 6
    fixed: int | None = None

    @classmethod
    def of(cls, kind: str, value: Any) -> Fuzziness:
        """Elasticsearch's forms: AUTO, AUTO:3,6, 0, 1, 2; ParsingError."""
        text = str(value).strip().upper() if not isinstance(value, bool) else ""
        if text == "AUTO":
            return cls()
        bounds = re.fullmatch(r"AUTO:(\d{1,6}),(\d{1,6})", text)
        if bounds:
            low, high = int(bounds[1]), int(bounds[2])
            if low > high:
                raise ParsingError(f"[{kind}] fuzziness wrongly configured [{value}]: low must not exceed high")
            return cls(low, high)
        if re.fullmatch(r"[012](\.0*)?", text):
            return cls(fixed=int(text[0]))
        raise ParsingError(f"[{kind}] [fuzziness] must be AUTO, AUTO:low,high, 0, 1 or 2, not [{value}]")

    def edits(self, length: int) -> int:
        """Edits allowed for a term of so many characters."""
        if self.fixed is not None:
            return self.fixed
        return 0 if length < self.low else 1 if length < self.high else 2


@dataclass(frozen=True)
class Fuzzy:
    """All options of fuzzy matching."""

    fuzziness: Fuzziness = field(default_factory=Fuzziness)
    prefix: int = 0
    expansions: int = 50
    swaps: bool = True

    @classmethod
    def parse(cls, kind: str, found: Mapping[str, Any], default: str | None = None) -> Fuzzy | None:
        """The options of a query; None when it is not fuzzy. The others are checked in any case."""
        options = {
            "prefix": whole(kind, found, "prefix_length", 0, 0, _LONGEST),
            "expansions": whole(kind, found, "max_expansions", 50, 1, MAX_EXPANSIONS),
            "swaps": flag(kind, found, "fuzzy_transpositions", True),
        }
        value = found.get("fuzziness", default)
        return None if value is None else cls(Fuzziness.of(kind, value), **options)  # type: ignore[arg-type]

    def edits(self, term: str) -> int:
        """Edits allowed for a term. None for a Han term of one or two characters: one edit of it is just
        another word."""
        if len(term) > _LONGEST or (len(term) < 3 and _HAN.search(term)):
            return 0
        return min(self.fuzziness.edits(len(term)), max(0, len(term) - self.prefix))


class Weighted(NamedTuple):
    """A term of the index and its weight in a score."""

    term: str
    boost: float


def similar_terms(ctx: SearchContext, spec: Field, term: str, fuzzy: Fuzzy) -> list[Weighted]:
    """The term itself and those near it, at most `max_expansions`, the nearest first.

    A term weighs 1 - edits / length of the shorter, as in Lucene, and as if all were as frequent as the most
    frequent of them (blended frequencies): a rare misspelling must not outweigh the word itself.
    """
    edits = fuzzy.edits(term)
    if not edits:
        return [Weighted(term, 1.0)]
    found = dictionaries(ctx, spec.path).similar(term, edits, fuzzy.prefix, fuzzy.swaps).similar()
    found = found[: fuzzy.expansions]
    if not found:
        return [Weighted(term, 1.0)]
    similarity, live = similarity_of(ctx, spec.similarity), ctx.view.live_documents
    idf = [similarity.idf(ctx.reader.df(spec.path, near.term), live) for near in found]
    least = min(idf)
    return [
        Weighted(near.term, max(1.0 - near.edits / max(1, min(len(term), len(near.term))), 0.05) * least / own)
        for near, own in zip(found, idf, strict=True)
    ]
