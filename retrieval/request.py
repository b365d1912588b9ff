"""A search request: the JSON body and URL parameters, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from indexer import InvalidRequest, ParsingError
from settings import Settings

from .context import parse_duration
from .highlight import FieldOptions, parse_highlight
from .query.base import Parser, Query
from .query.bool import Bool
from .query.knn import Knn
from .query.query_string import QueryString
from .retrievers import WINDOW, Retriever, parse_retriever
from .sorting import SortKey, parse_sort
from .source import SourceFilter

MODES = ("hybrid", "bm25", "tfidf", "word2vec", "glove", "bert")
_KEYS = {
    "query", "knn", "retriever", "q", "mode", "filter", "weights", "fusion", "rank_window_size", "from", "size", "sort",
    "_source", "highlight", "explain", "track_total_hits", "track_scores", "min_score", "timeout", "post_filter",
    "version", "seq_no_primary_term", "stored_fields", "profile",
}  # fmt: skip
FUSIONS = ("zscore", "minmax", "dbsf", "rrf")


@dataclass(frozen=True)
class SearchRequest:
    """What is asked for. Exactly one of `mode`, `retriever` and `query` says how documents are found."""

    query: Query | None = None
    knn: tuple[Knn, ...] = ()
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
    source: SourceFilter = field(default_factory=SourceFilter)
    highlight: tuple[tuple[str, FieldOptions], ...] = ()
    explain: bool = False
    count_to: int | None = 10_000  # None: totals are not shown
    min_score: float | None = None
    timeout: float | None = None
    version: bool = False
    seq_no: bool = False


def parse_request(body: Mapping[str, Any] | None, params: Mapping[str, Any], settings: Settings) -> SearchRequest:
    """Check a request; ParsingError and InvalidRequest name what is wrong.

    `params` are URL parameters (strings); they win over the body's keys.
    """
    if body is not None and not isinstance(body, Mapping):
        raise ParsingError("the request body must be a JSON object")
    merged: dict[str, Any] = {**(body or {}), **_from_params(params)}
    for key in merged:
        if key not in _KEYS:
            raise ParsingError(f"unknown key [{key}] in the search request; known are {', '.join(sorted(_KEYS))}")
    parser = Parser(settings.max_clauses, settings.max_depth)
    start, size = _count(merged, "from", 0), _count(merged, "size", 10)
    if start + size > settings.max_result_window:
        raise InvalidRequest(
            "Result window is too large, from + size must be less than or equal to: "
            f"[{settings.max_result_window}] but was [{start + size}]. Narrow the query, or ask for fewer hits."
        )
    mode, text = merged.get("mode"), merged.get("q")
    if mode is not None and mode not in MODES:
        raise InvalidRequest(f"unknown mode [{mode}]; known are {', '.join(MODES)}")
    if text is not None and not isinstance(text, str):
        raise ParsingError("[q] must be a string")
    query, retriever, knn = merged.get("query"), merged.get("retriever"), merged.get("knn")
    if mode is not None and (query is not None or retriever is not None or knn is not None):
        raise InvalidRequest("[mode] goes with [q]; it cannot be combined with [query], [knn] or [retriever]")
    if mode is not None and text is None:
        raise InvalidRequest("[mode] needs [q], the words to search for")
    if retriever is not None and (query is not None or knn is not None):
        raise InvalidRequest("[retriever] cannot be combined with [query] or [knn]")
    tree = parser.query(query) if query is not None else None
    if text is not None and mode is None:
        parsed = QueryString.plain(text, merged)
        tree = parsed if tree is None else Bool(must=(tree, parsed))
    window = merged.get("rank_window_size", max(WINDOW, size))
    if isinstance(window, str) and window.isdigit():
        window = int(window)
    if (
        isinstance(window, bool)
        or not isinstance(window, int)
        or not max(1, size) <= window <= settings.max_result_window
    ):
        raise InvalidRequest(f"[rank_window_size] must be from [size] ({size}) to {settings.max_result_window}")
    fusion = merged.get("fusion", "zscore")
    if fusion not in FUSIONS:
        raise InvalidRequest(f"unknown fusion [{fusion}]; known are {', '.join(FUSIONS)}")
    return SearchRequest(
        query=tree,
        knn=tuple(_knn(parser, k) for k in (knn if isinstance(knn, list) else [knn])) if knn is not None else (),
        retriever=parse_retriever(parser, retriever, size) if retriever is not None else None,
        mode=mode,
        text=text or "",
        filters=parser.queries(merged.get("filter", [])),
        post_filter=parser.query(merged["post_filter"]) if merged.get("post_filter") is not None else None,
        weights=_weights(merged.get("weights")),
        fusion=fusion,
        window=window,
        start=start,
        size=size,
        sort=parse_sort(merged.get("sort")),
        source=SourceFilter.of(merged.get("_source")),
        highlight=parse_highlight(merged.get("highlight")),
        explain=_flag(merged, "explain"),
        count_to=_count_to(merged.get("track_total_hits", 10_000)),
        min_score=_number(merged, "min_score"),
        timeout=parse_duration(merged["timeout"]) if merged.get("timeout") is not None else None,
        version=_flag(merged, "version"),
        seq_no=_flag(merged, "seq_no_primary_term"),
    )


def _from_params(params: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in params.items():
        if key in ("from", "size") and isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                raise InvalidRequest(f"Failed to parse int parameter [{key}] with value [{value}]") from None
        elif key in ("_source_includes", "_source_excludes"):
            part = out.setdefault("_source", {})
            if isinstance(part, dict):
                part[key.removeprefix("_source_")] = str(value).split(",")
            continue
        elif key == "_source" and isinstance(value, str):
            value = {"true": True, "false": False}.get(value, value.split(","))
        elif key == "sort" and isinstance(value, str):
            value = value.split(",")
        elif key in _KEYS and value in ("true", "false") and key not in ("q", "mode"):
            value = value == "true"
        if key in _KEYS:
            out[key] = value
    return out


def _knn(parser: Parser, body: Any) -> Knn:
    query = parser.query({"knn": body})
    assert isinstance(query, Knn)
    return query


def _count(body: Mapping[str, Any], key: str, default: int) -> int:
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParsingError(f"[{key}] must be a number, not [{value}]")
    if value < 0:
        raise InvalidRequest(f"[{key}] parameter cannot be negative but was [{value}]")
    return value


def _flag(body: Mapping[str, Any], key: str) -> bool:
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise ParsingError(f"[{key}] must be true or false, not [{value}]")
    return value


def _number(body: Mapping[str, Any], key: str) -> float | None:
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParsingError(f"[{key}] must be a number, not [{value}]")
    return float(value)


def _count_to(value: Any) -> int | None:
    if value is True:
        return 1 << 62
    if value is False:
        return None
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or value < 0:
        raise ParsingError(f"[track_total_hits] must be true, false or a number, not [{value}]")
    return min(value, 1 << 62)


def _weights(body: Any) -> tuple[tuple[str, float], ...]:
    """Weights of a hybrid's legs, `{"bm25": 0.4, "bert": 0.6}`; in a URL `bm25:0.4,bert:0.6`."""
    if body is None:
        return ()
    if isinstance(body, str):
        body = dict(part.partition(":")[::2] for part in body.split(","))
    if not isinstance(body, dict) or not body:
        raise ParsingError("[weights] must name legs and their weights")
    out = []
    for leg, value in body.items():
        if leg not in MODES or leg == "hybrid":
            raise InvalidRequest(f"[weights] unknown leg [{leg}]; known are {', '.join(MODES[1:])}")
        try:
            weight = float(value)
        except (TypeError, ValueError):
            raise ParsingError(f"[weights] of [{leg}] must be a number, not [{value}]") from None
        if not 0 <= weight < 1e6:
            raise ParsingError(f"[weights] of [{leg}] must not be negative")
        out.append((leg, weight))
    return tuple(out)


def parse_query(body: Any, settings: Settings) -> Query:
    """One query of the query language; ParsingError says what is wrong."""
    return Parser(settings.max_clauses, settings.max_depth).query(body)
