"""Compiled loops of the unigram tokenizer.

The trie is one open-addressing hash table, int64[2**m]; an entry is ``child << 42 | node << 21 |
character``, 0 where empty: "under ``node``, ``character`` leads to ``child``". Node 0 is the root.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numba as nb
import numpy as np

# numba's own signatures, above each function, are the exact types.
Array: TypeAlias = np.ndarray
Number: TypeAlias = Any

_SPACE, _META = 0x20, 0x2581  # " " and "▁"
_BITS = 21  # holds a code point or a node
_KEY = (1 << 2 * _BITS) - 1


def _read_only(kind: nb.types.Type) -> nb.types.Array:
    return nb.types.Array(kind, 1, "C", readonly=True)


_u16, _u32, _f32 = _read_only(nb.uint16), _read_only(nb.uint32), _read_only(nb.float32)
_i32, _i64 = _read_only(nb.int32), _read_only(nb.int64)


@nb.njit(nb.int64(nb.int64, nb.int64), cache=True, nogil=True, error_model="numpy")
def _slot(key: Number, mask: Number) -> Number:
    """Fibonacci hashing: the product's middle bits."""
    return ((key * -7046029254386353131) >> 20) & mask


@nb.njit(nb.int64(_i64, nb.int64, nb.int64), cache=True, nogil=True, error_model="numpy")
def _child(table: Array, node: Number, character: Number) -> Number:
    """The node under ``node`` by ``character``, or -1."""
    key = node << _BITS | character
    mask = len(table) - 1
    slot = _slot(key, mask)
    while table[slot] != 0:
        if table[slot] & _KEY == key:
            return table[slot] >> 2 * _BITS
        slot = (slot + 1) & mask
    return -1


@nb.njit(nb.void(nb.int64[::1], nb.int64), cache=True, nogil=True, error_model="numpy")
def _put(table: Array, entry: Number) -> None:
    mask = len(table) - 1
    slot = _slot(entry & _KEY, mask)
    while table[slot] != 0:
        slot = (slot + 1) & mask
    table[slot] = entry


@nb.njit(nb.int64[::1](nb.int64[::1]), cache=True, nogil=True, error_model="numpy")
def _grow(table: Array) -> Array:
    larger = np.zeros(2 * len(table), np.int64)
    for entry in table:
        if entry != 0:
            _put(larger, entry)
    return larger


@nb.njit(nb.types.Tuple((nb.int64[::1], nb.int32[::1]))(_u32, _i64), cache=True, nogil=True, error_model="numpy")
def build_trie(characters: Array, bounds: Array) -> tuple[Array, Array]:
    """(table, piece_of_node int32[nodes]); piece i is ``characters[bounds[i]:bounds[i + 1]]``.

    -1 in ``piece_of_node`` means that no piece ends at the node.
    """
    table = np.zeros(1024, np.int64)
    pieces = np.full(len(characters) + 1, -1, np.int32)
    nodes = 1
    for piece in range(len(bounds) - 1):
        node: Number = np.int64(0)
        for i in range(bounds[piece], bounds[piece + 1]):
            character = np.int64(characters[i])
            child = _child(table, node, character)
            if child < 0:
                if 2 * nodes >= len(table):
                    table = _grow(table)
                child = np.int64(nodes)
                nodes += 1
                _put(table, child << 2 * _BITS | node << _BITS | character)
            node = child
        pieces[node] = piece
    return table, pieces[:nodes].copy()


@nb.njit(nb.uint32[::1](_u32, _u16, _u32, _u32, nb.int64), cache=True, nogil=True, error_model="numpy")
def normalize(characters: Array, map_index: Array, map_bounds: Array, map_values: Array, limit: int) -> Array:
    """Mapped characters with runs of spaces as one, "▁" for each space and before the text.

    ``map_index[c]`` is 0 for a character that stays, or i + 1 when it becomes
    ``map_values[map_bounds[i]:map_bounds[i + 1]]``. Stops after about ``limit`` characters.
    """
    out = np.empty(2 * min(limit, len(characters)) + 64, np.uint32)
    out[0] = _META
    n = 1
    after_space = True  # the "▁" before the text absorbs a space at its start
    for character in characters:
        if n > limit:
            break
        entry = map_index[character] if character < len(map_index) else np.uint16(0)
        start, end = (map_bounds[entry - 1], map_bounds[entry]) if entry else (np.uint32(0), np.uint32(1))
        if n + (end - start) > len(out):
            larger = np.empty(2 * len(out) + 64, np.uint32)
            larger[:n] = out[:n]
            out = larger
        for i in range(start, end):
            c = map_values[i] if entry else character
            space = c == _SPACE
            if not (space and after_space):
                out[n] = _META if space else c
                n += 1
            after_space = space
    return out[:n].copy()


@nb.njit(nb.int64[::1](_u32, _i64, _i32, _f32, nb.float32, nb.int64), cache=True, nogil=True, error_model="numpy")
def viterbi(
    characters: Array, table: Array, piece_of_node: Array, scores: Array, unknown_score: Number, unknown: Number
) -> Array:
    """Ids of the best segmentation; of equal scores the one whose last piece is longest.

    Sums are float32, in text order, so that ties fall as in the model's own engine.
    """
    n = len(characters)
    best = np.full(n + 1, -np.inf, np.float32)
    best[0] = 0
    last_piece = np.empty(n + 1, np.int32)
    last_start = np.empty(n + 1, np.int32)
    for start in range(n):
        score = best[start]
        node: Number = np.int64(0)
        for end in range(start, n):
            node = _child(table, node, np.int64(characters[end]))
            if node < 0:
                break
            piece = piece_of_node[node]
            if piece >= 0 and score + scores[piece] > best[end + 1]:
                best[end + 1] = score + scores[piece]
                last_piece[end + 1] = piece
                last_start[end + 1] = start
        if score + unknown_score > best[start + 1]:
            best[start + 1] = score + unknown_score
            last_piece[start + 1] = unknown
            last_start[start + 1] = start
    count = 0
    position = n
    while position > 0:
        position = last_start[position]
        count += 1
    ids = np.empty(count, np.int64)
    position = n
    while position > 0:
        count -= 1
        ids[count] = last_piece[position]
        position = last_start[position]
    return ids
