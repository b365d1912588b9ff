"""`_cat`: tables for people and their terminals; JSON with `format=json` or an Accept header."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from api import media
from api.call import Call
from api.elastic.cluster import CLUSTER, health_of
from api.elastic.targets import targets
from api.parameters import TARGETS, Parameter, boolean, hints
from api.render import Reply
from api.routing import Route
from indexer.aliases import matching
from indexer.errors import InvalidRequest


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its short names, what it says; numbers stand to the right."""

    name: str
    aliases: tuple[str, ...]
    says: str
    number: bool = False
    shown: bool = True

    def is_named(self, pattern: str) -> bool:
        return any(fnmatchcase(name, pattern) for name in (self.name, *self.aliases))


INDICES = (
    Column("health", ("h",), "current health status"),
    Column("status", ("s",), "open/close status"),
    Column("index", ("i", "idx"), "index name"),
    Column("uuid", ("id",), "index uuid"),
    Column("pri", ("p", "shards.primary"), "number of primary shards", True),
    Column("rep", ("r", "shards.replica"), "number of replica shards", True),
    Column("docs.count", ("dc", "docsCount"), "searchable documents", True),
    Column("docs.deleted", ("dd", "docsDeleted"), "deleted documents not merged away yet", True),
    Column("creation.date", ("cd",), "creation, in milliseconds since the epoch", True, False),
    Column("store.size", ("ss", "storeSize"), "size of documents and index", True),
    Column("pri.store.size", (), "the same, of the primary shard", True),
    Column("dataset.size", (), "the same", True),
    Column("segments.count", ("sc",), "number of segments", True, False),
    Column("vectors.pending", ("vp",), "vectors still to come, over all spaces", True, False),
)
ALIASES = (
    Column("alias", ("a",), "alias name"),
    Column("index", ("i", "idx"), "index that the alias means"),
    Column("filter", ("f", "fi"), "* when it filters"),
    Column("routing.index", ("ri", "routingIndex"), "routing of writes"),
    Column("routing.search", ("rs", "routingSearch"), "routing of searches"),
    Column("is_write_index", ("w", "isWriteIndex"), "whether writes go to this index"),
)
COUNT = (
    Column("epoch", ("t", "time"), "seconds since 1970-01-01 00:00:00", True),
    Column("timestamp", ("ts", "hms"), "time in HH:MM:SS"),
    Column("count", ("dc", "docs.count"), "searchable documents", True),
)
HEALTH = (
    Column("epoch", ("t", "time"), "seconds since 1970-01-01 00:00:00", True),
    Column("timestamp", ("ts", "hms"), "time in HH:MM:SS"),
    Column("cluster", ("cl",), "cluster name"),
    Column("status", ("st",), "health status"),
    Column("node.total", ("nt",), "number of nodes", True),
    Column("node.data", ("nd",), "number of nodes that store data", True),
    Column("shards", ("t", "sh"), "number of shards", True),
    Column("pri", ("p",), "number of primary shards", True),
    Column("relo", ("r",), "shards that move", True),
    Column("init", ("i",), "shards that start", True),
    Column("unassign", ("u",), "unassigned shards", True),
    Column("active_shards_percent", ("asp",), "active shards in percent", True),
)
_UNITS = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_FORM = (
    boolean("v", "show the columns' names", False),
    Parameter("h", "list", "the columns to show; * is a wildcard"),
    Parameter("s", "list", "the columns to sort by, with :desc for descending"),
    boolean("help", "describe the columns instead", False),
    Parameter("bytes", "string", "the unit of sizes", choices=tuple(_UNITS)),
    *hints("time", "master_timeout", "local"),
)


def cat_indices(call: Call) -> str | Reply:
    rows = []
    for name in targets(call) if call["health"] in (None, "green") else ():
        index = call.node.index(name)
        stats = index.stats()
        size = _size(stats.store_bytes + stats.index_bytes, call["bytes"])
        counts = (stats.documents, stats.deleted, index.created)
        pending = sum(stats.pending.values())
        rows.append(("green", "open", name, index.uuid, 1, 0, *counts, size, size, size, stats.segments, pending))
    return _table(call, INDICES, rows)


def cat_aliases(call: Call) -> str | Reply:
    every = call.node.aliases()
    meant = matching(call.path["name"].split(","), every) if "name" in call.path else list(every)
    rows = []
    for alias in meant:
        for index, body in every[alias].items():
            routing = (body.get("index_routing", "-"), body.get("search_routing", "-"))
            writes = str(body["is_write_index"]).lower() if "is_write_index" in body else "-"
            rows.append((alias, index, "*" if body.get("filter") else "-", *routing, writes))
    return _table(call, ALIASES, rows)


def cat_count(call: Call) -> str | Reply:
    count = sum(call.node.index(name).stats().documents for name in targets(call))
    return _table(call, COUNT, [(*_now(), count)])


def cat_health(call: Call) -> str | Reply:
    body = health_of(call, call.node.names("*"))
    shards = body["active_shards"]
    row = (*_now(), CLUSTER, body["status"], 1, 1, shards, shards, 0, 0, 0, "100.0%")
    return _table(call, HEALTH, [row])


