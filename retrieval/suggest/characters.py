"""Corrections of a Han character: those that stand between its neighbours in the index, same sounds first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analysis.sounds import homophones, is_phrase, near_homophones

from .statistics import Statistics
from .units import Unit

# How a wrong character came about: P(typed | meant), shares of the mass that the error model gives to errors.
SAME_SOUND, NEAR_SOUND, OTHER = 0.5, 0.1, 0.05
REAL_WORD = 0.5  # such mistakes are rarer where the typed character makes a word with a neighbour
COMMON = 0.1  # share of documents from which on a character is too common to be a slip for one of another sound
_BEST = 6  # candidates of one place
_FOLLOWERS = 4096  # pairs that begin with one character, at most


@dataclass(frozen=True)
class Character:
    """A character in place of another, and the share of its kind of mistake."""

    char: str
    share: float


class CharacterCorrector:
    """Finds candidates in the pairs and triples of a field."""

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics

    def candidates(self, run: Sequence[Unit], at: int) -> list[Character]:
        """The best characters in place of the one at a place of a run, when the run is unusual there.

        A candidate has been seen beside every neighbour, and in a triple. One of another sound is looked for
        only between two neighbours, where the character itself has not been seen, is not a common one and makes
        no word, and all its triples must have been.
        """
        if len(run) < 2 or not self._unusual(run, at):
            return []
        chars = [unit.shown for unit in run]
        char, before, after = chars[at], "".join(chars[max(0, at - 1) : at]), "".join(chars[at + 1 : at + 2])
        factor = REAL_WORD if is_phrase(before + char) or is_phrase(char + after) else 1.0
        found: dict[str, tuple[int, Character]] = {}
        for others, share in ((homophones(char), SAME_SOUND), (near_homophones(char), NEAR_SOUND)):
            for other in others:
                self._add(found, chars, at, other, share * factor, any)
        common = self.statistics.characters and self.statistics.df(char) > COMMON * self.statistics.documents
        between = bool(before and after) and factor == 1.0 and not common
        if between and self.statistics.pairs and not self._evidence(before, char, after):
            for other in self._neighbours(before, after):
                if other != char:
                    self._add(found, chars, at, other, OTHER, all)
        ranked = sorted(found.values(), key=lambda pair: (-pair[1].share * pair[0], pair[1].char))
        return [character for _, character in ranked[:_BEST]]

    def _add(
        self,
        found: dict[str, tuple[int, Character]],
        chars: list[str],
        at: int,
        char: str,
        share: float,
        enough: Callable[[Iterable[bool]], bool],
    ) -> None:
        if char in found or not self.statistics.han_df(char):
            return
        evidence = self._evidence("".join(chars[max(0, at - 1) : at]), char, "".join(chars[at + 1 : at + 2]))
        if evidence:
            text = "".join([*chars[max(0, at - 2) : at], char, *chars[at + 1 : at + 3]])
            if len(text) < 3 or enough(self.statistics.han(text[i : i + 3]) > 0 for i in range(len(text) - 2)):
                found[char] = (evidence, Character(char, share))

    def _evidence(self, before: str, char: str, after: str) -> int:
        """Documents that hold the character beside its rarer neighbour; 0 when any neighbour never was."""
        sides = [self.statistics.han(pair) for pair in (before + char, char + after) if len(pair) == 2]
        return min(sides, default=0)

    def _unusual(self, run: Sequence[Unit], at: int) -> bool:
        """Whether a pair or a triple around a place is not in any document."""
        text = "".join(unit.shown for unit in run[max(0, at - 2) : at + 3])
        size = min(3, len(text))
        return any(not self.statistics.han(text[i : i + size]) for i in range(len(text) - size + 1))

    def _neighbours(self, before: str, after: str) -> list[str]:
        """Characters that stand after ``before`` in the index, or before ``after``'s."""
        if not before:
            return []
        out: set[str] = set()
        low, high = before.encode(), (before + "\U0010ffff").encode()
        for ctx in self.statistics.ctxs:
            ctx.check_time()
            for raw in ctx.reader.expand(self.statistics.path, low, high, _FOLLOWERS):
                pair = raw.decode("utf-8", "replace")
                if len(pair) == 2:
                    out.add(pair[1])
        return sorted(out)
