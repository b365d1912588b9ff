"""The fast way from texts to a batch: kernels for what they cover, the exact analysis for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from analysis.analyzer import Value
from analysis.kernels import collect, compounds, folding, tables, words
from analysis.lexicon import Finals, Lexicon
from analysis.scratch import Scratch
from analysis.token import Token, TokenBatch
from analysis.unicode import scalar

CHUNK = 1 << 18  # characters tokenized at a time, so that a chunk's tokens stay in the cache

I64 = npt.NDArray[np.int64]
Memory = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]  # bytes, and the same as words


class Chunk:
    """Some texts on their way through the kernels."""

    def __init__(self, texts: Sequence[str], owners: I64, scratch: Scratch) -> None:
        self.scratch = scratch
        self.data, self.ends = _encode(texts)
        self.begins = np.ones(len(texts), np.uint8)  # where a text begins a document
        self.begins[1:] = owners[1:] != owners[:-1]
        self.refused = np.zeros(len(texts), np.uint8)  # texts that only the exact analysis can do
        self.token_ends = np.empty(len(texts), np.int64)
        most = 2 * len(self.data)  # a byte gives two tokens at most
        self.starts = scratch.take("starts", most, np.int32)
        self.lengths = scratch.take("lengths", most, np.uint16)
        self.flags = scratch.take("flags", most, np.uint8)


class Scanner(Protocol):
    """Tokenizes a chunk with a kernel."""

    def __call__(self, chunk: Chunk, positions: npt.NDArray[np.uint32]) -> tuple[Memory, int]:
        """The memory that the tokens stand in, and the token count."""


def scan_multilingual(chunk: Chunk, positions: npt.NDArray[np.uint32]) -> tuple[Memory, int]:
    """Fold, then cut into words, compounds and Han characters and pairs."""
    text, _ = chunk.scratch.text("text", chunk.data)
    limit = 2 * len(chunk.data) + 80
    room = chunk.scratch.take("folded", 3 * limit // 8 + 1, np.uint64)  # joined forms follow the folded text
    folded, ends = room.view(np.uint8), np.empty_like(chunk.ends)
    folding.fold_texts(text, chunk.ends, *tables.fold_arrays(), folded, ends, chunk.refused)
    parts = chunk.scratch.take("parts", compounds.PARTS * 4, np.int64)[: compounds.PARTS * 4].reshape(-1, 4)
    count = compounds.scan_compounds(
        folded, room, ends, chunk.begins, tables.compound_kinds(), chunk.refused, parts,
        chunk.starts, chunk.lengths, positions, chunk.flags, chunk.token_ends,
    )  # fmt: skip
    return (folded, room), count


def word_scanner(spaces: bool) -> Scanner:
    """The scanner of the ``whitespace`` tokenizer, or of ``standard``."""

    def scan(chunk: Chunk, positions: npt.NDArray[np.uint32]) -> tuple[Memory, int]:
        memory = chunk.scratch.text("text", chunk.data)
        count = words.scan_words(
            *memory, chunk.ends, chunk.begins, tables.space_kinds() if spaces else tables.word_kinds(),
            chunk.refused, spaces, chunk.starts, chunk.lengths, positions, chunk.flags, chunk.token_ends,
        )  # fmt: skip
        return memory, count

    return scan


class FastBatch:
    """Batches of one analyzer.

    ``finals``: see :class:`Lexicon`; with None the scanner must find no token twice, since nothing is dropped.
    Lexicons are kept for the next batch; batches in several threads have one each.
    """

    def __init__(
        self,
        scan: Scanner,
        finals: Finals | None,
        exact: Callable[[Value], list[Token]],
        scripts: bool,
    ) -> None:
        self._scan, self._exact = scan, exact
        self._make = lambda: (Lexicon(finals, scripts), Scratch())
        self._idle: list[tuple[Lexicon, Scratch]] = []

    def __call__(self, values: Sequence[Value]) -> TokenBatch:
        """The same tokens as the exact analysis of each document."""
        try:
            lexicon, scratch = self._idle.pop()
        except IndexError:
            lexicon, scratch = self._make()
        batch = self._batch(values, lexicon, scratch)
        if not lexicon.full():
            scratch.trim()
            self._idle.append((lexicon, scratch))
        return batch

    def _batch(self, values: Sequence[Value], lexicon: Lexicon, scratch: Scratch) -> TokenBatch:
        counts: list[I64] = [np.zeros(1, np.int64)]
        total = 0
        for documents in _chunks(values):
            texts, owners = _flatten(documents)
            chunk = Chunk(texts, owners, scratch)
            most = total + chunk.starts.size
            positions = scratch.take("positions", most, np.uint32, keep=total)[total:]
            memory, tokens = self._scan(chunk, positions)
            terms = scratch.take("terms", most, np.uint32, keep=total)[total:]
            lexicon.number(*memory, (chunk.starts[:tokens], chunk.lengths, chunk.flags), terms[:tokens])
            if not lexicon.plain:
                lexicon.resolve()
                collect.collect_tokens(
                    terms, positions, chunk.flags, chunk.token_ends, lexicon.finals, lexicon.attributes
                )
            count = np.bincount(owners, np.diff(chunk.token_ends, prepend=0), len(documents)).astype(np.int64)
            for index in np.unique(owners[chunk.refused != 0]).tolist():
                exact = self._exact(documents[index])
                numbers = lexicon.number_finals([token.term for token in exact])
                places = np.array([token.position for token in exact], np.uint32)
                start = total + int(count[:index].sum())
                end, last = start + int(count[index]), total + int(count.sum())
                most = last + len(exact)
                for name, column in (("terms", numbers), ("positions", places)):
                    kept = scratch.take(name, most, np.uint32, keep=last)
                    kept[start + len(exact) : start + len(exact) + last - end] = kept[end:last].copy()
                    kept[start : start + len(exact)] = column
                count[index] = len(exact)
            total += int(count.sum())
            counts.append(count)
        blob, bounds, classes = lexicon.vocabulary()
        return TokenBatch(
            blob=blob,
            bounds=bounds,
            terms=scratch.take("terms", total, np.uint32, keep=total)[:total].copy(),
            positions=scratch.take("positions", total, np.uint32, keep=total)[:total].copy(),
            documents=np.cumsum(np.concatenate(counts)),
            classes=classes,
            source=lexicon.identity,
        )


def _chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Runs of documents of about CHUNK characters."""
    start = size = 0
    for at, value in enumerate(values):
        if value is not None:
            size += len(value) if isinstance(value, str) else sum(map(len, value))
        if size >= CHUNK:
            yield values[start : at + 1]
            start, size = at + 1, 0
    if start < len(values):
        yield values[start:]


def _flatten(documents: Sequence[Value]) -> tuple[Sequence[str], I64]:
    """The texts of the documents, and the document of each."""
    if all(type(document) is str for document in documents):
        return documents, np.arange(len(documents))  # type: ignore[return-value]
    texts: list[str] = []
    owners: list[int] = []
    for index, document in enumerate(documents):
        parts = [] if document is None else [document] if isinstance(document, str) else document
        texts += parts
        owners += [index] * len(parts)
    return texts, np.array(owners, np.int64)


def _encode(texts: Sequence[str]) -> tuple[bytes, I64]:
    """The texts in UTF-8, each followed by a zero byte, and where each ends."""
    joined = "\0".join([*texts, ""])
    lengths: Any = map(len, texts)
    if joined.isascii():
        data = joined.encode()
    else:
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            encoded = [scalar(text).encode() for text in texts]
        data, lengths = b"\0".join([*encoded, b""]), map(len, encoded)
    return data, np.cumsum(np.fromiter(lengths, np.int64, len(texts)) + 1) - 1
