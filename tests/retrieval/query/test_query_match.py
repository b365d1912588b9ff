"""match: units, operators and fuzziness, against a plain reading of the stored texts."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from query_corpus import PIECES, distance

from analysis import get_analyzer
from indexer import Node, Operation
from retrieval.context import SearchContext
from retrieval.query import Parser
from retrieval.query.fuzziness import Fuzziness, Fuzzy, similar_terms
from retrieval.words import similarity_of
from settings import Settings

HAN = {"<IDEOGRAPHIC>"}
PHRASES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4)


def spans(pieces):
    """Where each piece stands when they are joined by spaces."""
    out, at = [], 0
    for piece in pieces:
        out.append((at, at + len(piece)))
        at += len(piece) + 1
    return out


def units(corpus, pieces):
    """What is counted: for each piece a list of alternatives, each of terms that must be there, and how far apart."""
    out = []
    tokens = get_analyzer("multilingual").question_tokens(" ".join(pieces))
    for start, end in spans(pieces):
        own = [t for t in tokens if start <= t.start and t.end <= end]
        pairs = [t for t in own if t.type == "<DOUBLE>"]
        if pairs:
            out += [[[(t.term, 0)]] for t in pairs]
            continue
        whole = [[(t.term, 0)] for t in own if t.position_length > 1]
        parts = [t for t in own if t.position_length == 1]
        if whole:
            out.append([*whole, [(t.term, t.position - parts[0].position) for t in parts]])
        else:
            out += [[[(t.term, 0)]] for t in parts]
    return [unit for i, unit in enumerate(out) if unit not in out[:i]]


def holding(corpus, pieces, needed):
    wanted = units(corpus, pieces)
    if not wanted:
        return set()

    def holds(source):
        there = {(t.term, t.position) for t in corpus.tokens(source["text"])}
        starts = {position for _, position in there}
        count = sum(
            any(all((term, at + offset) in there for term, offset in way) for way in unit for at in starts)
            for unit in wanted
        )
        return count >= needed(len(wanted))

    return corpus.where(holds)


@settings(max_examples=60)
@given(PHRASES)
def test_and_needs_every_unit(corpus, pieces):
    found = corpus.run({"match": {"text": {"query": " ".join(pieces), "operator": "and"}}})
    assert set(found) == holding(corpus, pieces, lambda n: n)


@settings(max_examples=60)
@given(PHRASES, st.sampled_from([1, 2, 3, -1, "50%", "-30%", "2<60%", "1<-1 3<50%", "75%"]))
def test_minimum_should_match_counts_units(corpus, pieces, rule):
    def needed(n):
        wanted = {
            1: 1, 2: min(2, n), 3: min(3, n), -1: n - 1, "50%": n // 2, "-30%": n - n * 3 // 10, "75%": n * 3 // 4,
            "2<60%": n if n <= 2 else n * 6 // 10, "1<-1 3<50%": n if n <= 1 else n - 1 if n <= 3 else n // 2,
        }  # fmt: skip
        return max(1, wanted[rule])

    found = corpus.run({"match": {"text": {"query": " ".join(pieces), "minimum_should_match": rule}}})
    assert set(found) == holding(corpus, pieces, needed)


@settings(max_examples=40)
@given(PHRASES)
def test_or_finds_any_term_and_all_options_agree_on_scores(corpus, pieces):
    text = " ".join(pieces)
    plain = corpus.run({"match": {"text": text}})
    terms = {token.term for token in get_analyzer("multilingual").question_tokens(text)}
    assert set(plain) == corpus.where(lambda s: bool(terms & corpus.terms(s["text"])))
    every = corpus.run({"match": {"text": {"query": text, "operator": "and"}}})
    assert every.items() <= plain.items()
    twice = corpus.run({"match": {"text": {"query": text, "boost": 2}}})
    assert twice.keys() == plain.keys()
    assert all(abs(twice[i] - 2 * plain[i]) < 1e-4 for i in plain)


def test_the_parts_of_a_compound_are_neighbours(tmp_path):
    texts = ["gpt-4 has 5 legs", "gpt 5", "GPT-5", "gpt5", "GPT-5o", "5 of gpt", "chatgpt 5", "ｇｐｔ５ 模型"]
    node = Node(Settings(data=tmp_path))
    index = node.create("compounds", {"settings": {"semantic": {"families": []}}})
    index.write([Operation("index", text, {"text": text, "title": "5"}) for text in texts])
    index.refresh()
    ctx = SearchContext(node, index)
    for text in ("gpt5", "GPT-5", "gpt_5"):
        match = {"query": text, "operator": "and"}
        for body in (
            {"match": {"text": match}},
            {"combined_fields": {**match, "fields": ["text", "title"]}},
            {"match": {"text": {**match, "fuzziness": 0}}},
        ):
            found = Parser().query(body).matches(ctx).docs
            assert {texts[int(d)] for d in found} == {"gpt 5", "GPT-5", "gpt5", "GPT-5o", "ｇｐｔ５ 模型"}, body
    node.close()


# --- fuzziness --------------------------------------------------------------------------------------


def auto(length):
    return 0 if length < 3 else 1 if length < 6 else 2


def sequence(text):
    """The text's words and characters by position; None where a stop word left a hole."""
    tokens = get_analyzer("multilingual").phrase_tokens(text)
    out = [None] * (max((t.position for t in tokens), default=-1) + 1)
    for token in tokens:
        out[token.position] = token.term
    return out


