"""Queries on terms and values: term, terms, prefix, wildcard, regexp, fuzzy, range, exists, ids."""

from __future__ import annotations

import fnmatch
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_corpus import KEYS, distance

from analysis import get_analyzer
from indexer import InvalidRequest, Node, Operation
from retrieval import search
from retrieval.query.dates import date_bound, zone_of
from settings import Settings

MULTI = get_analyzer("multilingual")
TEXT_VALUES = ["qu", "北", "北京", "Q", "圖", "ＡＢ", "gpt", "c+", "Caf", "york", "zz", "4"]


def of_text(corpus, holds):
    return corpus.where(lambda s: any(map(holds, corpus.terms(s["text"]))))


def of_key(corpus, holds):
    return corpus.where(lambda s: any(map(holds, s.get("key", []))))


@settings(max_examples=60)
@given(st.sampled_from(TEXT_VALUES), st.sampled_from(KEYS), st.booleans())
def test_prefixes(corpus, value, key, any_case):
    folded = MULTI.normalize(value)
    found = corpus.run({"prefix": {"text": {"value": value, "case_insensitive": any_case}}})
    assert set(found) == of_text(corpus, lambda t: t.startswith(folded))
    assert set(found.values()) <= {1.0}
    fold = str.lower if any_case else str
    found = corpus.run({"prefix": {"key": {"value": key[:2], "case_insensitive": any_case, "boost": 2}}})
    assert set(found) == of_key(corpus, lambda k: fold(k).startswith(fold(key[:2])))
    assert set(found.values()) <= {2.0}


@settings(max_examples=80)
@given(
    st.sampled_from(["q*", "*京*", "?ox", "qu?c*", "*", "北?", "GPT*", "*書", "n?w", "c++"]),
    st.sampled_from(["*ij*", "?1", "a*", "上海*", "*", "B?ijing", "*-7", "北?"]),
    st.booleans(),
)
def test_wildcards(corpus, value, key, any_case):
    folded = MULTI.normalize(value)
    found = corpus.run({"wildcard": {"text": {"value": value, "case_insensitive": any_case}}})
    assert set(found) == of_text(corpus, lambda t: fnmatch.fnmatchcase(t, folded))
    fold = str.lower if any_case else str
    found = corpus.run({"wildcard": {"key": {"wildcard": key, "case_insensitive": any_case}}})
    assert set(found) == of_key(corpus, lambda k: fnmatch.fnmatchcase(fold(k), fold(key)))


@settings(max_examples=60)
@given(
    st.sampled_from(["qui(ck|kc)", ".*京.*", "[a-f]ox", "[A-Z]ox", ".{2}", "圖.?", "gpt[0-9]?", "run+"]), st.booleans()
)
def test_regular_expressions(corpus, value, any_case):
    found = corpus.run({"regexp": {"text": {"value": value, "case_insensitive": any_case}}})
    python = re.compile(MULTI.normalize(value.replace("A-Z", "a-z")))
    assert set(found) == of_text(corpus, python.fullmatch)
    found = corpus.run({"regexp": {"key": {"value": value + "|[a-b].*", "case_insensitive": any_case}}})
    python = re.compile(value + "|[a-b].*", re.IGNORECASE if any_case else 0)
    assert set(found) == of_key(corpus, python.fullmatch)


@settings(max_examples=60)
@given(
    st.sampled_from(["quick", "QUIKC", "Beijing", "shangahi", "a2", "foxx"]),
    st.sampled_from(["AUTO", 1, 2]),
    st.integers(0, 2),
)
def test_fuzzy_terms(corpus, value, fuzziness, prefix):
    def near(value):
        edits = (0 if len(value) < 3 else 1 if len(value) < 6 else 2) if fuzziness == "AUTO" else fuzziness
        edits = min(edits, len(value) - prefix)
        return lambda t: t == value or (t[:prefix] == value[:prefix] and distance(value[prefix:], t[prefix:]) <= edits)

    body = {"value": value, "fuzziness": fuzziness, "prefix_length": prefix}
    scored = corpus.run({"fuzzy": {"text": body}})
    assert set(scored) == of_text(corpus, near(MULTI.normalize(value)))
    flat = corpus.run({"fuzzy": {"text": {**body, "rewrite": "constant_score"}}})
    assert flat.keys() == scored.keys()
    assert set(flat.values()) <= {1.0}
    assert set(corpus.run({"fuzzy": {"key": body}})) == of_key(corpus, near(value))


