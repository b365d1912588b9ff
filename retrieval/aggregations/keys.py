"""How bucket keys and values stand in an answer, by the field's type and the `format`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from indexer import InvalidRequest
from indexer.fields import Field

from ..formats import format_date, format_number


@dataclass(frozen=True)
class KeyFormat:
    """Prints keys of one kind ("keyword", "boolean", "long", "date", "double")."""

    kind: str
    pattern: str | None = None
    zone: tzinfo = UTC

    @classmethod
    def of(cls, spec: Field | None, kind: str, pattern: str | None = None, zone: tzinfo = UTC) -> KeyFormat:
        """For a field's values: a date is printed by `pattern`, else by its mapping's first format."""
        if kind == "date" and pattern is None and spec is not None:
            pattern = spec.params.get("format")
        if kind in ("keyword", "boolean") and pattern is not None:
            raise InvalidRequest(f"Field of type [{kind}] does not support custom formats")
        return cls(kind, pattern, zone)

    def key(self, value: Any) -> dict[str, Any]:
        """`key`, and `key_as_string` where the key does not speak for itself."""
        if self.kind == "keyword":
            return {"key": value.decode("utf-8", "replace")}
        number = float(value) if self.kind == "double" else int(value)
        text = self.text(value)
        return {"key": number} if text is None else {"key": number, "key_as_string": text}

    def text(self, value: Any) -> str | None:
        """A number in words; None where the plain number is how it is shown."""
        if self.kind == "date":
            return format_date(value, self.pattern, self.zone)
        if self.kind == "boolean":
            return "true" if value else "false"
        return None if self.pattern is None else format_number(value, self.pattern)

    def name(self, value: Any) -> str:
        """The key of a bucket in a `keyed` answer."""
        if self.kind == "keyword":
            return str(value.decode("utf-8", "replace"))
        text = self.text(value)
        return text if text is not None else str(float(value) if self.kind == "double" else int(value))
