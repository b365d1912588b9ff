"""Answer figures of one index: how often the answer holds the gold, how often it is wrongly given or refused.

Each question is asked three times: with refusal off; with refusal on; and with refusal on while the
documents that hold its answer are filtered out, where any answer is a false one.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .collection import Question
from .gold import holds, without_markers
from .ranking import Progress, parallel
from .searchers import Searcher


@dataclass(frozen=True)
class Citations:
    """Citations looked at, and those whose stored field, sliced, is not their quote."""

    checked: int = 0
    wrong: tuple[str, ...] = ()

    def __add__(self, other: Citations) -> Citations:
        return Citations(self.checked + other.checked, self.wrong + other.wrong)


@dataclass(frozen=True)
class Outcome:
    """What became of one question."""

    id: str
    held: bool  # refusal off: the answer holds a gold answer
    answered: bool  # refusal on
    answered_held: bool  # refusal on: answered, and the answer holds a gold answer
    answered_falsely: bool  # refusal on, gold documents removed: answered all the same
    took: float  # milliseconds of the answer with refusal on
    citations: Citations = field(default_factory=Citations)


@dataclass(frozen=True)
class AnswerReport:
    """Shares of all questions, between 0 and 1.

    Attributes:
        held: refusal off: the answer holds a gold answer.
        answered: refusal on: answered.
        answered_held: refusal on: answered, and the answer holds a gold answer.
        false_answers: refusal on, the documents with the answer removed: answered all the same.
        citations: of all answers of all three rounds.
        took: median milliseconds of an answer.
    """

    questions: int
    held: float
    answered: float
    answered_held: float
    false_answers: float
    citations: Citations
    took: float
    outcomes: tuple[Outcome, ...]


def evaluate_answers(
    questions: Sequence[Question], searcher: Searcher, answerer: str | None, threads: int, progress: Progress
) -> AnswerReport:
    """Ask every question; see :class:`AnswerReport`."""

    def one(question: Question) -> Outcome:
        return examine(question, searcher, answerer)

    items = list(questions)
    outcomes = tuple(parallel(one, items, threads, lambda done: progress("answers", done, len(items))))

    def share(name: str) -> float:
        return sum(getattr(outcome, name) for outcome in outcomes) / len(outcomes)

    return AnswerReport(
        questions=len(outcomes),
        held=share("held"),
        answered=share("answered"),
        answered_held=share("answered_held"),
        false_answers=share("answered_falsely"),
        citations=sum((outcome.citations for outcome in outcomes), Citations()),
        took=statistics.median(outcome.took for outcome in outcomes),
        outcomes=outcomes,
    )


def examine(question: Question, searcher: Searcher, answerer: str | None) -> Outcome:
    """Ask one question three times."""
    free = searcher.ask(question.text, "off", (), answerer)
    strict = searcher.ask(question.text, "calibrated", (), answerer)
    removed = searcher.ask(question.text, "calibrated", question.contexts, answerer)
    citations = sum((check_citations(r, searcher) for r in (free, strict, removed)), Citations())
    return Outcome(
        id=question.id,
        held=_held(free, question),
        answered=bool(strict["answered"]),
        answered_held=bool(strict["answered"]) and _held(strict, question),
        answered_falsely=bool(removed["answered"]),
        took=float(strict["took"]),
        citations=citations,
    )


def check_citations(response: dict[str, Any], searcher: Searcher) -> Citations:
    """Slice each cited field of each cited document by code points and compare it with the quote."""
    wrong: list[str] = []
    citations = response.get("citations") or []
    for citation in citations:
        document = searcher.document(citation["_id"])
        text = _field(document, citation["field"])
        if text is None or text[citation["start"] : citation["end"]] != citation["quote"]:
            where = f"{citation['_id']}:{citation['field']}[{citation['start']}:{citation['end']}]"
            wrong.append(where)
    return Citations(len(citations), tuple(wrong))


def _held(response: dict[str, Any], question: Question) -> bool:
    return holds(without_markers(response.get("answer") or ""), question.answers)


def _field(document: dict[str, Any] | None, path: str) -> str | None:
    """The text at a dotted path of a document; None where there is none."""
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
