"""exists: documents that have any value in a field."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..columns import mask_where
from ..context import SearchContext
from ..words import METADATA
from .base import Explanation, Matches, Parser, Query, constant, options, query_type
from .options import boost_of
from .rewriting import remembered


@query_type
@dataclass(frozen=True)
class Exists(Query):
    """Documents with a value in a field, in any field of an object, or in any field that a pattern with `*` names."""

    type: ClassVar[str] = "exists"
    field: str
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Exists:
        found = options(cls.type, body, {"field"})
        if not isinstance(found.get("field"), str):
            raise ParsingError("[exists] must be provided with a [field]")
        return cls(found["field"], boost_of(found), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), self.boost)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        return constant(self.mask(ctx)[doc], self.boost, f"{self.field}: any value")

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return remembered(ctx, self, "mask", lambda: self._mask(ctx))

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        if "*" in self.field or any(ctx.mapping.fields[path].type == "dense_vector" for path in self._paths(ctx)):
            return None  # a new field may fit a pattern; vectors are not in segments
        return (self.type, self.field)

    def _paths(self, ctx: SearchContext) -> list[str]:
        """The fields of that name or pattern; an object exists when any field below it does."""
        if "*" in self.field:
            return [spec.path for spec in ctx.expand([self.field, f"{self.field}.*"])]
        return [path for path in ctx.mapping.fields if path == self.field or path.startswith(self.field + ".")]

    def _mask(self, ctx: SearchContext) -> np.ndarray:
        if self.field in METADATA:
            return ctx.live.copy()
        out = np.zeros(ctx.documents, bool)
        for path in self._paths(ctx):
            out |= self._one(ctx, path)
        return out

    @staticmethod
    def _one(ctx: SearchContext, path: str) -> np.ndarray:
        field = ctx.mapping.fields[path]
        if field.type == "dense_vector":
            out = np.zeros(ctx.documents, bool)
            space = ctx.view.spaces.get(path)
            for numbers in space.documents if space else ():
                out[numbers[numbers >= 0]] = True
            return out
        if not field.is_text:
            return mask_where(ctx, path, lambda column: np.ones(len(column.values), bool))
        parts = []
        for segment in ctx.view.segments:
            found = segment.text(path)
            none = np.zeros(segment.documents, bool)
            parts.append(none if found is None else np.asarray(found.lengths).any(axis=1))
        return (np.concatenate(parts) if parts else np.zeros(0, bool)) & ctx.live
