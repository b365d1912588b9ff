"""Reading the options of a query's JSON body; what is wrong is a ParsingError with a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer import ParsingError


def options(kind: str, body: Any, allowed: set[str]) -> dict[str, Any]:
    """The options of a query body; ParsingError on an unknown key. `boost` and `_name` are always known."""
    if not isinstance(body, dict):
        raise ParsingError(f"[{kind}] query malformed, no start_object after query name")
    for key in body:
        if key not in allowed and key not in ("boost", "_name"):
            raise ParsingError(f"[{kind}] query does not support [{key}]")
    if not isinstance(body.get("_name", ""), str):
        raise ParsingError(f"[{kind}] [_name] must be a string")
    boost = as_number(body.get("boost", 1.0))
    if boost is None or not 0 <= boost < 1e30:
        raise ParsingError(f"[{kind}] [boost] must be a number that is not negative, not [{body['boost']}]")
    return body


def field_options(kind: str, body: Any, short: str, allowed: set[str]) -> tuple[str, dict[str, Any]]:
    """`{field: value}` or `{field: {short: value, …}}` as (field, options)."""
    if not isinstance(body, dict) or not body:
        raise ParsingError(f"[{kind}] query malformed, no field given")
    if len(body) > 1:
        first, second = list(body)[:2]
        raise ParsingError(f"[{kind}] query doesn't support multiple fields, found [{first}] and [{second}]")
    ((path, inner),) = body.items()
    if not isinstance(inner, dict):
        inner = {short: inner}
    options(kind, inner, allowed | {short})
    if inner.get(short) is None:
        raise ParsingError(f"[{kind}] query for field [{path}] requires a [{short}]")
    return path, inner


def text_of(kind: str, value: Any) -> str:
    """A query text: a string, number or boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    found = "START_OBJECT" if isinstance(value, dict) else "START_ARRAY"
    raise ParsingError(f"[{kind}] unknown token [{found}] for the query text; give a string")


def required_text(kind: str, found: Mapping[str, Any], key: str = "query") -> str:
    """The text that a query must have."""
    if found.get(key) is None:
        raise ParsingError(f"[{kind}] requires a [{key}]")
    return text_of(kind, found[key])


def boost_of(found: Mapping[str, Any]) -> float:
    """The `boost` of checked options."""
    return float(found.get("boost", 1.0))


def flag(kind: str, found: Mapping[str, Any], key: str, default: bool) -> bool:
    """A true or false; the strings are taken too, as in a URL."""
    value = found.get(key, default)
    value = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    if not isinstance(value, bool):
        raise ParsingError(f"[{kind}] [{key}] must be true or false, not [{value}]")
    return value


def as_number(value: Any) -> int | float | None:
    """A number, or a text that is one, as Elasticsearch takes it; None for what is not."""
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def number(
    kind: str,
    found: Mapping[str, Any],
    key: str,
    default: float,
    low: float = float("-inf"),
    high: float = float("inf"),
) -> float:
    """A finite number from `low` to `high`."""
    value = as_number(found.get(key, default))
    if value is None or not -1e38 < value < 1e38:
        raise ParsingError(f"[{kind}] [{key}] must be a number, not [{found[key]}]")
    if not low <= value <= high:
        upper = f" to {high:g}" if high != float("inf") else " or more"
        raise ParsingError(f"[{kind}] [{key}] must be from {low:g}{upper}, not [{value}]")
    return float(value)


def whole(kind: str, found: Mapping[str, Any], key: str, default: int, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    value = as_number(found.get(key, default))
    if value is None or value != value // 1 or not low <= value <= high:
        raise ParsingError(f"[{kind}] [{key}] must be a whole number from {low} to {high}, not [{found[key]}]")
    return int(value)


def name(kind: str, found: Mapping[str, Any], key: str) -> str | None:
    """A string, or None when it is not given."""
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise ParsingError(f"[{kind}] [{key}] must be a string, not [{value}]")
    return value


def choice(kind: str, found: Mapping[str, Any], key: str, known: Sequence[str]) -> str:
    """One of some words in any case; the first is the default."""
    value = found.get(key, known[0])
    if not isinstance(value, str) or value.lower() not in known:
        raise ParsingError(f"[{kind}] [{key}] must be one of {', '.join(known)}, not [{value}]")
    return value.lower()


def operator_of(kind: str, found: Mapping[str, Any], key: str = "operator") -> str:
    """`and` or `or` (the default)."""
    return choice(kind, found, key, ("or", "and"))


def minimum_rule(kind: str, found: Mapping[str, Any]) -> str | int | None:
    """A `minimum_should_match` rule that can be read, or None."""
    from ..words import minimum_of

    rule = found.get("minimum_should_match")
    if rule is not None:
        if isinstance(rule, bool) or not isinstance(rule, int | str):
            raise ParsingError(f"[{kind}] [minimum_should_match] must be a number or a string, not [{rule}]")
        minimum_of(rule, 1, 1)
    return rule
