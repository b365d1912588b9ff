"""Rounding in time zones equals the standard library's clocks, moment by moment."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.aggregations.rounding import Rounding, instants, offsets
from tests.retrieval.aggregations.oracle import EPOCH, local_floor

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata",
         "Pacific/Auckland", "Africa/Casablanca", "Pacific/Apia")  # fmt: skip
UNITS = ("hour", "day", "week", "month", "quarter", "year")
moments = st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=30)


@given(ms=moments, zone=st.sampled_from(ZONES))
def test_offsets(ms: list[int], zone: str) -> None:
    found = offsets(ZoneInfo(zone), np.array(ms))
    for at, offset in zip(ms, found, strict=True):
        local = (EPOCH + np.timedelta64(at, "ms").item()).astimezone(ZoneInfo(zone))
        assert local.utcoffset().total_seconds() * 1000 == offset


@given(ms=moments, zone=st.sampled_from(ZONES), unit=st.sampled_from(UNITS))
def test_the_start_of_the_unit(ms: list[int], zone: str, unit: str) -> None:
    # Samoa left out the whole of 2011-12-30: a day that does not begin
    if zone == "Pacific/Apia":
        ms = [at for at in ms if not 1_325_000_000_000 < at < 1_325_500_000_000] or [0]
    keys = Rounding.calendar(unit, ZoneInfo(zone)).floor(np.array(ms))
    for at, key in zip(ms, keys, strict=True):
        assert key <= at
        assert key == local_floor(at, unit, ZoneInfo(zone)), (at, zone, unit)


@given(
    first=st.integers(0, 4_000_000_000_000),
    days=st.integers(0, 900),
    zone=st.sampled_from(ZONES),
    unit=st.sampled_from(UNITS[1:]),
)
def test_the_ladder_has_every_step_once(first: int, days: int, zone: str, unit: str) -> None:
    rounding = Rounding.calendar(unit, ZoneInfo(zone))
    every_hour = np.arange(first, first + days * 86_400_000 + 1, 3_600_000)
    keys = np.unique(rounding.floor(every_hour))
    found = rounding.between(int(keys[0]), int(keys[-1]))
    assert found.tolist() == keys.tolist()


@pytest.mark.parametrize(
    ("zone", "unit", "at", "key"),
    [
        ("Europe/Berlin", "day", "2024-03-31T20:00", "2024-03-30T23:00"),  # the day has 23 hours
        ("Europe/Berlin", "day", "2024-10-27T22:30", "2024-10-26T22:00"),  # and this one 25
        ("Europe/Berlin", "hour", "2024-10-27T01:30", "2024-10-27T01:00"),  # the second 02:30 of that night
        ("Asia/Kolkata", "hour", "2024-01-01T00:15", "2023-12-31T23:30"),
        ("America/Sao_Paulo", "day", "2018-11-04T12:00", "2018-11-04T03:00"),  # no midnight: the clock jumped it
    ],
)
def test_changes_of_the_clock(zone: str, unit: str, at: str, key: str) -> None:
    ms, expected = (int(np.datetime64(text, "ms").astype(np.int64)) for text in (at, key))
    assert Rounding.calendar(unit, ZoneInfo(zone)).floor(np.array([ms])).tolist() == [expected]


def test_fixed_intervals_and_local_times() -> None:
    week = Rounding(None, 7 * 86_400_000)
    assert week.floor(np.array([0, 604_800_000 - 1, 604_800_000])).tolist() == [0, 0, 604_800_000]
    berlin = ZoneInfo("Europe/Berlin")
    twice = int(np.datetime64("2024-10-27T02:30", "ms").astype(np.int64))
    assert instants(berlin, np.array([twice]))[0] == twice - 7_200_000, "the earlier of two"
