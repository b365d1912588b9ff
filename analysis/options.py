"""Settings of one analysis component, read with checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analysis.sources import Sources, UnreadableSource


class InvalidAnalysis(ValueError):
    """Analysis settings that cannot be used; the message says what to change."""


class Options:
    """The settings of the component ``[where]``. Every key must be read before ``finish``."""

    def __init__(self, where: str, values: Mapping[str, Any], sources: Sources | None = None) -> None:
        self.where = where
        self.sources = sources or Sources()
        self._values = {key: value for key, value in values.items() if key not in ("type", "version")}

    def error(self, sentence: str) -> InvalidAnalysis:
        """An exception that names the component."""
        return InvalidAnalysis(f"{self.where}: {sentence}")

    def take(self, key: str, default: Any = None) -> Any:
        """The raw value of a key."""
        return self._values.pop(key, default)

    def integer(self, key: str, default: int, least: int = 0, most: int = 1 << 20) -> int:
        """A whole number, which Elasticsearch also allows as text."""
        value = self.take(key, default)
        try:
            number = int(str(value))
        except ValueError:
            raise self.error(f"[{key}] must be a whole number, not [{value}]") from None
        if not least <= number <= most:
            raise self.error(f"[{key}] must lie between {least} and {most}, not [{value}]")
        return number

    def boolean(self, key: str, default: bool) -> bool:
        """true or false, also as text."""
        value = self.take(key, default)
        if str(value).lower() not in ("true", "false"):
            raise self.error(f"[{key}] must be true or false, not [{value}]")
        return str(value).lower() == "true"

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required when there is no default."""
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.error(f"[{key}] must be a string" + ("" if value is None else f", not [{value}]"))
        return value

    def choice(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of some strings."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(f"[{key}] must be one of {', '.join(allowed)}, not [{value}]")
        return value

    def texts(self, key: str, default: list[str] | None = None) -> list[str]:
        """A list of strings, or one string with commas; required when there is no default.

        Also the lines of the file that ``[key]_path`` names, ``#`` beginning a comment.
        """
        lines = self.file(key)
        if lines is not None:
            return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        value = self.take(key, default)
        if isinstance(value, str):
            return [item.strip() for item in value.split(",")]
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.error(f"[{key}] must be a list of strings")
        return list(value)

    def file(self, key: str, watched: bool = False) -> list[str] | None:
        """The lines of the file that ``[key]_path`` names; None when it is not set."""
        name = self.take(f"{key}_path")
        if name is None:
            return None
        if key in self._values:
            raise self.error(f"give [{key}] or [{key}_path], not both")
        if not isinstance(name, str):
            raise self.error(f"[{key}_path] must be the name of a file, not [{name}]")
        try:
            return self.sources.lines(name, watched)
        except UnreadableSource as problem:
            raise self.error(f"[{key}_path]: {problem}") from None

    def pattern(self, key: str, default: str | None = None) -> re.Pattern[str]:
        """A regular expression, with Java's flag names in [flags]."""
        source = self.text(key, default)
        flags = 0
        for name in filter(None, self.text("flags", "").split("|")):
            if name not in _FLAGS:
                raise self.error(f"[flags] knows {', '.join(_FLAGS)}, not [{name}]")
            flags |= _FLAGS[name]
        try:
            return re.compile(source, flags)
        except re.error as problem:
            raise self.error(f"[{key}] is not a regular expression: {problem}") from None

    def finish(self) -> None:
        """Raise when a key was given that nothing reads."""
        if self._values:
            raise self.error(f"unknown setting [{next(iter(self._values))}]")


_FLAGS = {
    "CASE_INSENSITIVE": re.IGNORECASE,
    "MULTILINE": re.MULTILINE,
    "DOTALL": re.DOTALL,
    "UNICODE_CASE": re.UNICODE,
    "UNICODE_CHARACTER_CLASS": re.UNICODE,
    "COMMENTS": re.VERBOSE,
}
