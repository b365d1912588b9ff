"""The options of plain questions: which mode, which weights, which fusion, how wide a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer import InvalidRequest, ParsingError

MODES = ("hybrid", "bm25", "tfidf", "word2vec", "glove", "bert")
FUSIONS = ("zscore", "minmax", "dbsf", "rrf")


def parse_mode(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(mode, words): `q` with a `mode` is a plain question, without one a query string."""
    mode, text = body.get("mode"), body.get("q")
    if mode is not None and mode not in MODES:
        raise InvalidRequest(f"unknown mode [{mode}]; known are {', '.join(MODES)}")
    if text is not None and not isinstance(text, str):
        raise ParsingError("[q] must be a string")
    if mode is not None and any(body.get(key) is not None for key in ("query", "retriever", "knn")):
        raise InvalidRequest("[mode] goes with [q]; it cannot be combined with [query], [knn] or [retriever]")
    if mode is not None and text is None:
        raise InvalidRequest("[mode] needs [q], the words to search for")
    return mode, text


def parse_fusion(body: Mapping[str, Any]) -> str:
    """How a hybrid's legs are fused."""
    fusion = body.get("fusion", "zscore")
    if fusion not in FUSIONS:
        raise InvalidRequest(f"unknown fusion [{fusion}]; known are {', '.join(FUSIONS)}")
    return str(fusion)


def parse_window(body: Mapping[str, Any], default: int, size: int, most: int) -> int:
    """How many hits of each leg are fused."""
    window = body.get("rank_window_size", max(default, size))
    if isinstance(window, str) and window.isdigit():
        window = int(window)
    if isinstance(window, bool) or not isinstance(window, int) or not max(1, size) <= window <= most:
        raise InvalidRequest(f"[rank_window_size] must be from [size] ({size}) to {most}")
    return window


def parse_weights(body: Any) -> tuple[tuple[str, float], ...]:
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
