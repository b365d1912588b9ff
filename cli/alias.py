"""`quarry alias`: other names of indices, given, taken, moved and listed."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .places import AsJson, Data, Url, opened


class Action(StrEnum):
    """What to do with an alias."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"


def alias(
    action: Annotated[Action, typer.Argument(help="list, add, remove, or move (to one index, from all others).")],
    name: Annotated[str | None, typer.Argument(help="The alias.")] = None,
    index: Annotated[str | None, typer.Argument(help="The index.")] = None,
    write: Annotated[bool, typer.Option("--write", help="With add: writes through the alias go to it.")] = False,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Give an index another name, take it away, or move it to another index in one step."""
    if action == Action.LIST:
        _print(_listed(data, url, name), as_json)
        return
    if name is None or index is None:
        raise typer.BadParameter("an alias and an index are expected", param_hint="NAME INDEX")
    steps: list[dict[str, Any]] = []
    given: dict[str, Any] = {"index": index, "alias": name}
    if action == Action.REMOVE:
        steps = [{"remove": {**given, "must_exist": True}}]
    elif action == Action.ADD:
        steps = [{"add": {**given, "is_write_index": True} if write else given}]
    else:
        steps = [
            {"remove": {"index": other, "alias": name}}
            for other in _listed(data, url, name).get(name, ())
            if other != index
        ]
        steps.append({"add": given})
    _update(steps, data, url)
    _print(_listed(data, url, name), as_json)


def _listed(data: Path | None, url: str | None, name: str | None) -> dict[str, dict[str, Any]]:
    """alias -> index -> what it is there."""
    if url is None:
        with opened(data) as node:
            every = node.aliases()
    else:
        from indexer.targets import connect

        every = {}
        with connect(url) as client:
            for index, body in client.indices.get_alias().items():
                for alias_name, what in body["aliases"].items():
                    every.setdefault(alias_name, {})[index] = what
    return every if name is None else {one: members for one, members in every.items() if one == name}


def _update(steps: list[dict[str, Any]], data: Path | None, url: str | None) -> None:
    if url is None:
        with opened(data) as node:
            from indexer.aliases import parse_actions

            node.update_aliases(parse_actions({"actions": steps}))
        return
    from indexer.targets import connect

    with connect(url) as client:
        client.indices.update_aliases(actions=steps)


def _print(every: dict[str, dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(every, ensure_ascii=False))
        return
    for name, members in sorted(every.items()):
        for index, body in sorted(members.items()):
            marks = [word for key, word in (("filter", "filtered"), ("is_write_index", "writes")) if body.get(key)]
            said = f" ({', '.join(marks)})" if marks else ""
            print(f"{name} -> {index}{said}")
