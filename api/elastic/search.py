"""`_search`, `_msearch`, `_count`, `_explain`, `_validate/query`; points in time and scrolls stand beside them."""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.elastic import points, scroll
from api.elastic.maintenance import shards
from api.elastic.multi_search import multi_search, totals_as_numbers
from api.elastic.targets import targets
from api.parameters import TARGETS, Parameter, boolean, hints
from api.render import Reply
from api.routing import Route
from api.shapes import CountRequest, SearchRequest
from retrieval import FUSIONS, MODES, explain, validate
from retrieval import count as count_matches
from retrieval import search as run_search
from retrieval.scrolling import open_scroll

QUERY_STRING = (
    Parameter("q", "string", "plain words with `mode`, Elasticsearch's query-string syntax without"),
    Parameter("df", "string", "the field that a query string looks into where it names none"),
    Parameter("analyzer", "string", "the analyzer of a query string's words"),
    Parameter("default_operator", "string", "between a query string's words", choices=("AND", "OR", "and", "or")),
    boolean("lenient", "values of the wrong type match nothing instead of being errors"),
    boolean("analyze_wildcard", "analyze a query string's wildcards, too"),
)
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
    Parameter("terminate_after", "integer", "look at so many matches of each index and no more"),
    Parameter("stored_fields", "string", "_none_, or fields to return"),
    Parameter("docvalue_fields", "string", "fields whose values to return"),
    Parameter("stats", "string", "accepted; there are no groups of statistics"),
    boolean("typed_keys", "names of aggregations with their types"),
    boolean("include_named_queries_score", "scores of the named queries that a hit matches"),
)
"""Parameters that the body can give too; each that is given goes to the search as it is."""
COUNT = (
    *QUERY_STRING,
    Parameter("min_score", "number", "leave out hits that score less"),
    Parameter("terminate_after", "integer", "look at so many matches of each index and no more"),
)
_ASIDE = (
    *TARGETS,
    boolean("rest_total_hits_as_int", "give hits.total as a number", False),
    boolean("allow_partial_search_results", "accepted", True),
    boolean("ccs_minimize_roundtrips", "accepted; there is one node", True),
    Parameter("search_type", "string", "accepted", choices=("query_then_fetch", "dfs_query_then_fetch")),
    *hints(
        "preference",
        "routing",
        "request_cache",
        "batched_reduce_size",
        "max_concurrent_shard_requests",
        "pre_filter_shard_size",
        "force_synthetic_source",
    ),
)


_SCROLL = Parameter("scroll", "duration", "begin a scroll, kept for this time after each page, for example 1m")


def search(call: Call) -> dict[str, Any]:
    body = call.object()
    params = _given(call, SEARCH)
    if "timeout" in params:
        params["timeout"] = f"{round(params['timeout'] * 1000)}ms"
    # a point in time says itself which indices it is of
    names = [] if body.get("pit") is not None and "index" not in call.path else targets(call)
    if call["scroll"] is not None:
        answer = open_scroll(call.node, names, body, params, call["scroll"])
    else:
        answer = run_search(call.node, names, body, params)
    return totals_as_numbers(answer) if call["rest_total_hits_as_int"] else answer


def count(call: Call) -> dict[str, Any]:
    request = call.shape(CountRequest)
    body = {"query": request.query} if request.query is not None else {}
    names = targets(call)
    return {"count": count_matches(call.node, names, body, _given(call, COUNT)), "_shards": shards(len(names))}


def explain_one(call: Call) -> Reply:
    """Whether a document matches a query, and the account of its score."""
    request = call.shape(CountRequest)
    body = {"query": request.query} if request.query is not None else {}
    index = call.node.index(call.path["index"])
    name = next((t for t in targets(call) if t == index.name), index.name)
    there, matched, account = explain(call.node, name, call.path["id"], body, _given(call, QUERY_STRING))
    answer: dict[str, Any] = {"_index": index.name, "_id": call.path["id"], "matched": matched}
    if account is not None:
        answer["explanation"] = account
    return Reply(answer, 200 if there else 404)


def validate_query(call: Call) -> dict[str, Any]:
    """Whether a query can be parsed and run."""
    request = call.shape(CountRequest)
    body = {"query": request.query} if request.query is not None else {}
    names = targets(call)
    found = validate(call.node, names, body, _given(call, QUERY_STRING))
    answer: dict[str, Any] = {"_shards": shards(len(names)), "valid": all(error is None for _, error in found)}
    if call["explain"]:
        answer["explanations"] = [
            {"index": name, "valid": True} if error is None else {"index": name, "valid": False, "error": error}
            for name, error in found
        ]
    return answer


def _given(call: Call, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    return {p.name: call[p.name] for p in parameters if call[p.name] is not None}


def _route(rules: tuple[str, ...], handler: Any, summary: str, parameters: Any, body: Any) -> tuple[Route, ...]:
    return tuple(Route(("GET", "POST"), rule, handler, summary, "search", parameters, body) for rule in rules)


ROUTES = (
    *_route(("/_search", "/<index>/_search"), search, "Search", (*SEARCH, _SCROLL, *_ASIDE), SearchRequest),
    *(
        Route(
            ("GET", "POST"),
            rule,
            multi_search,
            "Many searches in one request, as pairs of lines",
            "search",
            (
                *_ASIDE,
                boolean("typed_keys", "names of aggregations with their types"),
                *hints("max_concurrent_searches", "index"),
            ),
            ndjson=True,
        )
        for rule in ("/_msearch", "/<index>/_msearch")
    ),
    *_route(
        ("/_count", "/<index>/_count"),
        count,
        "Count the matches of a query",
        (*COUNT, *TARGETS, *hints("preference", "routing")),
        CountRequest,
    ),
    *_route(
        ("/<index>/_explain/<doc:id>",),
        explain_one,
        "Why a document has its score",
        (*QUERY_STRING, *TARGETS, *hints("preference", "routing")),
        CountRequest,
    ),
    *_route(
        ("/_validate/query", "/<index>/_validate/query"),
        validate_query,
        "Whether a query can be run",
        (*QUERY_STRING, *TARGETS, boolean("explain", "say of each index what is wrong"), *hints("rewrite")),
        CountRequest,
    ),
    *points.ROUTES,
    *scroll.ROUTES,
)
