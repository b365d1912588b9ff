"""What the C library keeps of freed memory."""

from __future__ import annotations

import ctypes

LARGE = 4 << 20  # bytes
_M_MMAP_THRESHOLD = -3  # <malloc.h> of glibc


def return_large_arrays() -> None:
    """From now on the memory of a large array goes back to the system with the array.

    By itself glibc raises the size from which it does so to that of the largest array freed yet, up to 32 MB,
    and a process that builds segments keeps a quarter more than it needs. Nothing is changed where the C
    library is another one.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)
