"""Aliases: other names of indices, which can filter what is seen and be moved in one step.

Everything here is a function of the aliases before, the request and the names of the indices; the
registry makes the result durable.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from .admin_errors import AliasesNotFound, IllegalState, InvalidAliasName
from .errors import IndexNotFound, InvalidIndexName, InvalidRequest, ParsingError
from .names import check_alias_name
from .registry import Aliases

_SHAPE: dict[str, type] = {
    "filter": dict,
    "routing": str,
    "index_routing": str,
    "search_routing": str,
    "is_write_index": bool,
    "is_hidden": bool,
}
_KINDS = ("add", "remove", "remove_index")


@dataclass(frozen=True)
class Action:
    """One step of `POST /_aliases`. `indices` and, to remove, `aliases` may be patterns."""

    kind: Literal["add", "remove", "remove_index"]
    indices: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    body: dict[str, Any] = field(default_factory=dict)
    must_exist: bool | None = None


@dataclass(frozen=True)
class Outcome:
    """The aliases after some actions, the indices to remove, and what became of each action."""

    aliases: Aliases
    removed: tuple[str, ...]
    results: tuple[dict[str, Any], ...]

    @property
    def errors(self) -> bool:
        return any("error" in result for result in self.results)


def parse_actions(body: Any) -> list[Action]:
    """The actions of a body of `POST /_aliases`; ParsingError, InvalidRequest."""
    if not isinstance(body, dict) or set(body) - {"actions"}:
        raise ParsingError("[aliases] takes an object with [actions], a list of [add], [remove] and [remove_index]")
    actions = body.get("actions")
    if not isinstance(actions, list) or not actions:
        raise InvalidRequest("Validation Failed: 1: Must specify at least one alias action;")
    return [_parse_action(action) for action in actions]


def _parse_action(value: Any) -> Action:
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in _KINDS:
        raise ParsingError(f"an alias action is an object with one of {list(_KINDS)}")
    kind, given = next(iter(value.items()))
    if not isinstance(given, dict):
        raise ParsingError(f"[{kind}] must be an object")
    given = dict(given)
    indices = _names(given, "index", "indices", kind)
    aliases = _names(given, "alias", "aliases", kind) if kind != "remove_index" else ()
    must_exist = given.pop("must_exist", None) if kind != "add" else None
    if must_exist is not None and not isinstance(must_exist, bool):
        raise ParsingError(f"[must_exist] of [{kind}] must be a boolean")
    if kind != "add" and given:
        raise ParsingError(f"[{kind}] unknown field [{sorted(given)[0]}]")
    return Action(kind, indices, aliases, alias_body(given), must_exist)


def _names(given: dict[str, Any], one: str, many: str, kind: str) -> tuple[str, ...]:
    if (one in given) == (many in given):
        raise InvalidRequest(f"One of [{one}] or [{many}] is required for [{kind}]")
    value = given.pop(one, None) if one in given else given.pop(many)
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n for n in names):
        raise InvalidRequest(f"[{one}] of [{kind}] must be a name, [{many}] a list of names")
    return tuple(part for name in names for part in name.split(",") if part)


def alias_body(given: Any) -> dict[str, Any]:
    """What an alias is, from a request's body: `routing` stands for both of its kinds; ParsingError."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ParsingError("an alias is described by an object")
    for key, value in given.items():
        if key not in _SHAPE:
            raise ParsingError(f"unknown field [{key}] of an alias; known: {', '.join(_SHAPE)}")
        if value is not None and not isinstance(value, _SHAPE[key]):
            if _SHAPE[key] is str and isinstance(value, int) and not isinstance(value, bool):
                continue
            raise ParsingError(f"[{key}] of an alias must be {_kind(_SHAPE[key])}")
    out = {key: value for key, value in given.items() if value is not None}
    routing = out.pop("routing", None)
    for key in ("index_routing", "search_routing"):
        value = out.pop(key, routing)
        if value is not None:
            out[key] = str(value)
    return out


def _kind(expected: type) -> str:
    return {dict: "an object", str: "a string", bool: "a boolean"}[expected]


