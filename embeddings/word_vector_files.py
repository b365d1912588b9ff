"""Pretrained word vectors in their standard file formats."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.word_vector_records import read_records
from embeddings.word_vector_table import MalformedVectors, Table, zipf_counts
from embeddings.word_vectors import WordVectors

_BUFFER = 1 << 16


def load_word_vectors(path: str | Path, limit: int | None = None, vocabulary: str | Path | None = None) -> WordVectors:
    """Read pretrained word vectors; the format is told from the content.

    - word2vec text: a line "words dimension", then "word x1 … xd" a line (so fastText's .vec);
    - word2vec binary: the same first line, then "word ", d little-endian float32, perhaps a newline, each;
    - GloVe text: as word2vec text, without the first line;
    - either of them compressed by gzip, bzip2 or xz, whatever the name ends in;
    - a NumPy matrix .npy with a vocabulary: a word a line, a JSON list, or a JSON object word -> row;
    - a .safetensors file that ``WordVectors.save`` wrote.

    ``limit``: only the first so many words (files have the most frequent first). ``vocabulary``: the
    file for a .npy; otherwise looked for beside it (same stem with .txt, .vocab or .json, then words.*
    and vocab.*). Of a repeated word the first vector counts; in text files words may contain spaces.
    These files tell no frequencies: ``counts`` are ``zipf_counts``. Memory: the result, whatever a
    header claims; a float32 .npy stays on disk, memory-mapped.

    Raises FileNotFoundError; MalformedVectors, with the line or record, for all that cannot be read.
    """
    path = Path(path)
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if path.suffix == ".safetensors":
        return _first(WordVectors.load(path), limit)
    if path.suffix == ".npy":
        return _first(_load_npy(path, Path(vocabulary) if vocabulary else _beside(path)), limit)
    table = Table(path)
    with path.open("rb") as file:
        magic = file.read(6)
    try:
        with _open(path, magic) as raw, BufferedReader(raw, _BUFFER) as content:
            read_records(content, table, limit)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise MalformedVectors(f"{path}: the compressed data is damaged or cut short ({error})") from error
    return table.finish()


def _open(path: Path, magic: bytes) -> Any:
    """The (decompressed) bytes of a file that begins with ``magic``."""
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(path)
    if magic.startswith(b"BZh"):
        return bz2.open(path)
    if magic == b"\xfd7zXZ\x00":
        return lzma.open(path)
    return path.open("rb", buffering=0)


def _first(vectors: WordVectors, limit: int | None) -> WordVectors:
    if limit is None or limit >= len(vectors):
        return vectors
    words, counts = vectors.words[:limit], vectors.counts[:limit]
    return WordVectors(words, vectors.vectors[:limit], counts, vectors.losses, vectors.name)


def _beside(path: Path) -> Path:
    suffixes = (".txt", ".vocab", ".json")
    places = [path.with_suffix(suffix) for suffix in suffixes]
    places += [path.with_name(stem + suffix) for stem in ("words", "vocab") for suffix in suffixes]
    for place in places:
        if place.is_file():
            return place
    tried = ", ".join(place.name for place in places)
    raise FileNotFoundError(f"{path} needs its vocabulary beside it, in one of {tried}; or name it")


def _load_npy(path: Path, vocabulary: Path) -> WordVectors:
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise MalformedVectors(f"{path} is not a NumPy matrix of numbers: {error}") from error
    if matrix.ndim != 2 or matrix.dtype.kind != "f":
        raise MalformedVectors(f"{path} holds {matrix.dtype} of shape {matrix.shape}, not floats [words, d]")
    words = _read_vocabulary(vocabulary)
    if len(words) != len(matrix):
        raise MalformedVectors(f"{vocabulary} has {len(words)} words for the {len(matrix)} rows of {path}")
    with np.errstate(over="ignore"):
        matrix = np.ascontiguousarray(matrix.view(np.ndarray), np.float32)
    for begin in range(0, len(matrix), _BUFFER):
        finite = np.isfinite(matrix[begin : begin + _BUFFER]).all(axis=1)
        if not finite.all():
            row = begin + int(np.flatnonzero(~finite)[0])
            raise MalformedVectors(f"{path}, row {row}: a number is infinite, or not a number at all")
    rows = {word: row for row, word in reversed(list(enumerate(words)))}  # the first of equal words
    if len(rows) < len(words):
        kept = sorted(rows.values())
        words, matrix = [words[row] for row in kept], matrix[kept]
    return WordVectors(words, matrix, zipf_counts(len(words)), name=path.name)


def _read_vocabulary(path: Path) -> list[str]:
    """A word a line, or JSON: a list of words, or an object word -> row (from 0, without gaps)."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".json":
            return text.removesuffix("\n").split("\n") if text else []
        content = json.loads(text)
        if isinstance(content, dict) and sorted(content.values()) == list(range(len(content))):
            return sorted(content, key=content.__getitem__)
    except (ValueError, TypeError) as error:
        raise MalformedVectors(f"{path} is not a vocabulary: {error}") from error
    if not isinstance(content, list) or not all(isinstance(word, str) for word in content):
        raise MalformedVectors(f"{path} is neither a JSON list of words nor an object word -> row")
    return content
