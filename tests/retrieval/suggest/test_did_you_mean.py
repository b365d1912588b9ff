"""term and phrase suggestions in both languages."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import get_analyzer
from indexer import InvalidRequest, Operation, ParsingError
from retrieval.context import SearchContext
from retrieval.suggest import run
from retrieval.suggest.distances import DISTANCES, edits

MAPPING = {
    "properties": {
        "text": {"type": "text"},
        "std": {"type": "text", "analyzer": "standard"},
        "pairs": {"type": "text", "analyzer": "cjk"},
        "tag": {"type": "keyword"},
    }
}
TEXTS = [
    *["北京大学的学生在图书馆读书，他们在清华大学有朋友"] * 12,
    *["universities teach students about the nobel prize winners"] * 12,
    "昨天下了一场大雪，天气很冷",
    "nobel peace prize",
    "a noble cause and a nobel prize",
    "我们坐火车去上海，在上海的海边",
]


@pytest.fixture
def ctx(node):
    index = node.create("texts", {"mappings": MAPPING})
    documents = [{"text": text, "std": text, "pairs": text, "tag": text[:5]} for text in TEXTS]
    index.write([Operation("index", str(at), document) for at, document in enumerate(documents)])
    index.refresh()
    return SearchContext(node, index)


def terms(ctx, text, field="text", **options):
    found = run([ctx], {"it": {"text": text, "term": {"field": field, **options}}})["it"]
    for entry in found:
        part = text[entry["offset"] : entry["offset"] + entry["length"]]
        assert get_analyzer("multilingual").normalize(part) == entry["text"]
    return {entry["text"]: [option["text"] for option in entry["options"]] for entry in found}


def phrases(ctx, text, field="text", **options):
    (entry,) = run([ctx], {"it": {"text": text, "phrase": {"field": field, **options}}})["it"]
    assert (entry["text"], entry["offset"], entry["length"]) == (text, 0, len(text))
    scores = [option["score"] for option in entry["options"]]
    assert scores == sorted(scores, reverse=True)
    return [option["text"] for option in entry["options"]]


def test_words_spelled_nearly_like_it(ctx):
    assert terms(ctx, "studnets of universty", "std") == {"studnets": ["students"], "of": [], "universty": []}
    assert terms(ctx, "Nobbel prise", "std") == {"nobbel": ["nobel", "noble"], "prise": ["prize"]}
    # terms are stems here: the words that documents write are offered
    assert terms(ctx, "studnets universty") == {"studnets": ["students"], "universty": ["universities"]}


def test_which_words_are_corrected(ctx):
    assert terms(ctx, "noble", "std") == {"noble": []}
    assert terms(ctx, "noble", "std", suggest_mode="popular", max_term_freq=5) == {"noble": ["nobel"]}
    assert terms(ctx, "nobel", "std", suggest_mode="popular", max_term_freq=50) == {"nobel": []}
    assert terms(ctx, "nobel", "std", suggest_mode="always", max_term_freq=50) == {"nobel": ["noble"]}
    assert terms(ctx, "prise", "std", min_word_length=6) == {"prise": []}
    assert terms(ctx, "drize", "std") == {"drize": []}
    assert terms(ctx, "drize", "std", prefix_length=0) == {"drize": ["prize"]}
    assert terms(ctx, "prizzze", "std", max_edits=1) == {"prizzze": []}
    assert terms(ctx, "nobbel", "std", min_doc_freq=3) == {"nobbel": ["nobel"]}
    assert terms(ctx, "nobbel", "std", size=1) == {"nobbel": ["nobel"]}


def test_sorting_scores_and_frequencies(ctx):
    (entry,) = run([ctx], {"it": {"text": "noblel", "term": {"field": "std", "sort": "frequency"}}})["it"]
    assert [(option["text"], option["freq"]) for option in entry["options"]] == [("nobel", 14), ("noble", 1)]
    (entry,) = run([ctx], {"it": {"text": "noblel", "term": {"field": "std", "string_distance": "levenshtein"}}})["it"]
    assert entry["options"][0]["score"] == pytest.approx(1 - 1 / 6)


def test_wrong_characters(ctx):
    assert terms(ctx, "北京大雪") == {"北京大雪": ["北京大学"]}
    assert terms(ctx, "北京大學") == {"北京大学": []}
    assert terms(ctx, "图书管 universty") == {"图书管": ["图书馆"], "universty": ["universities"]}
    assert terms(ctx, "坐火车去上海") == {"坐火车去上海": []}


@pytest.mark.parametrize("field", ["text", "std", "pairs"])
def test_did_you_mean_in_chinese(ctx, field):
    assert phrases(ctx, "北京大雪", field) == ["北京大学"]
    assert phrases(ctx, "北京大学", field) == []
    assert phrases(ctx, "在图书管读书", field)[:1] == ["在图书馆读书"]


def test_what_the_index_knows_is_not_corrected(ctx):
    assert phrases(ctx, "昨天下了一场大雪") == []
    assert phrases(ctx, "一场大雪") == []
    assert phrases(ctx, "清化大学") == ["清华大学"]  # the same sound
    assert phrases(ctx, "清平大学") == ["清华大学"]  # another sound, the pairs are not there


def test_did_you_mean_in_english_and_mixed(ctx):
    assert phrases(ctx, "nobel prise", "std") == ["nobel prize"]
    assert phrases(ctx, "noble prise", "std") == ["noble prize"]
    always = {"direct_generator": [{"field": "std", "suggest_mode": "always", "max_term_freq": 100}]}
    assert phrases(ctx, "noble prise", "std", max_errors=2, **always)[:1] == ["nobel prize"]
    assert phrases(ctx, "noble prise winers", "std", max_errors=3, **always)[:1] == ["nobel prize winners"]
    assert phrases(ctx, "北京大雪 universty", max_errors=2)[:1] == ["北京大学 universities"]
    assert phrases(ctx, "completely unknown") == []


def test_highlighting_confidence_and_likelihood(ctx):
    body = {"text": "The Nobel prise, 北京大雪!", "it": {"phrase": {
        "field": "text", "max_errors": 2, "highlight": {"pre_tag": "<b>", "post_tag": "</b>"}}}}  # fmt: skip
    best = run([ctx], body)["it"][0]["options"][0]
    assert best["text"] == "The Nobel prize, 北京大学!"
    assert best["highlighted"] == "The Nobel <b>prize</b>, 北京大<b>学</b>!"
    assert phrases(ctx, "北京大雪", confidence=1e9) == []
    assert phrases(ctx, "昨天下了一场大学", real_word_error_likelihood=0.999999) == []
    for smoothing in ({"laplace": {"alpha": 0.01}}, {"stupid_backoff": {"discount": 0.2}}):
        assert phrases(ctx, "nobel prise", "std", smoothing=smoothing) == ["nobel prize"]


def test_several_indices(node, ctx):
    other = node.create("more", {"mappings": MAPPING})
    other.write([Operation("index", str(at), {"std": "zebra crossing"}) for at in range(3)])
    other.refresh()
    both = [ctx, SearchContext(node, other)]
    found = run(both, {"text": "zebbra nobbel", "it": {"term": {"field": "std"}}})["it"]
    assert [[option["text"] for option in entry["options"]] for entry in found] == [["zebra"], ["nobel", "noble"]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"term": {"field": "nosuch"}}, InvalidRequest, "no mapping found"),
        ({"term": {"field": "tag"}}, InvalidRequest, "not a text field"),
        ({"term": {"field": "text", "suggest_mode": "some"}}, ParsingError, "suggest_mode"),
        ({"term": {"field": "text", "max_edits": 3}}, ParsingError, "max_edits"),
        ({"term": {"field": "text", "string_distance": "soundex"}}, ParsingError, "string_distance"),
        ({"term": {"field": "text", "min_doc_freq": "x"}}, ParsingError, "min_doc_freq"),
        ({"term": {"field": "text", "analyzer": "nosuch"}}, InvalidRequest, "unknown analyzer"),
        ({"phrase": {"field": "text", "collate": {"query": {}}}}, ParsingError, "collate"),
        ({"phrase": {"field": "text", "highlight": {"pre_tag": "<"}}}, ParsingError, "post_tag"),
        ({"phrase": {"field": "text", "smoothing": {"kneser_ney": {}}}}, ParsingError, "kneser_ney"),
        ({"phrase": {"field": "text", "gram_size": 5}}, ParsingError, "gram_size"),
        ({"phrase": {"field": "text", "direct_generator": [{"size": 3}]}}, ParsingError, "field"),
        (
            {"phrase": {"field": "text", "direct_generator": {"field": "text", "pre_filter": "x"}}},
            ParsingError,
            "pre_f",
        ),
        ({"phrase": {"field": "text", "max_error": 2}}, ParsingError, "max_error"),
    ],
)
def test_malformed_bodies(ctx, options, error, message):
    with pytest.raises(error, match=message):
        run([ctx], {"it": {"text": "some words", **options}})


letters = st.text("abc", max_size=6)


@given(letters, letters)
def test_distances_are_symmetric_and_bounded(a, b):
    for name, distance in DISTANCES.items():
        assert distance(a, b) == pytest.approx(distance(b, a)), name
        assert distance(a, b) <= 1.0
        assert (distance(a, b) == 1.0) == (a == b) or not (a and b)
    assert edits(a, b) <= edits(a, b, swaps=False)


def test_distances_of_known_pairs():
    assert DISTANCES["jaro_winkler"]("martha", "marhta") == pytest.approx(0.9611, abs=1e-4)
    assert DISTANCES["jaro_winkler"]("dixon", "dicksonx") == pytest.approx(0.8133, abs=1e-4)
    assert DISTANCES["internal"]("tring", "trying") == pytest.approx(0.8)
    assert DISTANCES["ngram"]("abcd", "abce") > DISTANCES["ngram"]("abcd", "xbcd")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("北京大雪学图书管馆 nobelprise，", max_size=14))
def test_any_text_gets_an_answer(ctx, text):
    body = {"text": text, "t": {"term": {"field": "text"}}, "p": {"phrase": {"field": "text"}}}
    found = run([ctx], body)
    assert all(text[e["offset"] : e["offset"] + e["length"]] for e in found["t"])
    assert all(option["text"] != text for option in found["p"][0]["options"])
