"""Sorting equals Python's sort over the documents; pages by `search_after` make up the whole sorted list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import InvalidRequest, Node, Operation, ParsingError
from retrieval import search
from settings import Settings
from tests.retrieval.aggregations.corpus import histories, write
from tests.retrieval.aggregations.oracle import Doc

MOST, LEAST = (1 << 63) - 1, -(1 << 63)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    made = Node(Settings(data=tmp_path_factory.mktemp("sorting") / "data"))
    yield made
    made.close()


keys = st.lists(
    st.tuples(
        st.sampled_from(("tag", "n", "f", "d", "b")),
        st.sampled_from(("asc", "desc")),
        st.sampled_from(("_last", "_first")),
        st.sampled_from((None, "min", "max")),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key[0],
)


def _body(chosen: Any) -> list[dict[str, Any]]:
    out = []
    for path, order, missing, mode in chosen:
        spec = {"order": order, "missing": missing, **({"mode": mode} if mode else {})}
        out.append({path: spec})
    return out


def _expected(docs: list[Doc], names: list[str], chosen: Any) -> list[Doc]:
    out = [doc for name in names for doc in docs if doc.index == name]
    for path, order, missing, mode in reversed(chosen):
        down = order == "desc"

        def value(doc: Doc, path: str = path, down: bool = down, mode: str | None = mode) -> Any:
            found = [v.encode() if path == "tag" else v for v in doc.values(path)]
            return (max if (mode or ("max" if down else "min")) == "max" else min)(found)

        known = [d for d in out if d.values(path)]
        without = [d for d in out if not d.values(path)]
        groups: dict[Any, list[Doc]] = {}
        for doc in known:
            groups.setdefault(value(doc), []).append(doc)
        known = [d for key in sorted(groups, reverse=down) for d in groups[key]]
        out = without + known if missing == "_first" else known + without
    return out


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, chosen=keys, size=st.integers(1, 7))
def test_pages_make_up_the_sorted_list(shared: Node, history: Any, chosen: Any, size: int) -> None:
    names, docs = write(shared, history)
    expected = [(d.index, d.id) for d in _expected(docs, names, chosen)]
    body = {"sort": [*_body(chosen), "_shard_doc"], "size": size, "_source": False}
    found: list[tuple[str, str]] = []
    after = None
    for _ in range(len(expected) + 1):
        answer = search(shared, names, {**body, **({"search_after": after} if after else {})}, {})
        assert answer["hits"]["total"]["value"] == len(expected)
        hits = answer["hits"]["hits"]
        if not hits:
            break
        found += [(h["_index"], h["_id"]) for h in hits]
        after = hits[-1]["sort"]
    assert found == expected
    whole = search(shared, names, {"sort": _body(chosen), "size": 100}, {})["hits"]["hits"]
    assert [(h["_index"], h["_id"]) for h in whole] == expected


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, size=st.integers(1, 5))
def test_pages_by_score(shared: Node, history: Any, size: int) -> None:
    names, _ = write(shared, history)
    query = {"query": {"match": {"t": "cats 睡觉"}}, "_source": False}
    whole = search(shared, names, {**query, "size": 100}, {})["hits"]["hits"]
    body = {**query, "sort": ["_score", "_shard_doc"], "size": size}
    found: list[Any] = []
    after = None
    while True:
        hits = search(shared, names, {**body, **({"search_after": after} if after else {})}, {})["hits"]["hits"]
        if not hits:
            break
        found += hits
        after = hits[-1]["sort"]
    assert [(h["_index"], h["_id"], h["_score"]) for h in found] == [
        (h["_index"], h["_id"], h["_score"]) for h in whole
    ]


@pytest.fixture
def small(node: Node) -> Node:
    properties = {
        "n": {"type": "long"}, "f": {"type": "double"}, "d": {"type": "date"}, "tag": {"type": "keyword"},
        "t": {"type": "text"},
    }  # fmt: skip
    node.create("s", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": properties}})
    sources = [
        {"n": [1, 10], "f": 1.5, "d": "2024-05-06T07:08:09Z", "tag": "猫"},
        {"n": [4, 4, 7], "f": -2.0, "d": "2023-01-01", "tag": ["b", "a"]},
        {"t": "nothing else"},
    ]
    node.index("s").write([Operation("index", str(i), source) for i, source in enumerate(sources)])
    node.index("s").refresh()
    return node


def _sorts(node: Node, sort: Any, **more: Any) -> list[Any]:
    return [h["sort"][0] for h in search(node, ["s"], {"sort": sort, **more}, {})["hits"]["hits"]]


def test_values_of_the_sort(small: Node) -> None:
    assert _sorts(small, ["n"]) == [1, 4, MOST]
    assert _sorts(small, [{"n": "desc"}]) == [10, 7, LEAST]
    assert _sorts(small, [{"n": {"order": "desc", "missing": "_first"}}]) == [MOST, 10, 7]
    assert _sorts(small, [{"n": {"mode": "sum"}}]) == [11, 15, MOST]
    assert _sorts(small, [{"n": {"mode": "avg", "missing": 0}}]) == [0, 5, 6]
    assert _sorts(small, [{"n": {"mode": "median"}}]) == [4, 6, MOST]
    small.index("s").write(
        [Operation("index", "3", {"n": [1, 4]}), Operation("index", "4", {"n": [-2, (1 << 60) + 1]})]
    )
    small.index("s").refresh()
    assert _sorts(small, [{"n": {"mode": "avg"}}])[:2] == [3, 5], "halves are rounded up"
    assert _sorts(small, [{"n": {"mode": "MEDIAN", "order": "DESC"}}])[1:4] == [6, 4, 3]
    assert _sorts(small, [{"n": {"mode": "sum", "order": "desc"}}])[0] == (1 << 60) - 1
    small.index("s").write([Operation("delete", "3"), Operation("delete", "4")])
    small.index("s").refresh()
    assert _sorts(small, ["f"]) == [-2.0, 1.5, "Infinity"]
    assert _sorts(small, [{"tag": "desc"}]) == ["猫", "b", None]
    assert _sorts(small, [{"tag": {"missing": "aa"}}]) == ["a", "aa", "猫"]
    assert _sorts(small, ["d"]) == [1672531200000, 1714979289000, MOST]
    formatted = [{"d": {"format": "yyyy/MM/dd"}}]
    assert _sorts(small, formatted) == ["2023/01/01", "2024/05/06", MOST]
    assert _sorts(small, [{"n": {"missing": 1e308}}]) == _sorts(small, [{"n": {"missing": 1 << 70}}]) == [1, 4, MOST]
    filled = [{"d": {"format": "yyyy/MM/dd", "missing": "2023-06-01"}}]
    assert _sorts(small, filled) == ["2023/01/01", "2023/06/01", "2024/05/06"]
    nanos = [{"d": {"format": "strict_date_optional_time_nanos", "numeric_type": "date_nanos"}}]
    assert _sorts(small, nanos)[0] == "2023-01-01T00:00:00.000Z"
    assert _sorts(small, nanos, search_after=["2023-01-01T00:00:00.000Z"])[0] == "2024-05-06T07:08:09.000Z"
    assert _sorts(small, formatted, search_after=["2023/01/01"]) == ["2024/05/06", MOST]
    assert _sorts(small, ["d"], search_after=["2023-06-01"]) == [1714979289000, MOST]
    assert _sorts(small, ["f"], search_after=[1.5]) == ["Infinity"]
    assert _sorts(small, ["f"], search_after=["-Infinity"]) == [-2.0, 1.5, "Infinity"]
    assert _sorts(small, [{"new": {"unmapped_type": "long"}}]) == [MOST] * 3
    scored = search(small, ["s"], {"sort": ["n"], "track_scores": True}, {})["hits"]
    assert scored["max_score"] == 1.0
    assert [h["_score"] for h in scored["hits"]] == [1.0] * 3
    assert "sort" not in search(small, ["s"], {"sort": ["_score"]}, {})["hits"]["hits"][0]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("missing", ["a", "cat2", "dog", "z"])
def test_pages_where_an_index_knows_neither_value(small: Node, order: str, missing: str) -> None:
    small.create("others", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": {}}})
    small.index("others").write([Operation("index", str(i), {}) for i in range(3)])
    small.index("others").refresh()
    small.index("s").write([Operation("index", f"k{i}", {"tag": v}) for i, v in enumerate(("cat1", "cat3", "cat1"))])
    small.index("s").refresh()
    key = {"tag": {"order": order, "missing": missing, "unmapped_type": "keyword"}}
    body: dict[str, Any] = {"sort": [key, "_shard_doc"], "_source": False}
    whole = search(small, ["s", "others"], {**body, "size": 50}, {})["hits"]["hits"]
    found: list[Any] = []
    for _ in whole:
        page = {**body, "size": 1, **({"search_after": found[-1]["sort"]} if found else {})}
        found += search(small, ["s", "others"], page, {})["hits"]["hits"]
    assert found == whole
    assert len(whole) == 9


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ({"sort": ["t"]}, InvalidRequest, "Fielddata is disabled on \\[t\\]"),
        ({"sort": ["nothing"]}, InvalidRequest, "No mapping found for \\[nothing\\] in order to sort on"),
        ({"sort": [{"n": {"order": "up"}}]}, ParsingError, "asc or desc"),
        ({"sort": [{"d": {"numeric_type": "date_nanos"}}]}, ParsingError, "date_nanos beside a \\[format\\]"),
        ({"sort": [{"tag": {"mode": "avg"}}]}, InvalidRequest, "only support min and max"),
        ({"sort": ["n"], "search_after": [1, 2]}, InvalidRequest, "search_after has 2 value\\(s\\) but sort has 1"),
        ({"search_after": [1]}, InvalidRequest, "Sort must contain at least one field"),
        ({"sort": ["n"], "search_after": [1], "from": 3}, InvalidRequest, "must be set to 0"),
        ({"sort": ["n"], "search_after": ["x"]}, InvalidRequest, "Failed to parse"),
        ({"sort": ["n"], "q": "a", "mode": "bm25"}, InvalidRequest, "\\[sort\\] cannot be combined with \\[mode\\]"),
        (
            {"sort": ["n"], "retriever": {"standard": {}}},
            InvalidRequest,
            "cannot specify \\[retriever\\] and \\[sort\\]",
        ),
    ],
)
def test_what_cannot_be_sorted_says_why(small: Node, body: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        search(small, ["s"], body, {})
