"""Arrays that kernels work in, kept by each thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np


@dataclass(slots=True)
class Scratch:
    """See :func:`retrieval.lexical.maxscore.top_words`."""

    bounds: np.ndarray
    work: np.ndarray
    sums: np.ndarray


def scratch_for(ranges: int) -> Scratch:
    """This thread's, for a number of ranges."""
    found: Scratch | None = getattr(_thread, "scratch", None)
    if found is None or found.bounds.size < ranges + 512:
        bounds = np.empty(ranges + 512, np.float32)
        found = _thread.scratch = Scratch(bounds, np.zeros((6, 65536 + 512), np.int64), np.zeros(65536))
    return found


_thread = threading.local()
