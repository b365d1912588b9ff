"""Mapping parameters: which each field type takes, what they may be, and what is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dates import InvalidFormat, readers
from .errors import InvalidMapping
from .fields import FLOATS, INTEGERS, TYPES, VECTOR_SIMILARITIES, Field

Check = Callable[[str, str, Any], Any]  # path, parameter, value -> value; InvalidMapping
POSITION_GAP = 100
_KEYWORD_BYTES = 32766  # the longest term


def _boolean(path: str, name: str, value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise InvalidMapping(f"[{name}] of [{path}] must be true or false, not [{value}]")
    return value


def _string(path: str, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidMapping(f"[{name}] of [{path}] must be a string, not [{value}]")
    return value


def _object(path: str, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidMapping(f"[{name}] of [{path}] must be an object, not [{value}]")
    return value


def _number(least: int, most: int) -> Check:
    def check(path: str, name: str, value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidMapping(f"[{name}] of [{path}] must be a whole number from {least} to {most}, not [{value}]")
        return value

    return check


def _choice(*allowed: str, why: str = "") -> Check:
    def check(path: str, name: str, value: Any) -> str:
        if value not in allowed:
            reason = f": {why}" if why else ""
            raise InvalidMapping(f"[{name}] of [{path}] must be one of {', '.join(allowed)}, not [{value}]{reason}")
        return str(value)

    return check


def _always(wanted: Any, why: str) -> Check:
    def check(path: str, name: str, value: Any) -> Any:
        if isinstance(wanted, bool):
            value = _boolean(path, name, value)
        if value != wanted:
            raise InvalidMapping(f"[{name}] of [{path}] cannot be [{value}]: {why}")
        return value

    return check


def _date_format(path: str, name: str, value: Any) -> str:
    try:
        readers(_string(path, name, value))
    except InvalidFormat as error:
        raise InvalidMapping(f"Error parsing [{name}] on field [{path}]: {error}") from None
    return str(value)


def _targets(path: str, name: str, value: Any) -> Any:
    targets = [value] if isinstance(value, str) else value
    if not isinstance(targets, list) or not all(isinstance(one, str) and one for one in targets):
        raise InvalidMapping(f"[{name}] of [{path}] must name a field or list fields, not [{value}]")
    if path in targets or any("*" in one for one in targets):
        raise InvalidMapping(f"[{name}] of [{path}] must name other fields, without wildcards")
    return value


def _raw(_path: str, _name: str, value: Any) -> Any:
    return value


_ALL: dict[str, Check] = {"type": _string, "fields": _object, "copy_to": _targets, "meta": _object, "store": _boolean}
_WORDS: dict[str, Check] = {"analyzer": _string, "search_analyzer": _string, "similarity": _string}
_NUMBER: dict[str, Check] = {
    "index": _boolean, "doc_values": _boolean, "null_value": _raw, "coerce": _boolean, "ignore_malformed": _boolean,
}  # fmt: skip
PARAMETERS: dict[str, dict[str, Check]] = {
    "text": {
        **_ALL, **_WORDS, "index": _boolean,
        "norms": _always(True, "lengths are always kept; a similarity with b = 0 leaves them out of the score"),
        "index_options": _choice("positions", "offsets", why="positions are always kept"),
        "term_vector": _choice(
            "no", "yes", "with_positions", "with_offsets", "with_positions_offsets", why="it is a hint here"
        ),
        "position_increment_gap": _always(POSITION_GAP, f"the gap between values is always {POSITION_GAP}"),
        "fielddata": _always(False, "sort and aggregate on a keyword sub-field"),
    },
    "semantic_text": {
        **_ALL, **_WORDS, "index": _boolean, "inference_id": _string, "model": _string, "vectors": _string,
        "title": _string,
    },
    "keyword": {
        **_ALL, "index": _boolean, "doc_values": _boolean, "null_value": _raw,
        "ignore_above": _number(0, (1 << 31) - 1), "normalizer": _string, "eager_global_ordinals": _boolean,
        "norms": _always(False, "a keyword has no length"),
        "index_options": _choice("docs", why="a keyword is in a document or not"),
        "similarity": _choice("BM25", "boolean", why="a keyword is one term"),
    },
    "date": {
        **_ALL, "index": _boolean, "doc_values": _boolean, "null_value": _raw, "ignore_malformed": _boolean,
        "format": _date_format, "locale": _choice("ROOT", "en", "en_US", "en-US", why="names of months are English"),
    },
    "boolean": {
        **_ALL, "index": _boolean, "doc_values": _boolean, "null_value": _raw, "ignore_malformed": _boolean,
    },
    "dense_vector": {
        "type": _string, "meta": _object, "index": _boolean, "store": _boolean, "dims": _number(1, 4096),
        "similarity": _choice(*VECTOR_SIMILARITIES), "index_options": _object,
        "element_type": _choice("float", why="vectors are stored as float32"),
    },
    "completion": {
        "type": _string, "meta": _object, "analyzer": _string, "search_analyzer": _string,
        "max_input_length": _number(1, 1000),
        "preserve_separators": _always(True, "a space in an input is a space in its prefix"),
        "preserve_position_increments": _always(True, "stop words are kept"),
        "contexts": _always([], "they are not supported; filter with a field of its own"),
    },
    "object": {"type": _string, "properties": _object, "dynamic": _raw, "enabled": _boolean, "subobjects": _always(
        True, "dotted names are paths")},
    **{name: dict(_ALL, **_NUMBER) for name in (*INTEGERS, *FLOATS)},
}  # fmt: skip
FIXED = ("analyzer", "dims", "similarity", "normalizer", "format", "index", "doc_values", "null_value")
"""Parameters that a mapping cannot change once the field is there."""


def checked_field(path: str, spec: Any, parent: str | None) -> Field:
    """The field that a mapping's entry describes; InvalidMapping says what it cannot be."""
    kind = spec.get("type") if isinstance(spec, dict) else None
    if not isinstance(kind, str) or kind not in TYPES or kind == "object":
        raise InvalidMapping(f"No handler for type [{kind}] declared on field [{path}]")
    params = checked_parameters(path, kind, spec)
    if parent is not None and ("copy_to" in params or "fields" in params):
        raise InvalidMapping(f"[copy_to] and [fields] cannot be used on the multi-field [{path}]")
    if kind == "dense_vector" and "dims" not in params:
        raise InvalidMapping(f"[dims] of dense_vector [{path}] must be a number from 1 to 4096")
    field = Field(path, kind, params, parent)
    if params.get("null_value") is not None:
        _check_null_value(field, params["null_value"])
    return field


def checked_parameters(path: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A field's or object's parameters without its type, booleans and numbers as such; InvalidMapping."""
    known = PARAMETERS[kind]
    unknown = sorted(set(spec) - set(known))
    if unknown:
        raise InvalidMapping(f"unknown parameter {unknown} on mapper [{path}] of type [{kind}]")
    return {name: known[name](path, name, value) for name, value in spec.items() if name != "type"}


def _check_null_value(field: Field, value: Any) -> None:
    right = isinstance(value, str) if field.type == "keyword" else True
    try:
        if not right:
            raise ValueError(f"[{value}] is not a string")
        field.convert(value)
    except (ValueError, OverflowError) as error:
        raise InvalidMapping(f"Error parsing [null_value] on field [{field.path}]: {error}") from None


def too_long(value: str) -> bool:
    """Whether a keyword is longer than a term may be."""
    return len(value) > _KEYWORD_BYTES // 4 and len(value.encode("utf-8", "surrogatepass")) > _KEYWORD_BYTES