def test_han_values_longer_than_any_term(corpus):
    """A text field of characters and pairs has no term 北京大: it is a phrase."""
    whole = set(corpus.run({"match_phrase": {"text": "北京大"}}))
    assert whole
    assert set(corpus.run({"prefix": {"text": "北京大"}})) == whole
    fuzzy = set(corpus.run({"fuzzy": {"text": "北京大雷"}}))
    assert fuzzy >= corpus.where(lambda s: "北京大学" in s["text"] or "北京大雪" in s["text"])


@pytest.mark.parametrize(
    "rewrite", ["scoring_boolean", "top_terms_3", "top_terms_blended_freqs_50", "constant_score_boolean"]
)
def test_rewrites(corpus, rewrite):
    flat = corpus.run({"prefix": {"text": "qu"}})
    found = corpus.run({"prefix": {"text": {"value": "qu", "rewrite": rewrite}}})
    assert found.keys() <= flat.keys()
    assert rewrite == "top_terms_3" or found.keys() == flat.keys()
    if rewrite == "scoring_boolean":
        begun = {t for s in corpus.docs.values() for t in corpus.terms(s["text"]) if t.startswith("qu")}
        terms = corpus.run({"bool": {"should": [{"term": {"text": t}} for t in begun]}})
        assert all(abs(found[i] - terms[i]) < 1e-4 for i in found)


def test_a_scored_expansion_has_a_limit(corpus, monkeypatch):
    narrow = type("Narrow", (), {"max_clauses": 3, "max_depth": 50})()
    ctx = corpus.context()
    from retrieval.query import Parser

    monkeypatch.setattr(type(ctx), "settings", property(lambda self: narrow))
    query = Parser().query({"wildcard": {"text": {"value": "*", "rewrite": "scoring_boolean"}}})
    with pytest.raises(InvalidRequest, match="too many terms"):
        query.matches(ctx)
    flat = Parser().query({"wildcard": {"text": "*"}})
    assert flat.mask(ctx).sum() == len(corpus.where(lambda s: bool(corpus.terms(s["text"]))))


def test_terms_and_cases(corpus):
    assert set(corpus.run({"term": {"key": "beijing"}})) == of_key(corpus, lambda k: k == "beijing")
    found = corpus.run({"term": {"key": {"value": "BEIJING", "case_insensitive": True}}})
    assert set(found) == of_key(corpus, lambda k: k.lower() == "beijing")
    assert set(corpus.run({"terms": {"key": ["a1", "北京", "x"]}})) == of_key(corpus, lambda k: k in ("a1", "北京"))
    assert set(corpus.run({"terms": {"n": [3, "4", 5.5]}})) == corpus.where(lambda s: {3, 4} & set(s.get("n", [])))
    assert corpus.run({"terms": {"n": [10**30, "9223372036854775808", -(10**30)]}}) == {}
    digits = "9" * 400
    assert corpus.run({"match": {"x": {"query": digits, "lenient": True}}}) == {}
    assert corpus.run({"query_string": {"query": digits}}) == {}
    assert set(corpus.run({"term": {"ok": True}})) == corpus.where(lambda s: s["ok"])
    assert set(corpus.run({"ids": {"values": ["1", "2", "nope"]}})) == {"1", "2"} & set(corpus.docs)
    assert set(corpus.run({"exists": {"field": "x"}})) == corpus.where(lambda s: "x" in s)
    assert set(corpus.run({"exists": {"field": "ke*"}})) == corpus.where(lambda s: "key" in s)
    assert set(corpus.run({"exists": {"field": "*y"}})) == corpus.where(lambda s: "key" in s or "day" in s)
    assert corpus.run({"exists": {"field": "no*"}}) == {}


BOUNDS = st.sampled_from(["gt", "gte", "lt", "lte"])


