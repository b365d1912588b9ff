"""The loops of GloVe: co-occurrence counting and AdaGrad, compiled once, free of the GIL.

Words are numbered below 2**28. A pair of words is one uint64, ``low << 28 | high`` with low <= high;
an observation of it is ``pair << 8 | distance``, so that sorting observations groups the pairs.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

WORD_BITS = 28
DISTANCE_BITS = 8

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
# Lets the compiler reorder sums into vector lanes and use approximate reciprocal square roots (refined
# by one Newton step); not "nnan" and "ninf", so a diverging training stays visible.
_FAST = {"reassoc", "contract", "arcp", "afn", "nsz"}


@numba.njit("UniTuple(int64, 3)(int32[::1], int64[::1], int64, int64, int64, uint64[::1])", **_OPTIONS)
def observe(ids, bounds, window, sentence, token, out):  # type: ignore[no-untyped-def]
    """Write the observations of each pair of words at most ``window`` apart in one sentence to ``out``.

    Starts at ``token`` of ``sentence`` and goes on until the corpus ends or ``out`` is nearly full.
    Returns (observations written, sentence, token to go on from); sentence == sentences at the end.
    """
    n = 0
    room = len(out) - window
    sentences = len(bounds) - 1
    while sentence < sentences:
        start = bounds[sentence]
        end = bounds[sentence + 1]
        while token < end:
            if n > room:
                return n, sentence, token
            reach = min(window, token - start)
            here = np.uint64(ids[token])
            before = ids[token - reach : token]  # slices, so that the loop has no negative indices to mind
            place = out[n : n + reach]
            for k in range(reach):
                there = np.uint64(before[k])
                pair = (min(here, there) << np.uint64(28)) | max(here, there)
                place[k] = (pair << np.uint64(8)) | np.uint64(reach - k)
            n += reach
            token += 1
        sentence += 1
    return n, sentence, token


@numba.njit("int64(uint64[::1])", **_OPTIONS)
def count_pairs(observations):  # type: ignore[no-untyped-def]
    """Different pairs in sorted observations."""
    n = int(len(observations) > 0)
    for i in range(1, len(observations)):
        n += (observations[i] >> np.uint64(8)) != (observations[i - 1] >> np.uint64(8))
    return n


@numba.njit("void(uint64[::1], uint64[::1], float32[::1])", **_OPTIONS)
def sum_pairs(observations, pairs, weights):  # type: ignore[no-untyped-def]
    """Sorted observations to their different pairs, each with the sum of 1 / distance."""
    inverse = np.zeros(256)
    for distance in range(1, 256):
        inverse[distance] = 1.0 / distance
    n = -1
    total = 0.0
    last = np.uint64(0)
    for i in range(len(observations)):
        pair = observations[i] >> np.uint64(8)
        if n < 0 or pair != last:
            if n >= 0:
                weights[n] = total
            n += 1
            pairs[n] = pair
            total = 0.0
            last = pair
        total += inverse[observations[i] & np.uint64(255)]
    if n >= 0:
        weights[n] = total


@numba.njit("int64(uint64[::1], float32[::1], uint64[::1], float32[::1], uint64[::1], float32[::1])", **_OPTIONS)
def merge_pairs(pairs_a, weights_a, pairs_b, weights_b, pairs, weights):  # type: ignore[no-untyped-def]
    """Merge two sorted runs, adding the weights of equal pairs; returns the length of the result."""
    i = j = n = 0
    while i < len(pairs_a) and j < len(pairs_b):
        a, b = pairs_a[i], pairs_b[j]
        if a == b:
            pairs[n] = a
            weights[n] = weights_a[i] + weights_b[j]
            i += 1
            j += 1
        elif a < b:
            pairs[n] = a
            weights[n] = weights_a[i]
            i += 1
        else:
            pairs[n] = b
            weights[n] = weights_b[j]
            j += 1
        n += 1
    while i < len(pairs_a):
        pairs[n] = pairs_a[i]
        weights[n] = weights_a[i]
        i += 1
        n += 1
    while j < len(pairs_b):
        pairs[n] = pairs_b[j]
        weights[n] = weights_b[j]
        j += 1
        n += 1
    return n


@numba.njit("uint64(uint64[::1])", **_OPTIONS)
def random_bits(state):  # type: ignore[no-untyped-def]
    """The next 64 bits of SplitMix64 (Steele, Lea and Flood 2014); ``state`` is one word."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit("void(uint64[::1], int64[::1], uint64[::1])", **_OPTIONS)
