"""`_source` filtering: which parts of a stored document go into an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

import orjson

from indexer import ParsingError


@dataclass(frozen=True)
class SourceFilter:
    """Parts by dotted path; `*` matches anything, dots included. No includes: everything is included."""

    any: bool = True
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Any) -> SourceFilter:
        """From Elasticsearch's forms: a boolean, a path, a list, or {includes, excludes}."""
        if value is None or isinstance(value, bool):
            return cls(any=value is not False)
        if isinstance(value, str | list):
            return cls(includes=_paths(value, "_source"))
        if isinstance(value, dict):
            unknown = set(value) - {"includes", "include", "excludes", "exclude"}
            if unknown:
                raise ParsingError(f"Unknown key [{sorted(unknown)[0]}] in [_source]")
            includes = value.get("includes", value.get("include", ()))
            excludes = value.get("excludes", value.get("exclude", ()))
            return cls(True, _paths(includes, "includes"), _paths(excludes, "excludes"))
        raise ParsingError("[_source] takes true, false, a path, a list of paths, or includes and excludes")

    @classmethod
    def of_parameters(
        cls, chosen: list[str] | None, includes: list[str] | None, excludes: list[str] | None, default: bool = True
    ) -> SourceFilter:
        """From the query parameters `_source`, `_source_includes`, `_source_excludes`."""
        if chosen in (["true"], ["false"]):
            default, chosen = chosen == ["true"], None
        included = tuple(chosen or ()) + tuple(includes or ())
        excluded = tuple(excludes or ())
        return cls(default or bool(included or excluded), included, excluded)

    @property
    def whole(self) -> bool:
        return self.any and not self.includes and not self.excludes

    def apply(self, body: bytes) -> Any:
        """What is chosen of a document's JSON, as something that `to_json` takes."""
        if self.whole:
            return orjson.Fragment(body)
        return self.chosen(orjson.loads(body))

    def chosen(self, source: dict[str, Any]) -> Any:
        """What is chosen of a parsed document."""
        if self.whole:
            return source
        chosen = _filtered(source, "", _matcher(self.includes), _matcher(self.excludes), not self.includes)
        return {} if chosen is _NOTHING else chosen


_NOTHING = object()


def _paths(value: Any, where: str) -> tuple[str, ...]:
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ParsingError(f"[{where}] takes a path or a list of paths")
    return tuple(parts)


def _matcher(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(translate(_literal(pattern)) for pattern in patterns)
    return re.compile(joined) if joined else None


def _literal(pattern: str) -> str:
    """Only `*` is a wildcard in a path; fnmatch's other signs are themselves."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _filtered(
    node: Any, path: str, includes: re.Pattern[str] | None, excludes: re.Pattern[str] | None, inside: bool
) -> Any:
    """`node` without what is not included or is excluded; `inside`: an ancestor is included already."""
    if isinstance(node, dict):
        out = {}
        for key, value in node.items():
            here = f"{path}.{key}" if path else key
            if excludes is not None and excludes.fullmatch(here):
                continue
            included = inside or (includes is not None and includes.fullmatch(here) is not None)
            part = _filtered(value, here, includes, excludes, included)
            if part is not _NOTHING:
                out[key] = part
        return out if out or inside else _NOTHING
    if isinstance(node, list):
        parts = (_filtered(value, path, includes, excludes, inside) for value in node)
        out_list = [part for part in parts if part is not _NOTHING]
        return out_list if out_list or inside else _NOTHING
    return node if inside else _NOTHING
