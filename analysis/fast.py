"""The fast way from texts to a batch: kernels for what they cover, the exact analysis for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from analysis.analyzer import Value
from analysis.kernels import collect, compounds, folding, words
from analysis.lexicon import Bytes, Lexicon, Words, padded
from analysis.token import Token, TokenBatch
from analysis.unicode import class_bytes, fold_rows, scalar

CHUNK = 1 << 18  # bytes of text tokenized at a time, so that a chunk stays in the cache

I64 = npt.NDArray[np.int64]


class Chunk:
    """Some texts on their way through the kernels, and their tokens."""

    def __init__(self, texts: list[str], owners: I64) -> None:
        self.data, self.ends = _encode(texts)
        self.begins = np.ones(len(texts), np.uint8)  # where a text begins a document
        self.begins[1:] = owners[1:] != owners[:-1]
        self.refused = np.zeros(len(texts), np.uint8)  # texts that only the exact analysis can do
        most = 2 * len(self.data)  # a byte gives two tokens at most
        self.starts = np.empty(most, np.int32)
        self.lengths = np.empty(most, np.uint16)
        self.positions = np.empty(most, np.uint32)
        self.flags = np.empty(most, np.uint8)
        self.token_ends = np.empty(len(texts), np.int64)

    def tokens(self) -> tuple[Any, ...]:
        """The arrays that a scanning kernel fills."""
        return self.starts, self.lengths, self.positions, self.flags, self.token_ends


class Scanner(Protocol):
    """Tokenizes a chunk with a kernel."""

    def __call__(self, chunk: Chunk) -> tuple[Bytes, Words, int]:
        """The bytes that the tokens stand in, the same memory as words, and the token count."""


def _kinds(of_class: dict[str, int], other: int = 0) -> npt.NDArray[np.uint8]:
    table = np.full(256, other, np.uint8)
    for kind, number in of_class.items():
        table[ord(kind)] = number
    return table[np.frombuffer(class_bytes(), np.uint8)]


@cache
def _compound_kinds() -> npt.NDArray[np.uint8]:
    c = compounds
    groups = {"abc": c.LETTER, "0": c.DIGIT, "hikg": c.CJK, "x": c.EXTEND, "e": c.EMOJI, "r": c.REGIONAL}
    return _kinds({kind: number for kinds, number in groups.items() for kind in kinds})


@cache
def _word_kinds() -> npt.NDArray[np.uint8]:
    w = words
    groups = {
        "ag": w.LETTER, "0": w.DIGIT, "k": w.KATAKANA, "hi": w.SINGLE, "c": w.COMPLEX, "x": w.EXTEND,
        "_": w.JOIN, ":": w.MIDLETTER, ";": w.MIDNUM, ".'": w.MIDNUMLET, "ber": w.REFUSED,
    }  # fmt: skip
    return _kinds({kind: number for kinds, number in groups.items() for kind in kinds})


@cache
def _space_kinds() -> npt.NDArray[np.uint8]:
    table = np.zeros(0x110000, np.uint8)
    table[[*range(9, 14), *range(0x1C, 0x21), 0x1680, *range(0x2000, 0x2007)]] = words.SPACE
    table[[*range(0x2008, 0x200B), 0x2028, 0x2029, 0x205F, 0x3000]] = words.SPACE
    return table


@cache
def _fold_arrays() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Of each code point its row; the rows' folded UTF-8, concatenated; and their bounds."""
    rows = np.zeros(0x110000, np.uint16)
    pieces = [b"", b""]
    for code, folded in fold_rows().items():
        rows[code] = 1 if folded is None else len(pieces)
        if folded is not None:
            pieces.append(folded.encode())
    bounds = np.zeros(len(pieces) + 1, np.int32)
    np.cumsum([len(piece) for piece in pieces], out=bounds[1:])
    return rows, np.frombuffer(b"".join(pieces), np.uint8).copy(), bounds


