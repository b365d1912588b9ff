"""The small bilingual index that the page is tested on."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import httpx

DOCUMENTS = [json.loads(line) for line in Path(__file__).with_name("documents.jsonl").read_text("utf-8").splitlines()]
BLOCKS = 27  # documents about granite: three pages of results


class Site:
    """A running service and the documents in its index `library`; `words` has no vectors."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.documents = {document["_id"]: document for document in DOCUMENTS}

    def page(self, **state: str) -> str:
        """The page's address for a state: q, mode, index, page, ask, filter."""
        return f"{self.url}/?{urlencode({'index': 'library', **state})}"


def fill(url: str) -> None:
    """Make the indices `library` and `words` on a service; returns when all their vectors are searchable."""
    blocks = [
        {
            "_id": f"block-{n}",
            "title": f"Block {n}",
            "text": f"Granite block number {n}. " * (n % 5 + 1),
            "section": "stone",
        }
        for n in range(1, BLOCKS + 1)
    ]
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as http:
        words_only = {"settings": {"semantic": {"families": []}}}
        http.put("/words", json=words_only).raise_for_status()
        for index, documents in (("library", [*DOCUMENTS, *blocks]), ("words", DOCUMENTS[:3])):
            lines = []
            for document in documents:
                source = {key: value for key, value in document.items() if key != "_id"}
                lines += [json.dumps({"index": {"_id": document["_id"]}}), json.dumps(source)]
            answer = http.post(
                f"/{index}/_bulk",
                content="\n".join(lines) + "\n",
                headers={"Content-Type": "application/x-ndjson"},
            )
            assert answer.status_code == 200, answer.text
            assert not answer.json()["errors"], answer.text
            http.post(f"/{index}/_refresh", params={"wait_for": "vectors"}).raise_for_status()
