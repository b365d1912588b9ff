"""Readers of a request's plain options; each refuses a wrong value with a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from indexer import InvalidRequest, ParsingError


def flag(body: Mapping[str, Any], key: str, default: bool = False) -> bool:
    """true or false."""
    value = body.get(key, default)
    if not isinstance(value, bool):
        raise ParsingError(f"[{key}] must be true or false, not [{value}]")
    return value


def count(body: Mapping[str, Any], key: str, default: int) -> int:
    """A whole number that is not negative."""
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParsingError(f"[{key}] must be a number, not [{value}]")
    if value < 0:
        raise InvalidRequest(f"[{key}] parameter cannot be negative but was [{value}]")
    return value


def number(body: Mapping[str, Any], key: str) -> float | None:
    """A number, None when there is none."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise ParsingError(f"[{key}] must be a number, not [{value}]")
    return float(value)


def known(where: str, body: Any, keys: Collection[str]) -> dict[str, Any]:
    """`body`, when it is an object of known keys only."""
    if not isinstance(body, dict):
        raise ParsingError(f"[{where}] must be an object")
    for key in body:
        if key not in keys:
            raise ParsingError(f"[{where}] unknown field [{key}]")
    return body
