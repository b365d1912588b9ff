"""What an answer is: text with numbered claims, and the spans of stored documents that they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .evidence import Evidence, Passage, Sentence


@dataclass(frozen=True)
class Citation:
    """Evidence of a claim: the stored field sliced by [start, end) (code points) is `quote`."""

    n: int
    index: str
    id: str
    field: str
    start: int
    end: int
    quote: str
    title: str

    def to_dict(self) -> dict[str, Any]:
        body = asdict(self)
        body["_index"], body["_id"] = body.pop("index"), body.pop("id")
        return body


@dataclass(frozen=True)
class Answer:
    """An answer or a refusal. `reason` says why it was refused, or how far the answer is supported."""

    answered: bool
    text: str
    reason: str
    citations: tuple[Citation, ...] = ()
    probability: float | None = None
    details: dict[str, Any] = field(default_factory=dict)


def cite(evidence: Evidence, sentence: Sentence, n: int) -> Citation:
    """The citation of a sentence."""
    passage = evidence.passages[sentence.passage]
    quote = passage.body[sentence.start : sentence.end]
    return Citation(
        n, evidence.index, passage.row.id, passage.field, sentence.start, sentence.end, quote, passage.title
    )


def shown(evidence: Evidence) -> list[dict[str, Any]]:
    """The passages as a response shows them: the whole body of each with its score."""
    return [_shown(p) for p in evidence.passages]


def _shown(passage: Passage) -> dict[str, Any]:
    return {
        "_id": passage.row.id,
        "field": passage.field,
        "start": 0,
        "end": len(passage.body),
        "text": passage.body,
        "title": passage.title,
        "_score": passage.score,
    }


def with_marks(parts: Sequence[tuple[str, int]]) -> str:
    """Claims and their citation numbers as one text: `claim [1] claim [2]`."""
    return " ".join(f"{text.strip()} [{n}]" for text, n in parts)
