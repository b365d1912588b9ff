"""The official Python client, unmodified, against a real service."""

from __future__ import annotations

import pytest
from elasticsearch import ApiError, BadRequestError, ConflictError, Elasticsearch, NotFoundError, helpers

from .conftest import WORDS_ONLY

DOCUMENTS = [
    {"_id": "1", "title": "Sleeping cats", "text": "Cats sleep for most of the day.", "year": 2020, "tag": "animal"},
    {"_id": "2", "title": "猫的睡眠", "text": "猫每天要睡十几个小时，小猫睡得更久。", "year": 2021, "tag": "animal"},
    {"_id": "3", "title": "The moon", "text": "The moon circles the earth every month.", "year": 2022, "tag": "sky"},
    {"_id": "a/b c", "title": "北京", "text": "北京是中国的首都，人口两千多万。", "year": 2023, "tag": "city"},
]


@pytest.fixture(scope="module")
def news(client: Elasticsearch) -> str:
    mappings = {"properties": {"title": {"type": "text"}, "text": {"type": "text"}, "tag": {"type": "keyword"}}}
    client.indices.create(index="news", settings=WORDS_ONLY, mappings=mappings)
    actions = [{"_index": "news", "_id": d["_id"], "_source": {k: d[k] for k in d if k != "_id"}} for d in DOCUMENTS]
    assert helpers.bulk(client, actions, refresh=True) == (4, [])
    return "news"


def test_the_client_takes_the_service_for_elasticsearch(client: Elasticsearch) -> None:
    info = client.info()
    assert info["version"]["number"].startswith("9.")
    assert info["tagline"] == "You Know, for Search"
    assert info.meta.headers["x-elastic-product"] == "Elasticsearch"
    assert info.meta.headers["content-type"] == "application/vnd.elasticsearch+json;compatible-with=9"
    assert client.ping()


def test_the_life_of_an_index(client: Elasticsearch) -> None:
    assert not client.indices.exists(index="life")
    made = client.indices.create(index="life", settings=WORDS_ONLY, mappings={"properties": {"n": {"type": "long"}}})
    assert made == {"acknowledged": True, "shards_acknowledged": True, "index": "life"}
    assert client.indices.exists(index="life")
    with pytest.raises(BadRequestError, match="resource_already_exists_exception"):
        client.indices.create(index="life")
    client.indices.put_mapping(index="life", properties={"title": {"type": "text", "analyzer": "english"}})
    mapping = client.indices.get_mapping(index="life")["life"]["mappings"]["properties"]
    assert mapping["n"] == {"type": "long"}
    assert mapping["title"]["analyzer"] == "english"
    with pytest.raises(BadRequestError):
        client.indices.put_mapping(index="life", properties={"n": {"type": "text"}})
    client.indices.put_settings(index="life", settings={"index.refresh_interval": "5s"})
    settings = client.indices.get_settings(index="life")["life"]["settings"]["index"]
    assert settings["refresh_interval"] == "5s"
    assert settings["number_of_shards"] == "1"
    whole = client.indices.get(index="li*")["life"]
    assert set(whole) == {"aliases", "mappings", "settings"}
    assert client.indices.delete(index="life") == {"acknowledged": True}
    with pytest.raises(NotFoundError, match="index_not_found_exception"):
        client.indices.get(index="life")


