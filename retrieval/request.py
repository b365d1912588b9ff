"""A search request: the JSON body and URL parameters, checked and frozen."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer import InvalidRequest, ParsingError
from settings import Settings

from .aggregations import NO_CHILDREN, Aggregations, parse_aggregations
from .checks import count, flag, number
from .collapse import Collapse, parse_collapse
from .context import parse_duration
from .fetching import FETCH_KEYS, FetchOptions
from .hybrid import parse_fusion, parse_mode, parse_weights, parse_window
from .parameters import from_parameters
from .points import Point, parse_point
from .query.base import Parser, Query
from .query.bool import Bool
from .query.knn import Knn
from .query.match_all import MatchAll
from .query.query_string import QueryString
from .query.slice import parse_slice
from .rescore import Rescore, parse_rescore
from .retrievers import WINDOW, Retriever, parse_retriever
from .sorting import BY_SCORE, DOCUMENT_ORDER, TIE_BREAKER, SortKey, parse_sort

_QUERY_STRING = ("df", "analyzer", "default_operator", "lenient", "analyze_wildcard")
KEYS = FETCH_KEYS | {
    "query", "knn", "retriever", "q", "mode", "filter", "weights", "fusion", "rank_window_size", "from", "size",
    "sort", "search_after", "track_total_hits", "track_scores", "min_score", "timeout", "post_filter", "profile",
    "aggs", "aggregations", "collapse", "rescore", "pit", "suggest", "terminate_after", "indices_boost", "stats",
    "slice", "include_named_queries_score", "typed_keys", *_QUERY_STRING,
}  # fmt: skip
ALL = 1 << 62
"""More matches than there can be: counted to here, totals are exact."""
_EVERYTHING, _PLAIN = MatchAll(), FetchOptions()


@dataclass(slots=True)  # not frozen: that takes longer to make
class SearchRequest:
    """What is asked for, not to be changed. Exactly one of `mode`, `retriever` and `query` says how documents are
    found."""

    query: Query = _EVERYTHING
    retriever: Retriever | None = None
    mode: str | None = None
    text: str = ""
    filters: tuple[Query, ...] = ()
    post_filter: Query | None = None
    weights: tuple[tuple[str, float], ...] = ()
    fusion: str = "zscore"
    window: int = WINDOW
    start: int = 0
    size: int = 10
    sort: tuple[SortKey, ...] = ()
    search_after: tuple[Any, ...] | None = None
    fetch: FetchOptions = _PLAIN
    count_to: int | None = 10_000  # None: totals are not shown
    track_scores: bool = False
    min_score: float | None = None
    timeout: float | None = None
    terminate_after: int = 0  # 0: look at all matches
    aggregations: Aggregations = NO_CHILDREN
    typed_keys: bool = False
    collapse: Collapse | None = None
    rescore: tuple[Rescore, ...] = ()
    point: Point | None = None
    suggest: dict[str, Any] | None = None
    boosts: tuple[tuple[str, float], ...] = ()
    nearest: tuple[Knn, ...] = ()  # the vector searches beside the query: each finds k documents in all indices

    @property
    def by_score(self) -> bool:
        """Whether the best score comes first, equal ones in document order."""
        keys = self.sort
        return not keys or (
            keys[0] == BY_SCORE and all(k.field in DOCUMENT_ORDER and not k.descending for k in keys[1:])
        )

    @property
    def scored(self) -> bool:
        """Whether hits get a score."""
        return not self.sort or self.track_scores or any(key.field == "_score" for key in self.sort)

    def boost_of(self, index: str) -> float:
        """What scores of an index are multiplied by: the first of `indices_boost` that means it."""
        return next((boost for pattern, boost in self.boosts if fnmatch.fnmatchcase(index, pattern)), 1.0)


def parse_request(body: Mapping[str, Any] | None, params: Mapping[str, Any], settings: Settings) -> SearchRequest:
    """Check a request; ParsingError and InvalidRequest name what is wrong.

    `params` are URL parameters (strings); they win over the body's keys.
    """
    if body is not None and not isinstance(body, Mapping):
        raise ParsingError("the request body must be a JSON object")
    merged: dict[str, Any] = {**(body or {}), **from_parameters(params, KEYS)}
    for key in merged:
        if key not in KEYS:
            raise ParsingError(f"unknown key [{key}] in the search request; known are {', '.join(sorted(KEYS))}")
    if flag(merged, "profile"):
        raise InvalidRequest("[profile] is not supported; [explain] says how scores come about")
    parser = Parser(settings.max_clauses, settings.max_depth)
    start, size = count(merged, "from", 0), count(merged, "size", 10)
    if start + size > settings.max_result_window:
        raise InvalidRequest(
            "Result window is too large, from + size must be less than or equal to: "
            f"[{settings.max_result_window}] but was [{start + size}]. Narrow the query, or ask for fewer hits."
        )
    mode, text = parse_mode(merged)
    point = parse_point(merged.get("pit"))
    retriever = merged.get("retriever")
    _check_combinations(merged)
    sort = _sort(merged, point)
    aggs = _aggregations(merged)
    suggest = merged.get("suggest")
    if suggest is not None and not isinstance(suggest, dict):
        raise ParsingError("[suggest] must be an object with a suggestion under each name")
    nearest = _nearest(parser, merged.get("knn"))
    return SearchRequest(
        query=_query(parser, merged, None if mode is not None else text, nearest),
        retriever=parse_retriever(parser, retriever, size) if retriever is not None else None,
        mode=mode,
        text=text or "",
        filters=(*parser.queries(merged.get("filter", [])), *parse_slice(merged.get("slice"), point is not None)),
        post_filter=parser.query(merged["post_filter"]) if merged.get("post_filter") is not None else None,
        weights=parse_weights(merged.get("weights")),
        fusion=parse_fusion(merged),
        window=parse_window(merged, WINDOW, size, settings.max_result_window),
        start=start,
        size=size,
        sort=sort,
        search_after=_search_after(merged, sort, point, start),
        fetch=FetchOptions.parse(merged),
        count_to=_count_to(merged.get("track_total_hits", 10_000)),
        track_scores=flag(merged, "track_scores"),
        min_score=number(merged, "min_score"),
        timeout=parse_duration(merged["timeout"]) if merged.get("timeout") is not None else None,
        terminate_after=count(merged, "terminate_after", 0),
        aggregations=parse_aggregations(parser, aggs),
        typed_keys=flag(merged, "typed_keys"),
        collapse=_collapse(merged, sort),
        rescore=parse_rescore(parser, merged.get("rescore"), settings.max_result_window),
        point=point,
        suggest=suggest,
        boosts=_boosts(merged.get("indices_boost")),
        nearest=nearest,
    )


def _query(parser: Parser, body: Mapping[str, Any], text: str | None, nearest: tuple[Knn, ...]) -> Query:
    """The query of `query`, the query string `q` and vector searches together."""
    must = []
    if body.get("query") is not None:
        must.append(parser.query(body["query"]))
    options = {key: body[key] for key in _QUERY_STRING if body.get(key) is not None}
    if text is not None and options:
        if "df" in options:
            options["default_field"] = options.pop("df")
        must.append(parser.query({"query_string": {"query": text, **options}}))
    elif text is not None:
        must.append(QueryString.plain(text, body))
    elif options:
        raise InvalidRequest(f"[{next(iter(options))}] goes with [q], a query string")
    tree: Query = must[0] if len(must) == 1 else Bool(must=tuple(must)) if must else MatchAll()
    if not nearest:
        return tree
    parts = (tree, *nearest) if must else nearest
    return parts[0] if len(parts) == 1 else Bool(should=parts)


def _nearest(parser: Parser, body: Any) -> tuple[Knn, ...]:
    parts = [] if body is None else body if isinstance(body, list) else [body]
    return tuple(query for part in parts if isinstance(query := parser.query({"knn": part}), Knn))


def _check_combinations(body: Mapping[str, Any]) -> None:
    """Refuse what cannot stand side by side."""

    def given(*keys: str) -> list[str]:
        return [key for key in keys if body.get(key) not in (None, [])]

    if body.get("retriever") is not None:
        clash = given("query", "knn", "sort", "search_after", "rescore", "terminate_after")
        if clash:
            raise InvalidRequest(f"cannot specify [retriever] and [{', '.join(clash)}]")
    if body.get("mode") is not None:
        clash = given("sort", "search_after", "rescore", "terminate_after")
        if clash:
            raise InvalidRequest(f"[{clash[0]}] cannot be combined with [mode]; find documents by [query] to use it")
    if given("rescore") and given("sort"):
        raise InvalidRequest("Cannot use [sort] option in conjunction with [rescore].")
    if given("rescore") and given("search_after"):
        raise InvalidRequest("Cannot use [search_after] in conjunction with [rescore].")


def _sort(body: Mapping[str, Any], point: Point | None) -> tuple[SortKey, ...]:
    """The criteria; a search of a point in time gets one more, so that no two hits are equal."""
    sort = parse_sort(body.get("sort"))
    if point is None or body.get("mode") or body.get("retriever") or body.get("rescore"):
        return () if sort == (BY_SCORE,) and body.get("search_after") is None else sort
    sort = sort or (BY_SCORE,)
    return sort if sort[-1].field in DOCUMENT_ORDER else (*sort, TIE_BREAKER)


def _search_after(
    body: Mapping[str, Any], sort: tuple[SortKey, ...], point: Point | None, start: int
) -> tuple[Any, ...] | None:
    values = body.get("search_after")
    if values is None:
        return None
    if not isinstance(values, list) or any(isinstance(v, dict | list) for v in values):
        raise ParsingError("[search_after] must be a list of the [sort] values of the hit before")
    if start:
        raise InvalidRequest("[from] parameter must be set to 0 or -1 when [search_after] is used")
    if not sort:
        raise InvalidRequest("Sort must contain at least one field.")
    if len(values) != len(sort) and not (point is not None and len(values) == len(sort) - 1):
        raise InvalidRequest(f"search_after has {len(values)} value(s) but sort has {len(sort)}.")
    return tuple(values)


def _collapse(body: Mapping[str, Any], sort: tuple[SortKey, ...]) -> Collapse | None:
    collapse = parse_collapse(body.get("collapse"))
    if collapse is not None and body.get("search_after") is not None:
        own = [key.field for key in sort if key.field not in DOCUMENT_ORDER]
        if own != [collapse.field]:
            raise InvalidRequest(
                "collapse field and sort field must be the same when use `collapse` in conjunction with `search_after`"
            )
    return collapse


def _aggregations(body: Mapping[str, Any]) -> Any:
    if body.get("aggs") is not None and body.get("aggregations") is not None:
        raise ParsingError("give [aggs] or [aggregations], not both")
    return body.get("aggs", body.get("aggregations"))


def _count_to(value: Any) -> int | None:
    if value is True:
        return ALL
    if value is False:
        return None
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or value < 0:
        raise ParsingError(f"[track_total_hits] must be true, false or a number, not [{value}]")
    return min(value, ALL)


def _boosts(body: Any) -> tuple[tuple[str, float], ...]:
    """`indices_boost`: a list of {index or pattern: boost}."""
    if body is None:
        return ()
    parts = [body] if isinstance(body, dict) else body
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ParsingError("[indices_boost] must be a list of objects with an index and its boost")
    out = []
    for pattern, boost in (item for part in parts for item in part.items()):
        if isinstance(boost, bool) or not isinstance(boost, int | float) or not 0 <= boost < 1e30:
            raise ParsingError(f"[indices_boost] of [{pattern}] must be a number that is not negative, not [{boost}]")
        out.append((pattern, float(boost)))
    return tuple(out)


def parse_query(body: Any, settings: Settings) -> Query:
    """One query of the query language; ParsingError says what is wrong."""
    return Parser(settings.max_clauses, settings.max_depth).query(body)
