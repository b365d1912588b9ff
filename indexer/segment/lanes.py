"""Which of many values reach a limit, found at once, as compilers do not by themselves."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_intrinsic: Any = intrinsic
_BYTE, _INT, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _load(context: Any, builder: Any, address: Any, given: Any, lane: Any, count: int) -> Any:
    """The vector at an address that need not be a multiple of its size."""
    vector = ir.VectorType(lane, count).as_pointer()
    start = builder.inttoptr(context.cast(builder, address, given, types.intp), vector)
    return builder.load(start, align=lane.width // 8)


def _spread(builder: Any, value: Any, count: int) -> Any:
    """A vector of one value."""
    vector = ir.VectorType(value.type, count)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, _INT(0))
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(_INT, count), None))


@_intrinsic
def bytes_reaching(typing_context: Any, address: Any, least: Any) -> Any:
    """Which of the 64 bytes at an address are ``least`` or more, from 0 to 255: a bit each of a uint64, the lowest for
    the first. They are all read."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bytes_ = _load(context, builder, arguments[0], signature.args[0], _BYTE, 64)
        limit = builder.trunc(context.cast(builder, arguments[1], signature.args[1], types.int64), _BYTE)
        return builder.bitcast(builder.icmp_unsigned(">=", bytes_, _spread(builder, limit, 64)), _LONG)

    return types.uint64(address, least), generate


@_intrinsic
def ints_reaching(typing_context: Any, address: Any, least: Any) -> Any:
    """Which of the 32 int32 at an address are ``least``, an int32, or more: a bit each of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ints = _load(context, builder, arguments[0], signature.args[0], _INT, 32)
        limit = context.cast(builder, arguments[1], signature.args[1], types.int32)
        bits = builder.bitcast(builder.icmp_signed(">=", ints, _spread(builder, limit, 32)), _INT)
        return builder.zext(bits, _LONG)

    return types.uint64(address, least), generate


@_intrinsic
def longs_reaching(typing_context: Any, address: Any, least: Any) -> Any:
    """Which of the 64 int64 at an address are ``least``, an int64, or more: a bit each of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        longs = _load(context, builder, arguments[0], signature.args[0], _LONG, 64)
        limit = context.cast(builder, arguments[1], signature.args[1], types.int64)
        return builder.bitcast(builder.icmp_signed(">=", longs, _spread(builder, limit, 64)), _LONG)

    return types.uint64(address, least), generate