def test_single_documents(client: Elasticsearch) -> None:
    client.indices.create(index="single", settings=WORDS_ONLY)
    made = client.index(index="single", id="x/y 中", document={"title": "一", "nested": {"a": 1, "b": 2}}, refresh=True)
    assert (made["result"], made["_version"], made["_primary_term"]) == ("created", 1, 1)
    assert made.meta.status == 201
    assert client.exists(index="single", id="x/y 中")
    assert not client.exists(index="single", id="x")
    found = client.get(index="single", id="x/y 中")
    assert found["_source"] == {"title": "一", "nested": {"a": 1, "b": 2}}
    partly = client.get(index="single", id="x/y 中", source_includes=["nested.a"])
    assert partly["_source"] == {"nested": {"a": 1}}
    assert client.get_source(index="single", id="x/y 中") == found["_source"]

    with pytest.raises(ConflictError):
        client.create(index="single", id="x/y 中", document={})
    again = client.index(
        index="single", id="x/y 中", document={"title": "二"}, if_seq_no=found["_seq_no"], if_primary_term=1
    )
    assert (again["result"], again["_version"]) == ("updated", 2)
    with pytest.raises(ConflictError, match="version_conflict_engine_exception"):
        client.index(index="single", id="x/y 中", document={}, if_seq_no=found["_seq_no"], if_primary_term=1)

    changed = client.update(index="single", id="x/y 中", doc={"more": {"c": 3}}, source=True)
    assert changed["get"]["_source"] == {"title": "二", "more": {"c": 3}}
    assert client.update(index="single", id="x/y 中", doc={"more": {"c": 3}})["result"] == "noop"
    assert client.update(index="single", id="new", doc={"t": 1}, doc_as_upsert=True)["result"] == "created"
    with pytest.raises(NotFoundError, match="document_missing_exception"):
        client.update(index="single", id="none", doc={"t": 1})
    with pytest.raises(BadRequestError, match="script"):
        client.update(index="single", id="new", script={"source": "ctx._source.t = 2"})

    own = client.index(index="single", document={"u": "own id"})
    assert len(own["_id"]) == 20
    many = client.mget(index="single", ids=["x/y 中", "none", own["_id"]])
    assert [d["found"] for d in many["docs"]] == [True, False, True]
    elsewhere = client.mget(docs=[{"_index": "nowhere", "_id": "1"}, {"_index": "single", "_id": "new"}])
    assert elsewhere["docs"][0]["error"]["type"] == "index_not_found_exception"
    assert elsewhere["docs"][1]["_source"] == {"t": 1}

    assert client.delete(index="single", id="x/y 中")["result"] == "deleted"
    with pytest.raises(NotFoundError):
        client.get(index="single", id="x/y 中")
    with pytest.raises(NotFoundError) as missing:
        client.delete(index="single", id="x/y 中")
    assert missing.value.body["result"] == "not_found"


def test_bulk_reports_each_operation(client: Elasticsearch) -> None:
    client.indices.create(index="bulk", settings=WORDS_ONLY, mappings={"properties": {"n": {"type": "long"}}})
    answer = client.bulk(
        index="bulk",
        operations=[
            {"index": {"_id": "1"}}, {"n": 1},
            {"create": {"_id": "1"}}, {"n": 2},
            {"index": {"_id": "2"}}, {"n": "not a number"},
            {"update": {"_id": "1"}}, {"doc": {"m": "一"}},
            {"delete": {"_id": "9"}},
            {"update": {"_id": "9"}}, {"doc": {"m": 1}},
            {"index": {"_index": "BAD"}}, {"n": 1},
        ],
    )  # fmt: skip
    assert answer["errors"] is True
    assert [next(iter(item.values()))["status"] for item in answer["items"]] == [201, 409, 400, 200, 404, 404, 400]
    types = [next(iter(item.values())).get("error", {}).get("type") for item in answer["items"]]
    assert types == [
        None, "version_conflict_engine_exception", "document_parsing_exception", None, None,
        "document_missing_exception", "invalid_index_name_exception",
    ]  # fmt: skip
    assert client.get(index="bulk", id="1")["_source"] == {"n": 1, "m": "一"}


def test_bulk_helpers_write_many_and_compressed(service, client: Elasticsearch) -> None:
    client.indices.create(index="many", settings=WORDS_ONLY)
    actions = ({"_index": "many", "_id": str(n), "text": f"段落 {n} paragraph"} for n in range(5000))
    with Elasticsearch(service.url, http_compress=True, request_timeout=60) as compressed:
        assert helpers.bulk(compressed, actions, chunk_size=2500) == (5000, [])
    client.indices.refresh(index="many")
    assert client.count(index="many")["count"] == 5000
    found = list(helpers.parallel_bulk(client, ({"_index": "many", "n": n} for n in range(400)), chunk_size=100))
    assert all(ok for ok, _ in found)
    client.indices.refresh(index="many")
    assert client.count(index="many")["count"] == 5400


