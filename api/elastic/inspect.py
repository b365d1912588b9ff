"""How a text becomes terms, and which fields can be searched: `_analyze`, `_field_caps`."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field

from analysis import POSITION_GAP, Analyzer, Token, get_analyzer
from analysis.chain import ChainAnalyzer
from analysis.token import Stream
from api.call import Call
from api.elastic.targets import one_index, targets
from api.parameters import TARGETS, Parameter, boolean
from api.routing import Route
from api.shapes import AnalyzeRequest, FieldCapsRequest
from indexer.analyzers import Analyzers
from indexer.engine import Index
from indexer.errors import InvalidRequest

_CHAIN = "_request"
_DEFAULT = "multilingual"
MAX_TOKENS = 10_000
Shown = dict[str, Any]


class AnalyzeBody(AnalyzeRequest):
    """A text, and what to analyse it with; `explain` shows what each part of a chain makes of it."""

    normalizer: str | None = Field(default=None, description="a normalizer of keyword fields")
    explain: bool = Field(default=False, description="show the tokens after each part of the chain")
    attributes: list[str] | None = Field(default=None, description="with explain: the token attributes to show")


def analyze(call: Call) -> dict[str, Any]:
    request = _analyze_request(call)
    index = one_index(call) if "index" in call.path else None
    analyzer = _analyzer(request, index)
    texts = [request.text] if isinstance(request.text, str) else request.text
    if request.explain:
        return {"detail": _detail(analyzer, texts, request.attributes)}
    return {"tokens": [_shown(*token) for token in _spread(analyzer.stream, texts)]}


Placed = tuple[Token, int, int]  # a token, and what to add to its position and offsets


def _spread(streams: Callable[[str], Stream], texts: list[str]) -> list[Placed]:
    """The tokens of several values of one field, laid out as at indexing."""
    placed: list[Placed] = []
    position = offset = 0
    for text in texts:
        stream = streams(text)
        placed += [(token, position, offset) for token in stream.tokens]
        position += stream.positions + POSITION_GAP
        offset += len(text) + 1
        if len(placed) > MAX_TOKENS:
            raise InvalidRequest(
                f"The number of tokens produced by calling _analyze has exceeded the allowed maximum of [{MAX_TOKENS}]"
                "; analyze a shorter text"
            )
    return placed


def _shown(token: Token, position: int, offset: int) -> Shown:
    shown: Shown = {
        "token": token.term,
        "start_offset": offset + token.start,
        "end_offset": offset + token.end,
        "type": token.type,
        "position": position + token.position,
    }
    if token.position_length != 1:
        shown["positionLength"] = token.position_length
    return shown


def _explained(placed: list[Placed], attributes: list[str] | None) -> list[Shown]:
    """Tokens with all their attributes, or with those asked for beside the usual ones."""
    out = []
    for token, position, offset in placed:
        more = {
            "bytes": f"[{token.term.encode().hex(' ')}]",
            "positionLength": token.position_length,
            "termFrequency": 1,
        }
        if attributes is not None:
            more = {name: value for name, value in more.items() if name in attributes}
        shown = _shown(token, position, offset)
        shown.pop("positionLength", None)
        out.append({**shown, **more})
    return out


def _detail(analyzer: Analyzer, texts: list[str], attributes: list[str] | None) -> dict[str, Any]:
    """Elasticsearch's account of an analysis: what each part of a custom chain gives, or the whole analyzer."""
    if not isinstance(analyzer, ChainAnalyzer) or analyzer.labels is None:
        tokens = _explained(_spread(analyzer.stream, texts), attributes)
        return {"custom_analyzer": False, "analyzer": {"name": analyzer.name, "tokens": tokens}}
    chars, tokenizer, filters = analyzer.labels
    stages = {text: analyzer.stages(text) for text in texts}
    used = {text: analyzer.stream(text).positions for text in texts}

    def tokens_after(part: int) -> list[Shown]:
        return _explained(_spread(lambda text: Stream(stages[text][1][part], used[text]), texts), attributes)

    detail: dict[str, Any] = {"custom_analyzer": True}
    if chars:
        detail["charfilters"] = [
            {"name": name, "filtered_text": [stages[text][0][at] for text in texts]} for at, name in enumerate(chars)
        ]
    detail["tokenizer"] = {"name": tokenizer, "tokens": tokens_after(0)}
    if filters:
        detail["tokenfilters"] = [{"name": name, "tokens": tokens_after(at + 1)} for at, name in enumerate(filters)]
    return detail


