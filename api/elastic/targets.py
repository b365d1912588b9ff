"""Which indices a request means: names, aliases, comma lists, wildcards, exclusions, `_all`."""

from __future__ import annotations

from api.call import Call
from indexer.engine import Index
from indexer.errors import IndexNotFound, InvalidRequest
from indexer.names import check_name
from indexer.node import Node
from indexer.resolution import Target


def resolve(
    node: Node, expression: str | None, ignore_unavailable: bool = False, allow_no_indices: bool = True
) -> list[Target]:
    """The indices that `expression` means, each with the filter of the aliases that it was meant by."""
    return node.resolve(expression, ignore_unavailable, allow_no_indices)


def targets(call: Call) -> list[Target]:
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
    """`name` when an index or an alias may have it; InvalidIndexName otherwise."""
    # an alias may have capitals, an index not: the refusal says what is wrong with a name of neither
    if name != name.lower():
        return name
    check_name(name)
    return name


def one_index(call: Call) -> Index:
    """The index of a request that takes exactly one; IndexNotFound when there is none of this name."""
    return call.node.index(checked(call.path["index"]))