@settings(max_examples=60)
@given(
    st.dictionaries(BOUNDS, st.integers(-4, 10), min_size=1, max_size=2),
    st.dictionaries(BOUNDS, st.sampled_from(KEYS), min_size=1, max_size=2),
)
def test_ranges(corpus, numbers, keys):
    compare = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }

    def inside(value, bounds):
        return all(compare[op](value, bound) for op, bound in bounds.items())

    assert set(corpus.run({"range": {"n": numbers}})) == corpus.where(
        lambda s: any(inside(v, numbers) for v in s.get("n", []))
    )
    if len({op[:1] for op in keys}) == len(keys):  # one bound a side
        raw = {op: value.encode() for op, value in keys.items()}
        assert set(corpus.run({"range": {"key": keys}})) == of_key(corpus, lambda k: inside(k.encode(), raw))


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@settings(max_examples=40)
@given(st.integers(1, 3), st.integers(1, 28), st.sampled_from(["+00:00", "+08:00", "-05:00", "Asia/Shanghai"]))
def test_dates_in_a_zone(corpus, month, day, zone):
    hours = {"+00:00": 0, "+08:00": 8, "-05:00": -5, "Asia/Shanghai": 8}[zone]
    text = f"2024-{month:02d}-{day:02d}"
    begin = datetime(2024, month, day, tzinfo=UTC) - timedelta(hours=hours)
    body = {"gte": text, "lte": text, "time_zone": zone}
    wanted = corpus.where(lambda s: "day" in s and begin <= moment(s["day"]) < begin + timedelta(days=1))
    assert set(corpus.run({"range": {"day": body}})) == wanted
    body = {"gte": f"{text}||/M", "lt": f"{text}||/M+1M", "time_zone": zone}
    first = datetime(2024, month, 1, tzinfo=UTC) - timedelta(hours=hours)
    after = datetime(2024, month + 1, 1, tzinfo=UTC) - timedelta(hours=hours)
    wanted = corpus.where(lambda s: "day" in s and first <= moment(s["day"]) < after)
    assert set(corpus.run({"range": {"day": body}})) == wanted


def test_date_math():
    now = int(datetime(2024, 5, 15, 13, 45, 30, 250_000, UTC).timestamp() * 1000)

    def bound(text, up=False, zone=None):
        milliseconds = date_bound(text, None, now, up, zone_of("range", zone))
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()

    assert bound("now-1d/d") == "2024-05-14T00:00:00+00:00"
    assert bound("now/d", up=True) == "2024-05-15T23:59:59.999000+00:00"
    assert bound("now/w") == "2024-05-13T00:00:00+00:00"
    assert bound("now/d", zone="+08:00") == "2024-05-14T16:00:00+00:00"
    assert bound("2024-01-31||+1M") == "2024-02-29T00:00:00+00:00"
    assert bound("2024-02||/y", up=True) == "2024-12-31T23:59:59.999000+00:00"
    assert bound("2024-02-03T01:00:00+02:00", zone="Asia/Shanghai") == "2024-02-02T23:00:00+00:00"
    assert bound("2024-02-03", zone="America/New_York") == "2024-02-03T05:00:00+00:00"
    assert bound("now-d/d") == "2024-05-14T00:00:00+00:00"
    assert bound("2024-01-31||+M") == "2024-02-29T00:00:00+00:00"
    assert bound("now-1h") == "2024-05-15T12:45:30.250000+00:00"


@pytest.mark.parametrize(
    ("text", "formats", "last"),
    [
        ("2024", None, "2024-12-31T23:59:59.999"),
        ("2024-02", None, "2024-02-29T23:59:59.999"),
        ("2024-02-03", None, "2024-02-03T23:59:59.999"),
        ("2024-02-03T04", None, "2024-02-03T04:59:59.999"),
        ("2024-02-03T04:05", None, "2024-02-03T04:05:59.999"),
        ("2024-02-03T04:05:06Z", None, "2024-02-03T04:05:06.999"),
        ("2024-02-03T04:05:06.007", None, "2024-02-03T04:05:06.007"),
        ("9999-12-31", None, "9999-12-31T23:59:59.999"),
        ("9999", None, "9999-12-31T23:59:59.999"),
        ("31/01/2024", "dd/MM/yyyy", "2024-01-31T23:59:59.999"),
        ("2024年5月", "yyyy年M月", "2024-05-31T23:59:59.999"),
        ("2024-W02", "YYYY-'W'ww", "2024-01-14T23:59:59.999"),
        ("3.2.24 4 PM", "d.M.yy h a", "2024-02-03T16:59:59.999"),
        (1704067200000, None, "2024-01-01T00:00:00.000"),
        ("1704067200", "epoch_second", "2024-01-01T00:00:00.000"),
        ("2024-02-03||+1d", None, "2024-02-04T00:00:00.000"),
    ],
)
def test_a_date_given_to_a_unit_means_its_end_where_bounds_round_up(text, formats, last):
    moment = datetime.fromisoformat(f"{last}+00:00")
    assert date_bound(text, formats, 0, True) == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )


