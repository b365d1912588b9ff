"""Which indices a request means: names, aliases, comma lists, wildcards, exclusions, `_all`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from .errors import IndexNotFound, InvalidRequest
from .names import check_name
from .registry import Aliases


class Target(str):
    """An index's name, with what a request may see of it.

    `filter` is a query in Elasticsearch's JSON that every document found in this index has to match,
    from the aliases that the request named; None when it may see all.
    """

    __slots__ = ("filter",)
    filter: dict[str, Any] | None

    def __new__(cls, name: str, filter: dict[str, Any] | None = None) -> Target:
        made = super().__new__(cls, name)
        made.filter = filter
        return made


class Resolver:
    """Resolves expressions against the indices and aliases of one moment."""

    def __init__(self, aliases: Aliases, exists: Callable[[str], bool], names: Callable[[], list[str]]) -> None:
        self._aliases = aliases
        self._exists = exists
        self._names = names

    @cached_property
    def indices(self) -> list[str]:
        """The names of all indices, sorted."""
        return sorted(self._names())

    def members(self, alias: str) -> dict[str, dict[str, Any]]:
        """The indices of an alias that exist, by name; empty when there is no such alias."""
        return {i: body for i, body in sorted(self._aliases.get(alias, {}).items()) if self._exists(i)}

    def aliases(self) -> Aliases:
        """All aliases, without indices that do not exist."""
        found = {alias: self.members(alias) for alias in sorted(self._aliases)}
        return {alias: members for alias, members in found.items() if members}

    def resolve(
        self,
        expression: str | Sequence[str] | None,
        ignore_unavailable: bool = False,
        allow_no_indices: bool = True,
        wildcards: bool = True,
    ) -> list[Target]:
        """The indices that `expression` means, in order and once each.

        None, `_all` and `*` mean all. IndexNotFound when a plain name is unknown (unless
        `ignore_unavailable`), or when nothing is meant at all and `allow_no_indices` is false. With
        `wildcards` false a pattern matches nothing.
        """
        parts = expression.split(",") if isinstance(expression, str) else list(expression or ())
        seen: dict[str, list[dict[str, Any] | None]] = {}
        if parts in ([], [""], ["_all"], ["*"]):
            seen = {name: [None] for name in self.indices}
        for part in parts if not seen else ():
            self._take(part, seen, ignore_unavailable, wildcards)
        if not seen and not allow_no_indices:
            raise IndexNotFound(",".join(parts) or "_all")
        return [Target(name, _either(filters)) for name, filters in seen.items()]

    def _take(
        self, part: str, seen: dict[str, list[dict[str, Any] | None]], ignore_unavailable: bool, wildcards: bool
    ) -> None:
        """Add what one part means to `seen`: index, and the filters through which it is seen."""
        if part.startswith("-") and seen:
            for name in [name for name in seen if fnmatchcase(name, part[1:])]:
                del seen[name]
            for alias in self._matching(part[1:]):
                for name in self.members(alias):
                    seen.pop(name, None)
        elif part == "_all" or "*" in part:
            if not wildcards:
                return
            pattern = "*" if part == "_all" else part
            for name in self.indices:
                if fnmatchcase(name, pattern):
                    seen.setdefault(name, []).append(None)
            for alias in self._matching(pattern):
                self._through(alias, seen)
        elif self._exists(part):
            seen.setdefault(part, []).append(None)
        elif self.members(part):
            self._through(part, seen)
        elif not ignore_unavailable:
            check_name(part)
            raise IndexNotFound(part)

    def _matching(self, pattern: str) -> list[str]:
        """The aliases that match; hidden ones only by name."""
        found = [alias for alias in sorted(self._aliases) if fnmatchcase(alias, pattern)]
        hidden = {a for a in found if any(body.get("is_hidden") for body in self._aliases[a].values())}
        return [alias for alias in found if alias not in hidden or "*" not in pattern]

    def _through(self, alias: str, seen: dict[str, list[dict[str, Any] | None]]) -> None:
        for name, body in self.members(alias).items():
            seen.setdefault(name, []).append(body.get("filter"))

    def single(self, name: str) -> Target:
        """The one index that `name` means; IndexNotFound, or InvalidRequest for an alias of several."""
        if self._exists(name):
            return Target(name)
        members = self.members(name)
        if not members:
            check_name(name)
            raise IndexNotFound(name)
        if len(members) > 1:
            raise InvalidRequest(
                f"alias [{name}] has more than one index associated with it [{', '.join(members)}], can't execute a "
                "single index op"
            )
        index, body = next(iter(members.items()))
        return Target(index, body.get("filter"))

    def writer(self, name: str) -> str:
        """The index that writes to `name` go to; IndexNotFound, or InvalidRequest for an alias without one."""
        if self._exists(name):
            return name
        members = self.members(name)
        if not members:
            check_name(name)
            raise IndexNotFound(name)
        chosen = [index for index, body in members.items() if body.get("is_write_index")]
        if not chosen and len(members) == 1 and "is_write_index" not in next(iter(members.values())):
            chosen = list(members)
        if len(chosen) != 1:
            raise InvalidRequest(
                f"no write index is defined for alias [{name}]. The write index may be explicitly disabled using "
                "is_write_index=false or the alias points to multiple indices without one being designated as a "
                "write index"
            )
        return chosen[0]


def _either(filters: Sequence[dict[str, Any] | None]) -> dict[str, Any] | None:
    """One filter that lets through what any of them does; None when one of them lets all through."""
    given: list[dict[str, Any]] = []
    for one in filters:
        if not one:
            return None
        if one not in given:
            given.append(one)
    return given[0] if len(given) == 1 else {"bool": {"should": given, "minimum_should_match": 1}}
