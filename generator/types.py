"""What goes into a generator and what comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from generator.errors import InvalidSampling

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat; ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen, and when to stop.

    - ``max_tokens``: most tokens generated.
    - ``temperature``: 0 is greedy; otherwise logits are divided by it.
    - ``top_k``: keep the k likeliest tokens; 0 keeps all.
    - ``top_p``: keep the smallest set of likeliest tokens whose probabilities reach it; 1 keeps all.
    - ``min_p``: keep tokens at least this share as likely as the likeliest; 0 keeps all.
    - ``repetition_penalty``: above 1 makes tokens already in the prompt or the text less likely.
    - ``seed``: the same seed, prompt and settings give the same text; None draws a new one each time.
    - ``stop``: strings that end the text; they are not part of it.
    - ``num_beams``: above 1, beam search of that width (it excludes sampling: temperature must be 0).

    Raises ``InvalidSampling`` when a value is out of its range. Sources: see ``sampling``, ``beam``.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    min_p: float = 0.0
    num_beams: int = 1

    def __post_init__(self) -> None:
        rules = [
            ("max_tokens", self.max_tokens >= 1, "at least 1"),
            ("temperature", self.temperature >= 0 and math.isfinite(self.temperature), "0 or more, and finite"),
            ("top_k", self.top_k >= 0, "0 or more"),
            ("top_p", 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("min_p", 0 <= self.min_p <= 1, "from 0 to 1"),
            (
                "repetition_penalty",
                self.repetition_penalty > 0 and math.isfinite(self.repetition_penalty),
                "above 0, and finite",
            ),
            ("seed", self.seed is None or self.seed >= 0, "0 or more"),
            ("num_beams", 1 <= self.num_beams <= 16, "from 1 to 16"),
        ]
        for name, holds, range_ in rules:
            if not holds:
                raise InvalidSampling(f"{name} is {getattr(self, name)!r}: it must be {range_}")
        if isinstance(self.stop, str) or not all(isinstance(s, str) and s for s in self.stop):
            raise InvalidSampling("stop must be a tuple of strings that are not empty")
        if self.num_beams > 1 and self.temperature > 0:
            raise InvalidSampling("num_beams above 1 searches the likeliest text: set temperature to 0")


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts in tokens, times in seconds, of one generation.

    ``cached_tokens`` of the prompt were in memory already; ``drafted`` tokens were guessed from the
    text so far and ``accepted`` of them were right; ``prefill`` lasts until the first token's logits,
    ``decode`` from there to the end.
    """

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    drafted: int
    accepted: int
    prefill: float
    decode: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text, always whole characters; the last one says why the text ended.

    ``finish_reason``: ``stop`` (the model ended its turn, or a stop string came) or ``length``
    (``max_tokens`` reached); None on all pieces but the last.
    """

    text: str
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
