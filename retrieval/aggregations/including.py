"""Which terms may become buckets: `include` and `exclude`, by pattern, by list, or by partition."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import parse_date

from ..columns import DocValues
from ..expansion.automaton import Pattern, determinize
from ..expansion.regexp import parse_regexp
from .base import Options
from .scope import exact_number

_MAX_PATTERN = 1000


@dataclass(frozen=True)
class Terms:
    """One side: exact values, a pattern over the whole term, or one of several partitions of the terms."""

    values: tuple[Any, ...] = ()
    pattern: str | None = None
    partition: tuple[int, int] | None = None

    def chosen(self, values: DocValues, keys: np.ndarray, path: str, formats: str | None) -> np.ndarray:
        """bool[n]: which of some distinct values (by ordinal) are meant; dates in `formats`. InvalidRequest."""
        if self.partition is not None:
            part, parts = self.partition
            return np.array([zlib.crc32(str(values.value(int(k))).encode()) % parts == part for k in keys], bool)
        if self.pattern is not None:
            if values.terms is None:
                raise InvalidRequest(
                    f"Aggregation on field [{path}] cannot support regular expression style include/exclude settings "
                    "as they can only be applied to string fields. Use an array of values for include/exclude clauses"
                )
            return _accepted(_compiled(self.pattern), [values.value(int(k)) for k in keys])
        wanted = [values.place(_typed(values, v, path, formats)) for v in self.values]
        return np.isin(keys, [place for place, there in wanted if there])


@dataclass(frozen=True)
class IncludeExclude:
    """Terms that are included (None: all) and not excluded."""

    include: Terms | None = None
    exclude: Terms | None = None

    @classmethod
    def parse(cls, options: Options) -> IncludeExclude:
        include, exclude = options.body.get("include"), options.body.get("exclude")
        if isinstance(include, dict) and exclude is not None:
            raise ParsingError("Cannot specify any excludes when including a partition of the terms")
        return cls(_side(options, "include", include), _side(options, "exclude", exclude))

    def chosen(self, values: DocValues, keys: np.ndarray, path: str, formats: str | None) -> np.ndarray | None:
        """bool[n] of the ordinals that may become buckets; None when all may. `formats` read dates."""
        if self.include is None and self.exclude is None:
            return None
        keep = np.ones(len(keys), bool)
        if self.include is not None:
            keep &= self.include.chosen(values, keys, path, formats)
        if self.exclude is not None:
            keep &= ~self.exclude.chosen(values, keys, path, formats)
        return keep


ALL_TERMS = IncludeExclude()


def _side(options: Options, key: str, body: Any) -> Terms | None:
    if body is None:
        return None
    if isinstance(body, str):
        _compiled(body)
        return Terms(pattern=body)
    if isinstance(body, list) and all(isinstance(v, str | int | float) for v in body):
        return Terms(values=tuple(body))
    if isinstance(body, dict) and key == "include":
        part, parts = body.get("partition"), body.get("num_partitions")
        known = set(body) == {"partition", "num_partitions"}
        if known and isinstance(part, int) and isinstance(parts, int) and 0 <= part < parts:
            return Terms(partition=(part, parts))
        raise ParsingError("[include] takes {partition, num_partitions} with 0 <= partition < num_partitions")
    raise ParsingError(f"[{key}] of [{options.name}] must be a pattern or a list of values")


def _typed(values: DocValues, value: Any, path: str, formats: str | None) -> Any:
    if values.terms is not None:
        return str(value).encode("utf-8", "surrogatepass")
    if values.kind == "boolean" and value in (True, False, "true", "false"):
        return int(value in (True, "true"))
    try:
        return parse_date(value, formats) if values.kind == "date" and isinstance(value, str) else exact_number(value)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"[{value}] is no value of the field [{path}]: {error}") from None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Pattern:
    """The automaton of a Lucene expression over a whole term; InvalidRequest."""
    if len(pattern) > _MAX_PATTERN:
        raise InvalidRequest(f"a pattern of include or exclude may have {_MAX_PATTERN} characters")
    try:
        return determinize(parse_regexp(pattern))
    except ValueError as error:
        raise InvalidRequest(f"the pattern [{pattern}] cannot be taken: {error}") from None


def _accepted(pattern: Pattern, terms: Sequence[bytes]) -> np.ndarray:
    """bool[n]: which of some terms an automaton accepts; all of them move on together, a character a step."""
    texts = [term.decode("utf-8", "surrogatepass") for term in terms]
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = pattern.kinds[np.searchsorted(pattern.bounds, codes, side="right") - 1]
    lengths = np.array([len(text) for text in texts], np.int64)
    starts = np.cumsum(lengths) - lengths
    states = np.zeros(len(texts), np.int64)
    step, alive = 0, np.flatnonzero(lengths)
    while len(alive):
        states[alive] = pattern.moves[states[alive], kinds[starts[alive] + step]]
        step += 1
        alive = alive[(states[alive] >= 0) & (lengths[alive] > step)]
    return (states >= 0) & (pattern.accepts[states] > 0)
