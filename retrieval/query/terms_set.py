"""terms_set: as many of some terms as a field of the document says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, field_options, query_type
from .numeric import first_values, numeric_field
from .options import boost_of, whole
from .rewriting import remembered
from .term import MAX_VALUES, Term, scalar


@query_type
@dataclass(frozen=True)
class TermsSet(Query):
    """Documents that hold at least as many of the terms as their field `needed_field`, or the number `needed`, says,
    one at least. The score is the sum of the terms'. A document without a value in that field does not match."""

    type: ClassVar[str] = "terms_set"
    terms: tuple[Term, ...]
    needed_field: str | None
    needed: int = 1
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> TermsSet:
        allowed = {"minimum_should_match_field", "minimum_should_match", "minimum_should_match_script"}
        path, found = field_options(cls.type, body, "terms", allowed)
        if found.get("minimum_should_match_script") is not None:
            raise ParsingError("[terms_set] scripts are not supported: use [minimum_should_match_field]")
        field, number = found.get("minimum_should_match_field"), found.get("minimum_should_match")
        if (field is None) == (number is None) or not isinstance(field, str | None):
            raise ParsingError("[terms_set] needs a [minimum_should_match_field] or a number [minimum_should_match]")
        values = found["terms"]
        if not isinstance(values, list) or len(values) > MAX_VALUES:
            raise ParsingError(f"[terms_set] [terms] must be a list of at most {MAX_VALUES:,} values")
        boost = boost_of(found)
        terms = tuple(Term(path, value, boost) for value in dict.fromkeys(scalar(cls.type, v) for v in values))
        needed = 1 if number is None else whole(cls.type, found, "minimum_should_match", 1, 1, MAX_VALUES)
        return cls(terms, field, needed, found.get("_name"))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return remembered(ctx, self, "mask", lambda: self._mask(ctx))

    def _mask(self, ctx: SearchContext) -> np.ndarray:
        held = np.zeros(ctx.documents, np.int32)
        for term in self.terms:
            ctx.check_time()
            held += term.mask(ctx)
        docs = np.flatnonzero(held)
        if self.needed_field is None:
            enough = held[docs] >= self.needed
        else:
            numeric_field(ctx, self.type, self.needed_field)
            needed, known = first_values(ctx, self.needed_field, docs)
            enough = known & (held[docs] >= needed)
        out = np.zeros(ctx.documents, bool)
        out[docs[enough]] = True
        return out

    def matches(self, ctx: SearchContext) -> Matches:
        docs = np.flatnonzero(self.mask(ctx))
        return Matches(docs, self.score(ctx, docs))

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        total = np.zeros(len(docs), np.float32)
        for term in self.terms:
            ctx.check_time()
            total += term.score(ctx, docs)
        return np.where(self.mask(ctx)[docs], total, np.float32(0.0))

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        if not self.mask(ctx)[doc]:
            return Explanation(0.0, "not enough of the terms")
        return Explanation.total("", (p for p in (t.explain(ctx, doc) for t in self.terms) if p.value > 0))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for term in self.terms:
            yield from term.highlights(ctx)
