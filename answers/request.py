"""An `_ask` request, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generator import Message, Sampling
from indexer import InvalidRequest, ParsingError
from retrieval import parse_query
from retrieval.query import Query
from settings import Settings

ANSWERERS = ("extractive", "builtin", "openai")
_SAMPLING = {"max_tokens", "temperature", "top_k", "top_p", "repetition_penalty", "seed", "stop"}
_KEYS = {"question", "size", "filter", "answerer", "refusal", "stream", "history", *_SAMPLING}
MAX_QUESTION = 4000  # characters
MAX_TOKENS = 160  # of a generated answer, by default


@dataclass(frozen=True)
class AskRequest:
    """A question, how many passages to answer from, who answers, and whether a refusal is allowed."""

    question: str
    size: int = 5
    filters: tuple[Query, ...] = ()
    answerer: str = "extractive"
    refusal: bool = True
    stream: bool = False
    history: tuple[Message, ...] = ()
    sampling: Sampling = field(default_factory=lambda: Sampling(max_tokens=MAX_TOKENS))

    @classmethod
    def parse(cls, body: Mapping[str, Any], settings: Settings) -> AskRequest:
        """Check a request body; ParsingError and InvalidRequest name what is wrong."""
        if not isinstance(body, Mapping):
            raise ParsingError("the request body must be a JSON object with a [question]")
        for key in body:
            if key not in _KEYS:
                raise ParsingError(f"unknown key [{key}] in the ask request; known are {', '.join(sorted(_KEYS))}")
        question = body.get("question")
        if not isinstance(question, str) or not question.strip():
            raise ParsingError("[question] must be a text that is not empty")
        if len(question) > MAX_QUESTION:
            raise InvalidRequest(f"[question] has {len(question)} characters, more than {MAX_QUESTION}")
        size = body.get("size", 5)
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 50:
            raise InvalidRequest("[size] must be a number from 1 to 50")
        answerer = body.get("answerer") or settings.answerer
        if answerer not in ANSWERERS:
            raise InvalidRequest(f"unknown [answerer] [{answerer}]; known are {', '.join(ANSWERERS)}")
        refusal = body.get("refusal", "calibrated")
        if refusal not in ("calibrated", "off"):
            raise InvalidRequest(f"[refusal] must be calibrated or off, not [{refusal}]")
        stream = body.get("stream", False)
        if not isinstance(stream, bool):
            raise ParsingError("[stream] must be true or false")
        filters = body.get("filter") or []
        return cls(
            question=question.strip(),
            size=size,
            filters=tuple(parse_query(f, settings) for f in (filters if isinstance(filters, list) else [filters])),
            answerer=answerer,
            refusal=refusal == "calibrated",
            stream=stream,
            history=_history(body.get("history")),
            sampling=_sampling(body),
        )


def _history(body: Any) -> tuple[Message, ...]:
    if body is None:
        return ()
    if not isinstance(body, list) or len(body) > 100:
        raise ParsingError("[history] must be a list of at most 100 messages")
    out = []
    for item in body:
        if not isinstance(item, dict) or set(item) != {"role", "content"} or not isinstance(item["content"], str):
            raise ParsingError("[history] messages are objects with a [role] and a [content]")
        if item["role"] not in ("user", "assistant"):
            raise ParsingError(f"[history] role must be user or assistant, not [{item['role']}]")
        out.append(Message(item["role"], item["content"]))
    return tuple(out)


def _sampling(body: Mapping[str, Any]) -> Sampling:
    found = {key: body[key] for key in _SAMPLING if body.get(key) is not None}
    whole = {"max_tokens": (1, 4096), "top_k": (0, 100_000), "seed": (0, 2**63 - 1)}
    real = {"temperature": (0.0, 10.0), "top_p": (0.0, 1.0), "repetition_penalty": (0.01, 10.0)}
    for key, (low, high) in {**whole, **real}.items():
        value = found.get(key, low)
        wanted = int if key in whole else int | float
        if isinstance(value, bool) or not isinstance(value, wanted) or not low <= value <= high:
            raise InvalidRequest(f"[{key}] must be a number from {low} to {high}, not [{value}]")
    stop = found.get("stop", ())
    stop = (stop,) if isinstance(stop, str) else stop
    if not isinstance(stop, list | tuple) or not all(isinstance(s, str) and s for s in stop) or len(stop) > 16:
        raise InvalidRequest("[stop] must be a text or a list of at most 16 texts")
    found["stop"] = tuple(stop)
    found.setdefault("max_tokens", MAX_TOKENS)
    try:
        return Sampling(**found)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
