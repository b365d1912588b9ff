"""Reader of GGUF, the single-file model format of llama.cpp.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
A file is a header of typed key-value metadata, a directory of tensors, and their bytes. The file is
memory-mapped: metadata is parsed at once, a tensor's bytes are touched only when they are used.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generator.errors import DamagedModel, UnsupportedModel

# Metadata value types, by their number in the file. 8 is a string, 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class TensorType:
    """How a tensor is stored: ``block`` weights take ``size`` bytes."""

    name: str
    block: int
    size: int


TENSOR_TYPES = {
    0: TensorType("F32", 1, 4),
    1: TensorType("F16", 1, 2),
    2: TensorType("Q4_0", 32, 18),
    3: TensorType("Q4_1", 32, 20),
    6: TensorType("Q5_0", 32, 22),
    7: TensorType("Q5_1", 32, 24),
    8: TensorType("Q8_0", 32, 34),
    10: TensorType("Q2_K", 256, 84),
    11: TensorType("Q3_K", 256, 110),
    12: TensorType("Q4_K", 256, 144),
    13: TensorType("Q5_K", 256, 176),
    14: TensorType("Q6_K", 256, 210),
    30: TensorType("BF16", 1, 2),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One stored tensor.

    ``shape`` is row-major (a matrix is [outputs, inputs]: GGUF lists dimensions the other way round);
    ``data`` is uint8[bytes], a view of the mapped file.
    """

    name: str
    shape: tuple[int, ...]
    type: TensorType
    data: np.ndarray


class _Cursor:
    """Reads values one after another; running past the end means a cut-off file."""

    def __init__(self, buffer: mmap.mmap, path: Path) -> None:
        self.buffer = buffer
        self.path = path
        self.offset = 0

    def number(self, code: str) -> Any:
        try:
            (value,) = struct.unpack_from("<" + code, self.buffer, self.offset)
        except struct.error:
            raise DamagedModel(f"{self.path} is cut off inside its header: copy the file again") from None
        self.offset += struct.calcsize("<" + code)
        return value

    def bytes(self) -> bytes:
        length = self.number("Q")
        if self.offset + length > len(self.buffer):
            raise DamagedModel(f"{self.path} is cut off inside its header: copy the file again")
        self.offset += length
        return self.buffer[self.offset - length : self.offset]

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.bytes().decode("utf-8", "surrogateescape")
        if kind == _ARRAY:
            return self.array(self.number("I"), self.number("Q"))
        if kind not in _SCALARS:
            raise DamagedModel(f"{self.path} has a metadata value of unknown type {kind}: copy the file again")
        return self.number(_SCALARS[kind])

    def array(self, kind: int, count: int) -> Any:
        if kind not in _SCALARS:
            return [self.value(kind) for _ in range(count)]
        dtype = np.dtype(_SCALARS[kind]).newbyteorder("<")
        if self.offset + count * dtype.itemsize > len(self.buffer):
            raise DamagedModel(f"{self.path} is cut off inside its header: copy the file again")
        values = np.frombuffer(self.buffer, dtype, count, self.offset).copy()
        self.offset += count * dtype.itemsize
        return values


class GGUF:
    """A GGUF file, mapped.

    ``metadata`` holds its key-value pairs (strings, numbers, lists of strings, NumPy arrays of numbers),
    ``tensors`` its tensors by name. Raises ``UnsupportedModel`` when the file is no GGUF or of another
    version or byte order, ``DamagedModel`` when it is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise UnsupportedModel(f"{path} is not a GGUF file: give the path of a model in GGUF format")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        cursor = _Cursor(self._map, path)
        cursor.offset = 4
        version = cursor.number("I")
        if version not in (2, 3):
            raise UnsupportedModel(f"{path} has GGUF version {version}: versions 2 and 3, little-endian, can be read")
        tensors, pairs = cursor.number("Q"), cursor.number("Q")
        self.metadata: dict[str, Any] = {}
        for _ in range(pairs):
            key = cursor.value(_STRING)
            self.metadata[key] = cursor.value(cursor.number("I"))
        self.tensors = self._directory(cursor, tensors)

    def _directory(self, cursor: _Cursor, count: int) -> dict[str, Tensor]:
        entries = []
        for _ in range(count):
            name = cursor.value(_STRING)
            shape = tuple(cursor.number("Q") for _ in range(cursor.number("I")))[::-1]
            entries.append((name, shape, cursor.number("I"), cursor.number("Q")))
        alignment = int(self.metadata.get("general.alignment", 32))
        start = -(-cursor.offset // alignment) * alignment
        mapped = np.frombuffer(self._map, np.uint8)
        tensors = {}
        for name, shape, kind, offset in entries:
            if kind not in TENSOR_TYPES:
                raise UnsupportedModel(
                    f"{self.path} stores {name} in ggml type {kind}: use a file in Q4_0, Q4_1, Q8_0, F16 or F32"
                )
            type_ = TENSOR_TYPES[kind]
            weights = int(np.prod(shape, dtype=np.int64))
            length = weights // type_.block * type_.size
            if start + offset + length > len(mapped):
                raise DamagedModel(f"{self.path} is cut off inside {name}: copy the file again")
            tensors[name] = Tensor(name, shape, type_, mapped[start + offset : start + offset + length])
        return tensors
