"""The fast way to a batch gives the tokens of the exact one, whatever the text."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from analysis_helpers import PIECES, QUICK, as_documents, mixed_text
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Analyzer, get_analyzer
from analysis.lexicon import Lexicon
from analysis.scratch import Scratch

CUSTOM = {
    "analyzer": {
        "folded": {
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding", "possessive", {"type": "length", "min": 2}, "porter_stem", "trim"],
        }
    }
}
NAMES = ["multilingual", "standard", "english", "whitespace", "folded"]
ANALYZERS = {name: get_analyzer(name, CUSTOM) for name in NAMES}

value = st.one_of(st.none(), mixed_text, st.lists(mixed_text, max_size=3))


def assert_equal_to_exact(analyzer, values):
    fast, exact = analyzer.batch(values), Analyzer.batch(analyzer, values)
    assert as_documents(fast) == as_documents(exact)
    assert used_classes(fast) == used_classes(exact)


def used_classes(batch):
    vocabulary, classes = batch.vocabulary(), batch.classes.tolist()
    return {vocabulary[term]: classes[term] for term in batch.terms.tolist()}


def test_a_shared_vocabulary_only_grows():
    analyzer = ANALYZERS["multilingual"]
    first = analyzer.batch(["running 北京 dogs"])
    before = first.vocabulary(), first.classes.tolist()
    second = analyzer.batch(["dogs zymurgical 上海 北京"])
    assert second.source is first.source is not None
    assert second.vocabulary()[: len(before[0])] == before[0]
    assert second.classes.tolist()[: len(before[1])] == before[1]
    assert (first.vocabulary(), first.classes.tolist()) == before


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=2 * QUICK, deadline=None)
@given(st.lists(value, max_size=6))
def test_equal_on_any_input(name, values):
    assert_equal_to_exact(ANALYZERS[name], values)


@pytest.mark.parametrize("name", NAMES)
def test_every_pair_of_pieces(name):
    values = [a + b for a in PIECES for b in PIECES]
    assert_equal_to_exact(ANALYZERS[name], values)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("source", ["cranfield", "xquad-en", "xquad-zh", "cmrc2018"])
def test_equal_on_real_text(name, source, collection):
    lines = (collection(source) / "corpus.jsonl").read_text(encoding="utf-8").splitlines()[:60]
    assert_equal_to_exact(ANALYZERS[name], lines)


def test_arrays_fit_together():
    batch = ANALYZERS["multilingual"].batch(["gpt-4 北京", None, [], ["a b", "北"], ""])
    assert batch.blob.dtype == np.uint8
    assert batch.bounds.dtype == np.int64
    assert batch.terms.dtype == batch.positions.dtype == np.uint32
    assert batch.documents.dtype == np.int64
    assert batch.classes.dtype == np.uint8
    assert batch.bounds[0] == 0
    assert batch.bounds[-1] == batch.blob.size
    assert batch.documents.tolist()[0] == 0
    assert batch.documents[-1] == batch.terms.size == batch.positions.size
    vocabulary = batch.vocabulary()
    assert len(set(vocabulary)) == len(vocabulary) == batch.classes.size
    assert set(batch.terms.tolist()) <= set(range(len(vocabulary)))
    classes = dict(zip(vocabulary, batch.classes.tolist(), strict=True))
    assert classes["北京".encode()] == 1
    assert classes[b"gpt4"] == 0


@pytest.mark.parametrize("name", [*NAMES, "cjk", "chinese", "pinyin", "keyword"])
def test_values_of_one_field_stand_a_gap_apart(name):
    (document,) = as_documents(get_analyzer(name, CUSTOM).batch([["cat dog", "", "six"]]))
    first = [position for term, position in document if term in ("cat", "cat dog")]
    last = [position for term, position in document if term == "six"]
    used = 1 if name == "keyword" else 2
    assert first == [0]
    assert last == [used + 100 + 100]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch(name):
    batch = ANALYZERS[name].batch([])
    assert batch.documents.tolist() == [0]
    assert batch.terms.size == batch.positions.size == 0


def test_a_lexicon_that_grows_stays_right():
    """Many distinct terms, of all lengths up to the longest, over several batches."""
    rng = np.random.default_rng(3)
    analyzer = get_analyzer("plain", {"analyzer": {"plain": {"tokenizer": "standard", "filter": ["lowercase"]}}})
    for _ in range(3):
        words = ["".join(map(chr, rng.integers(97, 123, rng.integers(1, 40)))) for _ in range(30_000)]
        text = " ".join(words)
        (document,) = as_documents(analyzer.batch([text]))
        assert [term for term, _ in document] == words


def test_batches_in_several_threads_do_not_mix():
    analyzer = get_analyzer("multilingual")
    texts = [[f"word{i} running 北京{chr(0x4E00 + 37 * i + j)} " * 50 for j in range(40)] for i in range(4)]
    expected = [as_documents(Analyzer.batch(analyzer, values)) for values in texts]
    equal = []

    def work(index):
        equal.extend(as_documents(analyzer.batch(texts[index])) == expected[index] for _ in range(5))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert equal == [True] * 20


def test_a_lexicon_grows_with_its_terms_alone():
    """Not with what lies in the columns behind the tokens."""
    lexicon = Lexicon(lambda words: (words, [False] * len(words)), scripts=False)
    text, words = Scratch().text("text", b"some words here")
    starts, lengths = np.array([0, 5, 11], np.int32), np.full(10_000, 65_535, np.uint16)
    lengths[:3] = 4, 5, 4
    lexicon.number(text, words, (starts, lengths, np.zeros(10_000, np.uint8)), np.empty(3, np.uint32))
    assert lexicon.terms(np.arange(3, dtype=np.int32)) == ["some", "words", "here"]
    assert lexicon.blob.nbytes < 1 << 20