def test_documents_are_copied_by_the_clients_own_helper(client: Elasticsearch) -> None:
    quiet = {"semantic": {"families": []}}
    client.indices.create(index="copy-from", settings=quiet)
    client.indices.create(index="copy-to", settings=quiet)
    helpers.bulk(client, ({"_index": "copy-from", "_id": str(n), "n": n} for n in range(30)), refresh=True)
    assert helpers.reindex(client, "copy-from", "copy-to", chunk_size=10)[0] == 30
    client.indices.refresh(index="copy-to")
    assert client.count(index="copy-to")["count"] == 30
    assert client.indices.get_data_stream(name="*")["data_streams"] == []
    client.indices.delete(index="copy-from,copy-to")


def test_search(client: Elasticsearch, news: str) -> None:
    found = client.search(
        index=news, query={"match": {"text": "猫睡"}}, highlight={"fields": {"text": {}}}, explain=True
    )
    assert found["hits"]["total"] == {"value": 1, "relation": "eq"}
    hit = found["hits"]["hits"][0]
    assert (hit["_id"], hit["_index"]) == ("2", news)
    assert "<em>" in hit["highlight"]["text"][0]
    assert hit["_explanation"]["value"] == pytest.approx(hit["_score"], rel=1e-5)
    query = {
        "bool": {
            "must": [{"multi_match": {"query": "cats moon", "fields": ["title", "text"]}}],
            "filter": [{"term": {"tag": "sky"}}],
        }
    }
    assert [h["_id"] for h in client.search(index=news, query=query)["hits"]["hits"]] == ["3"]
    ordered = client.search(index=news, sort=[{"year": "desc"}], size=2, source=["year"])
    assert [h["_source"] for h in ordered["hits"]["hits"]] == [{"year": 2023}, {"year": 2022}]
    paged = client.search(index=news, sort=["year"], from_=1, size=1)
    assert paged["hits"]["hits"][0]["_id"] == "2"
    assert client.search(index=news, q="title:moon")["hits"]["hits"][0]["_id"] == "3"


def test_plain_words_with_a_mode(client: Elasticsearch, news: str) -> None:
    for mode in ("bm25", "tfidf"):
        answer = client.perform_request(
            "GET", f"/{news}/_search?q=%E7%8C%AB+sleep&mode={mode}&size=2", headers={"accept": "application/json"}
        )
        assert {h["_id"] for h in answer["hits"]["hits"]} == {"1", "2"}


def test_targets_of_a_search(client: Elasticsearch, news: str) -> None:
    assert client.search(index="ne*,-x*")["hits"]["total"]["value"] == 4
    assert client.search(index="_all", query={"term": {"tag": "sky"}})["hits"]["total"]["value"] == 1
    assert client.search(query={"term": {"tag": "sky"}})["hits"]["total"]["value"] == 1
    with pytest.raises(NotFoundError, match="index_not_found_exception"):
        client.search(index="nowhere")
    assert client.search(index=f"nowhere,{news}", ignore_unavailable=True)["hits"]["total"]["value"] == 4
    assert client.search(index="no*where")["hits"]["total"]["value"] == 0
    with pytest.raises(NotFoundError):
        client.search(index="no*where", allow_no_indices=False)


def test_count_and_multi_search(client: Elasticsearch, news: str) -> None:
    assert client.count(index=news)["count"] == 4
    assert client.count(index=news, query={"term": {"tag": "animal"}})["count"] == 2
    answers = client.msearch(
        searches=[
            {"index": news},
            {"query": {"term": {"tag": "city"}}},
            {"index": "nowhere"},
            {"query": {"match_all": {}}},
        ]
    )["responses"]
    assert answers[0]["hits"]["hits"][0]["_id"] == "a/b c"
    assert (answers[0]["status"], answers[1]["status"]) == (200, 404)
    assert answers[1]["error"]["type"] == "index_not_found_exception"


