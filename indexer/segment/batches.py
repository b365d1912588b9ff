"""What a segment writer is given: tokens of text fields, values of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np

ColumnKind = Literal["keyword", "long", "date", "double", "boolean"]

_DTYPES: dict[str, Any] = {
    "keyword": np.uint32,
    "long": np.int64,
    "date": np.int64,
    "double": np.float64,
    "boolean": np.uint8,
}


def column_dtype(kind: str) -> np.dtype:
    """The dtype of a kind's stored values."""
    return np.dtype(_DTYPES[kind])


class Tokens(Protocol):
    """The analysis room's TokenBatch, as far as the writer needs it (see there for shapes)."""

    blob: np.ndarray
    bounds: np.ndarray
    terms: np.ndarray
    positions: np.ndarray
    documents: np.ndarray
    classes: np.ndarray
    source: object


@dataclass(frozen=True, slots=True)
class ColumnBatch:
    """Values of one column for d documents: document j's are ``values[documents[j]:documents[j + 1]]``.

    ``values``: int64 (long, date), float64 (double), uint8 (boolean), or for keywords uint32 numbers into
    the batch's own dictionary, value i being the UTF-8 bytes ``blob[bounds[i]:bounds[i + 1]]``.
    """

    kind: ColumnKind
    documents: np.ndarray
    values: np.ndarray
    blob: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, kind: ColumnKind, values: Sequence[Any]) -> ColumnBatch:
        """From Python values, one entry a document: a scalar, a list of scalars, or None.

        Raises ValueError for an unknown kind, and what numpy raises for a value of the wrong type.
        """
        if kind not in get_args(ColumnKind):
            raise ValueError(f"unknown column kind {kind!r}; use one of {', '.join(get_args(ColumnKind))}")
        counts = np.zeros(len(values) + 1, np.int64)
        flat: list[Any] = []
        for index, value in enumerate(values):
            if isinstance(value, list | tuple):
                flat.extend(value)
            elif value is not None:
                flat.append(value)
            counts[index + 1] = len(flat)
        if kind != "keyword":
            array = np.array(flat, dtype=column_dtype(kind))
            return cls(kind, counts, array, np.empty(0, np.uint8), np.zeros(1, np.int64))
        numbers: dict[str | bytes, int] = {}
        codes = np.fromiter((numbers.setdefault(v, len(numbers)) for v in flat), np.uint32, len(flat))
        encoded = [v if isinstance(v, bytes) else v.encode("utf-8", "surrogatepass") for v in numbers]
        bounds = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(e) for e in encoded], out=bounds[1:])
        return cls(kind, counts, codes, np.frombuffer(b"".join(encoded), np.uint8), bounds)
