"""`fields` and `docvalue_fields`: a hit's values by field, printed as asked, instead of its `_source`."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError, values_at
from indexer.fields import FLOATS, Field

from .columns import doc_values
from .context import SearchContext
from .formats import format_date, format_number


@dataclass(frozen=True)
class FieldPattern:
    """A field's name, or a pattern (`*`), with the format of its values."""

    pattern: str
    format: str | None = None
    unmapped: bool = False  # take what the mapping does not know from the document, too


def parse_field_patterns(key: str, body: Any) -> tuple[FieldPattern, ...]:
    """The request's `fields` or `docvalue_fields`: names and {field, format} objects; ParsingError."""
    if body is None:
        return ()
    if isinstance(body, str):
        body = body.split(",")
    if not isinstance(body, list):
        raise ParsingError(f"[{key}] must be a list of field names or objects")
    out = []
    for part in body:
        spec = {"field": part} if isinstance(part, str) else part
        known = {"field", "format", "include_unmapped"}
        if not isinstance(spec, dict) or set(spec) - known or not isinstance(spec.get("field"), str):
            raise ParsingError(f"[{key}] takes field names and objects of [field] and [format], not [{part}]")
        pattern, unmapped = spec.get("format"), spec.get("include_unmapped", False)
        if pattern is not None and not isinstance(pattern, str):
            raise ParsingError(f"[{key}] the [format] of [{spec['field']}] must be a string")
        if pattern == "use_field_mapping":
            pattern = None
        if not isinstance(unmapped, bool):
            raise ParsingError(f"[{key}] [include_unmapped] of [{spec['field']}] must be true or false")
        out.append(FieldPattern(spec["field"], pattern, unmapped))
    return tuple(out)


class ShownFields:
    """Prints the values of the fields that patterns mean, in one index."""

    def __init__(
        self, ctx: SearchContext, of_source: Sequence[FieldPattern], of_columns: Sequence[FieldPattern]
    ) -> None:
        self.ctx = ctx
        self.of_source = list(_expanded(ctx, of_source))
        self.of_columns = list(_expanded(ctx, of_columns, columns=True))
        self.unmapped = [p.pattern for p in of_source if p.unmapped]

    def __bool__(self) -> bool:
        return bool(self.of_source or self.of_columns or self.unmapped)

    def values(self, doc: int, source: dict[str, Any]) -> dict[str, list[Any]]:
        """The values of one hit by field; fields without any are left out."""
        out: dict[str, list[Any]] = {}
        for spec, pattern in self.of_source:
            found = [self.ctx.index.analyzers.normalized(spec, v) if spec.normalizer else v
                     for v in _of_source(spec, source, pattern)]  # fmt: skip
            if found:
                out[spec.path] = found
        for path, value in _leaves(source, "") if self.unmapped else ():
            known = path in self.ctx.mapping.fields
            if not known and any(fnmatch.fnmatchcase(path, p) for p in self.unmapped):
                out.setdefault(path, []).append(value)
        for spec, pattern in self.of_columns:
            values = doc_values(self.ctx.view, spec.path)
            if values is None:
                continue
            _, places = values.expand(np.array([doc]))
            if len(places):
                out[spec.path] = [_of_column(spec, values.value(int(o)), pattern) for o in values.ordinals[places]]
        return out


def _expanded(
    ctx: SearchContext, patterns: Sequence[FieldPattern], columns: bool = False
) -> Iterator[tuple[Field, str | None]]:
    found: dict[str, tuple[Field, str | None]] = {}
    for wanted in patterns:
        wild = "*" in wanted.pattern
        for spec in ctx.expand([wanted.pattern]):
            if columns and not spec.has_values:
                if wild:
                    continue
                raise InvalidRequest(
                    f"Fielddata is disabled on [{spec.path}]: [docvalue_fields] takes fields with doc values; "
                    f"use [fields] for {spec.type}"
                )
            if wanted.format is not None and spec.type in ("keyword", "text", "semantic_text", "boolean"):
                if wild:
                    continue
                raise InvalidRequest(f"Field [{spec.path}] of type [{spec.type}] doesn't support formats.")
            found[spec.path] = spec, wanted.format
    yield from found.values()


def _of_source(spec: Field, source: dict[str, Any], pattern: str | None) -> Iterator[Any]:
    for value in values_at(source, spec.source):
        if value is None:
            value = spec.params.get("null_value")
        if value is None:
            continue
        if spec.type in ("dense_vector", "completion"):
            yield value
            continue
        try:
            typed = spec.convert(value)
        except (ValueError, OverflowError):
            continue  # ignored as malformed when it was indexed, too
        if spec.type == "keyword" and len(typed) > spec.params.get("ignore_above", 32766):
            continue
        yield _printed(spec, typed, pattern)


def _of_column(spec: Field, value: Any, pattern: str | None) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return bool(value) if spec.type == "boolean" else _printed(spec, value, pattern)


def _printed(spec: Field, value: Any, pattern: str | None) -> Any:
    if spec.type == "date":
        return format_date(value, pattern or spec.params.get("format"))
    if pattern is not None and isinstance(value, int | float):
        return format_number(value, pattern)
    return float(value) if spec.type in FLOATS else value


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, path)
    elif node is not None:
        yield path, node
