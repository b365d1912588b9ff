"""Filling semantic spaces: the vectors that follow the words.

A space is filled in document order, chunk by chunk; each chunk is published as it is ready, so that an
interrupted fill goes on where it stopped. Word-vector models are trained on the index first, and again
when it has grown by half.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from analysis import sentences, words
from embeddings.base import TextEncoder

from .documents import batches
from .encoders import Encoders
from .manifest import PartEntry, SpaceEntry, file_lock
from .mapping import values_at
from .segment.vectors import write_part
from .spaces import MAX_SENTENCES, Space

if TYPE_CHECKING:
    from embeddings.word_vectors import WordVectors

    from .engine import Index

logger = logging.getLogger("quarry.indexer")
Progress = Callable[[str, int, int], None]  # space, documents done, documents in all
GROWTH = 1.5  # a trained model is trained again when the index has grown by this
TRAINING_WORDS = 20_000_000  # words of an index that a model is trained on at most


@dataclass(frozen=True)
class Passage:
    """One text to embed, and where it stands in the document's body (code points)."""

    text: str
    start: int
    end: int


def passages_of(source: dict[str, Any], space: Space) -> list[Passage]:
    """The texts of a document whose vectors a space keeps.

    `sentence`: "title\\nsentence" for each sentence of the body; `passage`: "title\\nbody" once.
    """
    body = "\n".join(str(v) for v in values_at(source, space.body) if v is not None)
    title = ""
    if space.title:
        title = " ".join(str(v) for v in values_at(source, space.title) if v is not None).strip()
    if not body.strip():
        return [Passage(title, 0, 0)] if title else []
    prefix = f"{title}\n" if title else ""
    if space.vectors == "passage":
        return [Passage(prefix + body, 0, len(body))]
    return [Passage(prefix + body[a:b], a, b) for a, b in sentences(body)[:MAX_SENTENCES]]


