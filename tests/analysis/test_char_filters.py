"""Character filters: what they change, and where each character came from."""

from __future__ import annotations

import pytest
from analysis_helpers import QUICK, mixed_text, spans_of, terms_of
from hypothesis import given, settings

from analysis import InvalidAnalysis, get_analyzer


def chain(*char_filters, tokenizer="whitespace", **sections):
    analyzer = {"tokenizer": tokenizer, "char_filter": list(char_filters)}
    return get_analyzer("it", {"analyzer": {"it": analyzer}, **sections})


def test_html_is_taken_out_and_offsets_stay():
    text = "<p class='a>b'>Hello&nbsp;<b>W&ouml;r</b>ld</p><!-- no --><script>x=1</script>3 &lt; 4 &#x4e2d;文"
    found = spans_of(chain("html_strip", tokenizer="standard").tokens(text), text)
    assert found == [
        ("Hello", "Hello"), ("Wörld", "W&ouml;r</b>ld"), ("3", "3"), ("4", "4"), ("中", "&#x4e2d;"), ("文", "文"),
    ]  # fmt: skip


def test_block_elements_separate_words_and_inline_elements_do_not():
    assert terms_of(chain("html_strip").tokens("a<b>b</b>c<br/>d<td>e")) == ["abc", "d", "e"]


def test_escaped_tags_stay():
    kept = chain({"type": "html_strip", "escaped_tags": ["b"]})
    assert terms_of(kept.tokens("<p>a <b>c</b></p>")) == ["a", "<b>c</b>"]


@pytest.mark.parametrize("text", ["a < b > c", "<3 love", "1 <2", "<<>>", "&nosuch; & &;", "<p", "<a href='x"])
def test_what_is_no_markup_stays(text):
    assert "".join(terms_of(chain("html_strip", tokenizer="keyword").tokens(text))) == text


def test_mapping_takes_the_longest_rule():
    mapped = chain({"type": "mapping", "mappings": ["a => 1", "ab => 2", ":) => _happy_", "\\u4e2d => 文", "x =>"]})
    text = "ab a :) 中 xy"
    assert spans_of(mapped.tokens(text), text) == [
        ("2", "ab"), ("1", "a"), ("_happy_", ":)"), ("文", "中"), ("y", "y"),
    ]  # fmt: skip


def test_pattern_replace_takes_javas_groups():
    replaced = chain({"type": "pattern_replace", "pattern": r"(\d+)-(?=\d)", "replacement": "$1_"})
    assert terms_of(replaced.tokens("123-456-789 a-b")) == ["123_456_789", "a-b"]


def test_lower_case_may_change_the_length():
    text = "xİy İ"
    assert spans_of(chain("lowercase").tokens(text), text) == [("xi̇y", "xİy"), ("i̇", "İ")]


def test_normalizers():
    text = "ＡＢ ㈱ ﬁ Straße"
    assert terms_of(chain("nfkc").tokens(text)) == ["AB", "(株)", "fi", "Straße"]
    assert terms_of(chain("icu_normalizer").tokens(text)) == ["ab", "(株)", "fi", "strasse"]
    assert terms_of(chain({"type": "icu_normalizer", "name": "nfc"}).tokens("e\u0301 ㈱")) == ["é", "㈱"]
    assert terms_of(chain("t2s").tokens("臺灣 ABC")) == ["台湾", "ABC"]


def test_filters_in_a_row_keep_the_first_origin():
    text = "<i>㈱</i> &amp;½"
    found = spans_of(chain("html_strip", "nfkc", {"type": "mapping", "mappings": ["株 => kk"]}).tokens(text), text)
    assert found == [("(kk)", "㈱"), ("&1⁄2", "&amp;½")]


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_offsets_are_sane_after_any_filters(text):
    analyzer = chain("html_strip", "nfkc", "lowercase", "t2s", {"type": "mapping", "mappings": ["a => bcd", "1 =>"]})
    for token in analyzer.tokens(text):
        assert 0 <= token.start < token.end <= len(text)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"type": "mapping"}, "mappings"),
        ({"type": "mapping", "mappings": ["no arrow"]}, "from => to"),
        ({"type": "pattern_replace", "pattern": "("}, "regular expression"),
        ({"type": "pattern_replace", "pattern": "a", "replacement": "$3"}, "replacement"),
        ({"type": "nosuch"}, "unknown char_filter"),
        ({"type": "html_strip", "colour": 1}, "unknown setting"),
    ],
)
def test_wrong_settings_are_refused(settings_, message):
    with pytest.raises(InvalidAnalysis, match=message):
        chain(settings_)
