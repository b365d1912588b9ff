"""Words by Unicode's rules (UAX #29), as Lucene's StandardTokenizer cuts and types them."""

from __future__ import annotations

import re

from analysis.components import Analyze, Tokenizer, tokenizers
from analysis.options import Options
from analysis.token import Token
from analysis.unicode import Classes

# Over class letters (analysis.unicode); X are the marks that rule WB4 attaches to what they follow.
_X = "[xz]*+"
_QUOTED = rf"b{_X}'{_X}(?![abg])"  # WB7a: a single quote after a Hebrew letter ends the word
_ALNUM = (
    rf"(?:(?:[ag]{_X}|(?!{_QUOTED})b{_X}(?:\"{_X}(?=b))?)(?:[:.']{_X}(?=[abg]))?"  # WB5-WB7c
    rf"|0{_X}(?:[;.']{_X}(?=0))?)++"  # WB8-WB12
)
_CORE = rf"(?:{_ALNUM}|(?:k{_X})++)"  # WB13
_JOIN = rf"(?:_{_X})"  # WB13a, WB13b
_TOKEN = re.compile(
    rf"(?P<word>{_JOIN}*+(?:{_CORE}(?:{_JOIN}++{_CORE})*+(?:{_JOIN}*+{_QUOTED}|{_JOIN}*)|{_QUOTED}))"
    rf"|(?P<han>h{_X})|(?P<hiragana>i{_X})|(?P<complex>(?:c{_X})++)"
    rf"|(?P<emoji>e{_X}(?:(?<=z)e{_X})*|r{_X}r{_X})"
    rf"|(?P<none>{_JOIN}++)"  # connectors alone are no word; skipped at once
)
_TYPES = {
    "han": "<IDEOGRAPHIC>",
    "hiragana": "<HIRAGANA>",
    "complex": "<SOUTHEAST_ASIAN>",
    "emoji": "<EMOJI>",
}
_CLASSES: list[Classes] = []


def classes() -> Classes:
    """Class letters, with one of its own (z) for the zero-width joiner of emoji sequences."""
    if not _CLASSES:
        _CLASSES.append(Classes({"\u200d": "z"}))
    return _CLASSES[0]


def _word_type(kinds: str) -> str:
    if "a" in kinds or "b" in kinds:
        return "<ALPHANUM>"
    found = set(kinds) & set("0gk")
    one = {"0": "<NUM>", "g": "<HANGUL>", "k": "<KATAKANA>"}
    return one[found.pop()] if len(found) == 1 and "_" not in kinds else "<ALPHANUM>"


class StandardTokenizer:
    """Unicode words; words longer than ``longest`` code points are cut there."""

    def __init__(self, longest: int = 255) -> None:
        self.longest = longest

    def __call__(self, text: str) -> list[Token]:
        kinds = text.translate(classes())
        tokens: list[Token] = []
        for match in _TOKEN.finditer(kinds):
            start, end = match.span()
            group = match.lastgroup or "none"
            if group == "none":
                continue
            kind = _word_type(match[0]) if group == "word" else _TYPES[group]
            for a in range(start, end, self.longest):
                b = min(a + self.longest, end)
                tokens.append(Token(text[a:b], a, b, len(tokens), kind))
        return tokens


@tokenizers.register("standard")
def _standard(options: Options, before: Analyze) -> Tokenizer:
    return StandardTokenizer(options.integer("max_token_length", 255, least=1))
