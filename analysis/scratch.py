"""Memory that is used again: fresh pages cost more than the kernels that fill them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST = 64 << 20  # bytes kept between batches


class Scratch:
    """Buffers by name, for one batch at a time. What they hold is undefined when they are taken."""

    def __init__(self) -> None:
        self._buffers: dict[str, npt.NDArray[Any]] = {}

    def take(self, name: str, size: int, kind: Any, keep: int = 0) -> npt.NDArray[Any]:
        """An array of at least ``size`` items, whose first ``keep`` are those of the last time."""
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            larger = np.empty(size + size // 2, kind)
            if buffer is not None and keep:
                larger[:keep] = buffer[:keep]
            buffer = self._buffers[name] = larger
        return buffer

    def text(self, name: str, data: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
        """The bytes in a buffer with padding after them, and the same memory as 64-bit words."""
        words = self.take(name, len(data) // 8 + 3, np.uint64)
        text = words.view(np.uint8)
        text[: len(data)] = np.frombuffer(data, np.uint8)
        text[len(data) : len(data) + 16] = 0
        return text, words

    def trim(self) -> None:
        """Give back what a giant batch needed."""
        if sum(buffer.nbytes for buffer in self._buffers.values()) > LARGEST:
            self._buffers.clear()