@pytest.mark.parametrize(
    "body",
    [
        {"term": {"small": "BEIJING"}},
        {"terms": {"small": ["Beijing"]}},
        {"match": {"small": "BeiJing"}},
        {"prefix": {"small": "BEIJ"}},
        {"wildcard": {"small": "B*JING"}},
        {"regexp": {"small": "BEI.*"}},
        {"fuzzy": {"small": {"value": "BEIJINH", "fuzziness": 1}}},
        {"range": {"small": {"gte": "BEI", "lt": "BEJ"}}},
        {"query_string": {"query": "small:BEIJING"}},
        {"more_like_this": {"fields": ["small"], "like": "BEIJING", "min_term_freq": 1, "min_doc_freq": 1}},
    ],
    ids=lambda body: next(iter(body)),
)
def test_a_normalizer_folds_what_is_asked(corpus, body):
    assert set(corpus.run(body)) == corpus.where(lambda s: any(k.lower() == "beijing" for k in s.get("small", [])))


def test_a_term_of_a_date_is_its_whole_day(corpus):
    for month, day in ((1, 5), (2, 14), (3, 28)):
        text = f"2024-{month:02d}-{day:02d}"
        wanted = corpus.where(lambda s: s.get("day", "").startswith(text))  # noqa: B023
        assert set(corpus.run({"term": {"day": text}})) == wanted
        assert set(corpus.run({"match": {"day": text}})) == wanted
        assert set(corpus.run({"terms": {"day": [text, "2031-01-01"]}})) == wanted


@pytest.mark.parametrize("shape", [str, int])
def test_whole_numbers_are_compared_exactly(node, shape):
    """Beyond 2**53 a float would take neighbours for one another."""
    values = [2**53 + n for n in range(4)] + [-(2**63), 2**63 - 1]
    node.create(
        "big", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": {"n": {"type": "long"}}}}
    )
    node.index("big").write([Operation("index", str(v), {"n": shape(v)}) for v in values])
    node.index("big").refresh()

    def ids(query):
        return {hit["_id"] for hit in search(node, ["big"], {"query": query}, {})["hits"]["hits"]}

    for value in values:
        assert ids({"term": {"n": shape(value)}}) == {str(value)}
        assert ids({"terms": {"n": [shape(value)]}}) == {str(value)}
        assert ids({"range": {"n": {"gte": shape(value), "lte": shape(value)}}}) == {str(value)}
        assert ids({"range": {"n": {"gt": shape(value)}}}) == {str(v) for v in values if v > value}
    with pytest.raises(InvalidRequest, match=r"\[abc\] is not a number for field \[n\]"):
        ids({"range": {"n": {"lt": "abc"}}})


WHOLE = [-(1 << 63), 1 - (1 << 63), -1, 0, 1, 2, 1 << 53, (1 << 53) + 1, (1 << 63) - 2, (1 << 63) - 1]
BOUNDS = [*WHOLE, 1.5, -0.5, 2.0, float(1 << 53), 9.3e18, -1e30, 1 << 63, -(1 << 63) - 1, "1.5", str(1 << 63)]
COMPARE = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


@pytest.fixture(scope="module")
def whole_numbers(tmp_path_factory):
    node = Node(Settings(data=tmp_path_factory.mktemp("whole")))
    index = node.create("w", {"mappings": {"properties": {"n": {"type": "long"}}}})
    index.write([Operation("index", str(n), {"n": n}) for n in WHOLE])
    index.refresh()
    yield node
    node.close()


@pytest.mark.parametrize("bound", BOUNDS)
def test_bounds_between_and_beyond_whole_numbers(whole_numbers, bound):
    """Python compares integers with fractions, and with ones that no field holds, as they are."""
    number = bound if not isinstance(bound, str) else float(bound) if "." in bound else int(bound)

    def found(query):
        hits = search(whole_numbers, ["w"], {"query": query, "size": 20}, {})["hits"]["hits"]
        return {int(hit["_id"]) for hit in hits}

    for op, holds in COMPARE.items():
        assert found({"range": {"n": {op: bound}}}) == {n for n in WHOLE if holds(n, number)}, op
    if -(1 << 63) <= number < 1 << 63:
        assert found({"term": {"n": bound}}) == {n for n in WHOLE if n == number}
