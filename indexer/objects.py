"""JSON objects: values at a dotted path, and one object laid over another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def values_at(source: Any, path: str) -> Iterator[Any]:
    """All values at a dotted path of a document, out of lists of any depth; keys that contain dots themselves are
    found too."""
    if isinstance(source, list):
        for part in source:
            yield from values_at(part, path)
        return
    if not path:
        yield source
        return
    if not isinstance(source, dict):
        return
    parts = path.split(".")
    for i in range(len(parts), 0, -1):
        head = ".".join(parts[:i])
        if head in source:
            yield from values_at(source[head], ".".join(parts[i:]))


def overlaid(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with `new` laid over it: objects recursively, everything else replaced."""
    out = dict(old)
    overlay(out, new)
    return out


def overlay(out: dict[str, Any], new: Mapping[str, Any]) -> None:
    """`overlaid`, with `out` itself changed."""
    for key, value in new.items():
        known = out.get(key)
        out[key] = overlaid(known, value) if isinstance(known, dict) and isinstance(value, dict) else value


def leaves(value: Any) -> Iterator[Any]:
    """What lists of any depth hold, but null."""
    if isinstance(value, list):
        for part in value:
            yield from leaves(part)
    elif value is not None:
        yield value
