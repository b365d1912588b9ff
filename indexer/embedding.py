"""Filling semantic spaces: the vectors that follow the words.

A space is filled in document order, chunk by chunk; each chunk is published as it is ready, so that an
interrupted fill goes on where it stopped. Word-vector models are trained on the index first, and again
when it has grown by half.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from analysis import sentences, words
from embeddings.base import TextEncoder

from .documents import batches
from .encoders import Encoders, description, made_by_another, mismatch
from .files import file_lock, new_path
from .manifest import PartEntry, SpaceEntry
from .objects import values_at
from .seals import checksum
from .segment.vectors import write_part
from .spaces import MAX_SENTENCES, Space

if TYPE_CHECKING:
    from embeddings.word_vectors import WordVectors

    from .engine import Index

logger = logging.getLogger("quarry.indexer")
Progress = Callable[[str, int, int], None]  # space, documents done, documents in all
GROWTH = 1.5  # a trained model is trained again when the index has grown by this
MIN_SENTENCE = 40.0  # letters a sentence needs to be embedded by itself
TRAINING_WORDS = 20_000_000  # words of an index that a model is trained on at most


@dataclass(frozen=True)
class DocumentTexts:
    """What of a document is embedded: each row's text, where it stands in the body (code points), and in a
    space of sentences the whole body, whose vector is blended into each row's."""

    rows: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    whole: str | None = None


def texts_of(source: dict[str, Any], space: Space) -> DocumentTexts:
    """The texts of a document whose vectors a space keeps.

    `passage`: "title\\nbody" once. `sentence`: "title\\nsentence" for each sentence of the body.
    """
    body = "\n".join(str(v) for v in values_at(source, space.body) if v is not None)
    title = ""
    if space.title:
        title = " ".join(str(v) for v in values_at(source, space.title) if v is not None)
        title = title.replace("_", " ").strip()  # titles are often names of pages and files
    if not body.strip():
        return DocumentTexts((title,), ((0, 0),)) if title else DocumentTexts((), ())
    prefix = f"{title}\n" if title else ""
    if space.vectors == "passage":
        return DocumentTexts((prefix + body,), ((0, len(body)),))
    spans = tuple(embedded_sentences(body)[:MAX_SENTENCES])
    return DocumentTexts(tuple(prefix + body[a:b] for a, b in spans), spans, body)


def embedded_sentences(body: str) -> list[tuple[int, int]]:
    """Sentence spans that are long enough to mean something by themselves.

    A fragment ("[2]", "……", "And how!") is near to every question, and nearer in a foreign language than the
    right sentence: it is joined to the sentence before it, the first one to the one after.
    """
    out: list[tuple[int, int]] = []
    for start, end in sentences(body):
        if out and min(_weight(body[start:end]), _weight(body[out[-1][0] : out[-1][1]])) < MIN_SENTENCE:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _weight(text: str) -> float:
    """Letters and digits, a Chinese character counting as much as it says in English."""
    return sum(2.5 if ord(c) > 0x2E80 else 1.0 for c in text if c.isalnum())


def encode_documents(encoder: TextEncoder, documents: Sequence[DocumentTexts]) -> np.ndarray:
    """float32[rows, dimension]: the vectors of the documents' rows, in order.

    In a space of sentences a row is the mean of the sentence's and the whole body's vectors, so that a
    document's best row is the mean of its best sentence's and its passage's cosine: the passage steadies what
    a single sentence says out of its context. Equal texts are encoded once.
    """
    distinct: dict[str, int] = {}
    for document in documents:
        for text in (*document.rows, *((document.whole,) if document.whole is not None else ())):
            distinct.setdefault(text, len(distinct))
    vectors = encoder.encode_passages(list(distinct))
    out = np.empty((sum(len(d.rows) for d in documents), vectors.shape[1]), np.float32)
    at = 0
    for document in documents:
        rows = vectors[[distinct[t] for t in document.rows]]
        if document.whole is not None:
            rows = (rows + vectors[distinct[document.whole]]) / 2
        out[at : at + len(rows)] = rows
        at += len(rows)
    return out


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
        if entry is not None and space.family == "bert" and made_by_another(entry, encoder):
            raise RuntimeError(mismatch(space, entry, encoder))
        if entry is None or entry.fingerprint != identity:
            made_by = description(encoder, space.metric)
            entry = self._publish(space, None, SpaceEntry(identity, model=model, encoder=made_by))
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
        found = [(seq, texts_of(orjson.loads(body), space)) for seq, body in rows]
        found = [(seq, texts) for seq, texts in found if texts.rows]
        if not found:
            return None
        seqs = np.array([seq for seq, _ in found])
        starts = np.concatenate([[0], np.cumsum([len(t.rows) for _, t in found])])
        spans = np.array([span for _, t in found for span in t.spans])
        vectors = encode_documents(encoder, [t for _, t in found])
        path = new_path(self.index.vectors_path)
        write_part(path, seqs, starts, spans, vectors, space.metric)
        return PartEntry(path.name, len(seqs), len(vectors))

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
        texts = self._texts(space, upto)
        encoder = SifEncoder.fit(vectors, words, texts, name=space.name)
        folder = new_path(index.models_path)
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
        made_by = description(encoder, space.metric)
        self._publish(
            space, None, SpaceEntry(identity, upto, tuple(parts), folder.name, documents, checksum(folder), made_by)
        )

    def _word_vectors(self, space: Space) -> WordVectors:
        from embeddings.glove import train_glove
        from embeddings.word2vec import train_word2vec
        from embeddings.word_vector_files import load_word_vectors

        if isinstance(space.model, str):
            try:
                return load_word_vectors(Path(space.model))
            except (OSError, ValueError) as error:
                raise RuntimeError(f"the word vectors of the space [{space.name}] cannot be loaded: {error}") from None
        upto = self.index.read_manifest().covered
        train = train_word2vec if space.family == "word2vec" else train_glove
        return train(self._sentences(space, upto))

    def _sentences(self, space: Space, upto: int) -> Iterator[list[str]]:
        """The words of each passage, up to TRAINING_WORDS in all."""
        left = TRAINING_WORDS
        for text in self._texts(space, upto):
            found = words(text)
            left -= len(found)
            if found:
                yield found
            if left <= 0:
                return

    def _texts(self, space: Space, upto: int) -> Iterator[str]:
        for _, body in self.index.store.live_rows(0, upto):
            yield from texts_of(orjson.loads(body), space).rows


def _first(rows: Iterable[tuple[int, bytes]], count: int) -> Iterator[tuple[int, bytes]]:
    for number, row in enumerate(rows, 1):
        yield row
        if number >= count:
            return
