"""Asking: a question in, events out, the last of them the whole answer.

One road for both shapes of the response: `ask` runs it to its end, `ask_stream` hands out the events as
they come. Evidence is gathered once; a refusal is decided before anything is answered.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as Generating
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from analysis import sentences
from generator import Generator, ModelNotInstalled, load_generator
from indexer import Node, SpaceUnavailable, TooManyRequests
from retrieval import SearchContext, parse_query
from retrieval.context import without_damaged
from retrieval.filters import searched
from settings import Settings

from . import openai
from .checking import says_unknown, support_of
from .evidence import Evidence, Sentence, gather
from .extractive import best_sentences
from .premise import has_han, missing_premises
from .prompting import messages
from .refusal import calibration, features
from .request import AskRequest
from .result import Answer, Citation, cite, with_marks
from .result import shown as shown_passages

Event = tuple[str, dict[str, Any]]
ENGLISH_ONLY = frozenset({"smollm2-135m-instruct"})
_generators: dict[str, Generator] = {}
_lock = threading.Lock()
_running: threading.BoundedSemaphore | None = None


def ask(node: Node, index: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a question from an index; the response of `POST /{index}/_ask`."""
    done: dict[str, Any] = {}
    for name, data in ask_stream(node, index, body):
        if name == "done":
            done = data
    return done


def ask_stream(node: Node, index: str, body: Mapping[str, Any]) -> Iterator[Event]:
    """The same as events: passages, then token and citation as the answer comes, then done.

    The request is checked before the first event, so that an error can still become a status code.
    """
    request = AskRequest.parse(body, node.settings)
    target = node.target(index)
    if target.filter is not None:  # what an alias does not let through is no evidence
        request = replace(request, filters=(*request.filters, parse_query(target.filter, node.settings)))
    return _events(node, SearchContext(node, node.index(target)), request)


def _events(node: Node, ctx: SearchContext, request: AskRequest) -> Iterator[Event]:
    began = time.perf_counter()
    evidence, probability = without_damaged([ctx], lambda: _evidence(ctx, request))
    retrieved = time.perf_counter()
    passages = shown_passages(evidence)
    yield "passages", {"passages": passages}
    refusal = _refusal(evidence, probability, calibration(ctx.settings.refusal).threshold, request)
    answerer = request.answerer
    answer = Answer(False, "", refusal, probability=probability) if refusal else None
    reason = "verbatim sentences of the passages found"
    if answer is None and answerer == "builtin" and not _speaks(node.settings.generator, request.question):
        answerer, reason = "extractive", "the built-in model speaks English only; these are the passages' own sentences"
    if answer is None and answerer != "extractive":
        answer = yield from _generated(node, ctx, evidence, request, probability)
        if answer is None:
            answerer = "extractive"
            reason = "no generated sentence was supported by the passages; these are their own sentences"
    if answer is None:
        answer = _extracted(evidence, probability, reason)
        if answer.answered:
            yield "token", {"text": answer.text}
            for citation in answer.citations:
                yield "citation", citation.to_dict()
    ended = time.perf_counter()
    yield (
        "done",
        {
            "took": int((ended - began) * 1000),
            "answered": answer.answered,
            "reason": answer.reason,
            "answer": answer.text,
            "citations": [c.to_dict() for c in answer.citations],
            "passages": passages,
            "answerer": answerer,
            "probability": None if answer.probability is None else round(answer.probability, 4),
            "timings": {
                "retrieval_ms": round((retrieved - began) * 1000, 1),
                "answer_ms": round((ended - retrieved) * 1000, 1),
            },
            **({"_warnings": list(evidence.warnings)} if evidence.warnings else {}),
        },
    )


def _evidence(ctx: SearchContext, request: AskRequest) -> tuple[Evidence, float]:
    """The evidence of the question; in a conversation also of the question with the one before it,
    whichever is stronger, since a follow-up often leaves out what it is about."""
    accept = searched(ctx, request.filters)
    best = gather(ctx, request.question, request.size, accept)
    probability = calibration(ctx.settings.refusal).probability(features(best))
    earlier = next((m.content for m in reversed(request.history) if m.role == "user"), None)
    if earlier is not None:
        longer = gather(ctx, f"{earlier} {request.question}", request.size, accept)
        other = calibration(ctx.settings.refusal).probability(features(longer))
        if other > probability:
            longer.question = request.question
            return longer, other
    return best, probability