def cat_help(_: Call) -> str:
    lines = sorted(route.rule.replace("<", "{").replace(">", "}") for route in ROUTES if route.rule != "/_cat")
    return "=^.^=\n" + "\n".join(lines) + "\n"


def _now() -> tuple[int, str]:
    now = time.time()
    return int(now), time.strftime("%H:%M:%S", time.gmtime(now))


def _size(count: int, unit: str | None) -> str:
    """Bytes in the asked unit, or in the one that reads best."""
    if unit is not None:
        return str(count // _UNITS[unit])
    for name in ("tb", "gb", "mb", "kb"):
        if count >= _UNITS[name]:
            return f"{count / _UNITS[name]:.1f}".removesuffix(".0") + name
    return f"{count}b"


def _table(call: Call, columns: Sequence[Column], rows: list[tuple[Any, ...]]) -> str | Reply:
    """The rows as the request wants them: chosen and sorted columns, as text or as JSON."""
    if call["help"]:
        return _text([(c.name, "|", ",".join(c.aliases), "|", c.says) for c in columns], ())
    places = _chosen(columns, call["h"])
    for key in reversed(call["s"] or []):
        name, _, direction = key.partition(":")
        place = _place(columns, name)
        rows.sort(key=lambda row: row[place], reverse=direction == "desc")
    picked = [tuple(row[p] for p in places) for row in rows]
    names = [columns[p].name for p in places]
    if call["format"] == "json" or (call["format"] is None and _asks_for_json(call)):
        return Reply([{n: str(v) for n, v in zip(names, row, strict=True)} for row in picked])
    right = tuple(place for place, p in enumerate(places) if columns[p].number)
    return _text([tuple(names), *picked] if call["v"] else picked, right)


def _asks_for_json(call: Call) -> bool:
    accept = call.request.headers.get("Accept", "")
    return media.parse(accept).short == "json"


def _chosen(columns: Sequence[Column], patterns: list[str] | None) -> list[int]:
    if not patterns:
        return [place for place, column in enumerate(columns) if column.shown]
    chosen = []
    for pattern in patterns:
        found = [place for place, column in enumerate(columns) if column.is_named(pattern)]
        if not found:
            raise InvalidRequest(f"unknown column [{pattern}] in [h]; ?help lists the columns")
        # A short name can mean several columns: the first is meant, as in Elasticsearch.
        chosen.extend(found if "*" in pattern else found[:1])
    return chosen


def _place(columns: Sequence[Column], name: str) -> int:
    for place, column in enumerate(columns):
        if column.is_named(name):
            return place
    raise InvalidRequest(f"Unable to sort by unknown sort key `{name}`")


def _text(rows: list[tuple[Any, ...]], right: tuple[int, ...]) -> str:
    """Columns of equal width, parted by a space; `right` ones stand to the right."""
    cells = [[str(value) for value in row] for row in rows]
    if not cells:
        return ""
    widths = [max(_width(row[place]) for row in cells) for place in range(len(cells[0]))]
    lines = []
    for row in cells:
        padded = []
        for place, cell in enumerate(row):
            fill = " " * (widths[place] - _width(cell))
            padded.append(fill + cell if place in right else cell + fill)
        lines.append(" ".join(padded).rstrip() + "\n")
    return "".join(lines)


def _width(text: str) -> int:
    """Terminal columns: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _route(rule: str, handler: Any, summary: str, parameters: Any, methods: tuple[str, ...] = ("GET",)) -> Route:
    return Route(methods, rule, handler, summary, "cat", parameters, produces="text/plain")


_INDICES_FORM = (
    *_FORM,
    *TARGETS,
    boolean("pri", "accepted; every shard is a primary", False),
    boolean("include_unloaded_segments", "accepted", False),
    Parameter(
        "health", "string", "only indices of this health; every index is green", choices=("green", "yellow", "red")
    ),
)
_ALIASES_FORM = (*_FORM, Parameter("expand_wildcards", "list", "accepted: aliases are of open indices"))
ROUTES = (
    _route("/_cat", cat_help, "The tables there are", ()),
    _route("/_cat/aliases", cat_aliases, "Aliases and what they mean", _ALIASES_FORM),
    _route("/_cat/aliases/<name>", cat_aliases, "Some aliases and what they mean", _ALIASES_FORM),
    _route("/_cat/indices", cat_indices, "Indices and their sizes", _INDICES_FORM),
    _route("/_cat/indices/<index>", cat_indices, "Some indices and their sizes", _INDICES_FORM),
    _route("/_cat/count", cat_count, "How many documents there are", (*_FORM, *TARGETS), ("GET", "POST")),
    _route(
        "/_cat/count/<index>", cat_count, "How many documents some indices hold", (*_FORM, *TARGETS), ("GET", "POST")
    ),
    _route("/_cat/health", cat_health, "Health on one line", (*_FORM, boolean("ts", "accepted", True))),
)
