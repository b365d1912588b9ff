"""What is evaluated: an index in a data directory of this process, or one behind a REST address.

Both go through the public ways only (`mode` searches, `_ask`, documents by id), so a figure is what a
user of the service gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from indexer.node import Node

Json = dict[str, Any]
MODES = ("bm25", "tfidf", "word2vec", "glove", "bert", "hybrid")


class Searcher(Protocol):
    """One index under evaluation; safe to use from several threads."""

    def search(self, text: str, mode: str, size: int) -> list[tuple[str, float]]:
        """(document id, score) of the best `size` hits, best first."""
        ...

    def ask(self, question: str, refusal: str, without: Sequence[str], answerer: str | None) -> dict[str, Any]:
        """The response of `_ask`, with the documents `without` left out of the search."""
        ...

    def document(self, doc_id: str) -> dict[str, Any] | None:
        """A document's stored fields, None when there is none of this id."""
        ...


class EmbeddedSearcher:
    """An index of a node in this process."""

    def __init__(self, node: Node, index: str) -> None:
        self._node = node
        self._index = index

    def search(self, text: str, mode: str, size: int) -> list[tuple[str, float]]:
        from retrieval import search

        params = {"q": text, "mode": mode, "size": str(size), "_source": "false"}
        return _hits(search(self._node, [self._index], {}, params))

    def ask(self, question: str, refusal: str, without: Sequence[str], answerer: str | None) -> dict[str, Any]:
        from answers import ask

        return ask(self._node, self._index, question_body(question, refusal, without, answerer))

    def document(self, doc_id: str) -> dict[str, Any] | None:
        row = self._node.index(self._index).get(doc_id)
        return None if row is None or row.body is None else orjson.loads(row.body)


class RestSearcher:
    """An index of a running service."""

    def __init__(self, client: Elasticsearch, index: str) -> None:
        self._client = client
        self._index = index

    def search(self, text: str, mode: str, size: int) -> list[tuple[str, float]]:
        params = {"q": text, "mode": mode, "size": size, "_source": "false"}
        return _hits(self._call("GET", "_search", params))

    def ask(self, question: str, refusal: str, without: Sequence[str], answerer: str | None) -> dict[str, Any]:
        return self._call("POST", "_ask", body=question_body(question, refusal, without, answerer))

    def document(self, doc_id: str) -> dict[str, Any] | None:
        found = self._client.options(ignore_status=404).get(index=self._index, id=doc_id)
        return found.body.get("_source")

    def _call(self, method: str, what: str, params: Any = None, body: Any = None) -> dict[str, Any]:
        headers = {"accept": "application/json", "content-type": "application/json"}
        path = f"/{self._index}/{what}"
        response = self._client.perform_request(method, path, params=params, headers=headers, body=body)
        return dict(response.body)


def question_body(question: str, refusal: str, without: Sequence[str], answerer: str | None) -> dict[str, Any]:
    """The body of an `_ask` request."""
    body: dict[str, Any] = {"question": question, "refusal": refusal}
    if without:
        body["filter"] = {"bool": {"must_not": [{"ids": {"values": list(without)}}]}}
    if answerer:
        body["answerer"] = answerer
    return body


def _hits(response: dict[str, Any]) -> list[tuple[str, float]]:
    return [(hit["_id"], float(hit["_score"])) for hit in response["hits"]["hits"]]
