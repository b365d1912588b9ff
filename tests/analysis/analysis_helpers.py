"""Helpers of the analysis room's tests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from analysis import TokenBatch

# Pieces that rules treat differently: hypothesis glues them at random.
PIECES = [
    *" .,-_'@&+#:;/\"\n\t|()*",
    *("a", "A", "b", "C", "s", "S", "the", "It", "is", "of", "Running", "cats", "dog's", "O’Neil", "x" * 90),
    *("1", "2", "39", "000", "1,000", "3.14", "٣", "½", "²", "①", "Ⅳ", "gpt-4", "U.S.", "c++", ".net", "a@b.c"),
    *("臺", "灣", "北", "京", "行业", "著", "々", "〇", "𠮷", "㈱", "﨑", "か", "ﾊﾞ", "タ", "ー", "한국", "ᄒ", "ᅡ", "ᆫ"),
    *(
        "é",
        "e\u0301",
        "\u0301",
        "ß",
        "İ",
        "ﬁ",
        "Σ",
        "ς",
        "א",
        "ก",
        "ำ",
        "हि",
        "Ａ",
        "１",
        "．",
        "　",
        "…",
        "。",
        "，",
        "·",
    ),
    *(
        "👍",
        "🏽",
        "❤️",
        "👨\u200d👩",
        "🇨",
        "🇳",
        "1️⃣",
        "™",
        "\u200d",
        "\u00ad",
        "\ufeff",
        "\0",
        "\ud800",
        "\x85",
        "\u2028",
    ),
]

mixed_text = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=24).map("".join),
    st.text(max_size=24),
    st.text(alphabet=st.characters(codec="utf-8", max_codepoint=0x2FF), max_size=24),
)


def as_documents(batch: TokenBatch) -> list[list[tuple[str, int]]]:
    """A batch as each document's (term, position) pairs."""
    terms = [term.decode() for term in batch.vocabulary()]
    pairs = [(terms[i], int(p)) for i, p in zip(batch.terms.tolist(), batch.positions.tolist(), strict=True)]
    bounds = batch.documents.tolist()
    return [pairs[a:b] for a, b in pairwise(bounds)]


def terms_of(tokens: Iterable) -> list[str]:
    """The terms of tokens."""
    return [token.term for token in tokens]


def spans_of(tokens: Sequence, text: str) -> list[tuple[str, str]]:
    """(term, what it was made from) of tokens."""
    return [(token.term, text[token.start : token.end]) for token in tokens]


def shown(tokens: Iterable) -> str:
    """Tokens as ``term@position`` or ``term@position+length``, for comparing graphs."""
    return " ".join(
        f"{t.term}@{t.position}" + (f"+{t.position_length}" if t.position_length > 1 else "") for t in tokens
    )


QUICK = int(os.environ.get("QUARRY_TEST_EXAMPLES", "150"))  # examples of each property
