"""Patterns against Python's own, on everything that both can say; the rest by its definition."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.expansion import RegexpError, TooComplex, determinize, folded, literal, parse_regexp, prefix_of, wildcard
from retrieval.expansion.syntax import any_case

TEXTS = st.text("abc北1京", max_size=7)
ATOMS = st.sampled_from(["a", "b", "北", "c", "[ab]", "[^a]", ".", r"\d", "[a-c北]", '"ab"'])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}|{p[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"])).map(
            lambda p: f"({p[0]}){p[1]}"
        ),
    ),
    max_leaves=8,
)


def accepts(expression: str, text: str) -> bool:
    return determinize(parse_regexp(expression)).matches(text)


@settings(max_examples=300)
@given(EXPRESSIONS, st.lists(TEXTS, max_size=20))
def test_regular_expressions_are_pythons(expression, texts):
    pattern = determinize(parse_regexp(expression))
    python = re.compile(expression.replace(r"\d", "[0-9]").replace('"', ""), re.DOTALL)
    for text in texts:
        assert pattern.matches(text) == bool(python.fullmatch(text))
        assert not pattern.matches(text) or text.startswith(pattern.prefix)


@settings(max_examples=100)
@given(EXPRESSIONS, EXPRESSIONS, TEXTS)
def test_intersection_and_complement(one, other, text):
    assert accepts(f"({one})&({other})", text) == (accepts(one, text) and accepts(other, text))
    assert accepts(f"~({one})", text) == (not accepts(one, text))
    assert accepts(f"({one})&~({one})", text) is False


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 1200))
def test_intervals_hold_the_numbers_between(a, b, number):
    low, high = sorted((a, b))
    pattern = determinize(parse_regexp(f"<{a}-{b}>"))
    if len(str(a)) != len(str(b)):
        assert pattern.matches(str(number)) == (low <= number <= high)
        assert pattern.matches("00" + str(number)) == (low <= number <= high)
    else:
        assert pattern.matches(str(number)) == (low <= number <= high and len(str(number)) == len(str(a)))


@given(st.text("ab北*?", max_size=8), st.text("ab北", max_size=8))
def test_wildcards_are_the_shells(pattern, text):
    assert determinize(wildcard(pattern)).matches(text) == fnmatch.fnmatchcase(text, pattern)


def test_what_wildcards_escape():
    assert determinize(wildcard(r"a\*b")).matches("a*b")
    assert not determinize(wildcard(r"a\*b")).matches("axb")
    assert determinize(wildcard("a\\")).matches("a\\")


def test_optional_operators_are_ordinary_signs_without_their_flags():
    assert determinize(parse_regexp("a~b&c<1-2>#@", frozenset())).matches("a~b&c<1-2>#@")
    assert determinize(parse_regexp("ab@")).matches("abxyz北")
    assert not determinize(parse_regexp("a#")).matches("a")


def test_anchors_are_ordinary_signs():
    assert determinize(parse_regexp("^a$")).matches("^a$")
    assert not determinize(parse_regexp("^a$")).matches("a")


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("(ab", "expected [)]"),
        ("[ab", "unexpected end"),
        ("a{2,1}", "wrong way round"),
        ("a{", "a number"),
        ("*a", "unexpected [*]"),
        ("a|", "unexpected end"),
        ("a)", "unexpected [)]"),
        ('"ab', "expected"),
        ("<a-b>", "interval"),
        ("[z-a]", "not a range"),
        ("\\", "unexpected end"),
        (r"\b", "not supported"),
        ("a{99999}", "exceeds the limit"),
        ("(" * 200 + "a" + ")" * 200, "nested"),
    ],
)
def test_what_cannot_be_read_is_said(expression, says):
    with pytest.raises(RegexpError, match=re.escape(says)):
        parse_regexp(expression)


@pytest.mark.parametrize(
    "expression", [".*a.{20}", "((a{1,100}){1,100}){1,100}", "(a|b|ab){0,300}(c|d){0,300}&.*x.{14}"]
)
def test_what_explodes_is_refused(expression):
    with pytest.raises(TooComplex):
        determinize(parse_regexp(expression), 2000)


@settings(max_examples=100)
@given(EXPRESSIONS, TEXTS)
def test_the_shortest_text_and_the_states_that_accept_anything(expression, text):
    pattern = determinize(parse_regexp(f"({expression}).*"))
    if pattern.matches(text):
        assert len(text) >= pattern.shortest
        assert pattern.matches(text + "xyz")
    assert (pattern.accepts == 2).sum() <= 1


def test_a_long_chain_of_states():
    pattern = determinize(parse_regexp("(a?){500}b{2000}"))
    assert pattern.shortest == 2000
    assert pattern.matches("a" * 500 + "b" * 2000)
    assert not pattern.matches("a" * 501 + "b" * 2000)


def test_what_would_backtrack_does_not():
    pattern = determinize(parse_regexp("(a*)*(a|aa)*b"))
    assert len(pattern.moves) < 10
    assert not pattern.matches("a" * 100_000)


def test_a_determinization_looks_at_the_clock():
    def late():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        determinize(parse_regexp(".*a.{14}"), 100_000, late)


@given(st.text(max_size=5), st.text(max_size=8))
def test_prefixes_and_folding(beginning, text):
    assert determinize(prefix_of(beginning)).matches(text) == text.startswith(beginning)
    any_way = determinize(folded(literal(beginning), any_case))
    assert any_way.matches(beginning)
    simple = "".join(c.upper() if len(c.upper()) == 1 else c for c in beginning)
    assert any_way.matches(simple)


def test_folding_a_range_one_character_at_a_time():
    node = folded(parse_regexp("[A-C]+圖"), lambda c: (c.lower().replace("圖", "图"),))
    assert determinize(node).matches("abc图")
    assert not determinize(node).matches("ABC图")
