"""How fast and how good GloVe is: ``python -m benchmarks.glove`` from the repository's root.

GloVe (this project's loops) and word2vec (gensim) are trained with the default configuration on the same
sentences of two English collections, npl and cranfield (0.7 million words). Printed:

- the loss of each epoch;
- speed: observed pairs a second while counting (both directions), and entries a second of AdaGrad, by
  *processor time* of one thread, so that other work on the machine disturbs it less;
- Spearman's correlation of cosines with the human judgments of WordSim-353 (Finkelstein et al. 2002; gensim
  carries it), over the pairs whose words both occur, the mean of several seeds: so few pairs are left (about
  90 of 353) that one training varies by .03;
- nDCG@10 of passage vectors (embeddings/sif.py) on both collections and, trained on their own text, on the
  Chinese xquad-zh and cmrc2018 with ``--retrieval``;
- neighbours, to be read.

It says nothing of large texts: the vectors know what 12,000 abstracts of physics tell.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from gensim.test.utils import datapath
from rich.console import Console
from rich.table import Table

from analysis import sentences, words
from embeddings.cooccurrence import Workspace, count
from embeddings.glove import GloVeConfig, train_glove
from embeddings.sif import SifEncoder
from embeddings.vocabulary import encode
from embeddings.word2vec import Word2VecConfig, train_word2vec
from embeddings.word_vectors import WordVectors

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("QUARRY_TEST_DATA", ROOT.parent / "shared" / "data"))
ASKED = ["transistor", "noise", "frequency", "flow", "boundary", "wing", "pressure", "temperature"]
console = Console(width=140)

Trainer = Callable[[Sequence[list[str]], int], WordVectors]
TRAINERS: dict[str, Trainer] = {
    "glove": lambda text, seed: train_glove(text, GloVeConfig(seed=seed)),
    "word2vec": lambda text, seed: train_word2vec(text, Word2VecConfig(seed=seed)),
}


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description="Speed and quality of GloVe beside word2vec.")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each family (default 3)")
    parser.add_argument("--retrieval", action="store_true", help="also train on and search the Chinese collections")
    arguments = parser.parse_args()
    needed = ["npl", "cranfield"] + (["xquad-zh", "cmrc2018"] if arguments.retrieval else [])
    if not all((DATA / name).is_dir() for name in needed):
        sys.exit(f"The collections {', '.join(needed)} are not in {DATA}; set QUARRY_TEST_DATA.")
    versions = " ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "numba", "gensim"))
    console.print(f"{processor()}, Python {platform.python_version()}, {versions}")

    text = [*split(passages("npl")), *split(passages("cranfield"))]
    speed(text)
    trained = {
        family: [train(text, seed) for seed in range(1, arguments.seeds + 1)] for family, train in TRAINERS.items()
    }
    losses(trained["glove"][0])
    similarity(trained)
    neighbours({family: found[0] for family, found in trained.items()})
    retrieval({family: found[0] for family, found in trained.items()}, ["npl", "cranfield"])
    for name in needed[2:]:
        own = split(passages(name))
        retrieval({family: train(own, 1) for family, train in TRAINERS.items()}, [name])


def processor() -> str:
    """The processor's name."""
    if Path("/proc/cpuinfo").exists():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def passages(name: str) -> list[str]:
    """Title and text of each document of a collection."""
    documents = [json.loads(line) for line in (DATA / name / "corpus.jsonl").read_text("utf-8").splitlines()]
    return [f"{document['title']}\n{document['text']}" for document in documents]


def split(texts: Sequence[str]) -> list[list[str]]:
    """All sentences of the texts, as words."""
    return [words(text[start:end]) for text in texts for start, end in sentences(text)]


