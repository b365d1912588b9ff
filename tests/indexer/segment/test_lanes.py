"""Which of many values reach a limit, beside numpy."""

from __future__ import annotations

import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from indexer.segment.lanes import bytes_reaching, ints_reaching


@numba.njit
def _bytes(values: np.ndarray, at: int, least: int) -> int:
    return bytes_reaching(values.ctypes.data + at, least)


@numba.njit
def _ints(values: np.ndarray, at: int, least: int) -> int:
    return ints_reaching(values.ctypes.data + 4 * at, least)


def _bits(values: np.ndarray, least: int) -> int:
    return sum(1 << i for i, value in enumerate(values.tolist()) if value >= least)


@given(st_numpy.arrays(np.uint8, 80), st.integers(0, 15), st.integers(0, 255))
def test_bytes(values: np.ndarray, at: int, least: int) -> None:
    assert _bytes(values, at, least) == _bits(values[at : at + 64], least)


@given(st_numpy.arrays(np.int32, 40), st.integers(0, 8), st.integers(-(1 << 31), (1 << 31) - 1))
def test_ints(values: np.ndarray, at: int, least: int) -> None:
    assert _ints(values, at, least) == _bits(values[at : at + 32], least)
    values[at] = least
    assert _ints(values, at, least) & 1
