"""How a text becomes terms, and which fields can be searched: `_analyze`, `_field_caps`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from analysis import Analyzer, get_analyzer
from api.call import Call
from api.elastic.targets import one_index, targets
from api.parameters import TARGETS, Parameter, boolean
from api.routing import Route
from api.shapes import AnalyzeRequest, FieldCapsRequest
from indexer.engine import Index
from indexer.errors import InvalidRequest

POSITION_GAP = 100
"""Positions between two values of one field, as at indexing."""
_CHAIN = "_request"
_DEFAULT = "multilingual"


def analyze(call: Call) -> dict[str, Any]:
    request = _analyze_request(call)
    index = one_index(call) if "index" in call.path else None
    analyzer = _analyzer(request, index)
    texts = [request.text] if isinstance(request.text, str) else request.text
    tokens: list[dict[str, Any]] = []
    position = offset = 0
    for text in texts:
        last = 0
        for token in analyzer.tokens(text):
            last = max(last, token.position + 1)
            shown: dict[str, Any] = {
                "token": token.term,
                "start_offset": offset + token.start,
                "end_offset": offset + token.end,
                "type": token.type,
                "position": position + token.position,
            }
            if token.position_length != 1:
                shown["positionLength"] = token.position_length
            tokens.append(shown)
        position += last + POSITION_GAP
        offset += len(text) + 1
    return {"tokens": tokens}


def _analyze_request(call: Call) -> AnalyzeRequest:
    """The body, completed by the query parameters of the same names."""
    body = call.object()
    for name in ("text", "analyzer", "field", "tokenizer"):
        if call[name] is not None:
            body.setdefault(name, call[name])
    return AnalyzeRequest.model_validate(body)


def _analyzer(request: AnalyzeRequest, index: Index | None) -> Analyzer:
    """The analyzer that a request means: a chain given in it, a named one, a field's, or the default."""
    given = [request.analyzer, request.field, request.tokenizer or request.filter or request.char_filter]
    if sum(part is not None for part in given) > 1:
        raise InvalidRequest("give one of [analyzer], [field] and [tokenizer, filter, char_filter]")
    custom = dict(index.settings.get("analysis", {})) if index is not None else {}
    try:
        if given[2]:
            return get_analyzer(_CHAIN, _with_chain(request, custom))
        if request.field is not None:
            return _of_field(request.field, index)
        return get_analyzer(request.analyzer or _DEFAULT, custom)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None


def _of_field(path: str, index: Index | None) -> Analyzer:
    if index is None:
        raise InvalidRequest("analysis based on a specific field requires an index in the path")
    spec = index.mapping.fields.get(path)
    if spec is not None and not spec.is_text:
        if spec.type != "keyword":
            raise InvalidRequest(f"[{path}] has the type [{spec.type}]; only text and keyword fields are analysed")
        return get_analyzer("keyword")
    return index.analyzers.get(spec.analyzer if spec is not None else _DEFAULT)


def _with_chain(request: AnalyzeRequest, custom: dict[str, Any]) -> dict[str, Any]:
    """The index's analysis settings with the request's own chain in them as one more analyzer."""
    out = {kind: dict(custom.get(kind, {})) for kind in ("analyzer", "tokenizer", "filter", "char_filter")}
    chain: dict[str, Any] = {"type": "custom"}
    parts = {
        "tokenizer": [request.tokenizer or "keyword"],
        "filter": request.filter or [],
        "char_filter": request.char_filter or [],
    }
    for kind, listed in parts.items():
        names = []
        for number, part in enumerate(listed):
            name = part if isinstance(part, str) else f"{_CHAIN}_{number}"
            if isinstance(part, dict):
                out[kind][name] = part
            names.append(name)
        chain[kind] = names
    chain["tokenizer"] = chain["tokenizer"][0]
    out["analyzer"][_CHAIN] = chain
    return out


def field_caps(call: Call) -> dict[str, Any]:
    request = call.shape(FieldCapsRequest)
    wanted = request.fields if request.fields is not None else call["fields"]
    patterns = [wanted] if isinstance(wanted, str) else wanted
    if not patterns:
        raise InvalidRequest("[fields] is missing: name fields, or [*] for all")
    names = targets(call)
    fields: dict[str, dict[str, Any]] = {}
    for name in names:
        for path, spec in call.node.index(name).mapping.fields.items():
            if any(fnmatchcase(path, pattern) for pattern in patterns):
                fields.setdefault(path, {})[spec.type] = {
                    "type": spec.type,
                    "metadata_field": False,
                    "searchable": True,
                    "aggregatable": not spec.is_text and spec.type != "dense_vector",
                }
    return {"indices": names, "fields": fields}


_ANALYZE = (
    Parameter("text", "string", "the text to analyse"),
    Parameter("analyzer", "string", "a named analyzer"),
    Parameter("field", "string", "analyse as this field does"),
    Parameter("tokenizer", "string", "a tokenizer"),
)
_CAPS = (*TARGETS, Parameter("fields", "list", "fields to describe"), boolean("include_unmapped", "accepted", False))
ROUTES = (
    *(
        Route(("GET", "POST"), rule, analyze, "Show how a text becomes terms", "search", _ANALYZE, AnalyzeRequest)
        for rule in ("/_analyze", "/<index>/_analyze")
    ),
    *(
        Route(("GET", "POST"), rule, field_caps, "Which fields there are", "search", _CAPS, FieldCapsRequest)
        for rule in ("/_field_caps", "/<index>/_field_caps")
    ),
)
