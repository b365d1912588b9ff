"""String similarities of spelling suggestions, from 0 (nothing in common) to 1 (equal), as Lucene defines them."""

from __future__ import annotations

from collections.abc import Callable


def edits(a: str, b: str, swaps: bool = True) -> int:
    """Optimal string alignment distance; without ``swaps`` Levenshtein's."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if swaps and i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], before[j - 2] + 1)
        before = above
    return row[-1]


def internal(a: str, b: str) -> float:
    """1 - edits / the shorter length (DirectSpellChecker)."""
    return 1.0 - edits(a, b) / max(1, min(len(a), len(b)))


def levenshtein(a: str, b: str) -> float:
    """1 - edits without transpositions / the longer length."""
    return 1.0 - edits(a, b, swaps=False) / max(1, len(a), len(b))


def jaro_winkler(a: str, b: str) -> float:
    """Jaro similarity with Winkler's bonus of .1 for each of up to four letters in common at the beginning."""
    if not a or not b:
        return float(a == b)
    reach = max(0, max(len(a), len(b)) // 2 - 1)
    used = [False] * len(b)
    left = []
    for i, x in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if not used[j] and b[j] == x:
                used[j] = True
                left.append(x)
                break
    if not left:
        return 0.0
    right = [y for y, taken in zip(b, used, strict=True) if taken]
    moved = sum(x != y for x, y in zip(left, right, strict=True)) / 2
    same = len(left)
    jaro = (same / len(a) + same / len(b) + (same - moved) / same) / 3
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return jaro if jaro < 0.7 else jaro + min(common, 4) * 0.1 * (1 - jaro)


def ngram(a: str, b: str, size: int = 2) -> float:
    """Kondrak's n-gram distance (2005) of pairs, the beginning padded."""
    if not a or not b:
        return float(a == b)
    if min(len(a), len(b)) < size:
        return sum(x == y for x, y in zip(a, b, strict=False)) / max(len(a), len(b))
    pad = "\0" * (size - 1)
    left, right = pad + a, pad + b
    row = [float(j) for j in range(len(b) + 1)]
    for i in range(1, len(a) + 1):
        above, row = row, [float(i)] + [0.0] * len(b)
        for j in range(1, len(b) + 1):
            x, y = left[i - 1 : i - 1 + size], right[j - 1 : j - 1 + size]
            shared = [p == q for p, q in zip(x, y, strict=True) if p != "\0" or p != q]
            cost = shared.count(False) / len(shared)
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost)
    return 1.0 - row[-1] / max(len(a), len(b))


DISTANCES: dict[str, Callable[[str, str], float]] = {
    "internal": internal,
    "damerau_levenshtein": internal,
    "levenshtein": levenshtein,
    "jaro_winkler": jaro_winkler,
    "ngram": ngram,
}
