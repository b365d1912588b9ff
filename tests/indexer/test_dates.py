"""Date formats: Elasticsearch's names and Java's patterns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.dates import InvalidFormat, named_formats, parse_date, readers


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("2024-02-29", None, at(2024, 2, 29)),
        ("2024-02-29T10:20:30.5+08:00", None, at(2024, 2, 29, 2, 20, 30) + 500),
        ("2024-02-29T24:00:00Z", None, at(2024, 3, 1)),
        ("1969-12-31T23:59:59.999Z", None, -1),
        ("20240229", "basic_date", at(2024, 2, 29)),
        ("20240229T102030.123Z", "basic_date_time", at(2024, 2, 29, 10, 20, 30) + 123),
        ("2024-060", "ordinal_date", at(2024, 2, 29)),
        ("2024-W09-4", "week_date", at(2024, 2, 29)),
        ("2024-2-9", "date", at(2024, 2, 9)),
        ("2024-02", "strict_year_month", at(2024, 2, 1)),
        ("29/02/2024 下午", "dd/MM/yyyy 下午", at(2024, 2, 29)),
        ("2024年02月29日", "yyyy年MM月dd日", at(2024, 2, 29)),
        ("2024年2月9日 3时", "yyyy年M月d日 H时", at(2024, 2, 9, 3)),
        ("Thu, 29 Feb 2024 10:20:30 GMT", "EEE, dd MMM yyyy HH:mm:ss z", at(2024, 2, 29, 10, 20, 30)),
        ("2024-02-29 18:20 Asia/Shanghai", "yyyy-MM-dd HH:mm VV", at(2024, 2, 29, 10, 20)),
        ("03:04 PM", "hh:mm a", at(1970, 1, 1, 15, 4)),
        ("29.2.24", "d.M.yy", at(2024, 2, 29)),
        ("2024-02-29T10", "yyyy-MM-dd['T'HH]", at(2024, 2, 29, 10)),
        ("2024-02-29", "yyyy-MM-dd['T'HH]", at(2024, 2, 29)),
        ("it's 2024", "'it''s' yyyy", at(2024, 1, 1)),
        ("12345.678", "epoch_second", 12345678),
        (-5, "epoch_millis", -5),
        ("x", "yyyy||'x'", 0),
    ],
)
def test_what_a_format_reads(text, form, moment):
    assert parse_date(text, form) == moment


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2024-02-30", None),
        ("2024-2-9", "strict_date"),
        ("2024-13-01", None),
        ("29/02/2023", "dd/MM/yyyy"),
        ("2023-366", "ordinal_date"),
        ("tomorrow", None),
        ("2024-02-29T25:00", None),
        (True, None),
        (1.5, "yyyy"),
        ("2024-02-29 x", "yyyy-MM-dd z"),
        ("٢٠٢٤-٠٢-٢٩", None),
    ],
)
def test_what_it_does_not(text, form):
    with pytest.raises(ValueError, match="is not a date"):
        parse_date(text, form)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("yyyy-MM-ddj", "Unknown pattern letter: j"),
        ("yyyy 'at", "incomplete string literal"),
        ("[yyyy", "without ]"),
        ("yyyy]", "without previous"),
        ("yyyy||", "empty"),
        ("{yyyy}", "reserved"),
        ("yyyy yyyy", "stands twice"),
        ("no_such_format", "Unknown pattern letter"),
    ],
)
def test_formats_that_are_none(form, message):
    with pytest.raises(InvalidFormat, match=message):
        readers(form)


def test_every_named_format_can_be_read():
    for name in named_formats():
        assert readers(name)
        assert readers(f"strict_{name}")


moments = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).map(lambda m: m.replace(microsecond=0))


@given(moments, st.sampled_from([0, 480, -330, 845]))
def test_iso_and_patterns_agree_with_datetime(moment, minutes):
    shift = timedelta(minutes=minutes)
    sign, rest = ("-", -minutes) if minutes < 0 else ("+", minutes)
    zone = f"{sign}{rest // 60:02}:{rest % 60:02}"
    expected = (moment - shift - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
    stamp = moment.strftime("%m-%dT%H:%M:%S")
    assert parse_date(f"{moment.year:04}-{stamp}{zone}") == expected
    assert parse_date(f"{moment.year:04}-{stamp}{zone}", "strict_date_time_no_millis") == expected
    plain = f"{moment.day}.{moment.month}.{moment.year:04} {moment.hour}:{moment.minute:02}:{moment.second:02}{zone}"
    assert parse_date(plain, "d.M.yyyy H:mm:ssXXX") == expected
