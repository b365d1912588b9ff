"""What the official client asks of a search beside its query: aggregations, points, collapsing, many at once."""

from __future__ import annotations

import threading

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError, helpers

from .conftest import WORDS_ONLY

PLACES = ("北京", "上海", "Paris")


@pytest.fixture(scope="module")
def shop(client: Elasticsearch) -> str:
    properties = {
        "title": {"type": "text"}, "place": {"type": "keyword"}, "price": {"type": "double"}, "sold": {"type": "date"},
    }  # fmt: skip
    client.indices.create(index="shop", settings=WORDS_ONLY, mappings={"properties": properties})
    actions = (
        {
            "_index": "shop", "_id": str(n), "title": f"茶 tea number {n}", "place": PLACES[n % 3],
            "price": n / 2, "sold": f"2024-{n % 12 + 1:02d}-15",
        }
        for n in range(60)
    )  # fmt: skip
    helpers.bulk(client, actions, refresh=True)
    return "shop"


def test_aggregations(client: Elasticsearch, shop: str) -> None:
    aggs = {
        "places": {
            "terms": {"field": "place", "order": {"mean": "desc"}},
            "aggs": {
                "mean": {"avg": {"field": "price"}},
                "best": {"top_hits": {"size": 1, "sort": [{"price": "desc"}], "_source": ["price"]}},
            },
        },
        "months": {"date_histogram": {"field": "sold", "calendar_interval": "month", "time_zone": "Asia/Shanghai"}},
    }
    found = client.search(index=shop, size=0, query={"match": {"title": "茶"}}, aggs=aggs)
    places = found["aggregations"]["places"]["buckets"]
    assert [(b["key"], b["doc_count"]) for b in places] == [("Paris", 20), ("上海", 20), ("北京", 20)]
    assert [b["best"]["hits"]["hits"][0]["_source"]["price"] for b in places] == [29.5, 29.0, 28.5]
    months = found["aggregations"]["months"]["buckets"]
    assert [b["doc_count"] for b in months] == [5] * 12
    assert months[0]["key_as_string"] == "2024-01-01T00:00:00.000+08:00"
    typed = client.search(index=shop, size=0, aggregations={"p": {"terms": {"field": "place"}}}, typed_keys=True)
    assert list(typed["aggregations"]) == ["sterms#p"]
    with pytest.raises(BadRequestError, match="Fielddata is disabled"):
        client.search(index=shop, aggs={"t": {"terms": {"field": "title"}}})
    with pytest.raises(BadRequestError, match="too_many_buckets_exception"):
        client.search(index=shop, aggs={"h": {"histogram": {"field": "price", "interval": 1e-4}}})


def test_scanning(client: Elasticsearch, shop: str) -> None:
    query = {"query": {"match": {"title": "茶"}}}
    found = [hit["_id"] for hit in helpers.scan(client, index=shop, query=query, size=7, scroll="1m")]
    assert sorted(found, key=int) == [str(n) for n in range(60)]
    ordered = helpers.scan(
        client, index=shop, query={**query, "sort": [{"price": "desc"}]}, size=9, preserve_order=True
    )
    assert [hit["_id"] for hit in ordered] == [str(n) for n in reversed(range(60))]
    page = client.search(index=shop, scroll="1m", size=50)
    assert len(client.scroll(scroll_id=page["_scroll_id"])["hits"]["hits"]) == 10
    assert client.clear_scroll(scroll_id=page["_scroll_id"])["num_freed"] == 1
    with pytest.raises(NotFoundError, match="search_context_missing"):
        client.scroll(scroll_id=page["_scroll_id"], scroll="1m")
    parts = [client.search(index=shop, scroll="1m", size=99, slice={"id": n, "max": 2}) for n in range(2)]
    assert sum(len(part["hits"]["hits"]) for part in parts) == 60
    assert client.clear_scroll(scroll_id="_all")["num_freed"] == 2
    with pytest.raises(BadRequestError, match="is too large"):
        client.search(index=shop, scroll="30h")


