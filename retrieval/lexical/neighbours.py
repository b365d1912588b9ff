"""Top-k of a phrase of whose neighbours pairs are known: the rarest pair leads, the others are looked up.

The lead's documents, with what each can score at most (:mod:`retrieval.lexical.candidates`), are taken some hundreds
at a time: the other pairs and then the terms are searched for in all of them before the positions of any are read, so
that the processor fetches many at the same time. Where no more is wanted than the best, the most promising go first.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, prefetch, view_f32, view_u8, view_u32
from indexer.segment.layout import skip_positions, wide_blocks
from retrieval.lexical import tables
from retrieval.lexical.candidates import NOTHING, TERM, choose_lead, limit_key, list_lead, rarest_term
from retrieval.lexical.collecting import finish, nth, offer
from retrieval.lexical.covering import choose_cover, describe_all
from retrieval.lexical.fixed import score_of, to_fixed
from retrieval.lexical.intersecting import COLUMNS, code_at, locate
from retrieval.lexical.pairs import JOINED, STORED
from retrieval.lexical.positions import meet_places, positions_address, read_places
from retrieval.lexical.scanning import saturate
from retrieval.lexical.term_info import CHUNKS, CODES, IDS, KIND, SHORT, SIZE

BATCH = 512  # documents that are tried together
# Rows of what a batch is worked on in: documents, how often they may hold the phrase, and of the first term's length
# byte; of a pair how often they hold it, and postings; documents that are left for later. Then of each term postings,
# frequencies, where positions are.
_FOUND, _LEAST, _LENGTHS, _COUNTS, _PLACES, _REST, _REST_LEAST, _TERMS = range(8)
_POSTINGS, _SIZES, _BLOCKS, _BEFORE = range(4)


@inline
def count_in(
    segment: np.ndarray, info: np.ndarray, found: np.ndarray, places: np.ndarray, counts: np.ndarray, count: int
) -> None:
    """Add to ``counts`` how often each of the documents holds a term."""
    if info[SIZE] == 0:
        return
    locate(info, segment[tables.DOCUMENTS], found, places, count)
    codes = view_u8(info[CODES], info[SIZE])
    freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
    for c in range(count):
        if places[c] >= 0:
            code = int64(codes[places[c]])
            counts[c] += int64(freqs[code_at(info, places[c]) if code == 255 else code])


@inline
def hold_pair(segment: np.ndarray, pair_segment: np.ndarray, infos: np.ndarray, arrays: np.ndarray, count: int) -> int:
    """Keep the documents that hold a pair (``infos``: STORED, JOINED); returns their number."""
    found, least, counts = arrays[_FOUND], arrays[_LEAST], arrays[_COUNTS]
    counts[:count] = 0
    count_in(segment, infos[JOINED], found, arrays[_PLACES], counts, count)
    count_in(pair_segment, infos[STORED], found, arrays[_PLACES], counts, count)
    kept = 0
    for c in range(count):
        found[kept] = found[c]
        least[kept] = min(least[c], counts[c])
        kept += counts[c] > 0
    return kept


@inline
def look_up_term(segment: np.ndarray, info: np.ndarray, arrays: np.ndarray, own: np.ndarray, count: int) -> None:
    """Postings and frequencies of a term, to ``own``; documents without it may not hold the phrase at all."""
    least, lengths, places, sizes = arrays[_LEAST], arrays[_LENGTHS], own[_POSTINGS], own[_SIZES]
    locate(info, segment[tables.DOCUMENTS], arrays[_FOUND], places, count)
    codes = view_u8(info[CODES], info[SIZE])
    freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
    bytes_ = view_u8(segment[tables.CODE_BYTES], segment[tables.CODES])
    for c in range(count):
        sizes[c] = 0
        if places[c] >= 0:
            code = int64(codes[places[c]])
            if code == 255:
                code = code_at(info, places[c])
            sizes[c] = int64(freqs[code])
            lengths[c] = int64(bytes_[code])
        least[c] = min(least[c], sizes[c])


@inline
def find_positions(
    segment: np.ndarray, info: np.ndarray, least: np.ndarray, own: np.ndarray, cursor: np.ndarray, count: int
) -> None:
    """Where positions are that come before each posting's, and how many they are."""
    freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
    documents = segment[tables.DOCUMENTS]
    places, blocks, before = own[_POSTINGS], own[_BLOCKS], own[_BEFORE]
    codes = view_u8(info[CODES], info[SIZE])
    if info[KIND] == SHORT:
        for c in range(count):
            if least[c]:
                blocks[c] = positions_address(info[IDS], info[SIZE], documents, places[c], freqs, cursor)
                before[c] = 0
        return
    offsets = view_u32(wide_blocks(info[CHUNKS] - 4, documents), (info[SIZE] + 31) >> 5)
    for c in range(count):
        if least[c] == 0:
            continue
        posting = places[c]
        blocks[c] = info[CODES] + info[SIZE] + int64(offsets[posting >> 5])
        some = int64(0)
        escapes = 0
        for i in range(posting & ~31, posting):
            code = int64(codes[i])
            some += int64(freqs[code])
            escapes += code == 255
        if escapes:
            some = 0
            for i in range(posting & ~31, posting):
                code = int64(codes[i])
                some += int64(freqs[code_at(info, i) if code == 255 else code])
        before[c] = some
        prefetch(blocks[c] + some)  # most positions take a byte


