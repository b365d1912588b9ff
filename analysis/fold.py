"""The fold of the default analyzer: NFKC, lower case, Traditional to Simplified, offsets kept.

Each character folds by itself, through one table (``data/fold.txt``); only a character with
combining marks after it is normalized together with them. So the fold of a part is the part of
the fold, whatever stands beside it: a query folds as the text it was copied from, and any substring
of a Chinese text is found. OpenCC's phrase table would break that (乾 in 乾坤 against 乾 alone),
so only its character table is used, with ``data/variants.txt`` for what the phrases would add.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from analysis.mapped import Builder, Mapped
from analysis.unicode import fold_rows


class _Table(dict[int, str | int]):
    """A ``str.translate`` table; characters that fold to themselves are added as they are met."""

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


@cache
def _tables() -> tuple[_Table, frozenset[str], frozenset[str]]:
    """The fold of each character; those that may change the length; those that join the one before."""
    rows = fold_rows()
    table = _Table({code: folded for code, folded in rows.items() if folded is not None})
    joining = frozenset(chr(code) for code, folded in rows.items() if folded is None)
    uneven = frozenset(chr(code) for code, folded in table.items() if len(str(folded)) != 1)
    return table, uneven | joining, joining


def fold(text: str) -> Mapped:
    """Fold a text, keeping for each folded character where it came from."""
    if text.isascii():
        return Mapped(text.lower())
    table, uneven, joining = _tables()
    if uneven.isdisjoint(text):
        return Mapped(text.translate(table))
    built = Builder()
    for start, end in clusters(text):
        piece = text[start:end]
        if end > start + 1 or piece in joining:
            piece = unicodedata.normalize("NFKC", piece)
        built.replace(piece.translate(table), start, end)
    return built.finish()


def clusters(text: str) -> list[tuple[int, int]]:
    """Spans of each character with the characters after it that normalization may join to it."""
    joining = _tables()[2]
    starts = [at for at, char in enumerate(text) if char not in joining]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    return list(zip(starts, [*starts[1:], len(text)], strict=True)) if text else []
