"""Which indices a request means: names, comma lists, wildcards, exclusions, `_all`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from api.call import Call
from indexer.engine import Index
from indexer.errors import IndexNotFound, InvalidRequest
from indexer.node import Node, check_name


def resolve(
    node: Node, expression: str | None, ignore_unavailable: bool = False, allow_no_indices: bool = True
) -> list[str]:
    """The names of the indices that `expression` means, in order and once each.

    None, `_all` and `*` mean all. IndexNotFound when a plain name is unknown (unless
    `ignore_unavailable`), or when nothing is meant at all and `allow_no_indices` is false.
    """
    known = sorted(node.names("*"))
    if expression in (None, "", "_all", "*"):
        found = known
    else:
        found = []
        for part in (expression or "").split(","):
            _resolve_part(part, known, found, ignore_unavailable)
    if not found and not allow_no_indices:
        raise IndexNotFound(expression or "_all")
    return list(dict.fromkeys(found))


def _resolve_part(part: str, known: list[str], found: list[str], ignore_unavailable: bool) -> None:
    if part.startswith("-") and found:
        pattern = part[1:]
        found[:] = [name for name in found if not fnmatchcase(name, pattern)]
    elif part == "_all":
        found.extend(known)
    elif "*" in part:
        found.extend(name for name in known if fnmatchcase(name, part))
    elif part in known:
        found.append(part)
    elif not ignore_unavailable:
        check_name(part)
        raise IndexNotFound(part)


def targets(call: Call) -> list[str]:
    """The indices that this request's path and parameters mean."""
    wildcards = call.parameters.get("expand_wildcards") or []
    for choice in wildcards:
        if choice not in ("open", "all", "none", "closed", "hidden"):
            raise InvalidRequest(f"No valid expand wildcard value [{choice}]")
    expression = call.path.get("index")
    if "none" in wildcards and expression and "*" in expression:
        raise IndexNotFound(expression)
    return resolve(call.node, expression, call["ignore_unavailable"], call["allow_no_indices"])


def checked(name: str) -> str:
    """`name` when an index may have it; InvalidIndexName otherwise."""
    check_name(name)
    return name


def one_index(call: Call) -> Index:
    """The index of a request that takes exactly one; IndexNotFound when there is none of this name."""
    return call.node.index(checked(call.path["index"]))
