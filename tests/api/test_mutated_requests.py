"""Requests with something wrong in them: thousands of them, and each is answered or refused, never a 500."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from indexer import Node
from settings import Settings

REQUESTS = 2500
WORDS_ONLY = {"semantic": {"families": []}}
FIELDS: dict[str, Any] = {
    "text": {"type": "text", "fields": {"exact": {"type": "keyword", "ignore_above": 100}}},
    "title": {"type": "text"},
    "tag": {"type": "keyword"},
    "n": {"type": "long"},
    "d": {"type": "date"},
    "b": {"type": "boolean"},
    "v": {"type": "dense_vector", "dims": 3},
}
QUERIES: tuple[dict[str, Any], ...] = (
    {"match": {"text": {"query": "word1 中文", "operator": "and", "minimum_should_match": "2", "boost": 2}}},
    {"match_phrase": {"text": {"query": "中文 word1", "slop": 2}}},
    {"term": {"tag": {"value": "t1", "boost": 2}}},
    {"terms": {"tag": ["t1", "t2"]}},
    {"range": {"n": {"gte": 3, "lt": "9"}}},
    {"range": {"d": {"gte": "2024-01-03||/d", "lte": "now", "format": "yyyy-MM-dd"}}},
    {"exists": {"field": "n"}},
    {"ids": {"values": ["1", "2"]}},
    {"bool": {"must": [{"match_all": {}}], "should": [{"match": {"text": "x"}}], "filter": {"term": {"b": True}}}},
    {"multi_match": {"query": "word1", "fields": ["title^2", "text"], "type": "best_fields", "tie_breaker": 0.3}},
    {"combined_fields": {"query": "word1 title", "fields": ["title", "text"]}},
    {"constant_score": {"filter": {"term": {"n": 1}}, "boost": 1.2}},
    {"query_string": {"query": 'title:1 AND (word1 OR "中文"~2)', "default_field": "text"}},
    {"knn": {"field": "v", "query_vector": [1, 2, 3], "k": 3, "filter": {"term": {"b": True}}}},
    {"terms": {"tag": {"index": "fuzz", "id": "1", "path": "tag"}}},
    {"terms_set": {"tag": {"terms": ["t1", "t2"], "minimum_should_match_field": "n"}}},
    {"distance_feature": {"field": "d", "origin": "2024-01-03", "pivot": "2d"}},
    {"more_like_this": {"fields": ["text"], "like": {"doc": {"text": "word1"}}, "min_doc_freq": 1, "_name": "alike"}},
    {"function_score": {"functions": [{"linear": {"n": {"origin": 3, "scale": 2}}, "weight": 2}], "max_boost": 3}},
)
PARTS: dict[str, Any] = {
    "size": 5,
    "from": 1,
    "_source": {"includes": ["title"], "excludes": ["n"]},
    "highlight": {"fields": {"text": {"fragment_size": 20}}, "pre_tags": ["<b>"], "post_tags": ["</b>"]},
    "explain": True,
    "track_total_hits": True,
    "min_score": 0.1,
    "timeout": "1s",
    "sort": [{"n": {"order": "desc", "missing": "_last"}}, "_score"],
    "post_filter": {"term": {"b": True}},
}
_INNER = {"name": "i", "size": 2, "sort": ["n"], "_source": ["n"]}
RESPONSES: dict[str, Any] = {
    "collapse": {"field": "tag", "inner_hits": [_INNER]},
    "fields": ["t*", {"field": "d", "format": "yyyy-MM"}],
    "docvalue_fields": ["n", {"field": "d", "format": "epoch_millis"}],
    "stored_fields": ["tag"],
    "indices_boost": [{"fuzz": 2.0}],
    "terminate_after": 5,
    "track_scores": True,
    "version": True,
}
AGGREGATIONS: dict[str, Any] = {
    "terms": {"terms": {"field": "tag", "size": 3, "order": {"_key": "asc"}, "include": "t.*", "missing": "x"}},
    "numbers": {"terms": {"field": "n", "min_doc_count": 0, "exclude": [1, 2]}},
    "range": {"range": {"field": "n", "ranges": [{"to": 3}, {"from": 3, "key": "k"}], "keyed": True}},
    "date_range": {"date_range": {"field": "d", "ranges": [{"from": "now-1d/d"}], "format": "yyyy-MM-dd"}},
    "histogram": {"histogram": {"field": "n", "interval": 2, "offset": 1, "extended_bounds": {"min": 0, "max": 50}}},
    "dates": {"date_histogram": {"field": "d", "calendar_interval": "day", "time_zone": "+08:00", "offset": "+6h"}},
    "fixed": {"date_histogram": {"field": "d", "fixed_interval": "12h", "hard_bounds": {"min": "2024", "max": "now"}}},
    "filters": {"filters": {"filters": {"a": {"term": {"b": True}}}, "other_bucket": True}},
    "filter": {"filter": {"range": {"n": {"gte": 3}}}},
    "significant": {"significant_terms": {"field": "tag", "min_doc_count": 1, "jlh": {}}},
    "stats": {"extended_stats": {"field": "n", "sigma": 3, "missing": 1}},
    "percentiles": {"percentiles": {"field": "n", "percents": [1, 50], "keyed": False}},
    "ranks": {"percentile_ranks": {"field": "n", "values": [3, 4]}},
    "weighted": {"weighted_avg": {"value": {"field": "n"}, "weight": {"field": "n", "missing": 2}}},
    "top": {"top_hits": {"size": 2, "sort": [{"n": "desc"}], "_source": ["n"], "highlight": {"fields": {"text": {}}}}},
    "missing": {"missing": {"field": "d"}},
    "cardinality": {"cardinality": {"field": "tag"}},
}
RESCORE = {"window_size": 5, "query": {"rescore_query": QUERIES[2], "query_weight": 0.5, "score_mode": "max"}}
_STANDARD = {"standard": {"query": QUERIES[0]}}
RETRIEVERS: tuple[dict[str, Any], ...] = (
    {"rrf": {"retrievers": [_STANDARD, {"knn": {"field": "v", "query_vector": [1, 2, 3], "k": 3}}]}},
    {"linear": {"retrievers": [{"retriever": _STANDARD, "weight": 2, "normalizer": "minmax"}]}},
)
ANALYSIS = {
    "analyzer": {"own": {"type": "custom", "tokenizer": "standard", "filter": ["f"], "char_filter": ["m"]}},
    "filter": {"f": {"type": "stop", "stopwords": ["x"]}},
    "char_filter": {"m": {"type": "mapping", "mappings": ["a => b"]}},
}
WRONG: tuple[Any, ...] = (
    None, 0, -1, 1, 3.7, 1e308, 10**30, 2**63, True, False, "", "x", "中", "*", "-1", "2024", "1s", [], [1], ["x"],
    [[]], [None], {}, {"x": 1}, {"": {}}, "\x00", "a" * 3000, {"match_all": {}}, [{}],
)  # fmt: skip


def requests(chance: random.Random) -> tuple[str, str, dict[str, Any]]:
    """One valid request: its method, path and body."""
    kind = chance.randrange(16)
    if kind in (12, 13):
        chosen = dict(chance.sample(sorted(AGGREGATIONS.items()), 2))
        nested = {name: {**body, "aggs": {"m": {"max": {"field": "n"}}}} for name, body in chosen.items()}
        bucketed = {"terms", "numbers", "range", "date_range", "histogram", "dates", "fixed", "filters", "filter"}
        tree = {name: nested[name] if name in bucketed else body for name, body in chosen.items()}
        return "POST", "/fuzz/_search", {"size": 1, "aggs": tree, "query": chance.choice(QUERIES)}
    if kind == 14:
        body = {key: value for key, value in RESPONSES.items() if chance.random() < 0.5}
        return "POST", "/fuzz/_search", {**body, "query": chance.choice(QUERIES)}
    if kind == 15:
        if chance.random() < 0.5:
            return "POST", "/fuzz/_search", {"query": QUERIES[0], "rescore": [RESCORE], "explain": True}
        sort = [{"n": {"order": "desc", "missing": 3, "mode": "max"}}, {"d": {"format": "yyyy"}}, "_shard_doc"]
        return "POST", "/fuzz/_search", {"sort": sort, "search_after": [3, "2024", 7], "size": 2}
    if kind < 6:
        body = {key: value for key, value in PARTS.items() if chance.random() < 0.4}
        return "POST", "/fuzz/_search", {**body, "query": chance.choice(QUERIES)}
    if kind == 6:
        return "POST", "/fuzz/_search", {"retriever": chance.choice(RETRIEVERS), "size": 3, "explain": True}
    if kind == 7:
        return (
            "PUT",
            "/fuzz/_doc/x",
            {"text": ["a", "b"], "n": 1, "d": "2024-01-01", "b": True, "v": [1, 2, 3], "o": {"p": 1}},
        )
    if kind == 8:
        update = {"doc": {"n": 2}, "upsert": {"n": 1}, "doc_as_upsert": False, "_source": ["n"]}
        return "POST", "/fuzz/_update/1", update
    if kind == 9:
        mappings = {"dynamic": True, "properties": {**FIELDS, "own": {"type": "text", "analyzer": "own"}}}
        settings = {"refresh_interval": "1s", "analysis": ANALYSIS, "semantic": {"families": [], "vectors": "sentence"}}
        return "PUT", "/made", {"settings": {"index": settings}, "mappings": mappings}
    if kind == 10:
        name = f"new{chance.randrange(50)}"
        return "PUT", "/fuzz/_mapping", {"properties": {name: {"type": "text", "fields": {"k": {"type": "keyword"}}}}}
    chain = {"tokenizer": {"type": "ngram", "min_gram": 1, "max_gram": 2}, "filter": ["lowercase", {"type": "stop"}]}
    return "POST", "/fuzz/_analyze", {"text": ["The cats 中文", "x"], **chain}


def mutated(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one or two parts replaced, removed or added."""
    out = copy.deepcopy(body)
    for _ in range(chance.choice((1, 1, 1, 2))):
        places = list(_places(out))
        if not places:
            break
        holder, key = chance.choice(places)
        what = chance.random()
        if what < 0.7:
            holder[key] = copy.deepcopy(chance.choice(WRONG))
        elif what < 0.85:
            del holder[key]
        elif isinstance(holder, dict):
            holder[chance.choice(("extra", "type", "query", "boost", "field", "_name"))] = chance.choice(WRONG)
        else:
            holder.append(chance.choice(WRONG))
    return out


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        yield node, key
        yield from _places(value)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = Settings(data=tmp_path / "data")
    node = Node(settings)
    made = create_app(node, settings).test_client()
    body = {"settings": WORDS_ONLY, "mappings": {"properties": FIELDS}}
    assert made.put("/fuzz", json=body).status_code == 200
    for n in range(20):
        document = {"text": f"word{n % 5} 中文", "title": f"标题 {n}", "tag": f"t{n % 3}", "n": n, "b": n % 2 == 0}
        made.put(f"/fuzz/_doc/{n}", json={**document, "d": "2024-01-02", "v": [n + 1, 1, 2]})
    made.post("/fuzz/_refresh")
    yield made
    node.close()


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_no_request_is_answered_with_500(client: FlaskClient) -> None:
    chance = random.Random(20)
    refused = 0
    for _ in range(REQUESTS):
        method, path, body = requests(chance)
        body = mutated(body, chance)
        answer = client.open(path, method=method, json=body)
        assert answer.status_code < 500, (method, path, body)
        if answer.status_code >= 400:
            refused += 1
            error = answer.json["error"]
            assert error["type"]
            assert error["reason"], (method, path, body)
        if path == "/made" and answer.status_code == 200:
            # What was accepted must be usable: a mapping that no refresh can take would stop the index.
            written = client.put("/made/_doc/1?refresh=true", json={"text": "cats 中文", "own": "a x", "n": 1})
            assert written.status_code < 500, body
            assert client.get("/made/_search?q=cats").status_code < 500, body
            client.delete("/made")
    assert refused > REQUESTS / 2, "the mutations hardly did anything"
    assert client.put("/fuzz/_doc/last?refresh=true", json={"n": 99}).status_code == 201
    found = client.post("/fuzz/_search", json={"query": {"term": {"n": 99}}}).json["hits"]["hits"]
    assert [hit["_id"] for hit in found] == ["last"]