def scan_multilingual(chunk: Chunk) -> tuple[Bytes, Words, int]:
    """Fold, then cut into words, compounds and Han characters and pairs."""
    text, _ = padded(chunk.data)
    limit = 2 * len(chunk.data) + 80
    room = np.empty((3 * limit + 8) // 8, np.uint64)  # joined forms are written after the folded text
    folded = room.view(np.uint8)
    ends = np.empty_like(chunk.ends)
    folding.fold_texts(text, chunk.ends, *_fold_arrays(), folded, ends, chunk.refused)
    parts = np.empty((compounds.PARTS, 4), np.int64)
    count = compounds.scan_compounds(
        folded, ends, chunk.begins, _compound_kinds(), chunk.refused, parts, *chunk.tokens()
    )
    return folded, room, count


def word_scanner(spaces: bool) -> Scanner:
    """The scanner of the ``whitespace`` tokenizer, or of ``standard``."""

    def scan(chunk: Chunk) -> tuple[Bytes, Words, int]:
        text, as_words = padded(chunk.data)
        kinds = _space_kinds() if spaces else _word_kinds()
        count = words.scan_words(text, chunk.ends, chunk.begins, kinds, chunk.refused, spaces, *chunk.tokens())
        return text, as_words, count

    return scan


class FastBatch:
    """Batches of one analyzer.

    Lexicons are kept for the next batch; batches in several threads have one each.
    """

    def __init__(
        self,
        scan: Scanner,
        final: Callable[[str], str],
        stop: Callable[[str], bool],
        exact: Callable[[Value], list[Token]],
        scripts: bool,
    ) -> None:
        self._scan, self._exact = scan, exact
        self._make = lambda: Lexicon(final, stop, scripts)
        self._idle: list[Lexicon] = []

    def __call__(self, values: Sequence[Value]) -> TokenBatch:
        """The same tokens as the exact analysis of each document."""
        try:
            lexicon = self._idle.pop()
        except IndexError:
            lexicon = self._make()
        batch = self._batch(values, lexicon)
        if not lexicon.full():
            self._idle.append(lexicon)
        return batch

    def _batch(self, values: Sequence[Value], lexicon: Lexicon) -> TokenBatch:
        terms: list[npt.NDArray[np.uint32]] = []
        positions: list[npt.NDArray[np.uint32]] = []
        counts: list[I64] = [np.zeros(1, np.int64)]
        used = 0
        for documents in _chunks(values):
            texts, owners = _flatten(documents)
            chunk = Chunk(texts, owners)
            text, as_words, tokens = self._scan(chunk)
            numbers = np.empty(tokens, np.uint32)
            lexicon.number(text, as_words, (chunk.starts[:tokens], chunk.lengths, chunk.flags), numbers)
            lexicon.resolve()
            ends, places = chunk.token_ends, chunk.positions
            used = collect.collect_tokens(
                numbers, places, chunk.flags, ends, lexicon.finals, lexicon.attributes,
                lexicon.local, lexicon.order, used,
            )  # fmt: skip
            count = np.bincount(owners, np.diff(ends, prepend=0), len(documents)).astype(np.int64)
            at = 0
            document_ends = np.cumsum(count)
            for index in np.unique(owners[chunk.refused != 0]).tolist():
                start, end = int(document_ends[index] - count[index]), int(document_ends[index])
                exact = self._exact(documents[index])
                exact_numbers = lexicon.number_finals([token.term for token in exact])
                used = collect.localize(exact_numbers, lexicon.local, lexicon.order, used)
                terms += [numbers[at:start], exact_numbers]
                positions += [places[at:start].copy(), np.array([t.position for t in exact], np.uint32)]
                count[index] = len(exact)
                at = end
            last = int(document_ends[-1])
            terms.append(numbers[at:last])
            positions.append(places[at:last].copy())
            counts.append(count)
        blob, bounds, classes = collect.vocabulary(
            lexicon.order, used, lexicon.local, lexicon.blob, lexicon.bounds, lexicon.attributes
        )
        empty = [np.empty(0, np.uint32)]
        return TokenBatch(
            blob=blob,
            bounds=bounds,
            terms=np.concatenate(terms or empty),
            positions=np.concatenate(positions or empty),
            documents=np.cumsum(np.concatenate(counts)),
            classes=classes,
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


def _flatten(documents: Sequence[Value]) -> tuple[list[str], I64]:
    """The texts of the documents, and the document of each."""
    if all(type(document) is str for document in documents):
        return list(documents), np.arange(len(documents))  # type: ignore[arg-type]
    texts: list[str] = []
    owners: list[int] = []
    for index, document in enumerate(documents):
        parts = [] if document is None else [document] if isinstance(document, str) else document
        texts += parts
        owners += [index] * len(parts)
    return texts, np.array(owners, np.int64)


def _encode(texts: list[str]) -> tuple[bytes, I64]:
    """The texts in UTF-8, each followed by a zero byte, and where each ends."""
    joined = "\0".join([*texts, ""])
    if joined.isascii():
        data, lengths = joined.encode(), map(len, texts)
    else:
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            encoded = [scalar(text).encode() for text in texts]
        data, lengths = b"\0".join([*encoded, b""]), map(len, encoded)
    ends = np.cumsum(np.fromiter(lengths, np.int64, len(texts)) + 1) - 1
    return data, ends
