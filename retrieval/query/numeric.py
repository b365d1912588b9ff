"""Doc values of numbers and dates for scoring: values of given documents, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from indexer import InvalidRequest
from indexer.fields import FLOATS, INTEGERS, Field
from indexer.segment import Column

from ..context import SearchContext

NUMERIC = FLOATS | set(INTEGERS)


@dataclass(frozen=True)
class Piece:
    """The documents of one segment among those asked for: `at` their places, `local` their numbers there."""

    column: Column | None
    at: np.ndarray
    local: np.ndarray


def numeric_field(ctx: SearchContext, kind: str, path: str, dates: bool = False) -> Field:
    """A field of numbers (or dates); InvalidRequest says what it is instead."""
    spec = ctx.field(path)
    if spec is None:
        raise InvalidRequest(f"Unable to find a field mapper for field [{path}] of [{kind}]")
    if spec.type not in NUMERIC and spec.type != "boolean" and not (dates and spec.type == "date"):
        wanted = "numbers or dates" if dates else "numbers"
        raise InvalidRequest(f"[{kind}] field [{path}] is of type [{spec.type}], but {wanted} are needed")
    return spec


def pieces(ctx: SearchContext, path: str, docs: np.ndarray) -> Iterator[Piece]:
    """The documents `docs` by segment."""
    owner, local = ctx.reader.locate(docs)
    for number, segment in enumerate(ctx.view.segments):
        (at,) = np.nonzero(owner == number)
        if len(at):
            yield Piece(segment.column(path), at, local[at])


def first_values(ctx: SearchContext, path: str, docs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(float64[n], bool[n]): the smallest value of each document, and whether it has one."""
    values, known = np.zeros(len(docs), np.float64), np.zeros(len(docs), bool)
    for piece in pieces(ctx, path, docs):
        column = piece.column
        if column is None:
            continue
        begins, counts = _spans(column, piece.local)
        has = counts > 0
        values[piece.at[has]] = column.values[begins[has]]
        known[piece.at] = has
    return values, known


def reduced(
    ctx: SearchContext, path: str, docs: np.ndarray, change: Callable[[np.ndarray], np.ndarray], mode: str
) -> tuple[np.ndarray, np.ndarray]:
    """(float64[n], bool[n]): `change` of all values of each document as one number (mode min, max, avg, sum)."""
    out, known = np.zeros(len(docs), np.float64), np.zeros(len(docs), bool)
    for piece in pieces(ctx, path, docs):
        if piece.column is None:
            continue
        begins, counts = _spans(piece.column, piece.local)
        has = counts > 0
        if not has.any():
            continue
        begins, counts, at = begins[has], counts[has], piece.at[has]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        places = np.arange(counts.sum()) - np.repeat(starts - begins, counts)
        changed = change(piece.column.values[places].astype(np.float64))
        if mode in ("min", "max"):
            out[at] = (np.minimum if mode == "min" else np.maximum).reduceat(changed, starts)
        else:
            out[at] = np.add.reduceat(changed, starts) / (counts if mode == "avg" else 1)
        known[at] = True
    return out, known


def _spans(column: Column, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(int64[n], int64[n]): where each document's values begin, and how many it has."""
    if column.offsets is None:
        return local.astype(np.int64), np.ones(len(local), np.int64)
    offsets = column.offsets.astype(np.int64)
    return offsets[local], offsets[local + 1] - offsets[local]