def _refusal(evidence: Evidence, probability: float, threshold: float, request: AskRequest) -> str:
    """Why the question is not answered; empty when it is."""
    if not evidence.sentences:
        return "no passage was found for this question"
    if not request.refusal:
        return ""
    if probability < threshold:
        return "the passages found do not seem to hold the answer"
    cited = {s.passage for s in best_sentences(evidence)}
    texts = [f"{evidence.passages[n].title}\n{evidence.passages[n].body}" for n in cited]
    missing = missing_premises(request.question, texts)
    if missing:
        return f"the passages found do not mention {', '.join(missing)}"
    return ""


def _speaks(generator: str, question: str) -> bool:
    """Whether a generator can answer in the question's language; of a model that was brought along it is assumed."""
    return generator not in ENGLISH_ONLY or not has_han(question)


def _extracted(evidence: Evidence, probability: float, reason: str) -> Answer:
    chosen = best_sentences(evidence)
    order = list(dict.fromkeys(s.passage for s in chosen))  # the best passage first, each in its own order
    chosen = sorted(chosen, key=lambda s: (order.index(s.passage), s.start))
    citations = [cite(evidence, s, n) for n, s in enumerate(chosen, 1)]
    text = with_marks([(c.quote, c.n) for c in citations])
    return Answer(True, text, reason, tuple(citations), probability)


# --- generated answers --------------------------------------------------------------------------


def _generated(
    node: Node, ctx: SearchContext, evidence: Evidence, request: AskRequest, probability: float
) -> Generating[Event, None, Answer | None]:
    """Stream a generated answer, each sentence checked before it is shown; returns the Answer, None when
    no sentence was supported."""
    text, claims, citations = "", [], []
    by_sentence: dict[tuple[int, int], Citation] = {}
    for piece in _with_end(_pieces(node, evidence, request)):
        done, text = _finished(text + (piece or ""), last=piece is None)
        for claim in done:
            support = None if says_unknown(claim) else support_of(ctx, evidence, claim)
            if support is None:
                continue
            citation, new = _citation(evidence, support.sentence, by_sentence)
            claims.append((claim, citation.n))
            yield "token", {"text": with_marks([claims[-1]]) + " "}
            if new:
                citations.append(citation)
                yield "citation", citation.to_dict()
    if not claims:
        return None
    reason = "generated; the words of every sentence shown stand in the passage it cites"
    return Answer(True, with_marks(claims), reason, tuple(citations), probability)


def _citation(evidence: Evidence, sentence: Sentence, known: dict[tuple[int, int], Citation]) -> tuple[Citation, bool]:
    key = (sentence.passage, sentence.start)
    new = key not in known
    if new:
        known[key] = cite(evidence, sentence, len(known) + 1)
    return known[key], new


def _with_end(pieces: Iterator[str]) -> Iterator[str | None]:
    yield from pieces
    yield None


def _finished(text: str, last: bool) -> tuple[list[str], str]:
    """The sentences of a growing text that are complete (with `last` all), and the rest of it."""
    spans = sentences(text)
    done = spans if last else spans[:-1]
    rest = text[done[-1][1] :] if done else text
    return [text[a:b].strip() for a, b in done], "" if last else rest


def _pieces(node: Node, evidence: Evidence, request: AskRequest) -> Iterator[str]:
    settings = node.settings
    with _slot(settings):
        if request.answerer == "openai":
            chat = messages(evidence, request.history, 6000, lambda t: len(t) // 2 + 1)
            yield from openai.stream(settings, chat, request.sampling)
            return
        try:
            generator = _generator(settings)
        except ModelNotInstalled as error:
            raise SpaceUnavailable(str(error)) from None
        budget = min(1200, generator.context_length - request.sampling.max_tokens)
        chat = messages(evidence, request.history, budget, generator.count_tokens)
        for piece in generator.generate(chat, request.sampling):
            if piece.text:
                yield piece.text


def _generator(settings: Settings) -> Generator:
    with _lock:
        found = _generators.get(settings.generator)
        if found is None:
            found = load_generator(settings.generator, settings.cache, settings.encoder_threads)
            _generators[settings.generator] = found
        return found


class _slot:
    """A place among the concurrent generations; TooManyRequests when all are taken."""

    def __init__(self, settings: Settings) -> None:
        global _running
        with _lock:
            if _running is None:
                _running = threading.BoundedSemaphore(settings.generations)
        self._all = _running
        self._count = settings.generations

    def __enter__(self) -> None:
        if not self._all.acquire(timeout=5.0):
            raise TooManyRequests(f"{self._count} answers are being generated already; try again, or use extractive")

    def __exit__(self, *_: object) -> None:
        self._all.release()
