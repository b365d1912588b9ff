"""The fold: NFKC, lower case, Traditional to Simplified, with the origin of every character."""

from __future__ import annotations

import unicodedata

import pytest
from analysis_helpers import QUICK, mixed_text
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.fold import fold
from analysis.resources import read_pairs
from analysis.unicode import fold_rows

opencc = pytest.importorskip("opencc")


def origins(text):
    folded = fold(text)
    return [(char, text[slice(*folded.span(at, at + 1))]) for at, char in enumerate(folded.text)]


def test_expansions_keep_their_origin():
    assert origins("a㈱") == [("a", "a"), ("(", "㈱"), ("株", "㈱"), (")", "㈱")]
    assert origins("½") == [(" ", "½"), ("1", "½"), ("⁄", "½"), ("2", "½")]
    assert origins("ẞﬁ") == [("ß", "ẞ"), ("f", "ﬁ"), ("i", "ﬁ")]


def test_compositions_keep_their_origin():
    assert origins("xe\u0301y") == [("x", "x"), ("é", "e\u0301"), ("y", "y")]
    assert origins("한") == [("한", "한")]


def test_removed_characters_shift_nothing():
    assert origins("a\u00adb") == [("a", "a"), ("b", "b")]


@settings(max_examples=QUICK, deadline=None)
@given(st.text())
def test_it_equals_the_three_steps_one_after_the_other(text):
    """Against unicodedata and OpenCC, where no exception of the table applies."""
    convert, variants = opencc.OpenCC("t2s").convert, dict(read_pairs("variants.txt"))
    ordinary = "".join(
        c for c in text
        if unicodedata.category(c) not in ("Cf", "Cn", "Cs", "Mn", "Sk", "Co")
        and not unicodedata.decomposition(c).startswith(("<fraction>", "<circle>", "<super>"))
        and c not in "’ʼ‐‑İ"
    )  # fmt: skip
    lowered = "".join(char.lower() for char in unicodedata.normalize("NFKC", ordinary))
    expected = "".join(variants.get(convert(char), convert(char)) for char in lowered)
    assert fold(ordinary).text == expected


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_folding_again_changes_nothing(text):
    once = fold(text).text
    assert fold(once).text == once


@settings(max_examples=QUICK, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF)), st.integers(0, 50))
def test_han_folds_without_regard_to_neighbours(text, cut):
    assert fold(text[:cut]).text + fold(text[cut:]).text == fold(text).text


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_origins_are_ordered_and_cover_what_is_left(text):
    folded = fold(text)
    spans = [folded.span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert spans == sorted(spans)


def test_all_of_openccs_phrases_meet_their_simplified_forms():
    """What phrases convert and characters alone do not is in the variants, for the words people write."""
    pairs = ["瞭解/了解", "憑藉/凭借", "答覆/答复", "沈默/沉默", "復甦/复苏", "彷彿/仿佛", "傢俱/家具", "看著/看着"]
    for traditional, simplified in (pair.split("/") for pair in pairs):
        assert fold(traditional).text == fold(simplified).text


def test_the_shipped_table_is_what_its_builder_writes():
    """Rebuilt here from unicodedata and OpenCC, for the characters that both versions know."""
    from analysis.build_tables import fold_rows as built

    rows, shipped = dict(built()), fold_rows()
    codes = rows.keys() | shipped.keys()
    differing = [code for code in codes if rows.get(code, chr(code)) != shipped.get(code, chr(code))]
    old = [code for code in differing if unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"]
    assert not old