def count_buckets(pairs, sizes, state):  # type: ignore[no-untyped-def]
    """How many entries ``fill_buckets`` will put into each bucket, from the same ``state``."""
    buckets = np.uint64(len(sizes))
    for n in range(len(pairs)):
        low, high = pairs[n] >> np.uint64(28), pairs[n] & np.uint64(0xFFFFFFF)
        sizes[random_bits(state) % buckets] += 1
        if low != high:
            sizes[random_bits(state) % buckets] += 1


@numba.njit("void(uint64[::1], float32[::1], int64[::1], int32[:, ::1], float32[::1], uint64[::1])", **_OPTIONS)
def fill_buckets(pairs, weights, ends, words, logs, state):  # type: ignore[no-untyped-def]
    """Scatter the entries (i, j, log X_ij) of the symmetric matrix X over random buckets.

    ``ends``: int64[buckets], where each begins; where each ends afterwards. Bucket b is a slice of
    ``words`` (int32[n, 2]) and ``logs`` (float32[n]).
    """
    buckets = np.uint64(len(ends))
    for n in range(len(pairs)):
        low = np.int32(pairs[n] >> np.uint64(28))
        high = np.int32(pairs[n] & np.uint64(0xFFFFFFF))
        # A word beside itself is in its own window from both sides.
        log = np.log(weights[n] if low != high else np.float32(2.0) * weights[n])
        bucket = random_bits(state) % buckets
        at = ends[bucket]
        words[at, 0] = low
        words[at, 1] = high
        logs[at] = log
        ends[bucket] = at + 1
        if low != high:
            bucket = random_bits(state) % buckets
            at = ends[bucket]
            words[at, 0] = high
            words[at, 1] = low
            logs[at] = log
            ends[bucket] = at + 1


@numba.njit("void(int32[:, ::1], float32[::1], uint64[::1])", **_OPTIONS)
def shuffle(words, logs, state):  # type: ignore[no-untyped-def]
    """A uniform random order of the entries, in place (Fisher and Yates)."""
    for n in range(len(logs) - 1, 0, -1):
        m = np.int64(random_bits(state) % np.uint64(n + 1))
        a, b, c = words[n, 0], words[n, 1], logs[n]
        words[n, 0], words[n, 1], logs[n] = words[m, 0], words[m, 1], logs[m]
        words[m, 0], words[m, 1], logs[m] = a, b, c


@numba.njit(
    "float64(int32[:, ::1], float32[::1], float32[:, ::1], int64, float32, float32, float32)",
    fastmath=_FAST,
    **_OPTIONS,
)
def adagrad(words, logs, parameters, dimension, log_x_max, alpha, rate):  # type: ignore[no-untyped-def]
    """One step of AdaGrad on each entry in turn; returns the sum of ½ f(X) (w·w~ + b + b~ - log X)².

    ``parameters``: float32[2 v, 2 s], s > dimension: row i holds the word vector w_i, its bias at
    column ``dimension``, and from column s on the sums of squared gradients of the same; row v + j the
    context vector w~_j likewise. One row is contiguous: two cache streams an entry, not eight.
    """
    v = len(parameters) // 2
    stride = parameters.shape[1] // 2
    cost = 0.0
    for n in range(len(logs)):
        word = parameters[words[n, 0]]
        context = parameters[v + words[n, 1]]
        w, w_squares = word[:dimension], word[stride : stride + dimension]
        c, c_squares = context[:dimension], context[stride : stride + dimension]
        difference = word[dimension] + context[dimension] - logs[n]
        dot = np.float32(0)
        for k in range(dimension):
            dot += w[k] * c[k]
        difference += dot
        gradient = difference
        if logs[n] < log_x_max:  # f(x) = (x / x_max)^alpha
            gradient *= np.exp(alpha * (logs[n] - log_x_max))
        cost += 0.5 * gradient * difference
        for k in range(dimension):
            w_gradient = gradient * c[k]
            c_gradient = gradient * w[k]
            w[k] -= rate * w_gradient / np.sqrt(w_squares[k])
            c[k] -= rate * c_gradient / np.sqrt(c_squares[k])
            w_squares[k] += w_gradient * w_gradient
            c_squares[k] += c_gradient * c_gradient
        bias_square = gradient * gradient
        word[dimension] -= rate * gradient / np.sqrt(word[stride + dimension])
        context[dimension] -= rate * gradient / np.sqrt(context[stride + dimension])
        word[stride + dimension] += bias_square
        context[stride + dimension] += bias_square
    return cost