def near_run(chars, source, prefix=0, swaps=True):
    """Whether a stretch of the text is the run with one mistake at most, right in its first characters."""
    sequence_ = sequence(source["text"])
    n = len(chars)
    for start in range(len(sequence_)):
        for size in (n - 1, n, n + 1):
            window = sequence_[start : start + size]
            right = len(window) == size and window[:prefix] == list(chars[:prefix])
            if right and distance(window[prefix:], list(chars[prefix:]), swaps) <= 1:
                return True
    return False


@settings(max_examples=80)
@given(
    run=st.sampled_from(
        [
            "北京大学",
            "北京大",
            "大学生",
            "图书馆",
            "圖書管",
            "北大京学",
            "京北大学",
            "北学",
            "搜索引擎",
            "检索",
            "索搜引擎",
            "书读",
        ]
    ),
    prefix=st.integers(0, 2),
    swaps=st.booleans(),
    fuzziness=st.sampled_from(["AUTO", 1, 2, "AUTO:2,5"]),
)
def test_a_han_run_is_found_with_one_mistake(corpus, run, prefix, swaps, fuzziness):
    options = {"operator": "and", "fuzziness": fuzziness, "prefix_length": prefix, "fuzzy_transpositions": swaps}
    found = corpus.run({"match": {"text": {"query": run, **options}}})
    chars = get_analyzer("multilingual").normalize(run)
    pairs = {a + b for a, b in pairwise(chars)}

    def holds(source):
        terms = corpus.terms(source["text"])
        return pairs <= terms or (len(chars) >= 3 and near_run(chars, source, prefix, swaps))

    assert set(found) == corpus.where(holds)
    strict = corpus.run({"match": {"text": {"query": run, "operator": "and"}}})
    assert strict.keys() <= found.keys()


def test_fuzziness_of_chinese_in_words(corpus):
    query = {"query": "图书棺", "operator": "and"}
    assert not corpus.run({"match": {"text": query}})
    fuzzy = set(corpus.run({"match": {"text": {**query, "fuzziness": "AUTO"}}}))
    assert corpus.where(lambda s: "图书馆" in s["text"] or "圖書館" in s["text"]) <= fuzzy
    assert corpus.where(lambda s: "图书" not in s["text"] and "圖書" not in s["text"]).isdisjoint(fuzzy)


