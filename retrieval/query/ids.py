"""ids: documents by `_id`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Matches, Parser, Query, options, query_type, text_of
from .options import boost_of


@query_type
@dataclass(frozen=True)
class Ids(Query):
    type: ClassVar[str] = "ids"
    values: tuple[str, ...]
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Ids:
        found = options(cls.type, body, {"values"})
        values = found.get("values")
        if isinstance(values, str):
            values = [values]
        if not isinstance(values, list):
            raise ParsingError("[ids] requires [values], a list of ids")
        if not all(isinstance(value, str | int | float) for value in values):
            raise ParsingError("[ids] each of [values] must be a string or a number")
        return cls(tuple(text_of(cls.type, value) for value in values), boost_of(found), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        docs = ctx.view.numbers_of_ids(self.values)
        return Matches(docs, np.full(len(docs), self.boost, np.float32))
