"""How dates and numbers are printed in answers: Elasticsearch's `format`, and its time zones.

Dates take the named formats and Java's pattern letters (`yyyy-MM-dd HH:mm`, `'Q'q`); several formats parted
by `||` print by the first. Numbers take Java's decimal patterns (`#,##0.00`, `0.0%`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from indexer import InvalidRequest
from indexer.dates import named_formats

DEFAULT_DATE = "strict_date_optional_time"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST, _MOST = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999, in milliseconds
_ISO = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"
_OPTIONAL = ("date_optional_time", "date_optional_time_nanos", "iso8601")  # read with less, printed in full
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BRACKETS = str.maketrans("", "", "[]")
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
Printer = Callable[[datetime], str]


def moment_of(ms: float, zone: tzinfo = UTC) -> datetime:
    """The date and time of milliseconds since the epoch; clamped to the years 1 to 9999."""
    clamped = min(max(int(ms), _LEAST), _MOST)
    moment = _EPOCH + timedelta(milliseconds=clamped)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def format_date(ms: float, pattern: str | None = None, zone: tzinfo = UTC) -> str:
    """Milliseconds since the epoch as text; InvalidRequest for a pattern that cannot be read."""
    name = (pattern or DEFAULT_DATE).split("||")[0].strip()
    if name == "epoch_millis":
        return str(int(ms))
    if name == "epoch_second":
        return str(int(ms) // 1000)
    moment = moment_of(ms, zone)
    return "".join(part(moment) for part in _printers(name))


@lru_cache(maxsize=256)
def _printers(name: str) -> tuple[Printer, ...]:
    bare = name.removeprefix("strict_")
    pattern = _ISO if bare in _OPTIONAL else named_formats().get(bare, name)
    out: list[Printer] = []
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise InvalidRequest(f"Invalid format: [{name}]: Pattern ends with an incomplete string literal")
        out.append(_printer(name, found))
        at = found.end()
    return tuple(out)


def _printer(name: str, found: re.Match[str]) -> Printer:
    text, letter = found[0], found[2]
    if letter is None:
        # brackets are around what may be left out when a date is read
        literal = text.translate(_BRACKETS) if found[1] is None else (found[1].replace("''", "'") or "'")
        return lambda _: literal
    make = _LETTERS.get(letter)
    if make is None:
        raise InvalidRequest(f"Invalid format: [{name}]: Unknown pattern letter: {letter}")
    return make(len(text))


def _number(value: Callable[[datetime], int]) -> Callable[[int], Printer]:
    return lambda width: lambda m: f"{value(m):0{width}d}"


def _year(width: int) -> Printer:
    return (lambda m: f"{m.year % 100:02d}") if width == 2 else (lambda m: f"{m.year:0{width}d}")


def _named(names: tuple[str, ...], value: Callable[[datetime], int]) -> Callable[[int], Printer]:
    def make(width: int) -> Printer:
        if width <= 2:
            return lambda m: f"{value(m) + 1:0{width}d}"
        return lambda m: names[value(m)][: 3 if width == 3 else None]

    return make


def _offset(zero: str, colon_from: int) -> Callable[[int], Printer]:
    def make(width: int) -> Printer:
        def show(moment: datetime) -> str:
            shift = moment.utcoffset() or timedelta()
            minutes = round(shift.total_seconds() / 60)
            if minutes == 0 and zero:
                return zero
            sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
            if width == 1 and minutes % 60 == 0:
                return f"{sign}{minutes // 60:02d}"
            return f"{sign}{minutes // 60:02d}{':' if width >= colon_from else ''}{minutes % 60:02d}"

        return show

    return make


_LETTERS: dict[str, Callable[[int], Printer]] = {
    "y": _year,
    "u": _year,
    "Y": lambda width: lambda m: f"{m.isocalendar().year:0{width}d}",
    "M": _named(_MONTHS, lambda m: m.month - 1),
    "L": _named(_MONTHS, lambda m: m.month - 1),
    "d": _number(lambda m: m.day),
    "D": _number(lambda m: m.timetuple().tm_yday),
    "H": _number(lambda m: m.hour),
    "k": _number(lambda m: m.hour or 24),
    "h": _number(lambda m: m.hour % 12 or 12),
    "K": _number(lambda m: m.hour % 12),
    "m": _number(lambda m: m.minute),
    "s": _number(lambda m: m.second),
    "S": lambda width: lambda m: f"{m.microsecond:06d}".ljust(width, "0")[:width],
    "a": lambda _: lambda m: "AM" if m.hour < 12 else "PM",
    "E": lambda width: lambda m: _DAYS[m.weekday()][: 3 if width <= 3 else None],
    "e": _number(lambda m: m.isoweekday()),
    "w": _number(lambda m: m.isocalendar().week),
    "q": _number(lambda m: (m.month + 2) // 3),
    "Q": _number(lambda m: (m.month + 2) // 3),
    "X": _offset("Z", 3),
    "x": _offset("", 3),
    "Z": _offset("", 5),
    "z": lambda _: lambda m: m.tzname() or "Z",
    "V": lambda _: lambda m: getattr(m.tzinfo, "key", None) or m.tzname() or "Z",
}


@lru_cache(maxsize=256)
def zone_of(name: str | None) -> tzinfo:
    """A time zone by its name (`Asia/Shanghai`) or offset (`+08:00`); InvalidRequest."""
    if name is None or name in ("Z", "UTC", "GMT"):
        return UTC
    found = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", name)
    if found:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes <= 18 * 60:
            return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    elif re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]*", name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise InvalidRequest(f"Unknown time-zone ID: [{name}]; give a name such as Asia/Shanghai or an offset as +08:00")


# --- numbers ------------------------------------------------------------------------------------

_DECIMAL = re.compile(r"(?P<before>[^#0,.]*)(?P<whole>[#0,]*)(?:\.(?P<part>[#0]*))?(?P<after>[^#0,.]*)")


def format_number(value: float, pattern: str) -> str:
    """A number by a Java decimal pattern; InvalidRequest for one that cannot be read."""
    pattern = pattern.split(";")[0]
    found = _DECIMAL.fullmatch(pattern)
    if pattern == "raw" or not pattern:
        return str(value)
    if found is None or not (found["whole"] or found["part"]):
        raise InvalidRequest(f"Invalid format: [{pattern}] is not a decimal pattern; use one such as #,##0.00")
    whole, part = found["whole"], found["part"] or ""
    percent = "%" in found["before"] + found["after"]
    if not math.isfinite(value):
        return str(value)
    value = value * 100 if percent else value
    step = Decimal(1).scaleb(-len(part))
    with localcontext(prec=1100):  # enough for every double written out
        scaled = Decimal(str(value))
        if scaled != scaled.quantize(step):
            scaled = Decimal(value)  # 2.675 is less than it is written as
        scaled = scaled.quantize(step, ROUND_HALF_EVEN)
    digits, _, fraction = f"{abs(scaled):f}".partition(".")
    least_whole, least = whole.count("0"), part.count("0")
    if least_whole == least == 0 and "." in pattern:  # Java takes the digit before the point for a 0
        least_whole, least = (1, 0) if whole else (0, 1)
    digits = digits.lstrip("0").rjust(least_whole, "0")
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    if "," in whole:
        digits = _grouped(digits, len(whole) - whole.rindex(",") - 1)
    if not digits and not fraction:
        digits = "0"
    number = f"{digits}.{fraction}" if fraction else digits
    return f"{'-' if scaled < 0 else ''}{found['before']}{number}{found['after']}"


def _grouped(digits: str, size: int) -> str:
    if size == 0:
        return digits
    head = len(digits) % size
    parts = [digits[:head]] if head else []
    return ",".join(parts + [digits[i : i + size] for i in range(head, len(digits), size)])
