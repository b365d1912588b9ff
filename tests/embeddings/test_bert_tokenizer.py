"""The unigram tokenizer against exhaustive search and against the tokenizers library."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from embeddings.e5 import weights_file
from embeddings.e5_file import E5File, UnigramModel
from embeddings.unigram import UnigramTokenizer, build_unigram

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁a",
    "a",
    "b",
    "ab",
    "aba",
    "▁检索",
    "检",
    "索",
    "检索",
    "ba",
    "▁b",
    "😀",
]
SCORES = [0, 0, 0, 0, -3, -2.5, -3, -3.25, -4, -5.5, -4, -4, -4.5, -6, -5, -3.5, -7]


def unigram_model() -> UnigramModel:
    """A small vocabulary; full-width ａ becomes a, ½ becomes three characters, U+200B vanishes, \\n is a space."""
    mapped = {"\n": " ", "½": "a b", "\u200b": "", "ａ": "a", "\u3000": " "}
    order = sorted(mapped)
    return UnigramModel(
        pieces=PIECES,
        scores=np.array(SCORES, np.float32),
        bos=0,
        eos=2,
        pad=1,
        unknown=3,
        mapped=np.array([ord(c) for c in order], np.uint32),
        bounds=np.cumsum([0, *(len(mapped[c]) for c in order)], dtype=np.uint32),
        replacements=np.array([ord(r) for c in order for r in mapped[c]], np.uint32),
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unigram")
    build_unigram(unigram_model(), folder)
    return lambda limit=512: UnigramTokenizer(folder, limit)


def normalized(text: str) -> str:
    """What the tokenizer cuts into pieces, by the rules in its docstring."""
    for old, new in {"\n": " ", "½": "a b", "\u200b": "", "ａ": "a", "\u3000": " "}.items():
        text = text.replace(old, new)
    spaced = "".join(" " if space else "".join(run) for space, run in itertools.groupby(text, lambda c: c == " "))
    return (spaced if spaced.startswith(" ") else " " + spaced).replace(" ", "▁")


def score(ids: list[int], text: str) -> float:
    """Log probability of a segmentation; fails when the ids do not spell the text."""
    at, total = 0, 0.0
    for i in ids:
        if i == 3:
            at, total = at + 1, total + min(SCORES) - 10
        else:
            assert text.startswith(PIECES[i], at)
            at, total = at + len(PIECES[i]), total + SCORES[i]
    assert at == len(text)
    return total


def best_score(text: str) -> float:
    """The highest log probability of any segmentation, by recursion over all of them."""
    best = {0: 0.0}
    for end in range(1, len(text) + 1):
        options = [best[end - 1] + min(SCORES) - 10]
        options += [
            best[end - len(piece)] + SCORES[i]
            for i, piece in enumerate(PIECES)
            if i != 3 and text[:end].endswith(piece)
        ]
        best[end] = max(options)
    return best[len(text)]


@given(st.text(alphabet="ab 检索\nａ½\u200bz😀𠮷\u3000", max_size=30))
@settings(max_examples=300, deadline=None)
def test_the_most_probable_segmentation_is_found(small, text):
    first, *ids, last = small().encode([text])[0].tolist()
    assert (first, last) == (0, 2)
    assert score(ids, normalized(text)) == pytest.approx(best_score(normalized(text)), abs=1e-3)


@given(st.text(alphabet="ab 检索", max_size=60), st.integers(3, 12))
@settings(max_examples=100, deadline=None)
def test_a_limit_keeps_the_first_ids_and_the_end(small, text, limit):
    whole = small().encode([text])[0].tolist()
    cut = small(limit).encode([text])[0].tolist()
    assert len(cut) == min(limit, len(whole))
    assert cut[:-1] == whole[: len(cut) - 1]
    assert cut[-1] == 2


def test_long_texts_are_cut_where_short_ones_are(small):
    text = "ab a 检索 " * 200_000
    assert small(64).encode([text])[0].tolist() == small(64).encode([text[:2000]])[0].tolist()


SENTENCES = [
    "query: What's the capital of France?",
    "passage: 珠穆朗玛峰（英語：Mount Everest）海拔 8,848.86 米，位于中国与尼泊尔边境。",
    "passage: ＦＵＬＬ　ｗｉｄｔｈ，ﬁne ligatures ½ ㈱ e\u0301 … and  two   spaces",
    "passage: gpt-4 C++ IPv6 3.14 U.S. foo@example.com 😀🎉 𠮷野家 Ελλάδα Привет ไทย हिन्दी",
]


def test_the_real_vocabulary_agrees_with_the_tokenizers_library(e5):
    model = E5File(weights_file()).unigram
    pairs = [(piece, float(value)) for piece, value in zip(model.pieces, model.scores, strict=True)]
    reference = Tokenizer(models.Unigram(pairs, model.unknown))
    reference.pre_tokenizer = pre_tokenizers.Metaspace()
    mapping = {
        chr(code): "".join(map(chr, model.replacements[start:end].tolist()))
        for code, (start, end) in zip(model.mapped.tolist(), itertools.pairwise(model.bounds.tolist()), strict=True)
    }
    for sentence in SENTENCES:
        text = " ".join("".join(mapping.get(c, c) for c in sentence).split())
        assert e5.tokenizer.encode([sentence])[0].tolist()[1:-1] == reference.encode(text).ids
