"""Date math: moments such as now-1d/d or 2024-01-01||+1M/d."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from indexer import ParsingError
from indexer.fields import parse_date

_MATH = re.compile(r"([+-]\d{0,9}|/)([yMwdhHms])")
_ABSOLUTE = re.compile(r"-?\d{5,}(\.\d+)?|.*\d([Zz]|[+-]\d{2}(:?\d{2})?)", re.DOTALL)
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "H": 3600, "m": 60, "s": 1}


def zone_of(kind: str, name: object) -> tzinfo:
    """A time zone by its offset (`+08:00`) or IANA name (`Asia/Shanghai`); ParsingError."""
    if name is None:
        return UTC
    if isinstance(name, str):
        if name.upper() in ("Z", "UTC", "GMT"):
            return UTC
        offset = _OFFSET.fullmatch(name)
        if offset and int(offset[2]) <= 18 and int(offset[3] or 0) < 60:
            delta = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
            return timezone(-delta if offset[1] == "-" else delta)
        try:
            if not offset:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ParsingError(f"[{kind}] unknown time-zone ID [{name}]; give an offset such as +08:00 or an IANA name")


def date_bound(value: Any, formats: str | None, now_ms: int, up: bool, zone: tzinfo = UTC) -> int:
    """Milliseconds of a date bound with date math; rounding goes up for gt and lte, down otherwise.

    Elasticsearch: `gt` and `lte` round to the last millisecond of the unit, `gte` and `lt` to the first, also where a
    date without math is given to a day, an hour or another unit only. A text
    without an offset of its own is local time of `zone`, and rounding is to its units; `now` is now everywhere.
    Raises ValueError or OverflowError.
    """
    text = str(value)
    if text.startswith("now"):
        moment, math = _utc(now_ms).astimezone(zone), text[3:]
    elif "||" in text:
        anchor, math = text.split("||", 1)
        moment = _local(anchor, parse_date(anchor, formats), zone)
    else:
        moment, math = _local(text, parse_date(value, formats, up), zone), ""
    if _MATH.sub("", math):
        raise ValueError(f"date math [{text}] cannot be read; use now-1d/d or 2024-01-01||+1M/d")
    for step, unit in _MATH.findall(math):
        moment = (
            _rounded(moment, unit, up) if step == "/" else _shifted(moment, int(step if step[1:] else step + "1"), unit)
        )
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _utc(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _local(text: str, milliseconds: int, zone: tzinfo) -> datetime:
    """The moment of a text that was read as if it were UTC."""
    moment = _utc(milliseconds)
    return (
        moment.astimezone(zone)
        if _ABSOLUTE.fullmatch(text) and not _DAY.fullmatch(text)
        else moment.replace(tzinfo=zone)
    )


def _shifted(moment: datetime, count: int, unit: str) -> datetime:
    if unit in "yM":
        months = moment.month - 1 + count * (12 if unit == "y" else 1)
        year, month = moment.year + months // 12, months % 12 + 1
        return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
    return moment + timedelta(seconds=_SECONDS[unit] * count)


def _rounded(moment: datetime, unit: str, up: bool) -> datetime:
    low = moment.replace(microsecond=0)
    if unit != "s":
        low = low.replace(second=0)
    if unit not in "sm":
        low = low.replace(minute=0)
    if unit not in "smhH":
        low = low.replace(hour=0)
    if unit == "w":
        low -= timedelta(days=low.weekday())
    if unit in "yM":
        low = low.replace(day=1)
    if unit == "y":
        low = low.replace(month=1)
    return _shifted(low, 1, unit) - timedelta(milliseconds=1) if up else low
