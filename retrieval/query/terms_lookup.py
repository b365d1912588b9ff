"""terms whose values stand in another document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from indexer import InvalidRequest, ParsingError, values_at

from ..context import SearchContext
from .base import Query
from .rewriting import Rewritten
from .term import MAX_VALUES, Terms


@dataclass(frozen=True)
class TermsLookup(Rewritten):
    """Terms with the values that the document `id` of `index` has at `path`; none when it is not there."""

    type: ClassVar[str] = "terms"
    field: str
    index: str
    id: str
    path: str
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def of(cls, field: str, body: dict[str, Any], boost: float, name: str | None) -> TermsLookup:
        """`{"index": …, "id": …, "path": …}`; ParsingError."""
        for key in body:
            if key not in ("index", "id", "path", "routing"):  # nothing is routed here
                raise ParsingError(f"[terms] query does not support [{key}] within a lookup of another document")
        index, doc_id, path = body.get("index"), body.get("id"), body.get("path")
        if isinstance(doc_id, int) and not isinstance(doc_id, bool):
            doc_id = str(doc_id)
        if not (isinstance(index, str) and isinstance(doc_id, str) and isinstance(path, str)):
            raise ParsingError("[terms] query lookup element requires specifying the [index], the [id] and the [path]")
        return cls(field, index, doc_id, path, boost, name)

    def rewrite(self, ctx: SearchContext) -> Query:
        found = ctx.node.index(self.index).get(self.id)
        source = {} if found is None or found.body is None else orjson.loads(found.body)
        values = tuple(dict.fromkeys(v for v in values_at(source, self.path) if isinstance(v, str | int | float)))
        if len(values) > MAX_VALUES:
            raise InvalidRequest(f"[terms] [{self.path}] of document [{self.id}] has more than {MAX_VALUES:,} values")
        return Terms(self.field, values, self.boost)
