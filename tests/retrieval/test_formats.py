"""Dates and numbers printed by Elasticsearch's formats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import InvalidRequest
from indexer.dates import named_formats
from indexer.fields import parse_date
from retrieval.formats import format_date, format_number, zone_of

MS = 1_710_054_605_007  # 2024-03-10T07:10:05.007Z, a Sunday


@pytest.mark.parametrize(
    ("pattern", "zone", "text"),
    [
        (None, None, "2024-03-10T07:10:05.007Z"),
        (None, "Asia/Shanghai", "2024-03-10T15:10:05.007+08:00"),
        (None, "-03:30", "2024-03-10T03:40:05.007-03:30"),
        ("yyyy'年'M'月'd'日' EEEE a", None, "2024年3月10日 Sunday AM"),
        ("yy/MMM/dd hh:mm:ss.SSS", "America/New_York", "24/Mar/10 03:10:05.007"),
        ("strict_date||epoch_millis", None, "2024-03-10"),
        ("epoch_second", None, "1710054605"),
        ("basic_date_time_no_millis", "+08:00", "20240310T151005+0800"),
        ("Q D w 'o''clock'", None, "1 70 10 o'clock"),
        ("strict_date_optional_time_nanos", None, "2024-03-10T07:10:05.007Z"),
        ("week_date||epoch_millis", None, "2024-W10-7"),
        ("basic_ordinal_date_time", "+08:00", "2024070T151005.007+0800"),
        ("yyyy-MM-dd[ HH:mm]", None, "2024-03-10 07:10"),
    ],
)
def test_dates(pattern: str | None, zone: str | None, text: str) -> None:
    assert format_date(MS, pattern, zone_of(zone)) == text


@pytest.mark.parametrize("name", sorted(named_formats()))
def test_what_a_named_format_prints_it_reads(name: str) -> None:
    text = format_date(MS, name)
    assert format_date(parse_date(text, f"strict_{name}"), f"strict_{name}") == text


@given(st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1)))
def test_the_default_is_read_back(moment: datetime) -> None:
    ms = round(moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC).timestamp() * 1000)
    assert parse_date(format_date(ms)) == ms


@pytest.mark.parametrize(
    ("value", "pattern", "text"),
    [
        (1234567.891, "#,##0.00", "1,234,567.89"), (0.256, "0.0%", "25.6%"), (-3.5, "¥0.00", "-¥3.50"),
        (5.0, "#.##", "5"), (0.5, "#.##", "0.5"), (0.5, ".##", ".5"), (0.0, "#", "0"), (0.0, ".#", ".0"),
        (-0.25, "#,###.##", "-0.25"), (12.0, "0,000", "0,012"), (2.5, "0", "2"),
        ((1 << 60) + 1, "#,##0", "1,152,921,504,606,846,977"), (2.675, "0.00", "2.67"), (0.125, "0.00", "0.12"),
        (0.1, "0.####################", "0.1"), (1e-310, "0.0", "0.0"), (0.5, "#.00", ".50"),
    ],
)  # fmt: skip
def test_numbers(value: float, pattern: str, text: str) -> None:
    assert format_number(value, pattern) == text


def test_what_cannot_be_read() -> None:
    for call in (
        lambda: format_date(0, "yyyy-ii"),
        lambda: format_date(0, "yyyy 'open"),
        lambda: format_number(1.0, "abc"),
        lambda: zone_of("Nowhere/Else"),
        lambda: zone_of("+25:00"),
        lambda: zone_of("../etc/passwd"),
    ):
        with pytest.raises(InvalidRequest):
            call()
