"""The most probable way to write a text: a noisy channel over the indices' own n-grams.

P(meant | typed) is proportional to P(typed | meant), the error model, times P(meant), the language model
(Kernighan, Church and Gale 1990). The language models are over counts of documents: of pairs of words
with Stupid Backoff (Brants et al. 2007) or Laplace smoothing, of triples of Han characters with a
hierarchical Dirichlet prior (MacKay and Peto 1995), which trusts a frequent pair's followers more than a
rare one's. The best sequences are found by beam search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .characters import CharacterCorrector
from .statistics import Statistics
from .units import Unit, runs
from .words import WordCorrector

_BEAM = 64
UNSEEN = 0.1  # documents' worth of a word that none holds: to search for it finds nothing
PRIOR = 2.0  # documents' worth of what the shorter context says


@dataclass(frozen=True)
class Smoothing:
    """How unseen pairs get a probability."""

    kind: str = "stupid_backoff"
    value: float = 0.4  # the discount, or Laplace's alpha


@dataclass(frozen=True)
class Choice:
    """A unit as typed or replaced, and the logarithm of the error model."""

    unit: Unit
    channel: float
    changed: bool


@dataclass(frozen=True)
class Correction:
    """A whole way to write the text; ``score`` is the logarithm of its probability."""

    choices: tuple[Choice, ...]
    score: float
    errors: int


class Corrector:
    """Corrects sequences of units by the statistics of one field."""

    def __init__(
        self,
        statistics: Statistics,
        words: Sequence[WordCorrector],
        likelihood: float = 0.95,
        smoothing: Smoothing | None = None,
        order: int = 2,
    ) -> None:
        self.statistics, self.words = statistics, words
        self.characters = CharacterCorrector(statistics)
        self._right, self._wrong = math.log(max(likelihood, 1e-9)), max(1.0 - likelihood, 1e-9)
        self._smoothing, self._order = smoothing or Smoothing(), order

    def typed(self, units: Sequence[Unit]) -> Correction:
        """The text as it is."""
        choices = tuple(Choice(unit, self._right, False) for unit in units)
        return Correction(choices, sum(self._step(choices, at) for at in range(len(choices))), 0)

    def corrections(self, units: Sequence[Unit], most_errors: int) -> list[Correction]:
        """The most probable texts with one to ``most_errors`` units replaced, the best first."""
        beam = [Correction((), 0.0, 0)]
        for options in self._lattice(units):
            grown = []
            for before in beam:
                for option in options:
                    errors = before.errors + option.changed
                    if errors <= most_errors:
                        choices = (*before.choices, option)
                        score = before.score + self._step(choices, len(choices) - 1)
                        grown.append(Correction(choices, score, errors))
            grown.sort(key=lambda one: -one.score)
            beam = grown[:_BEAM]
        return [one for one in beam if one.errors]

    def _lattice(self, units: Sequence[Unit]) -> list[list[Choice]]:
        out: list[list[Choice]] = []
        for run in runs(units):
            for at, unit in enumerate(run):
                choices = [Choice(unit, self._right, False)]
                if unit.han:
                    for found in self.characters.candidates(run, at):
                        meant = replace(unit, term=found.char, shown=found.char)
                        choices.append(Choice(meant, math.log(self._wrong * found.share), True))
                else:
                    choices += self._word_choices(unit)
                out.append(choices)
        return out

    def _word_choices(self, unit: Unit) -> list[Choice]:
        found: dict[str, Choice] = {}
        for corrector in self.words:
            for one in corrector.candidates(unit)[: corrector.rules.size]:
                meant = replace(unit, term=one.term, shown=one.shown)
                likeness = min(max(one.similarity, 0.01), 1.0)
                choice = Choice(meant, math.log(self._wrong * likeness), True)
                if one.term not in found or found[one.term].channel < choice.channel:
                    found[one.term] = choice
        return list(found.values())

    def _step(self, choices: Sequence[Choice], at: int) -> float:
        """The logarithm of the probability of one unit after those before it, the error model included."""
        unit = choices[at].unit
        before = choices[at - 1].unit if at else None
        if unit.han and before is not None and before.han and before.end == unit.start:
            earlier = choices[at - 2].unit if at > 1 else None
            if earlier is not None and not (earlier.han and earlier.end == before.start):
                earlier = None
            return choices[at].channel + math.log(self._han(earlier, before, unit))
        return choices[at].channel + math.log(self._word(before, unit))

    def _han(self, earlier: Unit | None, before: Unit, unit: Unit) -> float:
        stats = self.statistics
        chance = self._alone(stats.df(unit.shown) if stats.characters else 1)
        pair = before.shown + unit.shown
        chance = _follows(stats.han(pair), stats.han_df(before.shown), chance)
        if earlier is not None:
            chance = _follows(stats.han(earlier.shown + pair), stats.han(earlier.shown + before.shown), chance)
        return chance

    def _word(self, before: Unit | None, unit: Unit) -> float:
        stats = self.statistics
        alone = self._alone(stats.df(unit.term) if not unit.han else stats.han_df(unit.shown))
        if before is None or self._order < 2 or ((unit.han or before.han) and not stats.characters):
            return alone
        apart = (0, unit.position - before.position)
        return self._after(lambda: stats.phrase((before.term, unit.term), apart), stats.df(before.term), lambda: alone)

    def _alone(self, df: int) -> float:
        return max(df, UNSEEN) / (self.statistics.documents + 1)

    def _after(self, together: Callable[[], int], before: int, backoff: Callable[[], float]) -> float:
        """P(this | what is before it), of how many documents hold both and what is before."""
        count = together() if before else 0
        if self._smoothing.kind == "laplace":
            alpha = self._smoothing.value
            return (count + alpha) / (before + alpha * (self.statistics.documents + 1))
        return min(count / before, 1.0) if count else self._smoothing.value * backoff()


def _follows(together: int, before: int, prior: float) -> float:
    """P(this | what is before it) under a Dirichlet prior of weight PRIOR around ``prior``."""
    return (min(together, before) + PRIOR * prior) / (before + PRIOR)
