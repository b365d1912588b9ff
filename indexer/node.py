"""All indices of one data directory, and the background work that keeps them fresh.

Any number of processes may open the same directory. Each index is a folder under `indices/`, named by
its name; making and deleting one is a rename, so that it is there whole or not at all. What stands
beside the indices (aliases, templates) is in the registry.
"""

from __future__ import annotations

import fnmatch
import gc
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as MappingABC
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from analysis import InvalidAnalysis, check_settings
from settings import Settings

from . import aliases, folders, templates
from .admin_errors import NotAnAlias
from .aliases import Action, Outcome
from .background import Background
from .embedding import Progress, SpaceFiller
from .encoders import Encoders
from .engine import Index
from .errors import IndexExists, IndexNotFound, InvalidRequest, QuarryError
from .fence import held
from .files import file_lock
from .index_settings import PRIVATE, changed_settings, check_analyzers, field_limit, flat_settings
from .mapping import Mapping
from .names import check_name, is_name
from .registry import Aliases, Registry, State
from .resolution import Resolver, Target
from .spaces import spaces_of

Answer = TypeVar("Answer")


class Node:
    """The indices of `settings.data`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.path = Path(settings.data) / "indices"
        self.path.mkdir(parents=True, exist_ok=True)
        self.registry = Registry(Path(settings.data))
        self.encoders = Encoders(settings)
        self._open: dict[str, Index] = {}
        self._lock = threading.Lock()
        self._background = Background(self)

    # --- which indices there are ----------------------------------------------------------------

    def names(self, pattern: str = "*") -> list[str]:
        """The names of the indices that match a pattern (`*` and `?`), sorted."""
        return [name for name in self._names(self.state()) if fnmatch.fnmatchcase(name, pattern)]

    def exists(self, name: str) -> bool:
        """Whether there is an index (not an alias) of that name."""
        return self._exists(self.state(), name)

    def _names(self, state: State) -> list[str]:
        found = (p.name for p in self.path.iterdir() if not p.name.startswith(".") and (p / "truth.db").is_file())
        return sorted(name for name in found if name not in state.moves)

    def _exists(self, state: State, name: str) -> bool:
        return is_name(name) and (self.path / name / "truth.db").is_file() and name not in state.moves

    def _consult(self, ask: Callable[[Resolver], Answer]) -> Answer:
        """What `ask` says of the names of one moment: asked again when they were changed meanwhile."""
        while True:
            state = self.state()
            resolver = Resolver(state.aliases, partial(self._exists, state), partial(self._names, state))
            try:
                answer = ask(resolver)
            except QuarryError:
                if self.state() is state:
                    raise
            else:
                if self.state() is state:
                    return answer

    def resolve(
        self,
        expression: str | Sequence[str] | None,
        ignore_unavailable: bool = False,
        allow_no_indices: bool = True,
    ) -> list[Target]:
        """The indices that a name, an alias, a pattern or a list of them means; see `Resolver.resolve`."""
        return self._consult(lambda names: names.resolve(expression, ignore_unavailable, allow_no_indices))

    def target(self, name: str) -> Target:
        """The one index that a name or an alias means, and the alias's filter; see `Resolver.single`."""
        return self._consult(lambda names: names.single(name))

    def writer(self, name: str) -> str:
        """The name of the index that writes to `name` go to; see `Resolver.writer`."""
        return self._consult(lambda names: names.writer(name))

    def is_alias(self, name: str) -> bool:
        """Whether `name` is an alias of an index."""
        return self._consult(lambda names: bool(names.members(name)))

    def index(self, name: str) -> Index:
        """The open index of that name, or the one index of that alias; IndexNotFound."""
        found = self._open.get(name)
        if found is not None and self._is_current(found):
            return found
        return self._consult(lambda names: self._opened(str(names.single(name))))

    def _opened(self, name: str) -> Index:
        with self._lock:
            found = self._open.get(name)
            if found is not None and self._is_current(found):
                return found
            self._open.pop(name, None)
            if not self.exists(name):
                raise IndexNotFound(name)
            try:
                found = self._open[name] = Index(self.path / name, self.settings)
            except FileNotFoundError:
                raise IndexNotFound(name) from None
            return found

    @staticmethod
    def _is_current(index: Index) -> bool:
        """Whether the index's folder is still the one that was opened (another process may replace it)."""
        return index.store.is_there()

    @contextmanager
    def writing(self, name: str, create: bool = False, require_alias: bool = False) -> Iterator[Index]:
        """The index that writes to `name` (an index or an alias) go to, held until they are durable.

        While it is held no reindexing takes the name away from it. `create`: an index that is not there
        yet is made, as its template says. IndexNotFound, InvalidRequest for an alias without a write index.
        """
        with ExitStack() as stack:
            yield self._held(stack, name, create, require_alias)

    def _held(self, stack: ExitStack, name: str, create: bool, require_alias: bool) -> Index:
        while True:
            if require_alias and not self.is_alias(name):
                raise NotAnAlias(name)
            if create:
                self.get_or_create(name)
            chosen = self.writer(name)
            try:
                stack.enter_context(held(self.path / chosen))
                if self.writer(name) == chosen:
                    return self._opened(chosen)
            except (FileNotFoundError, IndexNotFound):
                if self.exists(chosen):
                    raise
            stack.close()  # the name was moved or removed in between: look again

    # --- making and removing --------------------------------------------------------------------

    def create(self, name: str, body: MappingABC[str, Any] | None = None, plain: bool = False) -> Index:
        """Make an index from `{"mappings": …, "settings": …, "aliases": …}` and the template that matches.

        `plain`: without a template.
        IndexExists, InvalidIndexName, InvalidMapping, InvalidRequest.
        """
        check_name(name)
        body = dict(body or {})
        unknown = set(body) - {"mappings", "settings", "aliases"}
        if unknown:
            raise InvalidRequest(f"unknown key [{sorted(unknown)[0]}] for create index")
        with self.registry.change() as change:
            folders.settle(self.path, change)
            if self.exists(name):
                raise IndexExists(name, str(self._uuid(name)))
            known = change.state.aliases
            aliases.check_free(name, known, self.exists)
            whole = templates.composed(State() if plain else change.state, name, body)
            settings, mapping = self.checked(whole)
            aliases.drop_index(known, name)
            indices = [*self.names(), name]
            for alias, given in whole["aliases"].items():
                aliases.add(known, alias, {name: aliases.alias_body(given)}, indices)
                aliases.check_whole(known, alias, indices)
            known.pop(name, None)  # what is left of an alias whose indices are gone
            change.save()
            folders.create(self.path, name, mapping, settings)
        return self._opened(name)

    def checked(self, body: MappingABC[str, Any]) -> tuple[dict[str, Any], Mapping]:
        """The settings and the mapping of an index's body; what is wrong with them otherwise."""
        settings = changed_settings({}, flat_settings(body.get("settings")))
        for name in sorted(settings.keys() & PRIVATE):
            raise InvalidRequest(f"private index setting [index.{name}] can not be set explicitly; leave it out")
        try:
            check_settings(settings.get("analysis"))
        except InvalidAnalysis as error:
            raise InvalidRequest(str(error)) from None
        mapping = Mapping.requested(body.get("mappings"), field_limit(settings))
        spaces_of(mapping, settings, self.settings.encoder)
        check_analyzers(mapping, settings, Path(self.settings.data) / "analysis")
        return settings, mapping

    def _uuid(self, name: str) -> str:
        found = self._open.get(name)
        return found.uuid if found else Index(self.path / name, self.settings).uuid

    def get_or_create(self, name: str) -> Index:
        """The index that writes to `name` go to; one that is not there yet is made, as its template says.

        IndexNotFound when the template forbids that.
        """
        try:
            return self._consult(lambda names: self._opened(names.writer(name)))
        except IndexNotFound:
            templates.check_auto_create(self.state(), name)
        try:
            return self.create(name)
        except IndexExists:
            return self.index(name)

    def delete(self, name: str) -> None:
        """Remove an index, all its documents and its aliases; IndexNotFound."""
        with self.registry.change() as change:
            folders.settle(self.path, change)
            if not self.exists(name):
                raise IndexNotFound(name)
            gone = folders.hide(self.path, name)
            aliases.drop_index(change.state.aliases, name)
        self.forget(name)
        shutil.rmtree(gone, ignore_errors=True)

    def forget(self, name: str, close: bool = True) -> None:
        """Let go of an open index whose folder was moved or removed; who still reads it may go on without `close`."""
        with self._lock:
            found = self._open.pop(name, None)
        if found is not None and close:
            found.close()

    def forget_gone(self) -> None:
        """Let go of indices that another process has deleted or moved, so that the disk gets their space back."""
        with self._lock:
            gone = [name for name, index in self._open.items() if not index.store.is_there()]
            for name in gone:
                del self._open[name]
        if gone:
            gc.collect()  # a connection and its cache of statements refer to each other

    # --- aliases and templates ------------------------------------------------------------------

    def aliases(self) -> Aliases:
        """All aliases: alias, index, what it is there."""
        return self._consult(lambda names: names.aliases())

    def update_aliases(self, actions: Sequence[Action]) -> Outcome:
        """Apply alias actions, all or none, in one step; see `aliases.apply_actions`."""
        with self.registry.change() as change:
            folders.settle(self.path, change)
            outcome = aliases.apply_actions(change.state.aliases, actions, self.names())
            change.state.aliases = outcome.aliases
            change.state.moves.update(dict.fromkeys(outcome.removed))
            change.save()  # from here on the aliases are moved and the indices are gone
            folders.settle(self.path, change)
        for name in outcome.removed:
            self.forget(name)
        return outcome

    def state(self) -> State:
        """The registry now; not to be altered."""
        return self.registry.state()

    # --- vectors and background work ------------------------------------------------------------

    def fill_vectors(self, index: Index, progress: Progress | None = None, wait: bool = True) -> bool:
        """Bring the spaces of an index up to its last refresh; False when another process is at it."""
        with file_lock(index.path / "vectors.lock", wait) as got:
            if got:
                try:
                    SpaceFiller(index, self.encoders, self._background.stopping).fill(progress)
                except RuntimeError as error:
                    index.note_space_error(str(error))
                    raise
                index.note_space_error(None)
            return got

    def start(self) -> None:
        """Refresh, merge and fill spaces in the background of this process until `close`."""
        with self.registry.change() as change:
            folders.settle(self.path, change)
            folders.sweep(self.path)
        self.registry.sweep()
        self._background.start()

    def close(self) -> None:
        """Stop the background work and release everything."""
        self._background.stop()
        with self._lock:
            for index in self._open.values():
                index.close()
            self._open.clear()
