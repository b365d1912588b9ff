"""`_explain`: why one document has its score, or does not match; and whether a query can be run at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from indexer import InvalidRequest, Node, QuarryError

from .context import SearchContext
from .filters import accepted
from .finding import see
from .points import filter_of
from .query.base import Explanation
from .request import parse_request


def explain(
    node: Node, index: str, doc_id: str, body: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> tuple[bool, bool, dict[str, Any] | None]:
    """(is the document searchable, does it match, the account of its score) for the request's query."""
    request = parse_request(body, params, node.settings)
    if (body or {}).get("query") is None and params.get("q") is None:
        raise InvalidRequest("Validation Failed: 1: query is missing;")
    ctx = SearchContext(node, node.index(index))
    visible = filter_of(node, index)
    found = ctx.view.numbers_of_ids([doc_id])
    seen = see(ctx, visible)
    if len(found) == 0 or (seen is not None and not seen.mask[found[0]]):
        return False, False, None
    doc = int(found[0])
    matching = accepted(ctx, (request.query, *request.filters))
    if matching is None or not matching.mask[doc]:
        return True, False, Explanation(0.0, "no matching clause").to_dict()
    return True, True, request.query.explain(ctx, doc).to_dict()


def validate(
    node: Node, indices: Sequence[str], body: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> list[tuple[str, str | None]]:
    """For each index (its name, what is wrong with the query there); None: the query can be run."""
    out: list[tuple[str, str | None]] = []
    for name in indices:
        try:
            request = parse_request(body, params, node.settings)
            request.query.mask(SearchContext(node, node.index(name)))
            out.append((name, None))
        except QuarryError as error:
            out.append((name, error.reason))
    return out
