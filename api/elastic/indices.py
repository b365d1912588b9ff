"""Indices: make, look at, change, delete."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from api.call import Call
from api.elastic import VERSION
from api.elastic.aliases import aliases_of, check_filter
from api.elastic.targets import checked, targets
from api.parameters import TARGETS, WRITE_HINTS, boolean, hints
from api.render import Reply
from api.routing import Route
from api.shapes import CreateIndexRequest, IndexSettings, Mappings
from indexer.aliases import concrete
from indexer.engine import Index
from indexer.errors import IndexNotFound, InvalidRequest
from indexer.index_settings import flat_settings

ACKNOWLEDGED = {"acknowledged": True}
_LOOK = (
    *TARGETS,
    boolean("flat_settings", "settings as one flat object", False),
    boolean("include_defaults", "accepted; there are no defaults to add", False),
    *hints("master_timeout", "local"),
)


def create_index(call: Call) -> dict[str, Any]:
    name = checked(call.path["index"])
    request = call.shape(CreateIndexRequest)
    for alias in request.aliases.values():
        check_filter(call, alias)
    call.node.create(name, request.model_dump())
    return {"acknowledged": True, "shards_acknowledged": True, "index": name}


def delete_index(call: Call) -> dict[str, Any]:
    expression = call.path["index"]
    if expression == "_all" or "*" in expression:
        raise InvalidRequest("Wildcard expressions or all indices are not allowed; name each index to delete")
    known = call.node.names()
    for name in concrete(expression.split(","), known, call.node.aliases(), missing_ok=call["ignore_unavailable"]):
        call.node.delete(name)
    return ACKNOWLEDGED


def index_exists(call: Call) -> Reply:
    """HEAD: 200 when every index that the path means exists."""
    return Reply(None, 200 if targets(call) else 404)


def get_index(call: Call) -> dict[str, Any]:
    return {
        name: {
            "aliases": aliases_of(call, name),
            "mappings": index.mapping.to_dict(),
            "settings": _shown(call, index),
        }
        for name, index in _indices(call)
    }


def get_mapping(call: Call) -> dict[str, Any]:
    return {name: {"mappings": index.mapping.to_dict()} for name, index in _indices(call)}


def get_field_mapping(call: Call) -> dict[str, Any]:
    """The mappings of fields by their full names, as Elasticsearch gives them: `{full_name, mapping: {name: …}}`."""
    patterns = call.path["fields"].split(",")
    return {
        name: {
            "mappings": {
                path: {"full_name": path, "mapping": {path.rpartition(".")[2]: spec.to_dict()}}
                for path, spec in index.mapping.fields.items()
                if any(fnmatchcase(path, pattern) for pattern in patterns)
            }
        }
        for name, index in _indices(call)
    }


def put_mapping(call: Call) -> dict[str, Any]:
    body = call.required_object()
    name = call.path["index"]
    if call["write_index_only"]:
        with call.node.writing(name) as index:
            index.put_mapping(body)
        return ACKNOWLEDGED
    found = _indices(call)
    if not found:
        raise IndexNotFound(name)
    for _, index in found:  # all of them are changed, or none
        index.check_mapping(body)
    for _, index in found:
        index.put_mapping(body)
    return ACKNOWLEDGED


def get_settings(call: Call) -> dict[str, Any]:
    found = {name: {"settings": _shown(call, index)} for name, index in _indices(call)}
    return {name: shown for name, shown in found.items() if shown["settings"] or "name" not in call.path}


def put_settings(call: Call) -> dict[str, Any]:
    changes = flat_settings(call.required_object())
    found = _indices(call)
    if not found:
        raise IndexNotFound(call.path.get("index", "_all"))
    for _, index in found:
        index.put_settings(changes)
    return ACKNOWLEDGED


def get_data_streams(call: Call) -> dict[str, Any]:
    """There are none; clients ask, `helpers.reindex` for one, to see whether a name is an index."""
    name = call.path.get("name", "*")
    if "*" not in name and name != "_all":
        raise IndexNotFound(name)
    return {"data_streams": []}


def _indices(call: Call) -> list[tuple[str, Index]]:
    return [(name, call.node.index(name)) for name in targets(call)]


def _shown(call: Call, index: Index) -> dict[str, Any]:
    """Settings as Elasticsearch shows them: scalars as strings, under `index`."""
    own = {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "provided_name": index.name,
        "creation_date": index.created,
        "uuid": index.uuid,
        "version": {"created": VERSION},
        **index.settings,
    }
    shown: dict[str, Any] = as_strings({"index": own})
    flat = bool(call.parameters.get("flat_settings"))
    if "name" not in call.path:
        return flattened(shown) if flat else shown
    wanted = call.path["name"].replace("_all", "*").split(",")
    chosen = {name: value for name, value in flattened(shown).items() if any(fnmatchcase(name, p) for p in wanted)}
    return chosen if flat else nested(chosen)


def as_strings(value: Any) -> Any:
    """A value with every scalar in it as a string, as Elasticsearch shows settings."""
    if isinstance(value, dict):
        return {key: as_strings(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_strings(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


def flattened(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested object as one whose keys are the dotted paths."""
    out: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            out.update(flattened(inner, f"{prefix}{key}."))
        else:
            out[prefix + key] = inner
    return out


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """The object whose `flattened` form is `flat`."""
    out: dict[str, Any] = {}
    for path, value in flat.items():
        *outer, name = path.split(".")
        into = out
        for part in outer:
            into = into.setdefault(part, {})
        into[name] = value
    return out


def _route(
    methods: tuple[str, ...], rule: str, handler: Any, summary: str, parameters: Any = _LOOK, body: Any = None
) -> Route:
    return Route(methods, rule, handler, summary, "indices", parameters, body)


_CHANGE = (*TARGETS, *WRITE_HINTS)
ROUTES = (
    _route(("PUT",), "/<index>", create_index, "Make an index", WRITE_HINTS, CreateIndexRequest),
    _route(("DELETE",), "/<index>", delete_index, "Delete indices, by name, and their aliases", _CHANGE),
    _route(("HEAD",), "/<index>", index_exists, "Whether the indices exist"),
    _route(("GET",), "/<index>", get_index, "An index's aliases, mapping and settings"),
    *(
        _route(("GET",), rule, get_data_streams, "Data streams: there are none", (*TARGETS, *hints("master_timeout")))
        for rule in ("/_data_stream", "/_data_stream/<name>")
    ),
    *(
        _route(("GET",), rule, get_mapping, "Mappings: the fields and their types")
        for rule in ("/_mapping", "/<index>/_mapping")
    ),
    _route(
        ("PUT", "POST"),
        "/<index>/_mapping",
        put_mapping,
        "Add fields to a mapping",
        (*_CHANGE, boolean("write_index_only", "of an alias, only the index that is written to", False)),
        Mappings,
    ),
    *(
        _route(("GET",), rule, get_field_mapping, "Mappings of single fields")
        for rule in ("/_mapping/field/<fields>", "/<index>/_mapping/field/<fields>")
    ),
    *(
        _route(("GET",), rule + more, get_settings, "Settings of indices")
        for rule in ("/_settings", "/<index>/_settings")
        for more in ("", "/<name>")
    ),
    *(
        _route(
            ("PUT",),
            rule,
            put_settings,
            "Change settings of indices",
            (*_CHANGE, boolean("preserve_existing", "accepted when false", False)),
            IndexSettings,
        )
        for rule in ("/_settings", "/<index>/_settings")
    ),
)
