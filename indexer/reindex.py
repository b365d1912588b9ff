"""Reindexing behind an alias: a new index takes an old one's place, without a moment of absence.

The new index is made beside the old one and filled while writes go on; when it has all of them, the
writers are held for a moment, the last writes taken over, and every alias of the old index moved in one
step. The old index stays, so that the same road leads back, with what was written since.
An index that has no alias yet gets a numbered name, and its old name becomes the alias.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from . import folders
from .admin_errors import IllegalState
from .aliases import drop_index
from .engine import Index
from .errors import IndexNotFound, InvalidRequest
from .fence import held
from .files import file_lock
from .following import Follower, progress_of
from .node import Node
from .registry import Change
from .templates import merged

Progress = Callable[[str, int, int], None]  # phase, done, in all
NEAR = 500  # writes that may be left when the writers are held
ROUNDS = 100  # of catching up, after which the writers are held however many are left
FRESH_SECONDS = 30.0  # that a look at what was deleted is good for; the store keeps deletes twice as long


@dataclass(frozen=True)
class Switched:
    """What a reindexing or a rollback did: the alias now means `index`, and `previous` is kept."""

    alias: str
    index: str
    previous: str
    documents: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "alias": self.alias, "index": self.index, "previous": self.previous, "documents": self.documents,
            "took": round(self.seconds * 1000),
        }  # fmt: skip


class Reindexing:
    """The reindexing of one alias, or of one index that becomes one."""

    def __init__(self, node: Node, alias: str, progress: Progress = lambda phase, done, total: None) -> None:
        self.node = node
        self.alias = alias
        self.progress = progress

    def run(
        self, mappings: dict[str, Any] | None = None, settings: dict[str, Any] | None = None, vectors: bool = True
    ) -> Switched:
        """Fill a new index and let it take the place of the old one; goes on where an earlier run stopped.

        `mappings` replace the old ones, `settings` change the old ones. `vectors`: make them before the
        switch, so that no search misses them. IllegalState when another process is at it.
        """
        began = time.monotonic()
        with self._alone():
            source, target = self._begin({"mappings": mappings, "settings": settings})
            follower = Follower(source, target, progress_of(target.path, source.uuid))
            self._catch_up(follower, "documents")
            if vectors:
                self._fill(target)
            self._switch(follower)
        return self._done(target.name, began)

    def rollback(self) -> Switched:
        """Give the alias back to the index it had before, with the writes since; again: forward.

        IllegalState when there is nothing to go back to.
        """
        began = time.monotonic()
        with self._alone():
            entry = self.node.state().rebuilds.get(self.alias, {})
            current = self._current()
            previous = entry.get("previous")
            if previous is None or entry.get("current") != current or not self.node.exists(previous):
                raise IllegalState(f"[{self.alias}] was not reindexed, or the index it had before is gone")
            source, target = self.node.index(current), self.node.index(previous)
            done = max(int(entry["done"]), progress_of(target.path, source.uuid))
            self._switch(Follower(source, target, done))
        return self._done(target.name, began)

    def _done(self, index: str, began: float) -> Switched:
        previous = str(self.node.state().rebuilds[self.alias]["previous"])
        documents = self.node.index(index).view().live_documents
        return Switched(self.alias, index, previous, documents, time.monotonic() - began)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        folder = self.node.path / str(self._current())
        with file_lock(folder / "reindex.lock", wait=False) as got:
            if not got:
                raise IllegalState(f"[{self.alias}] is being reindexed already; wait for it, or end it first")
            yield

    def _current(self) -> str:
        return str(self.node.target(self.alias))

    # --- the new index --------------------------------------------------------------------------

    def _begin(self, wanted: dict[str, Any]) -> tuple[Index, Index]:
        """The old index and the new one: that of an interrupted run for the same request, or one made now."""
        source = self.node.index(self.alias)
        making = self.node.state().rebuilds.get(self.alias, {}).get("making")
        if making and making["source"] == source.uuid and self.node.exists(making["index"]):
            asked = {name: part for name, part in wanted.items() if part is not None}
            if not asked or asked == {n: p for n, p in making["wanted"].items() if p is not None}:
                return source, self.node.index(making["index"])
            self.node.delete(making["index"])
        body = self._body(source, wanted)
        number = self._next_number()
        kept = f"{self.alias.lower()}-{number:06d}" if self.node.exists(self.alias) else None
        name = f"{self.alias.lower()}-{number + (kept is not None):06d}"
        self.node.create(name, body, plain=True)
        with self.node.registry.change() as change:
            entry = change.state.rebuilds.setdefault(self.alias, {})
            entry["making"] = {"source": source.uuid, "index": name, "kept": kept, "wanted": wanted}
        return source, self.node.index(name)

    @staticmethod
    def _body(source: Index, wanted: dict[str, Any]) -> dict[str, Any]:
        mappings = wanted["mappings"]
        old = source.mapping.to_dict() if mappings is None else mappings
        from .index_settings import PRIVATE, flat_settings

        own = {name: value for name, value in source.settings.items() if name not in PRIVATE}
        settings = merged([{"settings": own}, {"settings": flat_settings(wanted["settings"])}])["settings"]
        return {"mappings": old, "settings": settings}

    def _next_number(self) -> int:
        """One more than the highest number that an index of this alias has."""
        pattern = re.compile(re.escape(self.alias.lower()) + r"-(\d{6})")
        return max((int(found[1]) for name in self.node.names() if (found := pattern.fullmatch(name))), default=0) + 1

    # --- filling it -----------------------------------------------------------------------------

    def _catch_up(self, follower: Follower, phase: str) -> None:
        for _ in range(ROUNDS):
            follower.catch_up(lambda done, total: self.progress(phase, done, total))
            if follower.behind <= NEAR:
                return

    def _fill(self, target: Index) -> None:
        """Make what was copied searchable, by words and by vectors as far as there are models."""
        self.progress("words", 0, 1)
        target.refresh()
        self.progress("words", 1, 1)
        with suppress(RuntimeError):  # a model that is not installed: the spaces stay empty, as in the old index
            self.node.fill_vectors(
                target, lambda space, done, total: self.progress(f"{space} vectors", done, total), wait=True
            )

    # --- the switch -----------------------------------------------------------------------------

    def _switch(self, follower: Follower) -> None:
        source, target = follower.source, follower.target
        while True:
            self._catch_up(follower, "catching up")
            follower.drop_deleted()
            looked = time.monotonic()
            target.refresh()  # the most of it before the writers are held
            if time.monotonic() - looked < FRESH_SECONDS:
                break
        with held(source.path, alone=True):
            follower.catch_up()
            target.refresh()
            with self.node.registry.change() as change:
                folders.settle(self.node.path, change)
                if self._current() != source.path.name:
                    raise IllegalState(f"[{self.alias}] was moved to another index meanwhile; nothing was switched")
                if not self.node.exists(target.path.name):
                    raise IndexNotFound(target.path.name)
                self._move(change, source, target)
                change.save()  # from here on the alias means the new index
                folders.settle(self.node.path, change)
        self.node.forget(self.alias, close=False)

    def _move(self, change: Change, source: Index, target: Index) -> None:
        """Give every alias of the old index to the new one, in the registry's state."""
        state = change.state
        old, new = source.path.name, target.path.name
        moved = {alias: members[old] for alias, members in state.aliases.items() if old in members}
        kept = old
        if old == self.alias:  # the index itself had the name: it keeps its documents under another
            making = state.rebuilds.get(self.alias, {}).get("making") or {}
            kept = str(making.get("kept"))
            if self.node.exists(kept):
                raise InvalidRequest(f"an index [{kept}] was made meanwhile; delete it and start again")
            state.moves[old] = kept
            moved[self.alias] = {}
        drop_index(state.aliases, old)
        for alias, body in moved.items():
            state.aliases.setdefault(alias, {})[new] = body
        state.rebuilds[self.alias] = {"current": new, "previous": kept, "done": target.store.last_seq}
