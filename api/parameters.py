"""Query parameters: what each route takes, of which kind, and what stands there when it is absent.

A route lists its parameters, so that an unknown one is refused by name instead of being ignored, and
so that the OpenAPI description is made from the same list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from indexer.errors import InvalidRequest

Kind = Literal["boolean", "integer", "number", "string", "list", "duration"]
_DURATION = re.compile(r"(-1|0|(\d+)(nanos|micros|ms|s|m|h|d))")
_SECONDS = {"nanos": 1e-9, "micros": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Parameter:
    """One query parameter. `choices` limits a string; `bare` is what a name without a value means."""

    name: str
    kind: Kind
    description: str
    default: Any = None
    choices: tuple[str, ...] = ()
    bare: Any = None

    def parse(self, text: str) -> Any:
        """The typed value; InvalidRequest in a sentence when `text` cannot be one."""
        if text == "" and self.bare is not None:
            return self.bare
        if self.kind == "boolean":
            if text not in ("true", "false", ""):
                raise InvalidRequest(
                    f"Failed to parse value [{text}] of [{self.name}] as only [true] or [false] are allowed."
                )
            return text != "false"
        if self.kind in ("integer", "number"):
            return self._number(text)
        if self.kind == "list":
            return [part.strip() for part in text.split(",") if part.strip()]
        if self.kind == "duration":
            return self._duration(text)
        if self.choices and text not in self.choices:
            raise InvalidRequest(f"[{self.name}] must be one of {list(self.choices)}, not [{text}]")
        return text

    def _number(self, text: str) -> int | float:
        try:
            return int(text) if self.kind == "integer" else float(text)
        except ValueError:
            raise InvalidRequest(f"Failed to parse {self.kind} parameter [{self.name}] with value [{text}]") from None

    def _duration(self, text: str) -> float:
        """Seconds of Elasticsearch's time units (`500ms`, `10s`, `1m`; `-1`: without end)."""
        if not _DURATION.fullmatch(text):
            raise InvalidRequest(
                f"failed to parse setting [{self.name}] with value [{text}] as a time value: "
                "unit is missing or unrecognized"
            )
        if text in ("-1", "0"):
            return float(text)
        digits = re.match(r"\d+", text)
        assert digits is not None
        return int(digits.group()) * _SECONDS[text[digits.end() :]]


def boolean(name: str, description: str, default: bool | None = None) -> Parameter:
    return Parameter(name, "boolean", description, default)


def hints(*names: str) -> tuple[Parameter, ...]:
    """Parameters that tell a cluster how to work; on one machine there is nothing for them to change."""
    return tuple(Parameter(name, "string", "accepted; changes nothing on one machine") for name in names)


COMMON = (
    boolean("pretty", "indent the answer", False),
    boolean("human", "accepted; sizes and times are given for programs", False),
    boolean("error_trace", "accepted; no stack trace is ever sent", False),
    Parameter("filter_path", "list", "keep only these parts of the answer; * and ** are wildcards"),
    Parameter("format", "string", "form of the answer", choices=("json", "text")),
    Parameter("source", "string", "the body, for clients that cannot send one with GET"),
    Parameter("source_content_type", "string", "the type of `source`"),
)
REFRESH = Parameter(
    "refresh",
    "string",
    "true: searchable at once; wait_for: answer when it is searchable; false: within a second",
    "false",
    ("true", "false", "wait_for"),
    bare="true",
)
TARGETS = (
    boolean("ignore_unavailable", "leave out indices that do not exist", False),
    boolean("allow_no_indices", "a pattern that matches no index is not an error", True),
    Parameter("expand_wildcards", "list", "which indices a pattern matches: open, all or none"),
    boolean("ignore_throttled", "accepted; there are no frozen indices", False),
)
WRITE_HINTS = hints("timeout", "master_timeout", "wait_for_active_shards")


def parse_all(given: Iterable[tuple[str, str]], known: Mapping[str, Parameter], where: str) -> dict[str, Any]:
    """Typed values by name, defaults included; InvalidRequest names every parameter that is unknown."""
    values = {name: parameter.default for name, parameter in known.items()}
    unknown = []
    for name, text in given:
        if name in known:
            values[name] = known[name].parse(text)
        else:
            unknown.append(name)
    if unknown:
        raise InvalidRequest(_unrecognized(unknown, known, where))
    return values


def _unrecognized(unknown: list[str], known: Mapping[str, Parameter], where: str) -> str:
    plural = "s" if len(unknown) > 1 else ""
    close = get_close_matches(unknown[0], known, n=1)
    hint = f" -> did you mean [{close[0]}]?" if close else ""
    return f"request [{where}] contains unrecognized parameter{plural}: [{', '.join(unknown)}]{hint}"