@inline
def frequency_at(of_terms: np.ndarray, offsets: np.ndarray, c: int, buffer: np.ndarray) -> int:
    """How often document number ``c`` of a batch holds the phrase."""
    fewest = 0
    for t in range(1, offsets.size):
        if of_terms[t, _SIZES, c] < of_terms[fewest, _SIZES, c]:
            fewest = t
    places = 0
    for i in range(offsets.size):
        t = fewest if i == 0 else i - (i <= fewest)
        own = of_terms[t]
        here = skip_positions(own[_BLOCKS, c], own[_BEFORE, c])
        size = own[_SIZES, c]
        places = (
            read_places(here, size, offsets[t], buffer)
            if i == 0
            else meet_places(here, size, offsets[t], buffer[:places])
        )
        if places == 0:
            break
    return places


@inline
def offer_holders(
    segment: np.ndarray,
    infos: np.ndarray,
    offsets: np.ndarray,
    factors: np.ndarray,
    weight: np.float32,
    shape: np.ndarray,
    scale: float,
    count_to: int,
    total: int,
    arrays: np.ndarray,
    of_terms: np.ndarray,
    cursor: np.ndarray,
    buffer: np.ndarray,
    count: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """Offer those of ``count`` documents where terms (``infos``) stand at ``offsets``; returns ``total`` and how many
    matches were counted. The first one's class is the phrase's."""
    found, least, lengths = arrays[_FOUND], arrays[_LEAST], arrays[_LENGTHS]
    for t in range(offsets.size - 1, -1, -1):  # the first one's length byte is left
        look_up_term(segment, infos[t], arrays, of_terms[t], count)
    for c in range(count):
        if least[c] and count_to == 0:
            key = limit_key(least[c], factors[lengths[c]], weight, shape, scale, segment[tables.BASE] + found[c], score)
            least[c] &= -int64(key > state[2])
    for t in range(offsets.size):
        find_positions(segment, infos[t], least, of_terms[t], cursor, count)
    for c in range(count):
        if least[c] == 0:
            continue
        doc = segment[tables.BASE] + found[c]
        factor = factors[lengths[c]]
        key = limit_key(least[c], factor, weight, shape, scale, doc, score)
        if (count_to == 0 or total > count_to) and key <= state[2]:
            continue
        frequency = frequency_at(of_terms, offsets, c, buffer)
        if frequency:
            total += 1
            value = to_fixed(weight * saturate(np.float32(frequency), factor, shape), scale)
            offer(score_of(value, scale), doc, keys, state, score)
    return total


@inline
def set_apart(
    pair_segment: np.ndarray, pair_infos: np.ndarray, cover: np.ndarray, arrays: np.ndarray, count: int
) -> int:
    """Move documents where one of the pairs in ``cover`` stands without the term that spells it to the rest; returns
    how many others there are."""
    found, least, places, apart = arrays[_FOUND], arrays[_LEAST], arrays[_PLACES], arrays[_COUNTS]
    apart[:count] = 0
    for p in cover:
        if p >= 0 and pair_infos[p, STORED, SIZE]:
            locate(pair_infos[p, STORED], pair_segment[tables.DOCUMENTS], found, places, count)
            for c in range(count):
                apart[c] |= int64(places[c] >= 0)
    kept = 0
    for c in range(count):
        doc, tf, moved = found[c], least[c], apart[c]
        arrays[_REST, c - kept], arrays[_REST_LEAST, c - kept] = doc, tf
        found[kept], least[kept] = doc, tf
        kept += 1 - moved
    return kept


@inline
def try_batch(
    segment: np.ndarray,
    pair_segment: np.ndarray,
    infos: np.ndarray,
    pair_infos: np.ndarray,
    order: np.ndarray,
    pairs: int,
    cover: np.ndarray,
    cover_infos: np.ndarray,
    cover_offsets: np.ndarray,
    offsets: np.ndarray,
    factors: np.ndarray,
    weight: np.float32,
    shape: np.ndarray,
    scale: float,
    count_to: int,
    total: int,
    arrays: np.ndarray,
    of_terms: np.ndarray,
    cursor: np.ndarray,
    buffer: np.ndarray,
    count: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """Offer those of ``count`` documents that hold the phrase; returns ``total`` and how many matches were counted.
    ``order``: the ``pairs`` to be looked up; ``cover``: see :func:`choose_cover`."""
    for i in range(pairs):
        count = hold_pair(segment, pair_segment, pair_infos[order[i]], arrays, count)
    if count and cover.size:
        size = set_apart(pair_segment, pair_infos, cover, arrays, count)
        total = offer_holders(
            segment, cover_infos, cover_offsets, factors, weight, shape, scale, count_to, total, arrays, of_terms,
            cursor, buffer, size, keys, state, score,
        )  # fmt: skip
        count -= size
        for c in range(count):
            arrays[_FOUND, c], arrays[_LEAST, c] = arrays[_REST, c], arrays[_REST_LEAST, c]
    if count:
        total = offer_holders(
            segment, infos, offsets, factors, weight, shape, scale, count_to, total, arrays, of_terms, cursor, buffer,
            count, keys, state, score,
        )  # fmt: skip
    return total


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], float32,"
    " int64[::1], int64[:,:,:,::1], int64[::1], int64[::1], int64[::1], float32[::1], float64, int64,"
    " int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def top_by_pairs(
    segments: np.ndarray,
    pair_segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weight: np.float32,
    offsets: np.ndarray,
    pairs: np.ndarray,
    pair_slots: np.ndarray,
    pair_kinds: np.ndarray,
    firsts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    count_to: int,
    keys: np.ndarray,
    state: np.ndarray,
    docs_out: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents with the terms ``rows[slots]`` at ``offsets``, scored as one term of ``weight`` and the first
    one's class, in segments that know pairs of them.

    ``pairs``, ``pair_slots``, ``pair_kinds``: see :class:`retrieval.lexical.plan.PhrasePlan`; ``firsts``: of each pair
    the number of its first term, the second one's being the next, or nothing where that is not so; ``pair_segments``:
    the pairs' own table; other parameters and result as :func:`retrieval.lexical.maxscore.top_words`.
    """
    terms, k = slots.size, state[1]
    infos = np.zeros((terms, COLUMNS), np.int64)
    pair_infos = np.zeros((pair_slots.size, 3, COLUMNS), np.int64)
    order = np.empty(pair_slots.size, np.int64)
    arrays = np.empty((_TERMS, BATCH), np.int64)
    of_terms = np.empty((terms, 4, BATCH), np.int64)
    cover, cover_infos, cover_offsets = np.empty(terms, np.int64), np.empty_like(infos), np.empty(terms, np.int64)
    cursor = np.full(2, -1, np.int64)
    score = np.zeros(1, np.float32)
    kind = kinds[slots[0]]
    column = tables.PER_CLASS + kind * tables.CLASS_COLUMNS + tables.FACTORS
    unknown = np.zeros(256, np.float32)
    total = 0
    for s in range(segments.shape[0]):
        segment, pair_segment = segments[s, 0], pair_segments[s, 0]
        lead = choose_lead(pairs, pair_slots, rows, slots, s)
        if lead == NOTHING or segment[tables.POSITIONAL] == 0:
            continue
        rarest = rarest_term(rows, slots, s)
        row, pair = rows[slots[rarest], s, 0], pairs[pair_slots[max(lead, 0)], s]
        size = row[1] if lead == TERM else pair[STORED, 1] + pair[JOINED, 1]
        if size == 0 or row[1] == 0:
            continue
        others = describe_all(
            segments, pair_segments, rows, slots, kinds, pairs, pair_slots, s, lead, infos, pair_infos, order
        )
        covers = choose_cover(
            infos, kinds, slots, pair_infos, pair_kinds, pair_slots, firsts, offsets, cover, cover_infos, cover_offsets
        )
        factors = view_f32(segment[column], 256)
        same = kinds[slots[rarest]] == kind if lead == TERM else pair_kinds[pair_slots[lead]] == kind
        leads, frequencies = np.empty(size, np.int64), np.empty(size, np.uint32)
        pruning = count_to == 0 or total > count_to
        size = list_lead(
            segment, pair_segment, pair, row, lead, factors if same else unknown, weight, shape, scale, pruning,
            np.empty(size, np.uint32), np.empty(size, np.uint32), np.empty(size, np.uint8), leads, frequencies, state,
            score,
        )  # fmt: skip
        buffer = np.empty(int64(view_u32(segment[tables.FREQS], segment[tables.CODES]).max()), np.int64)
        want = k + (k >> 2) + 16
        pivot = int64(-1)
        if pruning and size > 2 * want:
            pivot = nth(leads.copy(), size, want)
        for sweep in range(0 if pivot >= 0 else 1, 2):
            count = 0
            for i in range(size):
                pruning = count_to == 0 or total > count_to
                key = leads[i]
                wanted = key >= pivot if sweep == 0 else key < pivot or pivot < 0
                arrays[_FOUND, count] = int64(0xFFFFFFFF) - (key & 0xFFFFFFFF) - segment[tables.BASE]
                arrays[_LEAST, count] = frequencies[i]
                count += wanted and (not pruning or key > state[2])
                if count == BATCH or (i + 1 == size and count > 0):
                    total = try_batch(
                        segment, pair_segment, infos, pair_infos, order, others, cover[:covers], cover_infos,
                        cover_offsets[:covers], offsets, factors, weight, shape, scale, count_to, total, arrays,
                        of_terms, cursor, buffer, count, keys, state, score,
                    )  # fmt: skip
                    count = 0
    return finish(keys, state, docs_out, scores_out), total
