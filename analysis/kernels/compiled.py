"""How this room compiles its kernels.

Hot loops call nothing that allocates and reassign no array: numba would count references in them.
numba recompiles a kernel when its own file changes, not when a helper's does: while working on a
helper, touch the files that call it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_intrinsic: Any = intrinsic


def kernel(signature: str | None = None) -> Callable[[Any], Any]:
    """A compiled function that releases the interpreter's lock and is cached on disk.

    With a signature it is compiled when the module is imported; without, as a part of its callers.
    """
    decorate: Callable[[Any], Any] = njit(signature, cache=True, nogil=True, error_model="numpy")
    return decorate


@_intrinsic
def prefetch(typing_context: Any, address: Any) -> Any:
    """Have what lies at an address fetched into the cache, without waiting for it."""
    if not isinstance(address, types.Integer):
        raise numba.core.errors.TypingError(f"an address is an integer, not {address}")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        at = builder.inttoptr(context.cast(builder, arguments[0], signature.args[0], types.intp), pointer)
        builder.call(function, [at, flag(0), flag(3), flag(1)])  # to read, to be kept, data
        return context.get_dummy_value()

    return types.void(address), generate


@_intrinsic
def load8(typing_context: Any, words: Any, at: Any) -> Any:
    """The eight bytes from byte ``at`` of the uint64 array ``words`` on, as one (little-endian) word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        offset = context.cast(builder, arguments[1], signature.args[1], types.intp)
        place = builder.gep(builder.bitcast(array.data, ir.IntType(8).as_pointer()), [offset])
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(words, at), generate


@_intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """How many bits of a uint64 lie below its lowest one; 64 if there is none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.int64(types.uint64), generate
