"""What `operator: and` and `minimum_should_match` count: the units of a text, each found or not in a document.

A unit is a word, a compound such as gpt-4 in any of its forms (its parts being neighbours), a place with
synonyms, or a pair of Han characters. A fuzzy run of Han characters is found whole where the text holds it
with one mistake.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..context import SearchContext
from ..lexical import PhraseQuery
from .base import Matches, Query
from .lexical_leaf import holders

Slot = tuple[str | bytes, ...]  # any of these terms


class Unit(ABC):
    """Something counted, `size` times at most."""

    size: int = 1

    @abstractmethod
    def found(self, ctx: SearchContext) -> np.ndarray:
        """bool or int[documents]: how much of it a live document holds."""


@dataclass(frozen=True)
class AnyWay(Unit):
    """Found where any way is: one slot in any of the fields; several in one field, as far apart as in the text.

    `offsets`: the positions of each way's slots from its first. Slots of several terms (fuzzy ones) may be
    anywhere.
    """

    fields: tuple[str, ...]
    ways: tuple[tuple[Slot, ...], ...]
    offsets: tuple[tuple[int, ...], ...] = ()

    def found(self, ctx: SearchContext) -> np.ndarray:
        out = np.zeros(ctx.documents, bool)
        for number, way in enumerate(self.ways):
            ctx.check_time()
            if self.offsets and len(way) > 1 and all(len(slot) == 1 for slot in way):
                terms = tuple(slot[0] for slot in way)
                for field in self.fields:
                    out[ctx.reader.matches(PhraseQuery(field, terms, self.offsets[number]))[0]] = True
                continue
            mask = ctx.live
            for slot in way:
                mask = mask & holders(ctx, self.fields, slot)
            out |= mask
        return out

    @property
    def single(self) -> bool:
        """Whether one term alone decides."""
        return len(self.ways) == 1 and len(self.ways[0]) == 1 and len(self.ways[0][0]) == 1


@dataclass(frozen=True)
class ByQuery(Unit):
    """Found where a query matches."""

    query: Query

    def found(self, ctx: SearchContext) -> np.ndarray:
        return self.query.mask(ctx)


@dataclass(frozen=True)
class Run(Unit):
    """Several units that are all found where `whole` matches."""

    units: tuple[Unit, ...]
    whole: Query

    @property
    def size(self) -> int:  # type: ignore[override]
        return sum(unit.size for unit in self.units)

    def found(self, ctx: SearchContext) -> np.ndarray:
        count = np.zeros(ctx.documents, np.int32)
        for unit in self.units:
            count += unit.found(ctx)
        count[self.whole.mask(ctx)] = self.size
        return count


@dataclass(frozen=True)
class AtLeast(Query):
    """Documents that hold at least `needed` of the units; a filter, not scored."""

    type: ClassVar[str] = "at_least"
    units: tuple[Unit, ...]
    needed: int

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), 0.0)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        count = np.zeros(ctx.documents, np.int32)
        left = sum(unit.size for unit in self.units)
        for unit in self.units:
            ctx.check_time()
            count += unit.found(ctx)
            left -= unit.size
            if not (count + left >= self.needed).any():
                return np.zeros(ctx.documents, bool)
        return count >= self.needed
