"""The request's `highlight`: which fields are marked, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from indexer import ParsingError

from ..query.base import Parser, Query

STYLED = tuple(f'<em class="hlt{n}">' for n in range(1, 11))
DEFAULT_BOUNDARY_CHARS = ".,!? \t\n。，！？；、　"
_ROOT_ONLY = ("fields",)
_REFUSED = {
    "fragmenter": "fragments are cut by [boundary_scanner]",
    "options": "there are none",
}


@dataclass(frozen=True)
class FieldOptions:
    """How one field is highlighted; sizes in characters. `tags`: for the first, second … term of the question."""

    tags: tuple[tuple[str, str], ...] = (("<em>", "</em>"),)
    size: int = 100
    count: int = 5
    no_match: int = 0
    same_field: bool = True
    by_score: bool = False
    escape: bool = False
    scanner: str = "sentence"
    boundary_chars: str = DEFAULT_BOUNDARY_CHARS
    boundary_scan: int = 20
    phrase_limit: int | None = None
    analyzed: int | None = None  # characters that are looked at, at most; 0: as many as without it, but no error
    matched_fields: tuple[str, ...] = ()
    query: Query | None = None

    @property
    def pre(self) -> str:
        return self.tags[0][0]

    @property
    def post(self) -> str:
        return self.tags[0][1]


def parse_highlight(body: Any, parser: Parser | None = None) -> tuple[tuple[str, FieldOptions], ...]:
    """The request's `highlight` as (field pattern, options); ParsingError on what is not known."""
    if body is None:
        return ()
    if not isinstance(body, dict):
        raise ParsingError("[highlight] must be an object")
    fields = body.get("fields")
    if isinstance(fields, list) and all(isinstance(part, dict) for part in fields):
        fields = {k: v for part in fields for k, v in part.items()}
    if not isinstance(fields, dict) or not all(own is None or isinstance(own, dict) for own in fields.values()):
        raise ParsingError("[highlight] requires [fields], an object with a field's options under each name")
    common = {key: value for key, value in body.items() if key not in _ROOT_ONLY}
    parser = parser or Parser()
    _options(common, parser)
    return tuple((pattern, _options({**common, **(own or {})}, parser)) for pattern, own in fields.items())


def _options(body: dict[str, Any], parser: Parser) -> FieldOptions:
    found: dict[str, Any] = {}
    for key, value in body.items():
        if key in _REFUSED:
            raise ParsingError(f"[highlight] does not support [{key}]: {_REFUSED[key]}")
        read = _READ.get(key)
        if read is None:
            raise ParsingError(f"[highlight] unknown option [{key}]; known are {', '.join(sorted(_READ))}")
        name, parsed = read(key, value)
        if name:
            found[name] = parsed
    if body.get("highlight_query") is not None:
        found["query"] = parser.query(body["highlight_query"])
    found["tags"] = _tags(body)
    return FieldOptions(**found)


def _tags(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Opening and closing tags by pairs, the last closing one for all that have none."""
    schema = body.get("tags_schema", "default")
    pre = _tag_list("pre_tags", body.get("pre_tags", STYLED if schema == "styled" else "<em>"))
    post = _tag_list("post_tags", body.get("post_tags", "</em>"))
    return tuple((tag, post[min(at, len(post) - 1)]) for at, tag in enumerate(pre))


def _tag_list(key: str, tags: Any) -> list[str]:
    tags = [tags] if isinstance(tags, str) else tags
    if not isinstance(tags, list | tuple) or not tags or not all(isinstance(tag, str) for tag in tags):
        raise ParsingError(f"[highlight] [{key}] must be a list of strings")
    return list(tags)


Read = Callable[[str, Any], tuple[str, Any]]  # (key, value) -> (name in FieldOptions or "", value)


def _count(name: str, least: int = 0) -> Read:
    def read(key: str, value: Any) -> tuple[str, Any]:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ParsingError(f"[highlight] [{key}] must be a whole number from {least}, not [{value}]")
        return name, value

    return read


def _flag(name: str) -> Read:
    def read(key: str, value: Any) -> tuple[str, Any]:
        if value in ("true", "false"):
            value = value == "true"
        if not isinstance(value, bool):
            raise ParsingError(f"[highlight] [{key}] must be true or false, not [{value}]")
        return name, value

    return read


def _choice(name: str, choices: Mapping[str, Any], why: str = "") -> Read:
    def read(key: str, value: Any) -> tuple[str, Any]:
        if not isinstance(value, str) or value not in choices:
            raise ParsingError(f"[highlight] [{key}] must be one of {', '.join(choices)}, not [{value}]{why}")
        return name, choices[value]

    return read


def _text(name: str) -> Read:
    def read(key: str, value: Any) -> tuple[str, Any]:
        if not isinstance(value, str):
            raise ParsingError(f"[highlight] [{key}] must be a string, not [{value}]")
        return name, value

    return read


def _names(key: str, value: Any) -> tuple[str, Any]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise ParsingError(f"[highlight] [{key}] must be a list of field names")
    return "matched_fields", tuple(names)


def _elsewhere(_key: str, _value: Any) -> tuple[str, Any]:
    return "", None


_SCANNERS = {name: name for name in ("sentence", "word", "chars")}
_READ: dict[str, Read] = {
    "pre_tags": _elsewhere,
    "post_tags": _elsewhere,
    "highlight_query": _elsewhere,
    "tags_schema": _choice("", {"default": None, "styled": None}),
    "fragment_size": _count("size"),
    "number_of_fragments": _count("count"),
    "no_match_size": _count("no_match"),
    "require_field_match": _flag("same_field"),
    "order": _choice("by_score", {"score": True, "none": False}),
    "encoder": _choice("escape", {"html": True, "default": False}),
    "type": _choice("", {"unified": None}, "; there is one highlighter, which marks phrases and terms exactly"),
    "boundary_scanner": _choice("scanner", _SCANNERS),
    "boundary_scanner_locale": _text(""),
    "boundary_chars": _text("boundary_chars"),
    "boundary_max_scan": _count("boundary_scan"),
    "phrase_limit": _count("phrase_limit", 1),
    "max_analyzed_offset": lambda key, value: ("analyzed", 0) if value == -1 else _count("analyzed", 1)(key, value),
    "force_source": _flag(""),
    "matched_fields": _names,
}
