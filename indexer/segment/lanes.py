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


def _comparer(lane: Any, count: int, signed: bool) -> Any:
    """What makes a uint64 of ``count`` lanes at an address and a limit: a bit for each lane that reaches it, the lowest
    for the first. All lanes are read."""

    @_intrinsic
    def compare(typing_context: Any, address: Any, least: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = _load(context, builder, arguments[0], signature.args[0], lane, count)
            limit = builder.trunc(context.cast(builder, arguments[1], signature.args[1], types.int64), lane)
            reach = builder.icmp_signed if signed else builder.icmp_unsigned
            bits = builder.bitcast(reach(">=", values, _spread(builder, limit, count)), ir.IntType(count))
            return builder.zext(bits, _LONG)

        return types.uint64(address, least), generate

    return compare


#: ``bytes_reaching(address, least)``: which of 64 bytes are ``least``, from 0 to 255, or more.
bytes_reaching = _comparer(_BYTE, 64, signed=False)
#: ``ints_reaching(address, least)``: which of 32 int32 are ``least``, an int32, or more.
ints_reaching = _comparer(_INT, 32, signed=True)
#: ``longs_reaching(address, least)``: which of 64 int64 are ``least``, an int64, or more.
longs_reaching = _comparer(_LONG, 64, signed=True)
