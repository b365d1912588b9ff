"""Lists of fields with weights, as in `"fields": ["title^2", "text*"]`."""

from __future__ import annotations

from typing import Any

from indexer import ParsingError
from indexer.fields import FLOATS, INTEGERS, TEXT

from ..context import SearchContext
from ..words import METADATA

_MATCHED = {*TEXT, *FLOATS, *INTEGERS, "keyword", "boolean", "date"}
Fields = tuple[tuple[str, float], ...]  # (name or pattern, weight)


def fields_of(kind: str, body: Any) -> Fields:
    """`["title^2", "text"]` as ((title, 2.0), (text, 1.0)); ParsingError."""
    if isinstance(body, str):
        body = [body]
    if not isinstance(body, list) or not body or not all(isinstance(f, str) for f in body):
        raise ParsingError(f"[{kind}] requires [fields], a list of field names")
    out = []
    for item in body:
        path, _, weight = item.partition("^")
        try:
            value = float(weight) if weight else 1.0
        except ValueError:
            raise ParsingError(f"[{kind}] the weight of [{item}] is not a number") from None
        if not 0 <= value < 1e30:
            raise ParsingError(f"[{kind}] the weight of [{item}] must not be negative")
        out.append((path, value))
    return tuple(out)


def expanded(ctx: SearchContext, fields: Fields) -> dict[str, float]:
    """The mapped fields and their weights, patterns expanded (to all fields of words, numbers, dates and booleans
    that can be searched); `_id` and `_index` only by name. The weights of a field named more than once are
    multiplied, so that in `["title^3", "*"]` the title keeps its weight. `*` alone is what
    `index.query.default_field` says, all fields unless it is set."""
    out: dict[str, float] = {}
    for pattern, weight in fields:
        if pattern in METADATA:
            out[pattern] = out.get(pattern, 1.0) * weight
        default = ctx.index_settings.get("query", {}).get("default_field", "*") if pattern == "*" else pattern
        for spec in ctx.expand(default if isinstance(default, list) else [default]):
            if spec.type != "dense_vector" and ("*" not in pattern or (spec.searchable and spec.type in _MATCHED)):
                out[spec.path] = out.get(spec.path, 1.0) * weight
    return out


def lenient_by_default(fields: Fields) -> bool:
    """Whether values that do not fit a field are passed over: where the fields were not chosen one by one."""
    return any("*" in pattern for pattern, _ in fields)
