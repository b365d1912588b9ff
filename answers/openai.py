"""Any OpenAI-compatible server as the answerer: chat completions, streamed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import urllib3

from generator import Message, Sampling
from indexer import InvalidRequest, QuarryError
from settings import Settings


class AnswererUnavailable(QuarryError):
    """The configured server cannot be reached or refused the request."""

    type = "answerer_unavailable_exception"
    status = 502


def stream(settings: Settings, messages: Sequence[Message], sampling: Sampling) -> Iterator[str]:
    """Pieces of the server's answer; InvalidRequest when none is configured, AnswererUnavailable on failure."""
    if not settings.openai_url or not settings.openai_model:
        raise InvalidRequest("[answerer] openai needs QUARRY_OPENAI_URL (with /v1) and QUARRY_OPENAI_MODEL")
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    if settings.openai_key is not None:
        headers["Authorization"] = f"Bearer {settings.openai_key.get_secret_value()}"
    body: dict[str, Any] = {
        "model": settings.openai_model,
        "messages": [{"role": m.role, "content": m.content} for m in messages],
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stream": True,
    }
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    url = settings.openai_url.rstrip("/") + "/chat/completions"
    try:
        response = urllib3.request(
            "POST", url, body=orjson.dumps(body), headers=headers, preload_content=False, retries=False,
            timeout=urllib3.Timeout(connect=10.0, read=settings.openai_timeout),
        )  # fmt: skip
    except urllib3.exceptions.HTTPError as error:
        raise AnswererUnavailable(f"the answerer at {url} cannot be reached: {type(error).__name__}") from None
    with contextlib.closing(response):
        if response.status != 200:
            raise AnswererUnavailable(
                f"the answerer at {url} answered {response.status}: {_reason(response.read(4096))}"
            )
        try:
            yield from _pieces(response)
        except urllib3.exceptions.HTTPError as error:
            raise AnswererUnavailable(f"the answerer at {url} broke off: {type(error).__name__}") from None


def _pieces(response: urllib3.BaseHTTPResponse) -> Iterator[str]:
    pending = b""
    for chunk in response.stream(4096, decode_content=True):
        pending += chunk
        *lines, pending = pending.split(b"\n")
        for line in lines:
            line = line.strip()
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            try:
                choices = orjson.loads(data).get("choices") or [{}]
            except (orjson.JSONDecodeError, AttributeError):
                continue
            text = (choices[0].get("delta") or {}).get("content")
            if text:
                yield text


def _reason(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["error"]["message"])[:300]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:300]
