"""significant_terms: values that are more frequent among the matching documents than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from ..checks import known
from ..query.base import Query
from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .including import ALL_TERMS, IncludeExclude
from .keys import KeyFormat
from .ordering import first_of_each
from .pairs import Pairs
from .scope import Scope, date_formats
from .significance import HEURISTICS
from .terms import group_by_value

_KEYS = ("field", "size", "shard_size", "min_doc_count", "shard_min_doc_count", "include", "exclude",
         "background_filter", "execution_hint", "format")  # fmt: skip
_UNKNOWN = ("script_heuristic", "p_value")
_ASSUMED = {"background_is_superset": True, "include_negatives": False}


@aggregation_type
@dataclass(frozen=True)
class SignificantTerms(Aggregation):
    """Terms by a significance heuristic, JLH where none is named; the background is all live documents."""

    type: ClassVar[str] = "significant_terms"
    takes_children: ClassVar[bool] = True
    field: str
    size: int = 10
    least: int = 3
    heuristic: str = "jlh"
    background: Query | None = None
    terms: IncludeExclude = ALL_TERMS
    format: str | None = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> SignificantTerms:
        for name in _UNKNOWN:
            if name in options.body:
                raise InvalidRequest(f"[{name}] is not supported; the heuristics are {', '.join(HEURISTICS)}")
        options.known(*_KEYS, *HEURISTICS)
        named = [name for name in HEURISTICS if name in options.body]
        if len(named) > 1:
            raise ParsingError(f"[{options.name}] takes one heuristic, not [{named[0]}] and [{named[1]}]")
        for key, value in known(named[0], options.body[named[0]], _ASSUMED.keys()).items() if named else ():
            if value is not _ASSUMED[key]:
                raise InvalidRequest(f"[{named[0]}] of [{options.name}] does not take [{key}] [{value}]")
        background = options.body.get("background_filter")
        return cls(
            options.field(),
            options.integer("size", 10, 1),
            options.integer("min_doc_count", 3, 1),
            named[0] if named else "jlh",
            options.query(background) if background is not None else None,
            IncludeExclude.parse(options),
            options.text("format"),
            options.children,
        )

    def label(self, scope: Scope) -> str:
        values = scope.values(self.field)
        return "umsigterms" if values is None else {"keyword": "sigsterms"}.get(values.kind, "siglterms")

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        everything = scope.live if self.background is None else scope.mask(self.background) & scope.live
        background = Pairs(np.flatnonzero(everything), None, 1)
        sizes = pairs.sizes
        values = scope.values(self.field)
        if values is None:
            return [{"doc_count": int(n), "bg_count": len(background), "buckets": []} for n in sizes]
        usual = np.zeros(values.cardinality, np.int64)
        found = group_by_value(values, background)
        usual[found.keys] = found.counts
        groups = group_by_value(values, pairs)
        keep = groups.counts >= self.least
        distinct = np.unique(groups.keys[keep])
        formats = date_formats(scope.field(self.field), self.format)
        allowed = self.terms.chosen(values, distinct, self.field, formats)
        if allowed is not None:
            keep &= np.isin(groups.keys, distinct[allowed])
        owners, keys, counts = groups.owners[keep], groups.keys[keep], groups.counts[keep]
        scores = HEURISTICS[self.heuristic](counts, sizes[owners], usual[keys], len(background))
        some = np.flatnonzero(scores > 0)
        order = some[np.lexsort((keys[some], -counts[some], -scores[some], owners[some]))]
        chosen = first_of_each(order, owners, self.size)
        scope.make_buckets(len(chosen))
        inner = self.children.run(scope, groups.pairs(owners[chosen], keys[chosen])) if self.children else None
        printed = KeyFormat.of(scope.field(self.field), values.kind, self.format)
        out: list[Result] = [{"doc_count": int(n), "bg_count": len(background), "buckets": []} for n in sizes]
        for number, at in enumerate(chosen):
            bucket = {
                **printed.key(values.value(int(keys[at]))),
                "doc_count": int(counts[at]),
                "score": float(scores[at]),
                "bg_count": int(usual[keys[at]]),
            }
            if inner is not None:
                bucket.update(inner[number])
            out[owners[at]]["buckets"].append(bucket)
        return out