@settings(max_examples=60)
@given(
    words=st.lists(
        st.sampled_from(["quikc", "quick", "browm", "fxo", "yrok", "nwe", "runing", "enginse", "qu"]),
        min_size=1,
        max_size=3,
    ),
    fuzziness=st.sampled_from(["AUTO", 0, 1, 2]),
    prefix=st.integers(0, 2),
)
def test_latin_words_are_near_by_the_textbook(corpus, words, fuzziness, prefix):
    options = {"operator": "and", "fuzziness": fuzziness, "prefix_length": prefix}
    found = corpus.run({"match": {"text": {"query": " ".join(words), **options}}})
    terms = [t.term for t in corpus.tokens(" ".join(words))]

    def near(term, other):
        edits = auto(len(term)) if fuzziness == "AUTO" else fuzziness
        edits = min(edits, max(0, len(term) - prefix))
        return term == other or (
            edits and other[:prefix] == term[:prefix] and distance(term[prefix:], other[prefix:]) <= edits
        )

    wanted = corpus.where(lambda s: all(any(near(t, o) for o in corpus.terms(s["text"])) for t in terms))
    assert set(found) == wanted


def test_a_rare_misspelling_does_not_outweigh_the_word(corpus):
    """Blended frequencies: each near term weighs as if it were as frequent as the most frequent one."""
    ctx = corpus.context()
    found = similar_terms(ctx, ctx.field("text"), "quick", Fuzzy(Fuzziness(fixed=2)))
    live, bm25 = len(corpus.docs), similarity_of(ctx, "BM25")
    weights = {w.term: w.boost * bm25.idf(ctx.reader.df("text", w.term), live) for w in found}
    common = min(bm25.idf(ctx.reader.df("text", term), live) for term in weights)
    assert len(weights) > 1
    for term, weight in weights.items():
        share = 1 - distance("quick", term) / min(len(term), 5)
        assert abs(weight - share * common) < 1e-6


def test_max_expansions_limits_the_terms(corpus):
    one = corpus.run({"match": {"text": {"query": "quick", "fuzziness": 2, "max_expansions": 1}}})
    assert set(one) == corpus.where(lambda s: "quick" in corpus.terms(s["text"]))


def test_pairs_alone_may_lack_two(corpus):
    found = corpus.run({"match": {"pairs": {"query": "北京大学", "operator": "and", "fuzziness": "AUTO"}}})
    assert set(found) == corpus.where(lambda s: {"北京", "京大", "大学"} & corpus.terms(s["pairs"], "cjk"))


def test_nothing_to_look_for(corpus):
    assert corpus.run({"match": {"text": "，。"}}) == {}
    assert corpus.run({"match": {"text": {"query": "the", "zero_terms_query": "all"}}}).keys() == corpus.docs.keys()
    assert corpus.run({"match": {"nowhere": "北京"}}) == {}


def test_fields_that_are_not_text(corpus):
    assert set(corpus.run({"match": {"key": "北京"}})) == corpus.where(lambda s: "北京" in s.get("key", []))
    assert set(corpus.run({"match": {"n": "3"}})) == corpus.where(lambda s: 3 in s.get("n", []))
    assert corpus.run({"match": {"n": {"query": "three", "lenient": True}}}) == {}
    near = corpus.run({"match": {"key": {"query": "Beijinh", "fuzziness": 1}}})
    assert set(near) == corpus.where(lambda s: "Beijing" in s.get("key", []))


def test_combined_fields_need_every_unit_in_any_field(corpus):
    body = {"query": "北京大学 GPT-4", "fields": ["text", "title"], "operator": "and"}

    def holds(source):
        terms = corpus.terms(source["text"]) | corpus.terms(source["title"])
        return {"北京", "京大", "大学"} <= terms and ("gpt4" in terms or {"gpt", "4"} <= terms)

    assert set(corpus.run({"combined_fields": body})) == corpus.where(holds)
