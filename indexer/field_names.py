"""Names of fields: dotted ones are paths into objects, and some cannot be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import InvalidMapping

METADATA = frozenset({
    "_id", "_index", "_source", "_routing", "_version", "_seq_no", "_ignored", "_field_names", "_nested_path",
    "_doc_count", "_feature", "_tier",
})  # fmt: skip
"""What a document has beside its fields: no field may be called so."""


def opened(key: str, value: Any) -> tuple[str, Any]:
    """`{"a.b": value}` as `{"a": {"b": value}}`: its key and its value."""
    head, _, rest = key.partition(".")
    return head, {rest: value}


def why_not(name: str, prefix: str) -> str | None:
    """What is wrong with a field's name in the object at `prefix` (`a.`, empty for the root); None: nothing is."""
    if not name.strip():
        return f"field name cannot be empty or blank, nor begin or end with a dot: [{prefix}{name}]"
    if not prefix and name in METADATA:
        return f"Field [{name}] is a metadata field and cannot be added inside a document; the request gives it"
    return None


def nested(properties: Any) -> Any:
    """A mapping's `properties` with dotted names made into objects; what is wrong in them stays as it is."""
    if not isinstance(properties, Mapping):
        return properties
    out: dict[str, Any] = {}
    for name, spec in properties.items():
        if isinstance(spec, Mapping) and "properties" in spec:
            spec = {**spec, "properties": nested(spec["properties"])}
        _put(out, name, spec)
    return out


def _put(out: dict[str, Any], name: str, spec: Any) -> None:
    head, _, rest = name.partition(".")
    holder = out.get(head, {})
    may_hold = isinstance(holder, Mapping) and holder.get("type", "object") == "object"
    if head and rest and may_hold:
        inner = dict(holder.get("properties", {}))
        _put(inner, rest, spec)
        out[head] = {**holder, "properties": inner}
    elif isinstance(spec, Mapping) and "properties" in spec and name in out and may_hold:
        inner = dict(holder.get("properties", {}))
        for key, value in spec["properties"].items():
            _put(inner, key, value)
        out[name] = {**holder, **spec, "properties": inner}
    else:
        out[name] = spec


def check_names(properties: Any, prefix: str = "") -> None:
    """InvalidMapping at the first name in `nested` properties that no new field may have."""
    for name, spec in properties.items() if isinstance(properties, Mapping) else ():
        for part in name.split("."):
            reason = why_not(part, prefix)
            if reason is not None:
                raise InvalidMapping(reason)
        if "." in name:  # `nested` could not make an object of it
            head = name.partition(".")[0]
            raise InvalidMapping(f"can't merge a non-object mapping [{prefix}{head}] with an object mapping")
        if isinstance(spec, Mapping):
            check_names(spec.get("properties"), f"{prefix}{name}.")
