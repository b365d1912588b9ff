"""Dates as text: Elasticsearch's named formats and Java's patterns, read into milliseconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DEFAULT_FORMAT = "strict_date_optional_time||epoch_millis"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_ISO = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?)?)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_FIELDS = {
    "y": "year", "u": "year", "M": "month", "L": "month", "d": "day", "D": "ordinal", "H": "hour", "k": "hour24",
    "h": "hour12", "K": "hour12", "m": "minute", "s": "second", "Y": "weekyear", "w": "week", "e": "weekday",
}  # fmt: skip
_WIDEST = {"year": 4, "weekyear": 4, "ordinal": 3}

Reader = Callable[[Any, bool], datetime | int | None]
"""Reads a value; when the second argument is true, as the last millisecond of the unit that it is given to."""


class InvalidFormat(ValueError):
    """A date format that there is not; the message says which part is wrong."""


def parse_date(value: Any, formats: str | None = None, up: bool = False) -> int:
    """Milliseconds since the epoch of a JSON value in one of `formats` (alternatives parted by `||`).

    Raises ValueError (a sentence) when none of them reads it, InvalidFormat for an unknown format. Without
    `formats`: ISO 8601 (`strict_date_optional_time`) or epoch milliseconds. `up`: a date given to the second, minute,
    hour, day, week, month or year means its last millisecond, not its first.
    """
    if isinstance(value, bool):
        raise ValueError(f"[{value}] is not a date")
    for read in readers(formats or DEFAULT_FORMAT):
        found = read(value, up)
        if found is not None:
            return found if isinstance(found, int) else _milliseconds(found)
    wanted = formats or "ISO 8601 or epoch milliseconds"
    raise ValueError(f"[{value}] is not a date in the format [{wanted}]")


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=256)
def readers(formats: str) -> tuple[Reader, ...]:
    """One reader for each alternative; InvalidFormat."""
    return tuple(_reader(name) for name in formats.split("||"))


def _reader(name: str) -> Reader:
    if not name.strip():
        raise InvalidFormat("Invalid format: []: an alternative is empty")
    if name in ("epoch_millis", "epoch_second"):
        return lambda value, _: _epoch(value, 1000 if name == "epoch_second" else 1)
    bare = name.removeprefix("strict_")
    if bare in ("date_optional_time", "date_optional_time_nanos") or name == "iso8601":
        strict = bare != name
        return lambda value, up: _iso(value, strict, up)
    pattern = named_formats().get(bare)
    if pattern is not None:
        return _compiled(pattern, strict=bare != name or "basic" in name)
    return _compiled(name, strict=True)


@cache
def named_formats() -> dict[str, str]:
    """Named formats and their Java patterns."""
    text = (Path(__file__).parent / "data" / "date_formats.txt").read_text(encoding="utf-8")
    rows = (line.partition("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: pattern for name, _, pattern in rows}


def _epoch(value: Any, factor: int) -> int | None:
    text = str(value)
    if not _NUMBER.fullmatch(text) or (isinstance(value, str) and len(text) <= 4):  # "2024" is a year
        return None
    whole, _, fraction = text.partition(".")
    if factor == 1:
        return int(whole)
    part = int(fraction.ljust(3, "0")[:3]) if fraction else 0
    return int(whole) * 1000 + (-part if whole.startswith("-") else part)


def _iso(value: Any, strict: bool, up: bool) -> datetime | None:
    if not isinstance(value, str):
        return None
    found = _ISO.fullmatch(value)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if strict and any(part is not None and len(part) != 2 for part in (month, day, hour, minute, second)):
        return None
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    try:
        hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
        days = 1 if (hours, minutes, seconds, micro) == (24, 0, 0, 0) else 0
        zone = _offset(offset) if offset else UTC
        day_of = date(int(year), int(month or 1), int(day or 1))
        clock = time(0 if days else hours, minutes, seconds, micro, zone)
        moment = datetime.combine(day_of, clock) + timedelta(days=days)
        given = sum(part is not None for part in found.groups()[:7])
        return _last(moment, "yMdhms"[given - 1] if given < 7 else None) if up else moment
    except (ValueError, OverflowError):
        return None


def _last(moment: datetime, unit: str | None) -> datetime:
    """The last millisecond of the unit that begins at `moment`; `moment` when it is exact."""
    if unit is None:
        return moment
    try:
        if unit in "yM":
            months = moment.month + (12 if unit == "y" else 1) - 1
            following = moment.replace(year=moment.year + months // 12, month=months % 12 + 1)
        else:
            following = moment + _LENGTHS[unit]
    except (ValueError, OverflowError):  # the end of the year 9999
        return datetime.max.replace(microsecond=999_000, tzinfo=moment.tzinfo)
    return following - _MILLISECOND


_LENGTHS = {
    "w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}  # fmt: skip


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:4])
    if hours > 18 or minutes > 59:
        raise ValueError(text)
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


# --- patterns ------------------------------------------------------------------------------------


def _compiled(pattern: str, strict: bool) -> Reader:
    """A reader of Java's pattern letters y u M L d D H k h K m s S a E Y w e Z X x z V, quotes and [optional parts]."""
    regex = re.compile(_regex(pattern, strict), re.ASCII | re.IGNORECASE)

    def read(value: Any, up: bool) -> datetime | None:
        found = regex.fullmatch(str(value))
        if found is None or isinstance(value, float):
            return None
        try:
            parts = {key: text for key, text in found.groupdict().items() if text is not None}
            return _last(_moment(parts), _unit(parts)) if up else _moment(parts)
        except (ValueError, OverflowError, KeyError):
            return None

    return read


