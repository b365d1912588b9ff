"""Aggregations by plain Python over lists of documents: slow, obvious, and nothing of the engine's in it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = {"tag": "keyword", "n": "long", "f": "double", "d": "date", "b": "boolean"}


@dataclass(frozen=True)
class Doc:
    """A document as a test wrote it, and the index it is in."""

    index: str
    id: str
    source: dict[str, Any] = field(hash=False)

    def values(self, path: str) -> list[Any]:
        found = self.source.get(path)
        values = found if isinstance(found, list) else [] if found is None else [found]
        if path == "b":
            values = [int(v) for v in values]
        return sorted(set(values), key=lambda v: v.encode()) if path == "tag" else sorted(values)


def matches(query: dict[str, Any], doc: Doc) -> bool:
    """The few query types that the tests filter by."""
    ((kind, body),) = query.items()
    if kind == "match_all":
        return True
    ((path, inner),) = body.items()
    if kind == "term":
        return inner in doc.values(path)
    if kind == "range":
        return any(inner.get("gte", -math.inf) <= v < inner.get("lt", math.inf) for v in doc.values(path))
    assert kind == "match"
    return inner in doc.source.get(path, "").split()


def aggregate(tree: dict[str, Any], docs: list[Doc], everything: list[Doc]) -> dict[str, Any]:
    """The `aggregations` of a response for the matching documents and all that there are."""
    out = {}
    for name, body in tree.items():
        ((kind, spec),) = ((k, v) for k, v in body.items() if k not in ("aggs", "meta"))
        children = body.get("aggs", {})

        def bucket(inside: list[Doc], children: dict[str, Any] = children) -> dict[str, Any]:
            return {"doc_count": len(inside), **aggregate(children, inside, everything)}

        out[name] = _BY_KIND[kind](spec, docs, everything, bucket)
    return out


def values_of(spec: dict[str, Any], docs: list[Doc]) -> list[list[Any]]:
    """Each document's values; `missing` stands for those without."""
    missing = spec.get("missing")
    found = [doc.values(spec["field"]) for doc in docs]
    return [v if v or missing is None else [missing] for v in found]


def _grouped(spec: dict[str, Any], docs: list[Doc], key: Callable[[Any], Any]) -> dict[Any, list[Doc]]:
    groups: dict[Any, list[Doc]] = {}
    for doc, values in zip(docs, values_of(spec, docs), strict=True):
        for one in {key(v) for v in values}:
            groups.setdefault(one, []).append(doc)
    return groups


def date_text(ms: float, zone: Any = UTC) -> str:
    text = (EPOCH + timedelta(milliseconds=ms)).astimezone(zone).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def shown(path: str, key: Any, zone: Any = UTC) -> dict[str, Any]:
    if KINDS[path] == "date":
        return {"key": key, "key_as_string": date_text(key, zone)}
    if KINDS[path] == "boolean":
        return {"key": key, "key_as_string": "true" if key else "false"}
    return {"key": key}


def _sort_key(key: Any) -> Any:
    return key.encode() if isinstance(key, str) else key


