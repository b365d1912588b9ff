"""Fuzziness for Chinese: what it means that a run of Han characters is found with a mistake.

Counting edits in the terms of such a text means nothing: they are single characters and pairs, and one edit
of a pair is any other word. A mistake happens in the run as it was typed. So a run of three characters or
more is found where the text holds it with one character wrong, missing, too many, or two neighbours swapped;
shorter runs are exact. One mistake a run, whatever the fuzziness: two would leave next to nothing of a
Chinese word, whose usual length is two to four. Each mistake is a phrase over the characters' positions, with
a gap or a swap in its place; so the answer is exact, not a guess from the share of pairs that are left.

Where a field has no single characters (the `cjk` analyzer), the pairs are all there is: of a run's pairs two
may be missing, for a wrong character damages two, but not all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis import Token

from ..context import SearchContext
from ..lexical import PhraseQuery, WordQuery
from .base import Matches, Query
from .graph import PAIR, is_han, is_pair

SHORTEST = 3
LONGEST = 64  # characters; what is longer is no word that somebody mistyped
Variant = tuple[tuple[str, ...], tuple[int, ...]]  # terms, positions


@dataclass(frozen=True)
class NearRun(Query):
    """Documents that hold a run of characters with at most one mistake. A filter: its score is 0."""

    type: ClassVar[str] = "near_run"
    field: str
    chars: tuple[str, ...]
    prefix: int = 0
    swaps: bool = True

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), 0.0)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        distinct = tuple(dict.fromkeys(self.chars))
        near = WordQuery((self.field,), distinct, minimum=max(1, len(distinct) - 1))  # a mistake costs one at most
        candidates = np.zeros(ctx.documents, bool)
        candidates[ctx.reader.matches(near)[0]] = True
        out = np.zeros(ctx.documents, bool)
        for terms, positions in self.variants():
            left = candidates & ~out
            if not left.any():
                break
            ctx.check_time()
            out[ctx.reader.matches(PhraseQuery(self.field, terms, positions), left)[0]] = True
        return out

    def variants(self) -> Iterator[Variant]:
        """The run, and the run with each mistake behind the first `prefix` characters."""
        yield from dict.fromkeys(_variants(self.chars, self.prefix, self.swaps))


def _variants(chars: tuple[str, ...], prefix: int, swaps: bool) -> Iterator[Variant]:
    n = len(chars)
    yield chars, tuple(range(n))
    for i in range(prefix, n):
        rest = chars[:i] + chars[i + 1 :]
        yield rest, _from_zero(tuple(p for p in range(n) if p != i))  # another character in its place
        yield rest, tuple(range(n - 1))  # missing in the text
    for i in range(max(1, prefix), n):
        yield chars, tuple(p + (p >= i) for p in range(n))  # one more before it
    for i in range(prefix, n - 1 if swaps else 0):
        yield (*chars[:i], chars[i + 1], chars[i], *chars[i + 2 :]), tuple(range(n))


def _from_zero(positions: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(p - positions[0] for p in positions)


@dataclass(frozen=True)
class HanRun:
    """A run of neighbouring Han tokens: single characters, or pairs alone."""

    tokens: tuple[Token, ...]
    pairs_only: bool

    @property
    def fuzzy(self) -> bool:
        """Whether it is long enough to be found with a mistake."""
        return SHORTEST <= len(self.tokens) + self.pairs_only <= LONGEST

    @property
    def start(self) -> int:
        return self.tokens[0].position

    @property
    def end(self) -> int:
        return self.tokens[-1].position + 1


def han_runs(tokens: Sequence[Token]) -> list[HanRun]:
    """The runs of Han tokens that follow each other without anything between them in the text."""
    runs: list[list[Token]] = []
    for token in tokens:
        alone = token.type == PAIR and not is_pair(token)
        if not (alone or is_han(token)):
            continue
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and last.position + 1 == token.position
            and last.end - alone == token.start
            and (last.type == PAIR) == alone
        ):
            runs[-1].append(token)
        else:
            runs.append([token])
    return [HanRun(tuple(run), run[0].type == PAIR) for run in runs]
