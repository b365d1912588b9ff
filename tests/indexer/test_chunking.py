"""Passages: sizes, order, nothing lost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.chunking import chunk, measure

ENGLISH = "Retrieval finds the passages that matter. Ranking puts the best of them first! Does it? "
CHINESE = "检索系统先找到相关的段落，然后排序。答案必须有出处；没有证据就不回答。真的吗？"


def test_two_han_characters_count_as_a_word():
    assert measure("two words") == 2
    assert measure("检索系统") == 2
    assert measure("用 BM25 排序。") == 2.5


def test_a_short_text_is_one_passage_without_the_space_around_it():
    assert chunk("  一句话。 One line.\n") == [(2, 16)]
    assert chunk(" \n\t ") == []
    assert chunk("") == []


def test_long_texts_are_cut_at_sentence_ends_into_equal_passages():
    for sentence in (ENGLISH, CHINESE):
        text = sentence * 40
        spans = chunk(text)
        sizes = [measure(text[a:b]) for a, b in spans]
        assert len(spans) - measure(text) // 200 in (0, 1)
        assert max(sizes) <= 200
        assert min(sizes) > 100
        assert all(text[b - 1] in ".!?。？" for _, b in spans)


def test_paragraphs_stay_whole_where_they_fit():
    text = "\n\n".join([ENGLISH * 8] * 5)
    assert [text[a:b].count("\n\n") for a, b in chunk(text)] == [0] * 5


def test_a_sentence_without_end_and_a_word_without_space_are_cut_too():
    for text in ("一" * 3000, "word " * 1000, "x" * 50_000, "=-" * 20_000):
        spans = chunk(text)
        assert len(spans) > 1
        assert all(measure(text[a:b]) <= 200 for a, b in spans)


PIECES = st.lists(
    st.sampled_from([ENGLISH, CHINESE, "\n\n", "\n", " ", "长" * 450, "word " * 250, "《书名》", "3.14 U.S. ", "😀"]),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(PIECES)
def test_passages_cover_everything_in_order_and_keep_their_size(pieces):
    text = "".join(pieces)
    spans = chunk(text)
    assert all(a < b for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
    assert all(measure(text[a:b]) <= 200 for a, b in spans)
