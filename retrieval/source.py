"""Which parts of a document a hit shows: `_source` filtering."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any

import orjson

from indexer import ParsingError


@dataclass(frozen=True)
class SourceFilter:
    """Patterns of dotted paths to show and to hide; `enabled` false shows nothing."""

    enabled: bool = True
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, body: Any) -> SourceFilter:
        """true, false, a pattern, a list of patterns, or {includes, excludes}; ParsingError."""
        if body is None or isinstance(body, bool):
            return cls(body is not False)
        if isinstance(body, str):
            return cls(includes=tuple(body.split(",")))
        if isinstance(body, list) and all(isinstance(p, str) for p in body):
            return cls(includes=tuple(body))
        if isinstance(body, dict):
            known = {"includes", "include", "excludes", "exclude"}
            for key in body:
                if key not in known:
                    raise ParsingError(f"[_source] unknown key [{key}]")
            return cls(
                True,
                _patterns(body.get("includes", body.get("include"))),
                _patterns(body.get("excludes", body.get("exclude"))),
            )
        raise ParsingError("[_source] must be true, false, a pattern, a list of patterns, or {includes, excludes}")

    def apply(self, body: bytes) -> Any:
        """The document's JSON as it is shown."""
        source = orjson.loads(body)
        if not self.includes and not self.excludes:
            return source
        return _filtered(source, "", self.includes, self.excludes)


def _patterns(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(p, str) for p in value):
        return tuple(value)
    raise ParsingError("[_source] patterns are strings")


def _filtered(node: Any, prefix: str, includes: tuple[str, ...], excludes: tuple[str, ...]) -> Any:
    out = {}
    for key, value in node.items():
        path = prefix + key
        if any(fnmatch.fnmatchcase(path, p) for p in excludes):
            continue
        whole = not includes or any(fnmatch.fnmatchcase(path, p) or path.startswith(p + ".") for p in includes)
        if isinstance(value, dict):
            inner = _filtered(value, path + ".", () if whole else includes, excludes)
            if inner or whole:
                out[key] = inner
        elif whole:
            out[key] = value
    return out
