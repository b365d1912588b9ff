"""URL parameters of a search as keys of its body."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from indexer import InvalidRequest

_TEXTS = ("q", "mode", "df", "analyzer", "default_operator")
_NUMBERS = ("from", "size", "terminate_after")
_LISTS = ("sort", "stored_fields", "docvalue_fields")


def from_parameters(params: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """The body's keys that parameters give; other parameters are left out. InvalidRequest."""
    out: dict[str, Any] = {}
    for key, value in params.items():
        if key in _NUMBERS and isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                raise InvalidRequest(f"Failed to parse int parameter [{key}] with value [{value}]") from None
        elif key in ("_source_includes", "_source_excludes"):
            part = out.setdefault("_source", {})
            if isinstance(part, dict):
                part[key.removeprefix("_source_")] = str(value).split(",")
            continue
        elif key == "_source" and isinstance(value, str):
            value = {"true": True, "false": False}.get(value, value.split(","))
        elif key in _LISTS and isinstance(value, str):
            value = value.split(",")
        elif key in keys and value in ("true", "false") and key not in _TEXTS:
            value = value == "true"
        if key in keys:
            out[key] = value
    return out
