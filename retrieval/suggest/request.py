"""The body's `suggest`: named suggestions with a text and a suggester each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer import ParsingError

SUGGESTERS = ("completion", "phrase", "term")


@dataclass(frozen=True)
class Suggestion:
    """One named suggestion: which suggester, its options, and the text it is for."""

    name: str
    kind: str
    text: str
    options: Options


class Options:
    """The options of one suggester, read with checks; `finish` refuses what nothing has read."""

    def __init__(self, where: str, body: Any) -> None:
        if not isinstance(body, Mapping):
            raise ParsingError(f"{where} must be an object of options")
        self.where = where
        self._values = dict(body)

    def take(self, key: str, default: Any = None) -> Any:
        return self._values.pop(key, default)

    def refuse(self, key: str, why: str) -> None:
        """ParsingError when an option is given that is not supported."""
        if self._values.get(key) is not None:
            raise ParsingError(f"{self.where} does not support [{key}]: {why}")
        self._values.pop(key, None)

    def field(self) -> str:
        path = self.take("field")
        if not isinstance(path, str) or not path:
            raise ParsingError(f"{self.where}: the required field option [field] is missing")
        return path

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self.take(key, default)
        if value is not None and not isinstance(value, str):
            raise ParsingError(f"{self.where} [{key}] must be a string, not [{value}]")
        return value

    def integer(self, key: str, default: int, least: int = 0, most: int = 1 << 31) -> int:
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ParsingError(f"{self.where} [{key}] must be a whole number from {least} to {most}, not [{value}]")
        return value

    def number(self, key: str, default: float, least: float = 0.0, most: float = 1e12) -> float:
        value = self.take(key, default)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                value = None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ParsingError(f"{self.where} [{key}] must be a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise ParsingError(f"{self.where} [{key}] must be true or false, not [{value}]")
        return value

    def choice(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.take(key, default)
        if value not in allowed:
            raise ParsingError(f"{self.where} [{key}] must be one of {', '.join(allowed)}, not [{value}]")
        return str(value)

    def finish(self) -> None:
        if self._values:
            raise ParsingError(f"{self.where} does not support [{sorted(self._values)[0]}]")


def parse_suggest(body: Any) -> list[Suggestion]:
    """The suggestions that a body asks for, in its order; ParsingError says what is wrong."""
    if not isinstance(body, Mapping):
        raise ParsingError("[suggest] must be an object of named suggestions")
    common = body.get("text")
    if common is not None and not isinstance(common, str):
        raise ParsingError("[suggest] [text] must be a string")
    return [_suggestion(name, entry, common) for name, entry in body.items() if name != "text"]


def _suggestion(name: str, entry: Any, common: str | None) -> Suggestion:
    if not isinstance(entry, Mapping):
        raise ParsingError(f"[suggest] [{name}] must be an object with a text and a suggester")
    if entry.get("regex") is not None:
        raise ParsingError(f"suggestion [{name}] does not support [regex]: give a [prefix], and [fuzzy] if need be")
    kinds = [key for key in entry if key not in ("text", "prefix", "regex")]
    if len(kinds) != 1 or kinds[0] not in SUGGESTERS:
        raise ParsingError(f"suggestion [{name}] needs one suggester of {', '.join(SUGGESTERS)}, not {kinds}")
    kind = kinds[0]
    text = (
        entry.get("prefix") if kind == "completion" and entry.get("prefix") is not None else entry.get("text", common)
    )
    if kind != "completion" and entry.get("prefix") is not None:
        raise ParsingError(f"suggestion [{name}]: [prefix] goes with [completion]; give a [text]")
    if not isinstance(text, str):
        raise ParsingError(f"suggestion [{name}]: the required text is missing; give [text] here or for all")
    return Suggestion(name, kind, text, Options(f"[{kind}] suggester [{name}]", entry[kind]))
