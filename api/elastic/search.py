"""`_search`, `_msearch`, `_count`."""

from __future__ import annotations

import time
from typing import Any

from api.body import parse_json
from api.call import Call
from api.elastic.maintenance import shards
from api.elastic.targets import resolve, targets
from api.errors import as_quarry_error, error_body
from api.ndjson import Line
from api.parameters import TARGETS, Parameter, boolean, hints
from api.routing import Route
from api.shapes import CountRequest, SearchRequest
from indexer.errors import InvalidRequest, ParsingError
from retrieval import MODES
from retrieval import count as count_matches
from retrieval import search as run_search
from retrieval.request import FUSIONS

QUERY_STRING = (Parameter("q", "string", "plain words with `mode`, Elasticsearch's query-string syntax without"),)
SEARCH = (
    *QUERY_STRING,
    Parameter("mode", "string", "how to search", choices=MODES),
    Parameter("weights", "string", "weights of a hybrid's legs, as `bm25:0.4,bert:0.6`"),
    Parameter("fusion", "string", "how a hybrid's legs are fused", choices=FUSIONS),
    Parameter("rank_window_size", "integer", "how many hits of each leg are fused"),
    Parameter("size", "integer", "how many hits"),
    Parameter("from", "integer", "how many hits to leave out first"),
    Parameter("sort", "string", "fields to sort by, with :asc or :desc"),
    Parameter("_source", "string", "false, true, or the parts of documents to return"),
    Parameter("_source_includes", "string", "parts of documents to return"),
    Parameter("_source_excludes", "string", "parts of documents to leave out"),
    boolean("explain", "say of each hit why it has its score"),
    boolean("version", "return each hit's version"),
    boolean("seq_no_primary_term", "return each hit's sequence number"),
    boolean("track_scores", "score even when sorting by fields"),
    Parameter("track_total_hits", "string", "true, false, or up to which number matches are counted"),
    Parameter("min_score", "number", "leave out hits that score less"),
    Parameter("timeout", "duration", "stop after this time with what was found"),
)
"""Parameters that the body can give too; each that is given goes to the search as it is."""
_ASIDE = (
    *TARGETS,
    boolean("rest_total_hits_as_int", "give hits.total as a number", False),
    boolean("typed_keys", "accepted", False),
    boolean("allow_partial_search_results", "accepted", True),
    boolean("ccs_minimize_roundtrips", "accepted; there is one node", True),
    Parameter("search_type", "string", "accepted", choices=("query_then_fetch", "dfs_query_then_fetch")),
    *hints(
        "preference", "request_cache", "batched_reduce_size", "max_concurrent_shard_requests", "pre_filter_shard_size"
    ),
)
_GIVEN = tuple(parameter.name for parameter in SEARCH)


def search(call: Call) -> dict[str, Any]:
    body = call.object()
    params = {name: call[name] for name in _GIVEN if call[name] is not None}
    if "timeout" in params:
        params["timeout"] = f"{round(params['timeout'] * 1000)}ms"
    answer = run_search(call.node, targets(call), body, params)
    return _as_int(answer) if call["rest_total_hits_as_int"] else answer


def _as_int(answer: dict[str, Any]) -> dict[str, Any]:
    total = answer.get("hits", {}).get("total")
    if isinstance(total, dict):
        answer["hits"]["total"] = total["value"]
    return answer


def count(call: Call) -> dict[str, Any]:
    request = call.shape(CountRequest)
    params = {"q": call["q"]} if call["q"] is not None else {}
    body = {"query": request.query} if request.query is not None else {}
    names = targets(call)
    return {"count": count_matches(call.node, names, body, params), "_shards": shards(len(names))}


def multi_search(call: Call) -> dict[str, Any]:
    """Searches as pairs of lines: where, and what. One that fails fails alone."""
    started = time.perf_counter()
    responses = [_one_of_many(call, where, what) for where, what in _pairs(call)]
    return {"took": round((time.perf_counter() - started) * 1000), "responses": responses}


def _pairs(call: Call) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    lines = _lines(call)
    while lines and not lines[-1].data.strip():
        lines.pop()
    if not lines:
        raise InvalidRequest("Validation Failed: 1: no requests added")
    if len(lines) % 2:
        raise InvalidRequest("The msearch request must be pairs of lines: where to search, and what for")
    pairs = []
    for where, what in zip(lines[::2], lines[1::2], strict=True):
        pairs.append((_object(where) if where.data.strip() else {}, _object(what)))
    return pairs


def _lines(call: Call) -> list[Line]:
    data = call.body.read(call.settings.max_body)
    return [Line(number, line) for number, line in enumerate(data.split(b"\n"), start=1)]


def _object(line: Line) -> dict[str, Any]:
    value = parse_json(line.data, f"line [{line.number}]")
    if not isinstance(value, dict):
        raise ParsingError(f"line [{line.number}] must be a JSON object")
    return value


_WHERE = {"index", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "preference", "search_type",
          "request_cache", "ccs_minimize_roundtrips", "allow_partial_search_results"}  # fmt: skip


def _one_of_many(call: Call, where: dict[str, Any], what: dict[str, Any]) -> dict[str, Any]:
    try:
        unknown = set(where) - _WHERE
        if unknown:
            raise InvalidRequest(f"key [{sorted(unknown)[0]}] is not supported in the metadata section")
        index = where.get("index", call.path.get("index"))
        expression = ",".join(index) if isinstance(index, list) else index
        names = resolve(
            call.node,
            expression,
            where.get("ignore_unavailable", call["ignore_unavailable"]) in (True, "true"),
            where.get("allow_no_indices", call["allow_no_indices"]) in (True, "true"),
        )
        answer = run_search(call.node, names, what, {})
        if call["rest_total_hits_as_int"]:
            answer = _as_int(answer)
        return {**answer, "status": 200}
    except Exception as error:
        return error_body(as_quarry_error(error))


ROUTES = (
    *(
        Route(("GET", "POST"), rule, search, "Search", "search", (*SEARCH, *_ASIDE), SearchRequest)
        for rule in ("/_search", "/<index>/_search")
    ),
    *(
        Route(
            ("GET", "POST"),
            rule,
            multi_search,
            "Many searches in one request, as pairs of lines",
            "search",
            (*_ASIDE, *hints("max_concurrent_searches")),
            ndjson=True,
        )
        for rule in ("/_msearch", "/<index>/_msearch")
    ),
    *(
        Route(
            ("GET", "POST"),
            rule,
            count,
            "Count the matches of a query",
            "search",
            (*QUERY_STRING, *TARGETS, *hints("preference")),
            CountRequest,
        )
        for rule in ("/_count", "/<index>/_count")
    ),
)
