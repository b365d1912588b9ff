"""Aliases: give, take, look at; several steps at once are one."""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.elastic.shapes import AliasActions, AliasRequest
from api.elastic.targets import targets
from api.parameters import TARGETS, WRITE_HINTS, hints
from api.render import Reply
from api.routing import Route
from indexer.aliases import Action, alias_body, matching, parse_actions
from indexer.errors import InvalidRequest, QuarryError
from retrieval.query import Parser


def check_filter(call: Call, body: dict[str, Any]) -> None:
    """Refuse a filter that is no query, before it is in the way of every search."""
    if body.get("filter"):
        try:
            Parser(call.settings.max_clauses, call.settings.max_depth).query(body["filter"])
        except QuarryError as error:
            raise InvalidRequest(f"failed to parse the filter of an alias: {error.reason}") from None


def update_aliases(call: Call) -> dict[str, Any]:
    actions = parse_actions(call.required_object())
    for action in actions:
        check_filter(call, action.body)
    outcome = call.node.update_aliases(actions)
    answer: dict[str, Any] = {"acknowledged": True, "errors": outcome.errors}
    if outcome.errors:
        answer["action_results"] = list(outcome.results)
    return answer


def put_alias(call: Call) -> dict[str, Any]:
    body = alias_body(call.object())
    check_filter(call, body)
    indices = tuple(call.path["index"].split(","))
    call.node.update_aliases([Action("add", indices, (call.path["name"],), body)])
    return {"acknowledged": True}


def delete_alias(call: Call) -> dict[str, Any]:
    names = tuple(call.path["name"].split(","))
    call.node.update_aliases([Action("remove", tuple(call.path["index"].split(",")), names, must_exist=True)])
    return {"acknowledged": True}


def get_alias(call: Call) -> Reply:
    """Aliases by index; 404 with those that are there when one that is asked for by name is not."""
    found, missing = _found(call)
    if missing:
        reason = f"alias{'es' if len(missing) > 1 else ''} [{','.join(missing)}] missing"
        return Reply({"error": reason, "status": 404, **found}, 404)
    return Reply(found)


def alias_exists(call: Call) -> Reply:
    """HEAD: 200 when each alias is there."""
    found, missing = _found(call)
    return Reply(None, 404 if missing or not found else 200)


def _found(call: Call) -> tuple[dict[str, Any], list[str]]:
    """index -> its aliases that are meant, and the plain names that no alias of these indices has."""
    every = call.node.aliases()
    name = call.path.get("name")
    meant = matching(name.split(","), every) if name else list(every)
    out: dict[str, Any] = {}
    for index in targets(call):
        of_index = {alias: every[alias][index] for alias in meant if index in every[alias]}
        if of_index or name is None:
            out[index] = {"aliases": of_index}
    there = {alias for index in out.values() for alias in index["aliases"]}
    asked = name.split(",") if name else []
    plain = [part for part in asked if "*" not in part and part != "_all" and not part.startswith("-")]
    return out, sorted(part for part in plain if part not in there)


def aliases_of(call: Call, index: str) -> dict[str, Any]:
    """The aliases of one index, as `GET /{index}` shows them."""
    return {alias: members[index] for alias, members in call.node.aliases().items() if index in members}


_LOOK = (*TARGETS, *hints("local", "master_timeout"))


def _route(methods: tuple[str, ...], rule: str, handler: Any, summary: str, body: Any = None) -> Route:
    return Route(methods, rule, handler, summary, "aliases", _LOOK if body is None else WRITE_HINTS, body)


_BOTH = ("/<index>/_alias/<name>", "/<index>/_aliases/<name>")
_SHOWN = ("/_alias", "/_alias/<name>", "/<index>/_alias", "/<index>/_alias/<name>", "/_aliases")
ROUTES = (
    _route(("POST",), "/_aliases", update_aliases, "Give and take aliases, all at once", AliasActions),
    *(_route(("PUT", "POST"), rule, put_alias, "Give indices an alias", AliasRequest) for rule in _BOTH),
    *(Route(("DELETE",), rule, delete_alias, "Take an alias from indices", "aliases", WRITE_HINTS) for rule in _BOTH),
    *(_route(("HEAD",), rule, alias_exists, "Whether an alias exists") for rule in (_SHOWN[1], _SHOWN[3])),
    *(_route(("GET",), rule, get_alias, "Aliases by index") for rule in _SHOWN),
)
