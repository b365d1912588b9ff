"""What the C library keeps of freed memory."""

from __future__ import annotations

import ctypes

LARGE = 4 << 20  # bytes
ARENAS = 2
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # <malloc.h> of glibc


def return_large_arrays() -> None:
    """From now on the memory of a large array goes back to the system with the array.

    By itself glibc raises the size from which it does so to that of the largest array freed yet, up to 32 MB,
    and a process that builds segments keeps a quarter more than it needs. Nothing is changed where the C
    library is another one.
    """
    _set(_M_MMAP_THRESHOLD, LARGE)


def share_arenas() -> None:
    """From now on threads take memory from a few arenas.

    By itself glibc gives each thread its own, and in each of them stays what its requests once needed at most: a
    service that is written to had four times the memory it uses after ten minutes. Nothing is changed where the
    C library is another one.
    """
    _set(_M_ARENA_MAX, ARENAS)


def _set(option: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(option, value)
