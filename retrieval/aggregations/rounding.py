"""Moments rounded down to calendar units and fixed intervals, in a time zone.

A moment is int64 milliseconds since the epoch. Its local time is rounded down and turned back: a day with
a change of the clock has 23 or 25 hours, and a month begins at its zone's midnight. Where a local time
comes twice, the earlier is meant; where it does not come at all, the moment the clock jumps is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
CALENDAR = {
    "second": "second", "1s": "second", "minute": "minute", "1m": "minute", "hour": "hour", "1h": "hour",
    "day": "day", "1d": "day", "week": "week", "1w": "week", "month": "month", "1M": "month",
    "quarter": "quarter", "1q": "quarter", "year": "year", "1y": "year",
}  # fmt: skip
_WIDTH = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_MONDAY = 4 * DAY  # 1970-01-05
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = 5 * DAY  # no zone changes its clock twice within this time
_BLOCK = 8 * 366 * DAY
_FIRST, _LAST = -120 * 365 * DAY, 430 * 365 * DAY  # 1850 to 2400: before and after, clocks stand as at these ends


@dataclass(frozen=True)
class Rounding:
    """Rounds down to a calendar `unit`, or to multiples of `width` milliseconds when there is no unit."""

    unit: str | None
    width: int
    zone: tzinfo = UTC

    @classmethod
    def calendar(cls, unit: str, zone: tzinfo = UTC) -> Rounding:
        """A unit of CALENDAR's values."""
        return cls(unit, _WIDTH.get(unit, _MONTHS.get(unit, 1) * 28 * DAY), zone)

    def floor(self, moments: np.ndarray) -> np.ndarray:
        """int64[n]: the key of each moment."""
        if _fixed(self.zone) is not None:
            shift = _fixed(self.zone) or 0
            return self._local_floor(moments + shift) - shift
        shifts = offsets(self.zone, moments)
        local = self._local_floor(moments + shifts)
        keys = local - shifts
        moved = np.flatnonzero(offsets(self.zone, keys) != shifts)
        if len(moved):
            keys[moved] = np.minimum(instants(self.zone, local[moved]), moments[moved])
        return keys

    def between(self, first: int, last: int) -> np.ndarray:
        """int64[m]: every key from the key `first` to the key `last`, ascending; no more than one a width."""
        if self.unit in _MONTHS:
            edges = (np.array([first, last]) + offsets(self.zone, np.array([first, last]))).astype("datetime64[ms]")
            low, high = edges.astype("datetime64[M]").astype(np.int64)
            local = np.arange(low, high + 1, _MONTHS[self.unit]).astype("datetime64[M]")
            milliseconds = local.astype("datetime64[ms]").astype(np.int64)
            return (
                milliseconds - (_fixed(self.zone) or 0)
                if _fixed(self.zone) is not None
                else instants(self.zone, milliseconds)
            )
        # an hour more than the last: a step across a change of the clock may fall short of it
        steps = np.arange(first, last + self.width, self.width)
        if _fixed(self.zone) is not None:
            return steps[steps <= last]
        found = np.unique(np.concatenate([self.floor(steps + self.width // 2), [first, last]]))
        return found[(found >= first) & (found <= last)]

    def _local_floor(self, local: np.ndarray) -> np.ndarray:
        if self.unit in _MONTHS:
            months = local.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
            size = _MONTHS[self.unit]
            return (months // size * size).astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
        if self.unit == "week":
            return (local - _MONDAY) // self.width * self.width + _MONDAY
        return local // self.width * self.width


def _fixed(zone: tzinfo) -> int | None:
    """The offset of a zone that never changes it, in milliseconds."""
    if isinstance(zone, timezone):
        return _shift(zone, 0)
    return None


def _shift(zone: tzinfo, ms: int) -> int:
    moment = _EPOCH + timedelta(milliseconds=min(max(ms, -62_000_000_000_000), 253_000_000_000_000))
    shift = moment.astimezone(zone).utcoffset()
    return 0 if shift is None else round(shift.total_seconds() * 1000)


def offsets(zone: tzinfo, moments: np.ndarray) -> np.ndarray:
    """int64[n]: how far local time is ahead of UTC at each moment, in milliseconds."""
    fixed = _fixed(zone)
    if fixed is not None or len(moments) == 0:
        return np.full(len(moments), fixed or 0, np.int64)
    moments = np.clip(moments, _FIRST, _LAST)
    blocks = range(int(moments.min()) // _BLOCK, int(moments.max()) // _BLOCK + 1)
    changes = [change for block in blocks for change in _changes(zone, block)]
    starts = np.array([at for at, _ in changes], np.int64)
    shifts = np.array([shift for _, shift in changes], np.int64)
    return shifts[np.searchsorted(starts, moments, side="right") - 1]


@lru_cache(maxsize=4096)
def _changes(zone: tzinfo, block: int) -> tuple[tuple[int, int], ...]:
    """(moment, offset from then on) at the start of a block of years and at each change of the clock in it."""
    start = block * _BLOCK
    out = [(start, _shift(zone, start))]
    for at in range(start, start + _BLOCK, _STEP):
        before, after, until = out[-1][1], at, min(at + _STEP, start + _BLOCK - 1)
        shift = _shift(zone, until)
        if shift == before:
            continue
        while until - after > 1:  # the change lies in (after, until]
            middle = (after + until) // 2
            if _shift(zone, middle) == before:
                after = middle
            else:
                until = middle
        out.append((until, shift))
    return tuple(out)


def instants(zone: tzinfo, local: np.ndarray) -> np.ndarray:
    """int64[n]: the moments of local times."""
    earlier = local - offsets(zone, local - DAY)  # by the clock of the day before, and of the day after
    later = local - offsets(zone, local + DAY)
    is_earlier = offsets(zone, earlier) == local - earlier
    is_later = offsets(zone, later) == local - later
    # both: the time comes twice, the first time by the old clock; neither: the old clock gives the jump
    return np.where(is_later & ~is_earlier, later, earlier)