def _regex(pattern: str, strict: bool) -> str:
    out: list[str] = []
    seen: set[str] = set()
    at = depth = 0
    while at < len(pattern):
        char = pattern[at]
        if char.isascii() and char.isalpha():
            end = at
            while end < len(pattern) and pattern[end] == char:
                end += 1
            out.append(_letter(pattern, char, end - at, seen, strict))
            at = end
            continue
        at += 1
        if char == "'":
            end = at
            while end < len(pattern) and (pattern[end] != "'" or pattern[end : end + 2] == "''"):
                end += 2 if pattern[end] == "'" else 1
            if pattern[at : at + 1] == "'":  # '' outside a literal is a quote
                end = at
            if end >= len(pattern):
                raise InvalidFormat(
                    f"Invalid format: [{pattern}]: Pattern ends with an incomplete string literal: {pattern}"
                )
            out.append(re.escape(pattern[at:end].replace("''", "'") or "'"))
            at = end + 1
        elif char == "[":
            out.append("(?:")
            depth += 1
        elif char == "]":
            out.append(")?")
            depth -= 1
        elif char in "{}#":
            raise InvalidFormat(f"Invalid format: [{pattern}]: Pattern includes reserved character: '{char}'")
        else:
            out.append(re.escape(char))
        if depth < 0:
            raise InvalidFormat(f"Invalid format: [{pattern}]: Pattern invalid as it contains ] without previous [")
    if depth:
        raise InvalidFormat(f"Invalid format: [{pattern}]: Pattern invalid as it contains [ without ]")
    return "".join(out)


def _letter(pattern: str, char: str, count: int, seen: set[str], strict: bool) -> str:
    """The regular expression of a run of one letter."""
    if char in "yu" and count == 2:
        name, body = "year2", r"\d{2}"
    elif char in "ML" and count >= 3:
        name, body = "monthname", "|".join(_MONTHS if count == 3 else _LONG_MONTHS)
    elif char == "E":
        return "[a-z]+"
    elif char in _FIELDS:
        name = _FIELDS[char]
        least, most = (count, count) if strict and count > 1 else (1, max(count, _WIDEST.get(name, 2)))
        body = rf"\d{{{least},{most}}}"
    elif char == "S":
        name, body = "fraction", rf"\d{{{count}}}" if strict else rf"\d{{1,{max(9, count)}}}"
    elif char == "a":
        name, body = "half", "am|pm"
    elif char in "ZXx":
        name, body = "offset", r"[+-]\d{2}(?::?\d{2})?" + ("|Z" if char != "x" else "")
    elif char in "zV":
        name, body = "zone", r"[a-z][a-z0-9_+\-/]*|[+-]\d{2}:?\d{2}"
    else:
        raise InvalidFormat(f"Invalid format: [{pattern}]: Unknown pattern letter: {char}")
    if name in seen:
        raise InvalidFormat(f"Invalid format: [{pattern}]: [{char}] stands twice")
    seen.add(name)
    return f"(?P<{name}>{body})"


def _moment(parts: dict[str, str]) -> datetime:
    """The moment that a pattern's parts name; what is missing is the epoch's. ValueError."""
    zone = _zone(parts)
    hour = int(parts.get("hour", parts.get("hour24", "0")))
    if "hour24" in parts:
        hour %= 24
    if "hour12" in parts:
        hour = int(parts["hour12"]) % 12 + (12 if parts.get("half", "am").lower() == "pm" else 0)
    micro = int(parts.get("fraction", "0").ljust(6, "0")[:6])
    clock = time(hour, int(parts.get("minute", 0)), int(parts.get("second", 0)), micro, zone)
    return datetime.combine(_day(parts), clock)


_UNITS = {
    "s": ("second",), "m": ("minute",), "h": ("hour", "hour24", "hour12"), "d": ("day", "ordinal", "weekday"),
    "w": ("week",), "M": ("month", "monthname"), "y": ("year", "year2", "weekyear"),
}  # fmt: skip


def _unit(parts: dict[str, str]) -> str | None:
    """The smallest unit that a pattern's parts name; None for a fraction of a second."""
    if "fraction" in parts:
        return None
    return next((unit for unit, names in _UNITS.items() if any(name in parts for name in names)), None)


def _day(parts: dict[str, str]) -> date:
    if "weekyear" in parts:
        return date.fromisocalendar(int(parts["weekyear"]), int(parts.get("week", 1)), int(parts.get("weekday", 1)))
    year = int(parts["year"]) if "year" in parts else 2000 + int(parts["year2"]) if "year2" in parts else 1970
    if "ordinal" in parts:
        found = date(year, 1, 1) + timedelta(days=int(parts["ordinal"]) - 1)
        if found.year != year:
            raise ValueError(parts["ordinal"])
        return found
    month = int(parts.get("month", 1))
    if "monthname" in parts:
        month = _MONTHS.index(parts["monthname"][:3].lower()) + 1
    return date(year, month, int(parts.get("day", 1)))


def _zone(parts: dict[str, str]) -> tzinfo:
    if "offset" in parts:
        return _offset(parts["offset"].upper())
    name = parts.get("zone")
    if name is None or name.upper() in ("Z", "UTC", "GMT"):
        return UTC
    return _offset(name) if name[0] in "+-" else ZoneInfo(name)
