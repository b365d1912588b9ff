"""`filter_path`: keep only the named parts of a response, as Elasticsearch's clients ask for them.

A path is dotted; `*` stands for any part of one step, `**` for any number of steps, a leading `-`
leaves the path out instead.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

Path = tuple[str, ...]
_ABSENT = object()


def filter_response(payload: Any, expression: str) -> Any:
    """`payload` (plain dicts, lists, scalars) reduced to what the comma list `expression` names."""
    paths = [part.strip() for part in expression.split(",") if part.strip()]
    keep = [tuple(path.split(".")) for path in paths if not path.startswith("-")]
    drop = [tuple(path[1:].split(".")) for path in paths if path.startswith("-")]
    if keep:
        payload = _kept(payload, keep)
        if payload is _ABSENT:
            return {}
    return _dropped(payload, drop) if drop else payload


def _advance(paths: list[Path], key: str) -> tuple[list[Path], bool]:
    """What is left of each path below `key`, and whether one of them ends there."""
    rest: list[Path] = []
    ended = False
    for path in paths:
        head, tail = path[0], path[1:]
        if head == "**":
            rest.append(path)
            if not tail:
                ended = True
                continue
            deeper, ends = _advance([tail], key)
            rest.extend(deeper)
            ended = ended or ends
        elif fnmatchcase(key, head):
            if tail:
                rest.append(tail)
            else:
                ended = True
    return rest, ended


def _kept(value: Any, paths: list[Path]) -> Any:
    if isinstance(value, dict):
        chosen = {}
        for key, inner in value.items():
            rest, ended = _advance(paths, key)
            part = inner if ended else (_kept(inner, rest) if rest else _ABSENT)
            if part is not _ABSENT:
                chosen[key] = part
        return chosen or _ABSENT
    if isinstance(value, list):
        parts = [part for part in (_kept(inner, paths) for inner in value) if part is not _ABSENT]
        return parts or _ABSENT
    return _ABSENT


def _dropped(value: Any, paths: list[Path]) -> Any:
    if isinstance(value, dict):
        left = {}
        for key, inner in value.items():
            rest, ended = _advance(paths, key)
            if not ended:
                left[key] = _dropped(inner, rest) if rest else inner
        return left
    if isinstance(value, list):
        return [_dropped(inner, paths) for inner in value]
    return value