def speed(text: Sequence[list[str]]) -> None:
    """Counting and AdaGrad, each by the difference of two runs or alone, in processor time."""
    config = GloVeConfig()
    corpus = encode(text, None)
    start = time.process_time()
    pairs, _ = count(corpus, config.window, Workspace(config.memory))
    counting = time.process_time() - start
    lengths = np.diff(corpus.bounds)
    observed = sum(int(np.maximum(lengths - distance, 0).sum()) for distance in range(1, config.window + 1))
    low, high = pairs >> np.uint64(28), pairs & np.uint64(2**28 - 1)
    entries = 2 * len(pairs) - int((low == high).sum())
    marks: list[float] = []
    train_glove(text, GloVeConfig(epochs=6), lambda *_: marks.append(time.process_time()))
    table = Table("", "amount", "a second", title=f"{len(corpus.ids):,} words, {len(corpus.words):,} different")
    table.add_row("observed pairs, both directions", f"{2 * observed:,}", f"{2 * observed / counting:,.0f}")
    table.add_row("words counted", f"{len(corpus.ids):,}", f"{len(corpus.ids) / counting:,.0f}")
    table.add_row(f"entries, AdaGrad at {config.dimension}", f"{entries:,}", f"{entries / min(np.diff(marks)):,.0f}")
    console.print(table)


def losses(vectors: WordVectors) -> None:
    """The loss of each epoch, and whether it always fell."""
    falls = all(np.diff(vectors.losses) < 0)
    console.print(
        f"GloVe's loss in {len(vectors.losses)} epochs, {'falling in each' if falls else 'not always falling'}:"
    )
    console.print("  ".join(f"{loss:.5f}" for loss in vectors.losses))


def similarity(trained: dict[str, list[WordVectors]]) -> None:
    """WordSim-353, on the pairs that both vocabularies have."""
    lines = Path(datapath("wordsim353.tsv")).read_text("utf-8").splitlines()
    judged = [line.lower().split("\t") for line in lines if not line.startswith("#")]
    vocabulary = trained["glove"][0]
    pairs = [
        (first, second, float(score)) for first, second, score in judged if {first, second} <= set(vocabulary.words)
    ]
    table = Table("family", "Spearman, mean", "of each seed", title=f"WordSim-353, {len(pairs)} of {len(judged)} pairs")
    for family, found in trained.items():
        values = [spearman([v.similarity(a, b) for a, b, _ in pairs], [score for *_, score in pairs]) for v in found]
        table.add_row(family, f"{np.mean(values):.3f}", "  ".join(f"{value:.3f}" for value in values))
    console.print(table)


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Pearson's correlation of ranks, ties at their mean rank."""

    def ranks(values: Sequence[float]) -> np.ndarray:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(first), ranks(second))[0, 1])


def neighbours(trained: dict[str, WordVectors]) -> None:
    """The six nearest words of some frequent ones, among the words that occur five times."""
    table = Table("word", *trained)
    for word in ASKED:
        table.add_row(word, *(" ".join(near for near, _ in v.nearest(word, 6, min_count=5)) for v in trained.values()))
    console.print(table)


def retrieval(trained: dict[str, WordVectors], names: Sequence[str]) -> None:
    """nDCG@10 of passages by smooth inverse frequency."""
    table = Table("nDCG@10", *trained)
    for name in names:
        texts = passages(name)
        encoders = [SifEncoder.fit(vectors, words, texts) for vectors in trained.values()]
        table.add_row(name, *(f"{ndcg(name, encoder, texts):.3f}" for encoder in encoders))
    console.print(table)


def ndcg(name: str, encoder: SifEncoder, texts: Sequence[str]) -> float:
    """Mean nDCG@10 with linear gains over the judged queries (Järvelin and Kekäläinen 2002)."""
    folder = DATA / name
    ids = [json.loads(line)["_id"] for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    judgments: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")
        judgments.setdefault(query, {})[document] = max(float(gain), 0.0)
    scores = encoder.encode_queries([query["text"] for query in queries]) @ encoder.encode_passages(texts).T
    discounts = 1 / np.log2(np.arange(10) + 2)
    values = []
    for query, row in zip(queries, scores, strict=True):
        gains = judgments.get(query["_id"], {})
        ideal = sorted(gains.values(), reverse=True)[:10]
        if sum(ideal) > 0:
            found = [gains.get(ids[i], 0.0) for i in np.argsort(-row, kind="stable")[:10]]
            values.append(discounts[: len(found)] @ found / (discounts[: len(ideal)] @ ideal))
    return float(np.mean(values))


if __name__ == "__main__":
    main()