def terms(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    groups = _grouped(spec, docs, lambda v: v)
    least = spec.get("min_doc_count", 1)
    if least == 0:
        for key in _grouped(spec, everything, lambda v: v):
            groups.setdefault(key, [])
    groups = {k: d for k, d in groups.items() if len(d) >= least and k not in spec.get("exclude", ())}
    if isinstance(spec.get("include"), list):
        groups = {k: d for k, d in groups.items() if k in spec["include"]}
    buckets = [{**shown(spec["field"], key), **bucket(inside)} for key, inside in groups.items()]
    order = spec.get("order", {"_count": "desc"})
    buckets.sort(key=lambda b: _sort_key(b["key"]))
    for path, direction in reversed([*(order.items() if isinstance(order, dict) else ())]):
        buckets.sort(key=lambda b, p=path, d=direction: _ordering(b, p, d == "desc"))
    size = spec.get("size", 10)
    rest = sum(b["doc_count"] for b in buckets[size:])
    return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": buckets[:size]}


def _ordering(bucket: dict[str, Any], path: str, down: bool) -> Any:
    if path == "_key":
        key = _sort_key(bucket["key"])
        return (*(-b for b in key), 1) if down and isinstance(key, bytes) else (-key if down else key)
    value: Any = bucket["doc_count"] if path == "_count" else None
    if path != "_count":
        name, _, inner = path.partition(".")
        value = bucket[name][inner or "value"]
    return math.inf if value is None else -value if down else value


def histogram(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    interval, offset = spec["interval"], spec.get("offset", 0)
    groups = _grouped(spec, docs, lambda v: math.floor((v - offset) / interval))
    if spec.get("min_doc_count", 0) == 0:
        ends = [math.floor((b - offset) / interval) for b in spec.get("extended_bounds", {}).values()]
        every = [*groups, *ends]
        for step in range(min(every), max(every) + 1) if every else ():
            groups.setdefault(step, [])
    least = spec.get("min_doc_count", 0)
    found = [(s * interval + offset, bucket(d)) for s, d in sorted(groups.items()) if len(d) >= least]
    return {"buckets": [{"key": key, **b} for key, b in found]}


def local_floor(ms: int, unit: str, zone: Any) -> int:
    """The start of the calendar unit in a zone, by the standard library's clocks."""
    local = (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)
    at = local.replace(microsecond=0, second=0, minute=0)
    if unit != "hour":
        at = at.replace(hour=0, fold=0)
    if unit == "week":
        at -= timedelta(days=at.weekday())
    if unit in ("month", "quarter", "year"):
        at = at.replace(day=1)
    if unit == "quarter":
        at = at.replace(month=(at.month - 1) // 3 * 3 + 1)
    if unit == "year":
        at = at.replace(month=1)
    return round((at.astimezone(UTC) - EPOCH).total_seconds() * 1000)


def date_histogram(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    zone = ZoneInfo(spec.get("time_zone", "UTC"))
    unit = spec["calendar_interval"]
    groups = _grouped(spec, docs, lambda v: local_floor(v, unit, zone))
    if spec.get("min_doc_count", 0) == 0 and groups:
        at, last = min(groups), max(groups)
        while at <= last:  # every hour of the way lies in some unit
            groups.setdefault(local_floor(at, unit, zone), [])
            at += 3_600_000
    least = spec.get("min_doc_count", 0)
    found = sorted((k, d) for k, d in groups.items() if len(d) >= least)
    return {"buckets": [{**shown(spec["field"], k, zone), **bucket(d)} for k, d in found]}


def range_(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    found = []
    for part in spec["ranges"]:
        low, high = part.get("from", -math.inf), part.get("to", math.inf)
        values = values_of(spec, docs)
        inside = [d for d, v in zip(docs, values, strict=True) if any(low <= x < high for x in v)]
        name = f"{float(low) if 'from' in part else '*'}-{float(high) if 'to' in part else '*'}"
        ends = {k: float(v) for k, v in (("from", low), ("to", high)) if not math.isinf(v)}
        found.append(((low, high), {"key": part.get("key", name), **ends, **bucket(inside)}))
    return {"buckets": [b for _, b in sorted(found, key=lambda pair: pair[0])]}


def filters(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    named = spec["filters"]
    queries = list(named.values()) if isinstance(named, dict) else named
    found = [bucket([d for d in docs if matches(q, d)]) for q in queries]
    names = list(named) if isinstance(named, dict) else []
    if spec.get("other_bucket"):
        found.append(bucket([d for d in docs if not any(matches(q, d) for q in queries)]))
        names.append("_other_")
    return {"buckets": dict(zip(names, found, strict=True)) if isinstance(named, dict) else found}


def significant(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    usual = _grouped(spec, everything, lambda v: v)
    found = []
    for key, inside in _grouped(spec, docs, lambda v: v).items():
        share, before = len(inside) / len(docs), len(usual[key]) / len(everything)
        if len(inside) < spec.get("min_doc_count", 3) or share <= before:
            continue
        score = (share - before) * (share / before)
        found.append({"key": key, **bucket(inside), "score": score, "bg_count": len(usual[key])})
    found.sort(key=lambda b: (-round(b["score"], 12), -b["doc_count"], _sort_key(b["key"])))
    return {"doc_count": len(docs), "bg_count": len(everything), "buckets": found[: spec.get("size", 10)]}


def _flat(spec: dict[str, Any], docs: list[Doc]) -> list[Any]:
    return [value for values in values_of(spec, docs) for value in values]


def _metric(function: Callable[[list[Any]], float], empty: float | None = None) -> Any:
    def run(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
        values = _flat(spec, docs)
        if not values:
            return {"value": empty}
        found = function(values)
        texts = {"value_as_string": date_text(math.trunc(found))} if spec["field"] == "d" else {}
        return {"value": found, **texts}

    return run


def extended_stats(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    values = [float(v) for v in _flat(spec, docs)]
    if not values:
        return {"count": 0, "min": None, "max": None, "avg": None, "sum": 0.0, "variance": None}
    return {
        "count": len(values), "min": min(values), "max": max(values), "avg": statistics.fmean(values),
        "sum": math.fsum(values), "variance": statistics.pvariance(values),
        "variance_sampling": statistics.variance(values) if len(values) > 1 else None,
        "sum_of_squares": math.fsum(v * v for v in values),
    }  # fmt: skip


def percentiles(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    values = sorted(_flat(spec, docs))
    out: dict[str, float | None] = {}
    for percent in spec["percents"]:
        place = (len(values) - 1) * percent / 100
        low = math.floor(place)
        if values:
            high = min(low + 1, len(values) - 1)
            out[str(float(percent))] = values[low] + (values[high] - values[low]) * (place - low)
        else:
            out[str(float(percent))] = None
    return {"values": out}


def deviation(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    values = _flat(spec, docs)
    if not values:
        return {"value": None}
    middle = statistics.median(values)
    return {"value": float(statistics.median(abs(v - middle) for v in values))}


def boxplot(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    values = [float(v) for v in _flat(spec, docs)]
    if not values:
        return {"min": None, "upper": None}
    parts = percentiles({**spec, "percents": (25, 50, 75)}, docs, everything, bucket)["values"]
    names = dict(zip(("q1", "q2", "q3"), parts.values(), strict=True))
    reach = 1.5 * (names["q3"] - names["q1"])
    within = [v for v in values if names["q1"] - reach <= v <= names["q3"] + reach]
    return {"min": min(values), "max": max(values), **names, "lower": min(within), "upper": max(within)}


def ranks(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    found = _flat(spec, docs)
    shares = [100 * sum(v <= x for v in found) / len(found) if found else None for x in spec["values"]]
    return {"values": {str(float(x)): share for x, share in zip(spec["values"], shares, strict=True)}}


def weighted(spec: dict[str, Any], docs: list[Doc], everything: list[Doc], bucket: Any) -> dict[str, Any]:
    pairs = [
        (v, d.values(spec["weight"]["field"])[0])
        for d in docs
        if d.values(spec["weight"]["field"])
        for v in d.values(spec["value"]["field"])
    ]
    total = sum(w for _, w in pairs)
    return {"value": sum(v * w for v, w in pairs) / total if total else None}


_BY_KIND: dict[str, Any] = {
    "terms": terms, "histogram": histogram, "date_histogram": date_histogram, "range": range_, "filters": filters,
    "significant_terms": significant, "extended_stats": extended_stats, "percentiles": percentiles,
    "percentile_ranks": ranks, "median_absolute_deviation": deviation, "boxplot": boxplot, "weighted_avg": weighted,
    "filter": lambda spec, docs, all_, bucket: bucket([d for d in docs if matches(spec, d)]),
    "missing": lambda spec, docs, all_, bucket: bucket([d for d in docs if not d.values(spec["field"])]),
    "global": lambda spec, docs, all_, bucket: bucket(all_),
    "min": _metric(min), "max": _metric(max), "avg": _metric(statistics.fmean), "sum": _metric(math.fsum, 0.0),
    "value_count": lambda spec, docs, all_, bucket: {"value": len(_flat(spec, docs))},
    "cardinality": lambda spec, docs, all_, bucket: {"value": len(set(_flat(spec, docs)))},
}  # fmt: skip


def same(found: Any, expected: Any, path: str = "") -> list[str]:
    """Where a response differs from what is expected; keys that only the response has are left alone."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), path
        missing = [f"{path}: no {k}" for k in expected if k not in found]
        return missing + [m for k in expected if k in found for m in same(found[k], expected[k], f"{path}.{k}")]
    if isinstance(expected, list):
        if len(found) != len(expected):
            return [f"{path}: {len(found)} instead of {len(expected)}: {found} {expected}"]
        return [m for i, (f, e) in enumerate(zip(found, expected, strict=True)) for m in same(f, e, f"{path}[{i}]")]
    if isinstance(expected, float) and isinstance(found, int | float):
        close = math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-6)
        return [] if close else [f"{path}: {found} is not {expected}"]
    return [] if found == expected else [f"{path}: {found!r} is not {expected!r}"]


def agree(found: Any, expected: Any) -> None:
    """Fail with every difference."""
    differences = list(same(found, expected))
    assert not differences, "\n".join(map(str, differences))
