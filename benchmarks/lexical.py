"""How fast words are indexed and found, beside Lucene: ``python -m benchmarks.lexical`` from the repository's root.

Two corpora are made (seeded, kept in ``--work``): ``synthetic``, documents of about 60 pseudo-words with Zipf
frequencies and topics, split at spaces; ``chinese``, passages of three to five sentences drawn from cmrc2018, in
uni- and bigrams (Lucene twice: with its cjk analyzer, which makes bigrams, and with uni- and bigrams). Printed, all by
*processor time* of one thread:

- documents a second from text to a searchable segment with positions, and the index's size by the text's;
- queries a second and the 99th percentile, by class and k, ours beside Lucene in turns, both warm;
- what eight segments, a fifth deleted, a filter of a tenth, and two fields taken as one cost, by the plain query.

Lucene is left out where it cannot be loaded (see benchmarks/lucene). Its times are taken inside the JVM, ours
include everything from a typed query to arrays of documents and scores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis import get_analyzer, sentences
from benchmarks import lucene
from indexer.segment import Segment, SegmentWriter, Tombstones, merge
from retrieval.lexical import Accepted, LexicalReader, PhraseQuery, WordQuery

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("QUARRY_TEST_DATA", ROOT.parent / "shared" / "data"))
BATCH = 2000
TURN = 25  # queries of one engine before the next has its turn
ROUNDS = 4
ANALYZERS = {"synthetic": "whitespace", "chinese": "multilingual"}
PEERS = {"synthetic": ("whitespace",), "chinese": ("cjk", "unigrams and bigrams")}  # Lucene's analyzers
console = Console(width=150)
Query = WordQuery | PhraseQuery


@dataclass(frozen=True)
class Asked:
    """One query: its text for Lucene, typed for us."""

    text: str
    mode: str
    query: Query


# --- corpora ------------------------------------------------------------------------------------


def synthetic(documents: int) -> Iterator[str]:
    """Documents of log-normal length; a word is one of the document again, of its topic, or any by Zipf's law."""
    rng = np.random.default_rng(1)
    words = [_spelled(i) for i in range(400_000)]
    weights = 1.0 / (np.arange(len(words)) + 3.7) ** 1.07
    cumulated = np.cumsum(weights) / weights.sum()
    topics = (100 * (len(words) / 100) ** rng.random((400, 2000))).astype(np.int64)
    for _ in range(documents):
        size = int(np.clip(rng.lognormal(3.9, 0.6), 3, 2000))
        drawn = np.searchsorted(cumulated, rng.random(size))
        kind = rng.random(size)
        topical = np.flatnonzero(kind < 0.25)
        drawn[topical] = topics[rng.integers(400), (2000 * rng.random(topical.size) ** 3).astype(int)]
        for at in np.flatnonzero(kind > 0.88)[1:]:
            drawn[at] = drawn[rng.integers(at)]
        yield " ".join(words[i] for i in drawn)


