"""Reader of the ``E5S1`` file: multilingual-e5-small as one memory-mappable file of 4-bit blocks.

The file (little-endian) is, in order:

- magic ``E5S1``; int32: version, hidden, layers, heads, feed-forward, vocabulary, positions, token
  types; float32 epsilon of the layer norms; int32 block length (32);
- the unigram tokenizer: int32 pieces, ids of ``<s>``, ``</s>``, ``<pad>``, ``<unk>``; uint64 bytes of
  the pieces' text; uint32[pieces + 1] bounds, float32[pieces] log probabilities, the UTF-8 text;
- the code-point map applied before it: int32 entries, uint32 bytes; an entry is uint32 code point,
  uint8 n, uint32[n] replacement, in ascending order of the code point;
- the tensor directory: int32 tensors; each uint16 n, the name's n bytes, uint8 type (0 float32,
  1 4-bit blocks), uint32 elements, uint64 offset from the file's start, uint64 bytes.

A 4-bit block holds 32 weights: a float16 scale d, then 16 bytes whose low nibbles are the weights
0..15 and whose high nibbles are 16..31; a weight is ``(nibble - 8) * d`` (ggml's Q4_0).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
_Q4_0 = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))])
_FLOAT32, _BLOCKS = 0, 1


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    elements: int
    offset: int


@dataclass(frozen=True)
class UnigramModel:
    """A SentencePiece unigram model and the character map that goes before it."""

    pieces: list[str]
    scores: NDArray[np.float32]  # float32[pieces], log probabilities
    bos: int
    eos: int
    pad: int
    unknown: int
    mapped: NDArray[np.uint32]  # uint32[m], code points that are replaced, ascending
    bounds: NDArray[np.uint32]  # uint32[m + 1]: mapped[i] becomes replacements[bounds[i]:bounds[i + 1]]
    replacements: NDArray[np.uint32]


class E5File:
    """An open ``E5S1`` file. Raises ValueError when the bytes are not one."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._bytes[:4] != b"E5S1":
            raise ValueError(f"{path} is not an E5S1 model file")
        self._at = 4
        try:
            self._read_header(path)
            self.unigram = self._read_unigram()
            self._directory = self._read_directory()
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise ValueError(f"{path} is damaged or cut short: {error}") from error

    def _read_header(self, path: Path) -> None:
        version, *sizes = self._unpack("8i")
        self.hidden, self.layers, self.heads, self.feed_forward = sizes[:4]
        self.vocabulary, self.positions, self.token_types = sizes[4:]
        self.epsilon, block = self._unpack("fi")
        if version != 1 or block != BLOCK:
            raise ValueError(f"{path}: version {version} with blocks of {block} is not understood")

    def _unpack(self, layout: str) -> tuple:
        values = struct.unpack_from("<" + layout, self._bytes, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def _array(self, dtype: str, count: int) -> NDArray:
        array = np.frombuffer(self._bytes, dtype, count, self._at)
        self._at += array.nbytes
        return array

    def _read_unigram(self) -> UnigramModel:
        count, bos, eos, pad, unknown, text_bytes = self._unpack("5iQ")
        bounds = self._array("<u4", count + 1).tolist()
        scores = self._array("<f4", count).copy()
        text = self._array("u1", text_bytes).tobytes()
        pieces = [text[start:end].decode() for start, end in pairwise(bounds)]
        entries, _ = self._unpack("iI")
        mapped: list[int] = []
        ends = [0]
        replacements: list[int] = []
        for _ in range(entries):
            code, length = self._unpack("IB")
            mapped.append(code)
            replacements.extend(self._unpack(f"{length}I"))
            ends.append(len(replacements))
        return UnigramModel(
            pieces=pieces,
            scores=scores,
            bos=bos,
            eos=eos,
            pad=pad,
            unknown=unknown,
            mapped=np.array(mapped, np.uint32),
            bounds=np.array(ends, np.uint32),
            replacements=np.array(replacements, np.uint32),
        )

    def _read_directory(self) -> dict[str, _Entry]:
        directory = {}
        for _ in range(self._unpack("i")[0]):
            (length,) = self._unpack("H")
            name = self._bytes[self._at : self._at + length].decode()
            self._at += length
            kind, elements, offset, size = self._unpack("BIQQ")
            if kind not in (_FLOAT32, _BLOCKS) or offset + size > len(self._bytes):
                raise struct.error(f"tensor {name} is of type {kind} at {offset}, {size} bytes")
            directory[name] = _Entry(kind, elements, offset)
        return directory

    @cached_property
    def names(self) -> list[str]:
        """Names of the tensors."""
        return list(self._directory)

    def blocks(self, name: str) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
        """A 4-bit tensor as (scales float16[n/32], nibbles uint8[n/32, 16]), both views of the file."""
        entry = self._directory[name]
        blocks = np.frombuffer(self._bytes, _Q4_0, entry.elements // BLOCK, entry.offset)
        return blocks["scale"], blocks["nibbles"]

    def tensor(self, name: str) -> NDArray[np.float32]:
        """A tensor's weights as float32[elements], whatever it is stored as."""
        entry = self._directory[name]
        if entry.kind == _FLOAT32:
            return np.frombuffer(self._bytes, "<f4", entry.elements, entry.offset)
        scales, nibbles = self.blocks(name)
        weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8
        return (weights * scales[:, None].astype(np.float32)).reshape(-1)
