"""How kernels are compiled, and how they read memory-mapped sections.

Kernels are compiled once into numba's on-disk cache, release the GIL, and take addresses instead of
arrays where they read mapped files: one call can then serve any number of segments, and passing a
hundred arrays costs nothing. Whoever passes an address keeps the mapping alive during the call.
"""

from __future__ import annotations

from typing import Any

from settings import prepare_kernel_cache

prepare_kernel_cache()

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def kernel(*signatures: str) -> Any:
    """A compiled entry point: explicit signatures, cached on disk."""
    return numba.njit(list(signatures), cache=True, nogil=True, error_model="numpy")


#: A helper of kernels: compiled into its callers, never called from Python on a hot path.
inline: Any = numba.njit(nogil=True, error_model="numpy")


#: Conversion of a number within kernels.
int64: Any = np.int64

_carray: Any = vars(numba)["carray"]
_intrinsic: Any = intrinsic


@_intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    """The address as a void pointer."""
    if not isinstance(address, types.Integer):
        raise numba.core.errors.TypingError(f"an address is an integer, not {address}")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@inline
def view_u8(address: int, size: int) -> np.ndarray:
    """uint8[size] at an address."""
    return _carray(_pointer(address), (size,), np.uint8)


@inline
def view_u16(address: int, size: int) -> np.ndarray:
    """uint16[size] at an address."""
    return _carray(_pointer(address), (size,), np.uint16)


@inline
def view_u32(address: int, size: int) -> np.ndarray:
    """uint32[size] at an address."""
    return _carray(_pointer(address), (size,), np.uint32)


@inline
def view_u64(address: int) -> int:
    """The uint64 at an address of any alignment."""
    return _carray(_pointer(address), (1,), np.uint64)[0]


@inline
def view_i64(address: int, size: int) -> np.ndarray:
    """int64[size] at an address."""
    return _carray(_pointer(address), (size,), np.int64)


@inline
def view_f32(address: int, size: int) -> np.ndarray:
    """float32[size] at an address."""
    return _carray(_pointer(address), (size,), np.float32)
