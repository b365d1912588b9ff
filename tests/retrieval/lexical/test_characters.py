"""Phrases of characters whose pairs are terms, too, equal what the characters' positions give: many documents, several
segments, deletes, filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.segment import Segment, SegmentWriter, Tombstones, merge
from retrieval.lexical import LexicalReader, PhraseQuery
from tests.indexer.segment.corpora import Batch
from tests.retrieval.lexical.test_pruning import check_pairs

LETTERS = 60
COUNTS = (40_000, 3_000, 300)


def characters(rng: np.random.Generator, count: int) -> tuple[Batch, np.ndarray]:
    """Documents of single characters and pairs of neighbours, of which some are left out, as across punctuation, and
    one is also where it does not belong; and all characters."""
    sizes = rng.integers(0, 30, count)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    words = np.minimum(rng.zipf(1.2, int(starts[-1])) - 1, LETTERS - 1)
    words[rng.random(words.size) < 0.3] = 7
    last = np.zeros(words.size, bool)
    last[starts[1:][sizes > 0] - 1] = True
    step = 1 + (rng.random(words.size) < 0.05)
    places = np.cumsum(step) - step
    places -= np.repeat(places[np.minimum(starts[:-1], words.size - 1)], sizes)
    paired = ~last & (step == 1) & (rng.random(words.size) < 0.9)
    pair = LETTERS + words * LETTERS + np.roll(words, -1)
    stray = ~paired & (rng.random(words.size) < 0.02)
    pair[stray] = LETTERS + 1
    paired |= stray
    tokens = np.stack([words, pair], axis=1)[np.stack([np.ones(words.size, bool), paired], axis=1)]
    bounds = np.concatenate([[0], np.cumsum(1 + paired)])[starts]
    single = [chr(0x4E00 + i) for i in range(LETTERS)]
    names = [name.encode() for name in single + [a + b for a in single for b in single]]
    batch = Batch(
        np.frombuffer(b"".join(names), np.uint8),
        np.cumsum([0] + [len(n) for n in names]),
        tokens.astype(np.uint32),
        np.repeat(places, 1 + paired).astype(np.uint32),
        bounds,
        np.ones(len(names), np.uint8),
    )
    return batch, words


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Segment], np.ndarray]:
    folder: Path = tmp_path_factory.mktemp("characters")
    rng = np.random.default_rng(4)
    segments, texts, first = [], [], 0
    for i, count in enumerate(COUNTS):
        writer = SegmentWriter(folder / str(i))
        batch, words = characters(rng, count)
        writer.add(np.arange(first, first + count), {"body": batch}, {})
        writer.finish()
        segments.append(Segment.open(folder / str(i)))
        texts.append(words)
        first += count
    merge(folder / "merged", segments, [None] * len(segments))
    return [Segment.open(folder / "merged"), *segments], np.concatenate(texts)


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("deleted", [0.0, 0.2])
@pytest.mark.parametrize("kept", [None, 0.1])
def test_phrases_of_characters(
    corpus: tuple[list[Segment], np.ndarray],
    merged: bool,
    deleted: float,
    kept: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(6)
    segments = corpus[0][:1] if merged else corpus[0][1:]
    for segment in segments:
        text = segment.text("body")
        assert text is not None
        assert text.pairs is not None
        assert text.pairs.loose is not None
        assert [text.term(int(t)).decode() for t in text.pairs.loose] == ["\u4e00\u4e01"]
    stones: list[Tombstones | None] = [
        Tombstones.none(s).with_dead(np.flatnonzero(rng.random(s.documents) < deleted)) for s in segments
    ]
    accept = None if kept is None else rng.random(sum(COUNTS)) < kept
    reader = LexicalReader(segments, stones)
    queries = []
    for _ in range(40):
        size = int(rng.integers(2, 6))
        start = int(rng.integers(corpus[1].size - size))
        queries.append(PhraseQuery("body", [chr(0x4E00 + w) for w in corpus[1][start : start + size].tolist()]))
    check_pairs(reader, queries, accept, monkeypatch)
