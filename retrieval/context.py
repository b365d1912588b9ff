"""What a query needs to run: one view of one index, its word statistics, its analyzers and encoders."""

from __future__ import annotations

import fnmatch
import re
import time
import weakref
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np

from analysis import Analyzer
from indexer import Index, IndexView, InvalidRequest, Node
from indexer.durations import parse_interval
from indexer.errors import TruthDamaged
from indexer.fields import Field
from indexer.mapping import Mapping
from settings import Settings

from .lexical import Accepted, LexicalReader

T = TypeVar("T")
_readers: weakref.WeakKeyDictionary[IndexView, LexicalReader] = weakref.WeakKeyDictionary()


def reader_of(view: IndexView) -> LexicalReader:
    """The lexical reader of a view, made once."""
    found = _readers.get(view)
    if found is None:
        found = _readers[view] = LexicalReader(view.segments, view.tombstones)
    return found


class TimedOut(Exception):
    """The request's deadline has passed; what was found so far stands."""


_MOST_DAMAGED = 100  # documents that one answer is made without


def without_damaged(contexts: Sequence[SearchContext], make: Callable[[], T]) -> T:
    """What `make` gives, made again without each document that could not be read: it is left out of all searches
    of its view from then on. TruthDamaged when they are many."""
    for _ in range(_MOST_DAMAGED):
        known = sum(len(ctx.view.damaged) for ctx in contexts)
        try:
            return make()
        except TruthDamaged:
            if sum(len(ctx.view.damaged) for ctx in contexts) == known:
                raise
    return make()


class SearchContext:
    """One request's frozen surroundings: every leg of a search gets the same one.

    `view` is an older one to search, a point in time's; by default the index as of its last refresh.
    """

    def __init__(self, node: Node, index: Index, deadline: float | None = None, view: IndexView | None = None) -> None:
        self.node = node
        self.index = index
        self.view = view if view is not None else index.view()
        self.mapping: Mapping
        self.mapping, self.index_settings = index.schema()
        self.deadline = deadline
        self.now_ms = int(time.time() * 1000)
        #: what the request may see at all, through an alias's filter: vector searches look for the nearest of these
        self.seen: Accepted | None = None

    @property
    def settings(self) -> Settings:
        return self.node.settings

    @property
    def documents(self) -> int:
        return self.view.documents

    @cached_property
    def reader(self) -> LexicalReader:
        return reader_of(self.view)

    def field(self, path: str) -> Field | None:
        """The mapped field at `path`, None when it is not mapped (it then matches nothing)."""
        return self.mapping.fields.get(path)

    def analyzer(self, field: Field) -> Analyzer:
        """The analyzer of questions to a text field."""
        return self.index.analyzers.get(field.search_analyzer)

    def text_fields(self, patterns: list[str] | None = None) -> list[Field]:
        """The text fields a plain query looks into, or those that match the patterns (`*`)."""
        paths = self.mapping.text_fields
        if patterns is None:
            default = self.index_settings.get("query", {}).get("default_field", "*")
            patterns = default if isinstance(default, list) else [default]
            if patterns == ["*"]:
                return [self.mapping.fields[p] for p in paths]
        return [f for f in self.expand(patterns) if f.is_text]

    def expand(self, patterns: list[str]) -> list[Field]:
        """The mapped fields that the names and patterns stand for, in mapping order for patterns."""
        out: dict[str, Field] = {}
        for pattern in patterns:
            if "*" in pattern:
                out |= {p: f for p, f in self.mapping.fields.items() if fnmatch.fnmatchcase(p, pattern)}
            elif pattern in self.mapping.fields:
                out[pattern] = self.mapping.fields[pattern]
        return list(out.values())

    def check_time(self) -> None:
        """TimedOut when the deadline has passed."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimedOut

    @property
    def readable(self) -> np.ndarray | None:
        """bool[documents]: false for the documents that are damaged in the truth; None: all can be read."""
        if not self.view.damaged:
            return None
        out = np.ones(self.documents, bool)
        out[list(self.view.damaged)] = False
        return out

    @property
    def damage(self) -> tuple[str, ...]:
        """What is to be said of the documents that cannot be read."""
        return tuple(f"searched without a document: {reason}" for reason in list(self.view.damaged.values()))

    @cached_property
    def live(self) -> np.ndarray:
        """bool[documents]: the documents that are not deleted."""
        return self.view.live


def parse_duration(value: object) -> float:
    """Seconds of "100ms", "1s", "2m", "50micros"; InvalidRequest."""
    fine = re.fullmatch(r"(\d{1,18})(micros|nanos)", str(value))
    if fine:
        return int(fine[1]) / (10**6 if fine[2] == "micros" else 10**9)
    try:
        return parse_interval(value)
    except InvalidRequest:
        raise InvalidRequest(f"failed to parse [{value}] as a time value") from None
