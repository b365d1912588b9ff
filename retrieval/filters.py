"""Filters: which documents they let through, kept where that cannot change.

What a filter matches in a segment is a bit for each of its documents. Segments never change, so these bits are worked
out once and serve every later view that the segment is in: after a refresh only new segments are looked at. Deleted
documents are ruled out afterwards. A query that depends on more than the segment (on the time, on other segments, on
files that may be edited) has no :meth:`.query.base.Query.filter_key` and is run each time.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from indexer import IndexView
from indexer.mapping import Mapping
from indexer.segment import Segment

from .context import SearchContext
from .lexical import Accepted
from .lexical.accepted import pack

if TYPE_CHECKING:
    from .query.base import Query

Key = tuple[Hashable, ...]
_ENTRY = 2048  # bytes that a kept filter takes beside its bits, about


def accepted(ctx: SearchContext, wanted: Sequence[Query], unwanted: Sequence[Query] = ()) -> Accepted | None:
    """The live documents that match all of `wanted` and none of `unwanted`; None when there are no queries."""
    if not wanted and not unwanted:
        return None
    yes, no = _keys(ctx, wanted), _keys(ctx, unwanted)
    if yes is None or no is None:
        return ctx.reader.accepted(_mask(ctx, wanted, unwanted))
    known = ctx.reader.kept.get((yes, no))
    if known is not None and known[0] is ctx.mapping:
        return known[1]
    return _keep(ctx, (yes, no), wanted, unwanted)


def searched(ctx: SearchContext, filters: Sequence[Query]) -> Accepted | None:
    """The documents that a search with these filters looks at: none that is damaged. None: all."""
    readable = ctx.readable
    return both(None if readable is None else ctx.reader.accepted(readable), accepted(ctx, filters))


def both(first: Accepted | None, second: Accepted | None) -> Accepted | None:
    """What both let through; None lets all through."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _keys(ctx: SearchContext, queries: Sequence[Query]) -> Key | None:
    out = []
    for query in queries:
        key = query.filter_key(ctx)
        if key is None:
            return None
        out.append(key)
    return tuple(out)


def _mask(ctx: SearchContext, wanted: Sequence[Query], unwanted: Sequence[Query]) -> np.ndarray:
    """bool[documents]"""
    out: np.ndarray | None = None
    for query in wanted:
        ctx.check_time()
        mask = query.mask(ctx)
        out = mask if out is None else out & mask
    for query in unwanted:
        ctx.check_time()
        mask = ~query.mask(ctx)
        out = mask if out is None else out & mask
    assert out is not None
    return out


class _Kept:
    """Bits of segments by filter, the least recently used going first when there are too many bytes."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[int, Key], tuple[weakref.ref[Segment], Mapping, np.ndarray]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def find(self, segment: Segment, mapping: Mapping, key: Key) -> np.ndarray | None:
        with self._lock:
            found = self._entries.get((id(segment), key))
            if found is None or found[0]() is not segment or found[1] is not mapping:
                return None
            self._entries.move_to_end((id(segment), key))
            return found[2]

    def keep(self, segment: Segment, mapping: Mapping, key: Key, bits: np.ndarray, most: int) -> None:
        with self._lock:
            before = self._entries.pop((id(segment), key), None)
            self._entries[id(segment), key] = weakref.ref(segment), mapping, bits
            self._size += bits.nbytes + (_ENTRY if before is None else -before[2].nbytes)
            while self._size > most and self._entries:
                self._size -= self._entries.popitem(last=False)[1][2].nbytes + _ENTRY


_kept = _Kept()


def _keep(ctx: SearchContext, key: Key, wanted: Sequence[Query], unwanted: Sequence[Query]) -> Accepted:
    """A filter put together from what is kept of its segments; the reader keeps it, too."""
    made = ctx.reader.accepted(_bits(ctx, key, wanted, unwanted))
    known = ctx.reader.kept
    room = ctx.settings.filter_memory // (2 * ctx.documents + _ENTRY)  # bits, and bytes where these are wanted
    while known and len(known) >= room:
        try:
            known.popitem(last=False)
        except KeyError:  # another thread was faster
            break
    known[key] = ctx.mapping, made
    return made


def _bits(ctx: SearchContext, key: Key, wanted: Sequence[Query], unwanted: Sequence[Query]) -> list[np.ndarray]:
    """What a filter matches in each segment, the dead included."""
    segments = ctx.view.segments
    bits = [_kept.find(segment, ctx.mapping, key) for segment in segments]
    missing = [segment for segment, part in zip(segments, bits, strict=True) if part is None]
    if missing:
        manifest = replace(ctx.view.manifest, spaces={})
        view = IndexView(ctx.index, manifest, missing, [None] * len(missing), {})
        mask = _mask(SearchContext(ctx.node, ctx.index, ctx.deadline, view), wanted, unwanted)
        start = 0
        for number, segment in enumerate(segments):
            if bits[number] is None:
                part = pack(mask[start : start + segment.documents])
                start += segment.documents
                _kept.keep(segment, ctx.mapping, key, part, ctx.settings.filter_memory)
                bits[number] = part
    return [part for part in bits if part is not None]
