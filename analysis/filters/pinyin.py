"""Tokens with Han in them by their pronunciation."""

from __future__ import annotations

from analysis.arrays import is_cjk
from analysis.components import Analyze, TokenFilter, token_filters
from analysis.options import Options
from analysis.pinyin import read_aloud
from analysis.token import Token
from analysis.tokenizers.jieba import simplify_words


class Pinyin(TokenFilter):
    """At a token's position: its joined pinyin (beijing), its initials (bj), and itself if asked."""

    def __init__(self, full: bool, initials: bool, original: bool) -> None:
        self.full, self.initials, self.original = full, initials, original

    def __call__(self, tokens: list[Token]) -> list[Token]:
        out = []
        for token in tokens:
            if not any(map(is_cjk, token.term)):
                out.append(token)
                continue
            reading = read_aloud(simplify_words(token.term))
            terms = [token.term] if self.original else []
            if self.full:
                terms.append("".join(reading))
            if self.initials:
                terms.append("".join(one[0] for one in reading))
            out += [token._replace(term=term) for term in dict.fromkeys(terms)]
        return out


@token_filters.register("pinyin")
def _pinyin(options: Options, before: Analyze) -> TokenFilter:
    made = Pinyin(
        options.boolean("keep_full", True),
        options.boolean("keep_initials", True),
        options.boolean("keep_original", False),
    )
    if not (made.full or made.initials or made.original):
        raise options.error("one of [keep_full], [keep_initials] and [keep_original] must be true")
    return made
