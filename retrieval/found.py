"""What a search finds in one index, before anything is read from its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .collapse import GroupField
from .context import SearchContext
from .fetching import Account
from .ranking import Ranked
from .sorting import SortColumn

_NONE = np.zeros(0, np.int64)


def no_numbers() -> np.ndarray:
    """int64[0], always the same."""
    return _NONE


@dataclass(frozen=True)
class Candidates:
    """All documents that may be hits, ascending, and their scores (NaN: not scored). int64, float32[n]."""

    docs: np.ndarray
    scores: np.ndarray

    def where(self, keep: np.ndarray) -> Candidates:
        return Candidates(self.docs[keep], self.scores[keep])


@dataclass(slots=True)
class IndexHits:
    """What one index found: ranked documents, how they are shown, and what else was asked about the matches.

    matched: when called, the documents that the request matches before its post_filter, int64[n] ascending.
    columns: the sort criteria over the candidates, ranked document i being at `places[i]` of them. groups: each
    ranked document's group of the collapsed field.
    """

    ctx: SearchContext
    ranked: Ranked
    account: Account
    matched: Callable[[], np.ndarray]
    scores_of: Callable[[np.ndarray], np.ndarray]
    candidates: Candidates | None = None
    columns: Sequence[SortColumn] = ()
    places: np.ndarray = field(default_factory=no_numbers)
    group_field: GroupField | None = None
    groups: np.ndarray = field(default_factory=no_numbers)
    visible: np.ndarray | None = None  # bool[documents] of what an alias lets the request see; None: all
    warnings: tuple[str, ...] = ()
    partial: bool = False  # the time was over before everything was looked at
    terminated: bool = False  # `terminate_after` was reached

    def group(self, at: int) -> Any:
        """The collapsed field's value of the ranked document at `at`."""
        assert self.group_field is not None
        return self.group_field.value(int(self.groups[at]))
