"""A small index of mixed text in several segments with deletions, and what it must hold about any query."""

from __future__ import annotations

import math
import random
import re

import numpy as np

from analysis import get_analyzer
from indexer import Node, Operation
from retrieval.context import SearchContext
from retrieval.query import Parser
from settings import Settings

PIECES = [
    "北京大学",
    "北京大雪",
    "北大京学",
    "圖書館",
    "图书馆",
    "图书管",
    "读书",
    "大学生",
    "quick",
    "quikc",
    "brown",
    "fox",
    "GPT-4",
    "gpt 4",
    "GPT4",
    "new york",
    "new",
    "york",
    "ny",
    "big apple",
    "C++",
    "running",
    "runs",
    "café",
    "ＡＢＣ",
    "state-of-the-art",
    "the",
    "search engines",
    "搜索引擎",
    "检索",
]
KEYS = ["北京", "Beijing", "beijing", "shanghai", "上海大学", "a1", "a22", "b-7", "GPT", ""]
SYNONYMS = ["ny, new york, big apple", "图书馆 => 图书馆, 书馆", "北大, 北京大学"]
MAPPING = {
    "properties": {
        "text": {"type": "text"},
        "title": {"type": "text"},
        "syn": {"type": "text", "analyzer": "plain", "search_analyzer": "graph"},
        "words": {"type": "text", "analyzer": "chinese"},
        "pairs": {"type": "text", "analyzer": "cjk"},
        "key": {"type": "keyword"},
        "small": {"type": "keyword", "normalizer": "lowercase"},
        "n": {"type": "long"},
        "x": {"type": "double"},
        "day": {"type": "date"},
        "ok": {"type": "boolean"},
    }
}
ANALYSIS = {
    "analyzer": {
        "plain": {"tokenizer": "multilingual"},
        "graph": {"tokenizer": "multilingual", "filter": ["same"]},
    },
    "filter": {"same": {"type": "synonym_graph", "synonyms": SYNONYMS}},
}


def document(chance: random.Random) -> dict:
    """One random source."""

    def text(most: int) -> str:
        pieces = [chance.choice(PIECES) for _ in range(chance.randint(1, most))]
        return chance.choice([" ", "", "，"]).join(pieces)

    body = text(6)
    source = {"text": body, "title": text(2), "syn": body, "words": body, "pairs": body}
    if chance.random() < 0.8:
        source["key"] = source["small"] = chance.sample(KEYS, chance.randint(1, 2))
    if chance.random() < 0.8:
        source["n"] = [chance.randint(-3, 9) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.8:
        source["x"] = round(chance.uniform(0.1, 5), 2)
    if chance.random() < 0.8:
        source["day"] = f"2024-0{chance.randint(1, 3)}-{chance.randint(1, 28):02d}T{chance.randint(0, 23):02d}:30:00Z"
    source["ok"] = chance.random() < 0.5
    return source


class Corpus:
    """An index, and the live documents that it was made of."""

    def __init__(self, folder, seed: int = 1, size: int = 60) -> None:
        chance = random.Random(seed)
        self.node = Node(Settings(data=folder))
        settings = {"semantic": {"families": []}, "analysis": ANALYSIS}
        self.index = self.node.create("docs", {"mappings": MAPPING, "settings": settings})
        self.docs: dict[str, dict] = {}
        for part in range(3):
            operations = []
            for i in range(size // 3):
                doc_id = str(part * (size // 3) + i)
                self.docs[doc_id] = document(chance)
                operations.append(Operation("index", doc_id, self.docs[doc_id]))
            for doc_id in chance.sample(sorted(self.docs), 4):
                if chance.random() < 0.5:
                    del self.docs[doc_id]
                    operations.append(Operation("delete", doc_id))
                else:
                    self.docs[doc_id] = document(chance)
                    operations.append(Operation("index", doc_id, self.docs[doc_id]))
            self.index.write(operations)
            self.index.refresh()
        self._tokens: dict = {}

    def context(self, deadline: float | None = None) -> SearchContext:
        return SearchContext(self.node, self.index, deadline)

    def ids(self, docs) -> set[str]:
        ctx = self.context()
        return {row.id for row in ctx.view.fetch([int(d) for d in docs])}

    def run(self, body: dict) -> dict[str, float]:
        """{id: score} of a query, after checking what holds for every query."""
        ctx = self.context()
        query = Parser().query(body)
        found = query.matches(ctx)
        docs = np.asarray(found.docs, np.int64)
        assert (np.diff(docs) > 0).all(), body
        assert found.scores.dtype == np.float32, body
        mask = query.mask(ctx)
        assert mask.dtype == bool
        assert np.flatnonzero(mask).tolist() == docs.tolist(), body
        assert not (mask & ~ctx.live).any(), body
        assert np.isfinite(found.scores).all(), body
        assert (found.scores >= 0).all(), body
        live = np.flatnonzero(ctx.live)
        wanted = np.zeros(ctx.documents, np.float32)
        wanted[docs] = found.scores
        assert np.allclose(query.score(ctx, live), wanted[live], rtol=1e-5, atol=1e-6), body
        for doc in [*docs[:6].tolist(), *live[:3].tolist()]:
            account = query.explain(ctx, int(doc))
            assert math.isclose(account.value, wanted[doc], rel_tol=1e-4, abs_tol=1e-6), (body, account.to_dict())
            adds_up(account.to_dict())
        list(query.highlights(ctx))
        rows = ctx.view.fetch(docs.tolist())
        return {row.id: float(score) for row, score in zip(rows, found.scores, strict=True)}

    def where(self, holds) -> set[str]:
        """The ids of live documents for which a predicate of the source holds."""
        return {doc_id for doc_id, source in self.docs.items() if holds(source)}

    def tokens(self, text: str, analyzer: str = "multilingual"):
        """Terms of a text with their positions."""
        key = (text, analyzer)
        if key not in self._tokens:
            self._tokens[key] = get_analyzer(analyzer, ANALYSIS).tokens(text)
        return self._tokens[key]

    def terms(self, text: str, analyzer: str = "multilingual") -> set[str]:
        return {token.term for token in self.tokens(text, analyzer)}


def adds_up(account: dict) -> None:
    """Every value of an explanation follows from its details."""
    details = [d["value"] for d in account["details"]]
    how = account["description"]
    if details:
        if how.endswith("sum of:"):
            value = sum(details)
        elif how.endswith("product of:"):
            value = math.prod(details)
        elif how.endswith("max of:"):
            value = max(details)
        elif how.endswith("min of:"):
            value = min(details)
        elif how.endswith("quotient of:"):
            value = details[0] / details[1]
        else:
            tie = re.search(r"max plus (\S+) times others of:$", how)
            assert tie, how
            value = max(details) + float(tie[1]) * (sum(details) - max(details))
        assert math.isclose(account["value"], value, rel_tol=1e-4, abs_tol=1e-6), account
    for detail in account["details"]:
        adds_up(detail)


def distance(a: str, b: str, swaps: bool = True) -> int:
    """Optimal string alignment, by its textbook recurrence."""
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            best = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
            if swaps and i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, table[i - 2][j - 2] + 1)
            table[i][j] = best
    return table[-1][-1]
