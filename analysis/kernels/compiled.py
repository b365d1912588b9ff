"""How this room compiles its kernels.

Hot loops call nothing that allocates and reassign no array: numba would count references in them.
numba recompiles a kernel when its own file changes, not when a helper's does: while working on a
helper, touch the files that call it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def kernel(signature: str | None = None) -> Callable[[Any], Any]:
    """A compiled function that releases the interpreter's lock and is cached on disk.

    With a signature it is compiled when the module is imported; without, as a part of its callers.
    """
    decorate: Callable[[Any], Any] = njit(signature, cache=True, nogil=True, error_model="numpy")
    return decorate
