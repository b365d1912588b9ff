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
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from analysis.kernels.compiled import prefetch as prefetch  # for kernels of this room and above

_njit: Any = numba.njit


def kernel(*signatures: str) -> Any:
    """A compiled entry point: explicit signatures, cached on disk."""
    return numba.njit(list(signatures), cache=True, nogil=True, error_model="numpy")


#: A helper of kernels: compiled into its callers, never called from Python on a hot path. It makes no arrays,
#: so that numba counts no references in it: a slice then costs nothing, elsewhere an atomic operation.
inline: Any = _njit(nogil=True, error_model="numpy", _nrt=False)


#: Conversions of a number within kernels.
int64: Any = np.int64
int32: Any = np.int32

_intrinsic: Any = intrinsic
_populate: Any = populate_array


def _viewer(dtype: Any) -> Any:
    """What makes of an address and a size the array that lies there (not counted, not checked)."""

    @_intrinsic
    def view(typing_context: Any, address: Any, size: Any) -> Any:
        if not isinstance(address, types.Integer) or not isinstance(size, types.Integer):
            raise numba.core.errors.TypingError(f"an address and a size are integers, not {address} and {size}")
        array_type = types.Array(dtype, 1, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            at, length = (
                context.cast(builder, value, given, types.intp)
                for value, given in zip(arguments, signature.args, strict=True)
            )
            array = context.make_array(array_type)(context, builder)
            width = context.get_constant(types.intp, dtype.bitwidth // 8)
            data = builder.inttoptr(at, array.data.type)
            _populate(array, data=data, shape=[length], strides=[width], itemsize=width, meminfo=None)
            return array._getvalue()

        return array_type(address, size), generate

    return view


#: ``view_u8(address, size)``: uint8[size] at an address; and so on.
view_u8 = _viewer(types.uint8)
view_u16 = _viewer(types.uint16)
view_u32 = _viewer(types.uint32)
view_i64 = _viewer(types.int64)
view_f32 = _viewer(types.float32)
view_f64 = _viewer(types.float64)
_u64 = _viewer(types.uint64)


@inline
def view_u64(address: int) -> int:
    """The uint64 at an address of any alignment."""
    return _u64(address, 1)[0]


@inline
def copy_bytes(address: int, size: int, out: np.ndarray, at: int) -> None:
    """Bytes at an address to ``out[at:]`` (uint8); they do not overlap."""
    source = view_u8(address, size)
    for i in range(size):
        out[at + i] = source[i]


@inline
def copy_words(source: int, size: int, target: int) -> None:
    """Bytes between two addresses, eight at once: up to seven more are read and written."""
    for j in range(0, size, 8):
        _u64(target + j, 1)[0] = view_u64(source + j)


@kernel("int64(int64, int64)")
def touch_pages(address: int, size: int) -> int:
    """Read a byte of every page."""
    letters = view_u8(address, size)
    total = 0
    for at in range(0, size, 4096):
        total += letters[at]
    return total