def test_pages_of_a_point_in_time_while_others_write(client: Elasticsearch, shop: str) -> None:
    point = client.open_point_in_time(index=shop, keep_alive="1m")["id"]
    stop = threading.Event()

    def disturb() -> None:
        for n in range(1000):
            if stop.wait(0.005):
                return
            if n % 2:
                client.index(index=shop, id=f"new{n}", document={"place": "新", "price": n}, refresh=n % 5 == 0)
            else:
                client.options(ignore_status=404).delete(index=shop, id=str(n % 60), refresh=n % 4 == 0)

    writer = threading.Thread(target=disturb)
    writer.start()
    try:
        found: list[str] = []
        after = None
        while True:
            page = client.search(
                pit={"id": point, "keep_alive": "1m"}, size=7, sort=[{"price": "desc"}], search_after=after,
                source=False, track_total_hits=False,
            )  # fmt: skip
            assert page["pit_id"] == point
            if not page["hits"]["hits"]:
                break
            found += [hit["_id"] for hit in page["hits"]["hits"]]
            after = page["hits"]["hits"][-1]["sort"]
    finally:
        stop.set()
        writer.join()
    assert found == [str(n) for n in reversed(range(60))]
    assert client.close_point_in_time(id=point) == {"succeeded": True, "num_freed": 1}
    with pytest.raises(NotFoundError, match="search_context_missing_exception"):
        client.search(pit={"id": point})
    with pytest.raises(NotFoundError):
        client.close_point_in_time(id=point)


@pytest.fixture(scope="module")
def books(client: Elasticsearch) -> str:
    properties = {"writer": {"type": "keyword"}, "year": {"type": "integer"}, "title": {"type": "text"}}
    client.indices.create(index="books", settings=WORDS_ONLY, mappings={"properties": properties})
    rows = [("鲁迅", 1923, "呐喊"), ("鲁迅", 1926, "彷徨"), ("老舍", 1936, "骆驼祥子"), ("Woolf", 1925, "Mrs Dalloway")]
    actions = (
        {"_index": "books", "_id": str(n), "writer": w, "year": y, "title": t} for n, (w, y, t) in enumerate(rows)
    )
    helpers.bulk(client, actions, refresh=True)
    return "books"


def test_collapse_fields_and_rescore(client: Elasticsearch, books: str) -> None:
    inner = {"name": "others", "size": 5, "sort": [{"year": "asc"}], "_source": False}
    found = client.search(
        index=books, sort=[{"year": "desc"}], collapse={"field": "writer", "inner_hits": inner}, fields=["year"]
    )["hits"]["hits"]
    assert [hit["fields"]["writer"] for hit in found] == [["老舍"], ["鲁迅"], ["Woolf"]]
    assert [hit["_id"] for hit in found[1]["inner_hits"]["others"]["hits"]["hits"]] == ["0", "1"]
    assert found[0]["fields"]["year"] == [1936]
    rescore = {"window_size": 10, "query": {"rescore_query": {"term": {"year": 1925}}}}
    first = client.search(index=books, rescore=rescore, explain=True)["hits"]["hits"][0]
    assert (first["_id"], first["_score"], first["_explanation"]["value"]) == ("3", 2.0, 2.0)


def test_many_searches(client: Elasticsearch, books: str) -> None:
    point = client.open_point_in_time(index=books, keep_alive="1m")["id"]
    answers = client.msearch(
        searches=[
            {"index": books}, {"size": 0, "aggs": {"w": {"cardinality": {"field": "writer"}}}},
            {"index": books, "preference": "x", "routing": "y"}, {"aggs": {"w": {"nonsense": {}}}},
            {}, {"pit": {"id": point}, "size": 1},
        ]
    )["responses"]  # fmt: skip
    assert answers[0]["aggregations"]["w"]["value"] == 3
    assert (answers[1]["status"], answers[1]["error"]["type"]) == (400, "parsing_exception")
    assert answers[2]["hits"]["total"]["value"] == 4


def test_explain_validate_and_hints(client: Elasticsearch, books: str) -> None:
    account = client.explain(index=books, id="2", query={"match": {"title": "骆驼"}})
    assert account["matched"]
    assert account["explanation"]["value"] > 0
    assert not client.explain(index=books, id="1", query={"match": {"title": "骆驼"}})["matched"]
    with pytest.raises(NotFoundError):
        client.explain(index=books, id="none", query={"match_all": {}})
    assert client.indices.validate_query(index=books, query={"match": {"title": "x"}}) == {
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "valid": True,
    }
    wrong = client.indices.validate_query(index=books, query={"nonsense": {}}, explain=True)
    assert not wrong["valid"]
    assert "nonsense" in wrong["explanations"][0]["error"]
    found = client.search(
        index=books, preference="_local", routing="r", search_type="dfs_query_then_fetch", request_cache=True,
        batched_reduce_size=8, terminate_after=2, timeout="10s",
    )  # fmt: skip
    assert found["terminated_early"]
    assert found["timed_out"] is False
