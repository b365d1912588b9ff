"""Queries for all terms that a pattern fits: prefix, wildcard, regexp, and term in any case.

On text fields they look at terms, as everywhere; their characters are folded as the field's text is (case,
width, traditional forms). On keyword fields they look at whole values.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import Field

from ..context import SearchContext
from ..expansion import Expansion, Node, TooComplex, determinize, folded
from ..expansion.syntax import any_case
from ..lexical import WordQuery
from ..words import searchable, similarity_of
from .base import Explanation, Highlight, Matches, Query, constant
from .lexical_leaf import Lexical, dictionaries
from .match_all import MatchNone
from .rewriting import Rewritten, remembered

STATES = 10_000  # of an automaton, unless `max_determinized_states` says otherwise
MAX_PATTERN = 1000  # characters
_MARKS = 1024  # terms marked
_REWRITES = re.compile(
    r"constant_score(_blended|_boolean)?|scoring_boolean|top_terms_(blended_freqs_)?(?P<top>\d{1,4})"
)


def rewrite_of(kind: str, value: object) -> str:
    """A `rewrite` method; ParsingError says which are known."""
    if value is None:
        return "constant_score"
    if not isinstance(value, str) or not _REWRITES.fullmatch(value):
        raise ParsingError(
            f"[{kind}] unknown rewrite method [{value}]; known are constant_score, constant_score_blended, "
            "constant_score_boolean, scoring_boolean, top_terms_N and top_terms_blended_freqs_N"
        )
    return value


@dataclass(frozen=True)
class ConstantTerms(Query):
    """Documents that hold any of the expanded terms; all score `boost`. Nothing is scored on the way."""

    type: ClassVar[str] = "constant_terms"
    expansion: Expansion
    boost: float = 1.0
    label: str = ""

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return remembered(ctx, self, "mask", self.expansion.mask)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        return constant(self.mask(ctx)[doc], self.boost, self.label)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for term in self.expansion.terms(_MARKS):
            yield Highlight(self.expansion.field, term.decode("utf-8", "replace"), analyzed=False)


class MultiTerm(Rewritten):
    """A query that stands for all terms of a field that it fits. Subclasses are dataclasses with these members."""

    field: str
    rewriting: str = "constant_score"
    boost: float = 1.0

    @abstractmethod
    def expansion(self, ctx: SearchContext, spec: Field) -> Expansion:
        """The terms of the field."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The query in words, for explanations."""

    def rewrite(self, ctx: SearchContext) -> Query:
        spec = term_field(ctx, self.type, self.field)
        if spec is None:
            return MatchNone()
        found = self.expansion(ctx, spec)
        if self.rewriting in ("constant_score", "constant_score_blended"):
            return ConstantTerms(found, self.boost, self.label)
        limit = ctx.settings.max_clauses
        top = _REWRITES.fullmatch(self.rewriting)
        if top is not None and top["top"]:
            return scored(ctx, spec, found.terms(min(int(top["top"]), limit)), self.boost)
        terms = found.terms(limit + 1)
        if len(terms) > limit:
            raise InvalidRequest(
                f"field expansion for [{self.field}] matches too many terms, limit: QUARRY_MAX_CLAUSES={limit}; "
                "make the pattern narrower, or use the constant_score rewrite"
            )
        if self.rewriting == "constant_score_boolean":
            return ConstantTerms(found, self.boost, self.label)
        return scored(ctx, spec, terms, self.boost)


def scored(ctx: SearchContext, spec: Field, terms: Iterable[bytes | str], boost: float) -> Query:
    """The sum of the terms' scores."""
    texts = [t if isinstance(t, str) else t.decode("utf-8", "surrogatepass") for t in terms]
    if not texts:
        return MatchNone()
    words = WordQuery(
        (spec.path,), tuple(texts), tuple(boost for _ in texts), similarity=similarity_of(ctx, spec.similarity)
    )
    return Lexical(words, tuple(Highlight(spec.path, text, analyzed=False) for text in texts))


def term_field(ctx: SearchContext, kind: str, path: str) -> Field | None:
    """The text or keyword field that a query on terms looks into, None when it is not mapped; InvalidRequest."""
    spec = searchable(ctx, path)
    if spec is not None and not (spec.is_text or spec.type == "keyword"):
        raise InvalidRequest(
            f"Can only use {kind} queries on keyword and text fields - not on [{path}] which is of type [{spec.type}]"
        )
    return spec


def fold_text(ctx: SearchContext, spec: Field, text: str) -> str:
    """A text as the characters of a field's terms are folded."""
    normalize = normalizer(ctx, spec)
    return text if normalize is None else normalize(text)


def normalizer(ctx: SearchContext, spec: Field) -> Callable[[str], str] | None:
    """What folds the characters of a field's terms, None for a keyword field without a normalizer."""
    if spec.is_text:
        return ctx.analyzer(spec).normalize
    return None if spec.normalizer is None else ctx.index.analyzers.normalizer(spec.normalizer).normalize


def fit(ctx: SearchContext, spec: Field, node: Node, any_case_too: bool, states: int, what: str) -> Expansion:
    """The terms of a field that an expression fits, its characters folded as the field's; InvalidRequest."""
    normalize = normalizer(ctx, spec)

    def fold(char: str) -> Iterable[str]:
        chars = any_case(char) if any_case_too else (char,)
        return chars if normalize is None else tuple(dict.fromkeys(normalize(c) for c in chars))

    if normalize is not None or any_case_too:
        node = folded(node, fold)
    try:
        pattern = determinize(node, states, ctx.check_time)
    except TooComplex as error:
        raise InvalidRequest(
            f"{what} is too complex: {error}; simplify it, or raise [max_determinized_states]"
        ) from None
    return dictionaries(ctx, spec.path).pattern(pattern)