def _analyze_request(call: Call) -> AnalyzeBody:
    """The body, completed by the query parameters of the same names."""
    body = call.object()
    for name in ("text", "analyzer", "field", "tokenizer", "normalizer", "explain"):
        if call[name] is not None:
            body.setdefault(name, call[name])
    return AnalyzeBody.model_validate(body)


def _analyzer(request: AnalyzeBody, index: Index | None) -> Analyzer:
    """The analyzer that a request means: a chain given in it, a named one, a field's, or the default."""
    chain = request.tokenizer or request.filter or request.char_filter
    given = [request.analyzer, request.field, request.normalizer, chain]
    if sum(part is not None for part in given) > 1:
        raise InvalidRequest("give one of [analyzer], [normalizer], [field] and [tokenizer, filter, char_filter]")
    own = index.analyzers if index is not None else Analyzers({})
    try:
        if chain:
            return get_analyzer(_CHAIN, _with_chain(request, own.custom), own.sources() if index else None)
        if request.field is not None:
            return _of_field(request.field, index)
        if request.normalizer is not None:
            return own.normalizer(request.normalizer)
        return own.get(request.analyzer or ("default" if index is not None else _DEFAULT))
    except ValueError as error:
        raise InvalidRequest(str(error)) from None


def _of_field(path: str, index: Index | None) -> Analyzer:
    if index is None:
        raise InvalidRequest("analysis based on a specific field requires an index in the path")
    spec = index.mapping.fields.get(path)
    if spec is not None and not spec.is_text and spec.type != "completion":
        if spec.type != "keyword":
            raise InvalidRequest(f"[{path}] has the type [{spec.type}]; only text and keyword fields are analysed")
        return index.analyzers.normalizer(spec.normalizer) if spec.normalizer else get_analyzer("keyword")
    return index.analyzers.get(spec.analyzer if spec is not None else "default")


def _with_chain(request: AnalyzeBody, custom: dict[str, Any]) -> dict[str, Any]:
    """The index's analysis settings with the request's own chain in them as one more analyzer."""
    out = {
        kind: dict(custom.get(kind, {})) for kind in ("analyzer", "normalizer", "tokenizer", "filter", "char_filter")
    }
    out["analyzer"][_CHAIN] = {
        "type": "custom",
        "tokenizer": request.tokenizer or "keyword",
        "filter": request.filter or [],
        "char_filter": request.char_filter or [],
    }
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
                    "searchable": spec.searchable,
                    "aggregatable": not spec.is_text and spec.type not in ("dense_vector", "completion"),
                }
    return {"indices": names, "fields": fields}


_ANALYZE = (
    Parameter("text", "string", "the text to analyse"),
    Parameter("analyzer", "string", "a named analyzer"),
    Parameter("field", "string", "analyse as this field does"),
    Parameter("tokenizer", "string", "a tokenizer"),
    Parameter("normalizer", "string", "a normalizer of keyword fields"),
    boolean("explain", "show the tokens after each part of the chain"),
)
_CAPS = (*TARGETS, Parameter("fields", "list", "fields to describe"), boolean("include_unmapped", "accepted", False))
ROUTES = (
    *(
        Route(("GET", "POST"), rule, analyze, "Show how a text becomes terms", "search", _ANALYZE, AnalyzeBody)
        for rule in ("/_analyze", "/<index>/_analyze")
    ),
    *(
        Route(("GET", "POST"), rule, field_caps, "Which fields there are", "search", _CAPS, FieldCapsRequest)
        for rule in ("/_field_caps", "/<index>/_field_caps")
    ),
)