def apply_actions(aliases: Aliases, actions: Sequence[Action], indices: Collection[str]) -> Outcome:
    """The aliases after the actions, all or none: indices are removed first, as in Elasticsearch.

    AliasesNotFound when nothing that is to be removed is there, IndexNotFound, InvalidAliasName where an
    index has the name, IllegalState when an alias would have two write indices.
    """
    new = copy.deepcopy(aliases)
    removed: list[str] = []
    for action in actions:
        if action.kind == "remove_index":
            removed += concrete(action.indices, indices, aliases, missing_ok=action.must_exist is False)
    for name in removed:
        drop_index(new, name)
    left = [name for name in indices if name not in removed]
    results = []
    for action in actions:
        if action.kind == "remove_index":
            results.append({"action": _shown(action, action.indices), "status": 200})
            continue
        names = concrete(action.indices, left, new)
        if action.kind == "add":
            for alias in action.aliases:
                add(new, alias, dict.fromkeys(names, action.body), left)
            results.append({"action": _shown(action, names), "status": 200})
        else:
            results.append(_remove(new, action, names))
    for alias in dict.fromkeys(alias for action in actions if action.kind == "add" for alias in action.aliases):
        check_whole(new, alias, left)  # at the end: steps may pass through what could not stand
    failed = [result for result in results if "error" in result]
    if failed and len(failed) == len(results):
        raise AliasesNotFound([alias for action in actions for alias in action.aliases])
    return Outcome(new, tuple(dict.fromkeys(removed)), tuple(results))


def _shown(action: Action, indices: Iterable[str]) -> dict[str, Any]:
    return {"type": action.kind, "indices": list(indices), "aliases": list(action.aliases)}


def _remove(aliases: Aliases, action: Action, names: Sequence[str]) -> dict[str, Any]:
    found = False
    for alias in matching(action.aliases, aliases):
        for name in names:
            found = aliases[alias].pop(name, None) is not None or found
        if not aliases[alias]:
            del aliases[alias]
    if found or action.must_exist is False:
        return {"action": _shown(action, names), "status": 200}
    error = AliasesNotFound(list(action.aliases))
    if action.must_exist:
        raise error
    return {"action": _shown(action, names), "status": error.status, "error": error.to_dict()}


def add(aliases: Aliases, alias: str, bodies: dict[str, dict[str, Any]], indices: Collection[str]) -> None:
    """Give the indices of `bodies` the alias, in place; `check_whole` says whether the result can stand."""
    check_alias_name(alias)
    if alias in indices:
        raise InvalidAliasName(
            f"Invalid alias name [{alias}]: an index or data stream exists with the same name as the alias"
        )
    aliases.setdefault(alias, {}).update({index: dict(body) for index, body in bodies.items()})


def check_whole(aliases: Aliases, alias: str, indices: Collection[str]) -> None:
    """IllegalState when the alias has two write indices, or is hidden on some of its indices only."""
    members = {index: body for index, body in aliases.get(alias, {}).items() if index in indices}
    writers = sorted(index for index, body in members.items() if body.get("is_write_index"))
    if len(writers) > 1:
        raise IllegalState(f"alias [{alias}] has more than one write index [{','.join(writers)}]")
    if len({bool(body.get("is_hidden")) for body in members.values()}) > 1:
        raise IllegalState(f"alias [{alias}] has is_hidden set to true on some of its indices only; give all the same")


def drop_index(aliases: Aliases, index: str) -> None:
    """Take every alias from an index, in place."""
    for alias in list(aliases):
        aliases[alias].pop(index, None)
        if not aliases[alias]:
            del aliases[alias]


def check_free(name: str, aliases: Aliases, exists: Callable[[str], bool]) -> None:
    """InvalidIndexName when an alias (of an index that exists) has the name already."""
    if any(exists(index) for index in aliases.get(name, ())):
        raise InvalidIndexName(f"Invalid index name [{name}], already exists as alias", index=name)


def matching(expressions: Iterable[str], aliases: Iterable[str]) -> list[str]:
    """The aliases that names and patterns mean; `_all` means all; `-name` takes one out again."""
    known = sorted(aliases)
    out: list[str] = []
    for expression in expressions:
        if expression.startswith("-") and out:
            out = [alias for alias in out if not fnmatchcase(alias, expression[1:])]
        elif expression in ("_all", "*"):
            out += known
        else:
            out += [alias for alias in known if fnmatchcase(alias, expression)]
    return list(dict.fromkeys(out))


def concrete(
    expressions: Iterable[str], indices: Collection[str], aliases: Aliases, missing_ok: bool = False
) -> list[str]:
    """The indices that names and patterns mean where an alias may not stand for them; IndexNotFound."""
    out: list[str] = []
    for expression in expressions:
        if expression in ("_all", "*"):
            out += sorted(indices)
        elif "*" in expression:
            out += sorted(name for name in indices if fnmatchcase(name, expression))
        elif expression in indices:
            out.append(expression)
        elif expression in aliases:
            raise InvalidRequest(
                f"The provided expression [{expression}] matches an alias, specify the corresponding concrete "
                "indices instead."
            )
        elif not missing_ok:
            raise IndexNotFound(expression)
    return list(dict.fromkeys(out))