def test_analyze(client: Elasticsearch, news: str) -> None:
    tokens = client.indices.analyze(analyzer="standard", text=["The 2 Cats", "更多"])["tokens"]
    assert tokens[0] == {"token": "the", "start_offset": 0, "end_offset": 3, "type": tokens[0]["type"], "position": 0}
    assert tokens[3]["start_offset"] == 11
    assert tokens[3]["position"] >= 102
    chain = client.indices.analyze(
        tokenizer="whitespace", filter=["lowercase", {"type": "stop", "stopwords": ["the"]}], text="The Cats"
    )
    assert [t["token"] for t in chain["tokens"]] == ["cats"]
    assert client.indices.analyze(index=news, field="tag", text="New York")["tokens"][0]["token"] == "New York"
    with pytest.raises(BadRequestError, match="nosuch"):
        client.indices.analyze(analyzer="nosuch", text="x")


def test_field_caps_and_stats(client: Elasticsearch, news: str) -> None:
    fields = client.field_caps(index=news, fields="t*")["fields"]
    assert fields["tag"]["keyword"]["aggregatable"]
    assert not fields["title"]["text"]["aggregatable"]
    stats = client.indices.stats(index=news)
    assert stats["indices"][news]["primaries"]["docs"]["count"] == 4
    assert client.cluster.stats()["indices"]["count"] >= 1
    assert client.cluster.health(wait_for_status="yellow", timeout="5s")["status"] == "green"
    assert client.nodes.info()["_nodes"]["total"] == 1


def test_cat(client: Elasticsearch, news: str) -> None:
    table = str(client.cat.indices(index=news, v=True)).splitlines()
    assert table[0].split()[:3] == ["health", "status", "index"]
    assert table[1].split()[:3] == ["green", "open", news]
    rows = client.cat.indices(index=news, format="json", h=["index", "docs.count"])
    assert rows == [{"index": news, "docs.count": "4"}]
    assert str(client.cat.count(index=news, h="count")).strip() == "4"
    assert "green" in str(client.cat.health())


def test_upkeep(client: Elasticsearch, news: str) -> None:
    assert client.indices.refresh(index=news)["_shards"]["failed"] == 0
    assert client.indices.flush(index=news)["_shards"]["failed"] == 0
    assert client.indices.forcemerge(index=news, max_num_segments=1)["_shards"]["failed"] == 0
    assert client.count(index=news)["count"] == 4


def test_waiting_for_visibility(client: Elasticsearch, news: str) -> None:
    client.index(index=news, id="late", document={"tag": "late"}, refresh="wait_for")
    assert client.count(index=news, query={"term": {"tag": "late"}})["count"] == 1
    client.delete(index=news, id="late", refresh="wait_for")
    assert client.count(index=news, query={"term": {"tag": "late"}})["count"] == 0


def test_an_index_makes_itself_at_the_first_write(client: Elasticsearch) -> None:
    client.index(index="made", id="1", document={"n": 1}, refresh=True)
    assert client.search(index="made")["hits"]["total"]["value"] == 1
    client.indices.delete(index="made")


def test_filter_path_and_pretty(client: Elasticsearch, news: str) -> None:
    answer = client.search(index=news, filter_path="hits.hits._id", pretty=True, sort=["year"], size=1)
    assert answer == {"hits": {"hits": [{"_id": "1"}]}}
    items = client.bulk(operations=[{"index": {"_index": news, "_id": "1"}}, {"year": 2020}], filter_path="errors")
    assert items == {"errors": False}


def test_what_is_not_there_says_so(client: Elasticsearch, news: str) -> None:
    with pytest.raises(ApiError, match="no handler found") as missing:
        client.ingest.get_pipeline(id="p")
    assert missing.value.status_code == 400
    with pytest.raises(BadRequestError, match="unrecognized parameter"):
        client.index(index=news, id="1", document={}, pipeline="x")
