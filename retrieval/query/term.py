"""term and terms: exact values, not analyzed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import INTEGERS, Field, parse_number

from ..columns import mask_where
from ..context import SearchContext
from ..expansion import Expansion, determinize, folded, literal
from ..expansion.syntax import any_case
from ..lexical import WordQuery
from ..words import METADATA, indexed_term, lasting, searchable, similarity_of
from .base import Explanation, Highlight, Matches, Parser, Query, constant, field_options, options, query_type
from .lexical_leaf import dictionaries
from .metadata import metadata_mask
from .options import boost_of, flag
from .range import Range
from .rewriting import remembered


@query_type
@dataclass(frozen=True)
class Term(Query):
    """Documents whose field holds exactly this value; scored by BM25 on text and keyword fields."""

    type: ClassVar[str] = "term"
    field: str
    value: Any
    boost: float = 1.0
    name: str | None = None
    any_case: bool = False

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Term:
        path, found = field_options(cls.type, body, "value", {"case_insensitive"})
        any_case = flag(cls.type, found, "case_insensitive", False)
        return cls(path, scalar(cls.type, found["value"]), boost_of(found), found.get("_name"), any_case)

    def words(self, ctx: SearchContext) -> WordQuery | None:
        if self.field in METADATA:
            return None
        field = searchable(ctx, self.field)
        if self.any_case or field is None or not (field.is_text or field.type == "keyword"):
            return None
        boosts = None if self.boost == 1.0 else (self.boost,)
        return WordQuery(
            (self.field,),
            (indexed_term(ctx, field, self.value),),
            boosts,
            similarity=similarity_of(ctx, field.similarity),
        )

    def matches(self, ctx: SearchContext) -> Matches:
        words = self.words(ctx)
        if words is not None:
            return Matches(*ctx.reader.matches(words))
        return Matches.of_mask(self.mask(ctx), self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        field = None if self.field in METADATA else searchable(ctx, self.field)
        if self.any_case and field is not None and (field.is_text or field.type == "keyword"):
            return remembered(ctx, self, "mask", lambda: self._cases(ctx, field).mask())
        return mask_of_values(ctx, self.field, (self.value,))

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        return exact_key(ctx, self.field, (self.value,), self.any_case)

    def _cases(self, ctx: SearchContext, field: Field) -> Expansion:
        """The value's terms in any case; its characters are not folded otherwise."""
        node = folded(literal(indexed_term(ctx, field, self.value)), any_case)
        return dictionaries(ctx, field.path).pattern(determinize(node, 100_000, ctx.check_time))

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        if self.words(ctx) is None:
            return constant(self.mask(ctx)[doc], self.boost, f"{self.field}:{self.value}")
        return super().explain(ctx, doc)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        yield Highlight(self.field, str(self.value), analyzed=False)


@query_type
@dataclass(frozen=True)
class Terms(Query):
    """Documents whose field holds any of these values; the score is `boost`."""

    type: ClassVar[str] = "terms"
    field: str
    values: tuple[Any, ...]
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Query:
        found = options(cls.type, body, set(body) if isinstance(body, dict) else set())
        fields = [key for key in found if key not in ("boost", "_name")]
        if len(fields) != 1:
            raise ParsingError("[terms] query requires exactly one field with a list of values")
        values = found[fields[0]]
        if isinstance(values, dict):
            from .terms_lookup import TermsLookup

            return TermsLookup.of(fields[0], values, boost_of(found), found.get("_name"))
        if not isinstance(values, list):
            raise ParsingError("[terms] query requires a list of values")
        if len(values) > MAX_VALUES:
            raise ParsingError(f"[terms] takes at most {MAX_VALUES:,} values")
        scalars = tuple(scalar(cls.type, v) for v in values)
        return cls(fields[0], scalars, boost_of(found), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return remembered(ctx, self, "mask", lambda: mask_of_values(ctx, self.field, self.values))

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        return exact_key(ctx, self.field, self.values)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        return constant(self.mask(ctx)[doc], self.boost, f"{self.field}: any of {len(self.values)} values")

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for value in self.values:
            yield Highlight(self.field, str(value), analyzed=False)


MAX_VALUES = 65_536
_KEPT_VALUES = 1000  # of a filter that is kept


def exact_key(ctx: SearchContext, path: str, values: tuple[Any, ...], any_case: bool = False) -> Hashable | None:
    """The `filter_key` of exact values, as they are written: 1, 1.0 and true are equal, and not the same keyword."""
    field = ctx.field(path)
    if field is None or len(values) > _KEPT_VALUES or not lasting(ctx, field):
        return None
    if field.type == "date" and any("now" in str(value) for value in values):
        return None
    written = tuple([(type(value), repr(value) if type(value) is float else value) for value in values])
    return ("terms", path, any_case, written)


def mask_of_values(ctx: SearchContext, path: str, values: tuple[Any, ...]) -> np.ndarray:
    """bool[documents]: live documents whose field `path` holds any of `values`; InvalidRequest."""
    found = metadata_mask(ctx, path, values)
    if found is not None:
        return found
    field = searchable(ctx, path)
    if field is not None and (field.is_text or field.type == "keyword"):
        return dictionaries(ctx, path).exact([indexed_term(ctx, field, value) for value in values]).mask()
    out = np.zeros(ctx.documents, bool)
    if field is None:
        return out
    if field.type == "date":  # a date given to the day means the whole day
        for value in values:
            out |= Range(path, (("gte", value), ("lte", value))).mask(ctx)
        return out
    typed = [value for value in (_typed(field, v) for v in values) if value is not None]
    wanted = np.array(sorted(typed), np.float64 if field.type in _FLOATS else np.int64)
    return mask_where(ctx, path, lambda column: np.isin(column.values, wanted))


_FLOATS = ("double", "float", "half_float")


def _typed(field: Field, value: Any) -> Any:
    """A value as the column has it; None for a fraction or a number that no field of these integers holds."""
    if field.type in ("dense_vector", "completion"):
        raise InvalidRequest(f"field [{field.path}] of type [{field.type}] doesn't support term queries")
    try:
        if isinstance(value, str) and field.type != "boolean":
            value = parse_number(value)
            value = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(value, float) and not value.is_integer() and field.type not in _FLOATS:
            return None
        bits = INTEGERS.get(field.type, 0)
        if bits and isinstance(value, int | float) and not -(1 << bits) <= value < 1 << bits:
            return None
        return field.convert(value)
    except ValueError as error:
        raise InvalidRequest(f"failed to create query: {error} for field [{field.path}]") from None


def scalar(kind: str, value: Any) -> Any:
    """A single value; ParsingError."""
    if isinstance(value, dict | list) or value is None:
        raise ParsingError(
            f"[{kind}] query needs a single value (string, number or boolean), not [{type(value).__name__}]"
        )
    return value
