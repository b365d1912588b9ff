"""Reader of one safetensors file: uint64 header length, a JSON header, then the tensors' bytes."""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "<u2"}
_LONGEST_HEADER = 100_000_000  # the format's own limit


class SafetensorsFile:
    """Named float tensors of a memory-mapped file. ValueError when the bytes are not one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stat().st_size < 8:
            raise ValueError(f"{path} is not a safetensors file, or it is cut short")
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        length = int.from_bytes(self._bytes[:8], "little")
        if len(self._bytes) < 8 + length or length > _LONGEST_HEADER:
            raise ValueError(f"{path} is not a safetensors file, or it is cut short")
        try:
            self._header: dict[str, Any] = json.loads(self._bytes[8 : 8 + length])
        except ValueError as error:
            raise ValueError(f"{path} is not a safetensors file: its header is not JSON") from error
        self._header.pop("__metadata__", None)
        self._start = 8 + length

    @property
    def names(self) -> list[str]:
        """Names of the tensors."""
        return list(self._header)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """A tensor as float32 of its own shape; KeyError when the file has none of that name."""
        if name not in self._header:
            raise KeyError(f"{self._path} has no tensor {name!r}")
        entry = self._header[name]
        kind = _TYPES.get(entry["dtype"])
        start, end = entry["data_offsets"]
        count = int(np.prod(entry["shape"], dtype=np.int64))
        if kind is None:
            raise ValueError(f"{self._path}: {name} is {entry['dtype']}; only {', '.join(_TYPES)} are read")
        if end - start != count * np.dtype(kind).itemsize or self._start + end > len(self._bytes):
            raise ValueError(f"{self._path} is damaged: the bounds of {name} are wrong")
        array = np.frombuffer(self._bytes, kind, count, self._start + start)
        if entry["dtype"] == "BF16":  # the upper half of a float32
            array = (array.astype(np.uint32) << 16).view(np.float32)
        return array.astype(np.float32, copy=False).reshape(entry["shape"])