class SpaceFiller:
    """Brings the spaces of one index up to its last refresh (the caller holds vectors.lock)."""

    def __init__(self, index: Index, encoders: Encoders, stop: Callable[[], bool] = lambda: False) -> None:
        self.index = index
        self.encoders = encoders
        self.stop = stop

    def fill(self, progress: Progress | None = None) -> None:
        """Fill every space; ModelNotInstalled of a missing encoder is raised after the others are filled."""
        missing: Exception | None = None
        spaces = sorted(self.index.spaces().values(), key=lambda s: s.family == "bert")  # the quick ones first
        for space in spaces:
            if self.stop():
                return
            try:
                if space.family == "bert":
                    encoder = self.encoders.bert(space.model or self.index.node.encoder)
                    self._follow(space, encoder, progress)
                elif space.family != "field":
                    self._fill_trained(space, progress)
            except RuntimeError as error:
                missing = error
        if missing is not None:
            raise missing

    # --- vectors of new documents ---------------------------------------------------------------

    def _follow(self, space: Space, encoder: TextEncoder, progress: Progress | None, model: str | None = None) -> None:
        """Embed the documents between what the space covers and the last refresh."""
        index = self.index
        identity = f"{space.identity}:{encoder.fingerprint}"
        entry = index.read_manifest().spaces.get(space.name)
        if entry is None or entry.fingerprint != identity:
            entry = self._publish(space, None, SpaceEntry(identity, model=model))
        upto = index.read_manifest().covered
        total = index.store.live_count(entry.covered) if entry and progress else 0
        done, size = 0, 32
        while entry is not None and entry.covered < upto and not self.stop():
            chunk = list(_first(index.store.live_rows(entry.covered, upto), size))
            part = self._part(space, encoder, chunk)
            covered = chunk[-1][0] if len(chunk) == size else upto
            parts = (*entry.parts, part) if part else entry.parts
            entry = self._publish(space, entry, replace(entry, covered=covered, parts=parts))
            done += len(chunk)
            size = min(1024, size * 2)
            if progress:
                progress(space.name, done, total)

    def _part(self, space: Space, encoder: TextEncoder, rows: list[tuple[int, bytes]]) -> PartEntry | None:
        seqs, starts, spans, texts = [], [0], [], []
        for seq, body in rows:
            found = passages_of(orjson.loads(body), space)
            if found:
                seqs.append(seq)
                starts.append(starts[-1] + len(found))
                spans.extend((p.start, p.end) for p in found)
                texts.extend(p.text for p in found)
        if not seqs:
            return None
        path = self.index.deriver.new_path(self.index.vectors_path)
        write_part(
            path,
            np.array(seqs),
            np.array(starts),
            np.array(spans),
            encoder.encode_passages(texts),
            space.metric,
        )
        return PartEntry(path.name, len(seqs), len(texts))

    def _publish(self, space: Space, old: SpaceEntry | None, new: SpaceEntry) -> SpaceEntry | None:
        """Make `new` the space's entry unless another process changed it; returns the entry to go on with."""
        deriver = self.index.deriver
        with file_lock(self.index.path / "refresh.lock"):
            manifest = self.index.read_manifest()
            now = manifest.spaces.get(space.name)
            if old is not None and now is not None and now.parts != old.parts:
                merged = now.parts  # a merge of parts came between: keep its result
                new = replace(new, parts=(*merged, *new.parts[len(old.parts) :]))
            elif old is not None and now is None:
                return None
            deriver.publish(manifest, manifest.with_space(space.name, new))
        return new

    # --- models trained on the index ------------------------------------------------------------

    def _fill_trained(self, space: Space, progress: Progress | None) -> None:
        index = self.index
        manifest = index.read_manifest()
        entry = manifest.spaces.get(space.name)
        documents = index.store.live_count()
        if documents == 0:
            return
        grown = entry is None or entry.model is None or documents >= GROWTH * max(1, entry.trained_on)
        if entry is None or grown or not entry.fingerprint.startswith(space.identity):
            self._train(space, documents, progress)
        else:
            assert entry.model is not None
            self._follow(space, self.encoders.trained(index.models_path / entry.model), progress, entry.model)

    def _train(self, space: Space, documents: int, progress: Progress | None) -> None:
        """Train (or load) the space's word vectors, embed all documents, then swap both in at once."""
        from embeddings.sif import SifEncoder  # gensim takes a second to import
        from embeddings.word_vectors import EmptyCorpus

        index = self.index
        if progress:
            progress(f"{space.name} training", 0, documents)
        upto = index.read_manifest().covered
        try:
            vectors = self._word_vectors(space)
        except EmptyCorpus:
            return
        texts = (p.text for p in self._passages(space, upto))
        encoder = SifEncoder.fit(vectors, words, texts, name=space.name)
        folder = index.deriver.new_path(index.models_path)
        encoder.save(folder)
        parts: list[PartEntry] = []
        done = 0
        for chunk in batches(index.store.live_rows(0, upto), 20_000):
            if self.stop():
                shutil.rmtree(folder, ignore_errors=True)
                return
            part = self._part(space, encoder, chunk)
            parts += [part] if part else []
            done += len(chunk)
            if progress:
                progress(space.name, done, documents)
        identity = f"{space.identity}:{encoder.fingerprint}"
        self._publish(space, None, SpaceEntry(identity, upto, tuple(parts), folder.name, documents))

    def _word_vectors(self, space: Space) -> WordVectors:
        from embeddings.glove import train_glove
        from embeddings.word2vec import train_word2vec
        from embeddings.word_vectors import load_word_vectors

        if isinstance(space.model, str):
            return load_word_vectors(Path(space.model))
        upto = self.index.read_manifest().covered
        train = train_word2vec if space.family == "word2vec" else train_glove
        return train(self._sentences(space, upto))

    def _sentences(self, space: Space, upto: int) -> Iterator[list[str]]:
        """The words of each passage, up to TRAINING_WORDS in all."""
        left = TRAINING_WORDS
        for passage in self._passages(space, upto):
            found = words(passage.text)
            left -= len(found)
            if found:
                yield found
            if left <= 0:
                return

    def _passages(self, space: Space, upto: int) -> Iterator[Passage]:
        for _, body in self.index.store.live_rows(0, upto):
            yield from passages_of(orjson.loads(body), space)


def _first(rows: Iterable[tuple[int, bytes]], count: int) -> Iterator[tuple[int, bytes]]:
    for number, row in enumerate(rows, 1):
        yield row
        if number >= count:
            return