def _spelled(number: int) -> str:
    """A pseudo-word of syllables."""
    out = ""
    number += 100
    while number:
        number, part = divmod(number, 100)
        out += "bcdfghjklmnprstvwxyz"[part // 5] + "aeiou"[part % 5]
    return out


def chinese(documents: int) -> Iterator[str]:
    """Passages of three to five sentences of cmrc2018, drawn at random."""
    rng = np.random.default_rng(1)
    with open(DATA / "cmrc2018" / "corpus.jsonl", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    parts = [text[a:b].replace("\n", " ").strip() for text in texts for a, b in sentences(text)]
    parts = [part for part in parts if part]
    for _ in range(documents):
        yield "".join(parts[i] for i in rng.integers(0, len(parts), int(rng.integers(3, 6))))


def made(work: Path, corpus: str, documents: int) -> Path:
    """The corpus as a file of lines, written when it is not there."""
    path = work / f"{corpus}-{documents}.txt"
    if not path.is_file():
        console.print(f"making {path.name}")
        temporary = path.with_suffix(".tmp")
        with open(temporary, "w", encoding="utf-8") as out:
            source = synthetic(documents) if corpus == "synthetic" else chinese(documents)
            out.writelines(line + "\n" for line in source)
        temporary.rename(path)
    return path


# --- queries ------------------------------------------------------------------------------------


def asked(corpus: str, lines: Path, count: int) -> dict[str, list[Asked]]:
    """Queries of each class, drawn from the documents."""
    rng = np.random.default_rng(7)
    with open(lines, encoding="utf-8") as source:
        texts = [line.strip() for line in islice(source, 0, 200_000, 40)]
    if corpus == "synthetic":
        return {
            "1 word": [_words(rng, texts, 1, 1, "or") for _ in range(count)],
            "2 words": [_words(rng, texts, 2, 2, "or") for _ in range(count)],
            "3-6 words": [_words(rng, texts, 3, 6, "or") for _ in range(count)],
            "8 words": [_words(rng, texts, 8, 8, "or") for _ in range(count)],
            "2-4 words, all": [_words(rng, texts, 2, 4, "and") for _ in range(count)],
            "phrase of 2-3": [_words(rng, texts, 2, 3, "phrase") for _ in range(count)],
        }
    with open(DATA / "cmrc2018" / "queries.jsonl", encoding="utf-8") as source:
        questions = [json.loads(line)["text"] for line in source]
    chosen = [questions[int(i)] for i in rng.permutation(len(questions))[:count]]
    return {
        "2 characters": [_characters(_piece(rng, texts, 2, 2), "or") for _ in range(count)],
        "4 characters": [_characters(_piece(rng, texts, 4, 4), "or") for _ in range(count)],
        "question": [_characters(text, "or") for text in chosen],
        "4 characters, all": [_characters(_piece(rng, texts, 4, 4), "and") for _ in range(count)],
        "phrase of 3-5": [_characters(_piece(rng, texts, 3, 5), "phrase") for _ in range(count)],
    }


def _words(rng: np.random.Generator, texts: Sequence[str], low: int, high: int, mode: str) -> Asked:
    """Distinct words of one document, or a run of them."""
    size = int(rng.integers(low, high + 1))
    while True:
        words = texts[int(rng.integers(len(texts)))].split()
        if mode == "phrase" and len(words) >= size:
            start = int(rng.integers(len(words) - size + 1))
            part = words[start : start + size]
            return Asked(" ".join(part), mode, PhraseQuery("text", part))
        distinct = list(dict.fromkeys(words))
        if mode != "phrase" and len(distinct) >= size:
            part = [distinct[int(i)] for i in rng.permutation(len(distinct))[:size]]
            return Asked(" ".join(part), mode, WordQuery(("text",), part, minimum=size if mode == "and" else 1))


def _piece(rng: np.random.Generator, texts: Sequence[str], low: int, high: int) -> str:
    """A run of Han characters of one passage."""
    while True:
        text = texts[int(rng.integers(len(texts)))]
        size = int(rng.integers(low, high + 1))
        start = int(rng.integers(max(1, len(text) - size)))
        piece = text[start : start + size]
        if len(piece) == size and all("\u4e00" <= c <= "\u9fff" for c in piece):
            return piece


def _characters(text: str, mode: str) -> Asked:
    analyzer = get_analyzer("multilingual")
    if mode == "phrase":
        return Asked(text, mode, PhraseQuery("text", [t.term for t in analyzer.phrase_tokens(text)]))
    terms = [t.term for t in analyzer.tokens(text)]
    return Asked(text, mode, WordQuery(("text",), terms, minimum=len(set(terms)) if mode == "and" else 1))


# --- building -----------------------------------------------------------------------------------


def build(lines: Path, folder: Path, analyzer: str, documents: int) -> None:
    """Eight segments, and one merged of them; also one of two fields. Prints the rates."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chain = get_analyzer(analyzer)
    chain.batch(["compiles what is not compiled yet"])
    spent, last = 0.0, -(-documents // 8)
    parts: list[Segment] = []
    two = SegmentWriter(folder / "two")
    with open(lines, encoding="utf-8") as source:
        writer, number = SegmentWriter(folder / "0"), 0
        while texts := [line.rstrip("\n") for line in islice(source, BATCH)]:
            began = time.thread_time()
            writer.add(np.arange(number, number + len(texts)), {"text": chain.batch(texts)}, {})
            spent += time.thread_time() - began
            cuts = [len(text) // 8 for text in texts]
            fields = {
                "title": chain.batch([text[:cut] for text, cut in zip(texts, cuts, strict=True)]),
                "body": chain.batch([text[cut:] for text, cut in zip(texts, cuts, strict=True)]),
            }
            two.add(np.arange(number, number + len(texts)), fields, {})
            number += len(texts)
            if writer.documents >= last or number == documents:
                began = time.thread_time()
                writer.finish()
                spent += time.thread_time() - began
                parts.append(Segment.open(writer.path))
                writer = SegmentWriter(folder / str(len(parts)))
    two.finish()
    began = time.thread_time()
    info = merge(folder / "one", parts, [None] * len(parts))
    merging = time.thread_time() - began
    size = lines.stat().st_size
    console.print(
        f"built: {documents / spent:,.0f} documents/s into {len(parts)} segments, {documents / (spent + merging):,.0f} "
        f"with their merge into one; {info.size / 1e6:.0f} MB, {info.size / size:.2f} of the text"
    )


# --- timing -------------------------------------------------------------------------------------


def spent(reader: LexicalReader, queries: Sequence[Query], k: int, accept: Accepted | None = None) -> np.ndarray:
    """Milliseconds of processor time of each query."""
    out = np.empty(len(queries))
    for i, query in enumerate(queries):
        began = time.thread_time_ns()
        reader.top_k(query, k, accept, 0)
        out[i] = (time.thread_time_ns() - began) / 1e6
    return out


def beside(classes: dict[str, list[Asked]], reader: LexicalReader, peers: dict[str, lucene.Lucene]) -> None:
    """Queries a second and 99th percentiles, in turns."""
    columns = [column for name in peers for column in (f"Lucene, {name}: queries/s", "p99 ms", "times")]
    table = Table("class", "k", "queries/s", "p99 ms", *columns, title="one segment")
    for k in (10, 1000):
        for name, queries in classes.items():
            spent(reader, [q.query for q in queries[-100:]], k)
            ours: list[np.ndarray] = []
            theirs: dict[str, list[np.ndarray]] = {name: [] for name in peers}
            for peer in peers.values():
                for _ in range(4):
                    peer.time([q.text for q in queries], k, queries[0].mode)
            for start in range(0, len(queries), TURN):
                part = queries[start : start + TURN]
                ours.append(spent(reader, [q.query for q in part], k))
                for peer_name, peer in peers.items():
                    theirs[peer_name].append(peer.time([q.text for q in part], k, part[0].mode))
            mine = np.concatenate(ours)
            row = [name, str(k), f"{1e3 / mine.mean():,.0f}", f"{np.percentile(mine, 99):.2f}"]
            for times in theirs.values():
                other = np.concatenate(times)
                row += [f"{1e3 / other.mean():,.0f}", f"{np.percentile(other, 99):.2f}"]
                row += [f"{other.mean() / mine.mean():.2f}"]
            table.add_row(*row)
    console.print(table)


def conditions(classes: dict[str, list[Asked]], folder: Path) -> None:
    """What segments, deletions, filters and fields cost at k 10, by the plain query: of each query the least of some
    rounds."""
    rng = np.random.default_rng(3)
    one, two = Segment.open(folder / "one"), Segment.open(folder / "two")
    eight = [Segment.open(path) for path in sorted(folder.glob("[0-9]*"), key=lambda path: int(path.name))]
    dead = Tombstones.none(one).with_dead(np.flatnonzero(rng.random(one.documents) < 0.2))
    plain = LexicalReader([one], [None])
    accept = plain.accepted(rng.random(one.documents) < 0.1)  # as a search keeps it
    readers: dict[str, tuple[LexicalReader, Accepted | None, Callable[[Query], Query]]] = {
        f"{len(eight)} segments": (LexicalReader(eight, [None] * len(eight)), None, lambda q: q),
        "a fifth deleted": (LexicalReader([one], [dead]), None, lambda q: q),
        "filter of a tenth": (plain, accept, lambda q: q),
        "two fields as one": (LexicalReader([two], [None]), None, _combined),
    }
    ways = [(plain, None, lambda q: q), *readers.values()]
    table = Table("class", "plain queries/s", *readers, title="k 10: times the plain query's cost")
    for name, queries in classes.items():
        asked_ = [q.query for q in queries]
        taken: list[list[np.ndarray]] = [[] for _ in ways]
        for _ in range(ROUNDS):
            for start in range(0, len(asked_), TURN):  # in turns: the machine is not as fast all the time
                part = asked_[start : start + TURN]
                for (reader, mask, change), times in zip(ways, taken, strict=True):
                    if change is not _combined or isinstance(asked_[0], WordQuery):
                        changed = [change(q) for q in part]
                        spent(reader, changed, 10, mask)  # each finds its own in the caches, not another's
                        times.append(spent(reader, changed, 10, mask))
        cost = [np.concatenate(times).reshape(ROUNDS, -1).min(axis=0).mean() if times else 0.0 for times in taken]
        row = [f"{each / cost[0]:.2f}" if each else "" for each in cost[1:]]
        table.add_row(name, f"{1e3 / cost[0]:,.0f}", *row)
    console.print(table)


def _combined(query: Query) -> Query:
    assert isinstance(query, WordQuery)
    return WordQuery(("title", "body"), query.terms, minimum=query.minimum)


def main() -> None:
    """Make, build, measure, print."""
    parser = argparse.ArgumentParser(description="Speed of indexing and finding words, beside Lucene.")
    parser.add_argument("--corpus", choices=list(ANALYZERS), default="synthetic")
    parser.add_argument("--documents", type=int, help="default 1,000,000 synthetic, 500,000 Chinese")
    parser.add_argument("--queries", type=int, default=500, help="of each class (default 500)")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "quarry-lexical")
    arguments = parser.parse_args()
    if arguments.corpus == "chinese" and not (DATA / "cmrc2018").is_dir():
        sys.exit(f"The collection cmrc2018 is not in {DATA}; set QUARRY_TEST_DATA.")
    documents = arguments.documents or (1_000_000 if arguments.corpus == "synthetic" else 500_000)
    work: Path = arguments.work
    (work / "classes").mkdir(parents=True, exist_ok=True)
    versions = " ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "numba"))
    console.print(f"{platform.machine()}, Python {platform.python_version()}, {versions}")
    lines = made(work, arguments.corpus, documents)
    folder = work / f"{lines.stem}.quarry"
    if not (folder / "one" / "segment.qry").is_file():
        build(lines, folder, ANALYZERS[arguments.corpus], documents)
    peers: dict[str, lucene.Lucene] = {}
    try:
        driver = lucene.load(work / "classes")
        for name in PEERS[arguments.corpus]:
            peer = lucene.Lucene(driver, lines, work / f"{lines.stem}.lucene-{name.replace(' ', '-')}", name)
            if peer.build_seconds is not None:
                console.print(f"Lucene, {name}, built: {documents / peer.build_seconds:,.0f} documents/s")
            peers[name] = peer
    except lucene.LuceneMissing as reason:
        console.print(f"without Lucene: {reason}")
    classes = asked(arguments.corpus, lines, arguments.queries)
    beside(classes, LexicalReader([Segment.open(folder / "one")], [None]), peers)
    conditions(classes, folder)


if __name__ == "__main__":
    main()
