"""Filters that change the characters of a term: case, accents, width, script; and cut or trim it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from analysis.charfilters.mapping import replacement
from analysis.charfilters.normalize import simplify
from analysis.components import Analyze, TermFilter, TokenFilter, token_filters
from analysis.fold import fold
from analysis.options import Options
from analysis.resources import read_pairs
from analysis.token import Token


class Folding(TermFilter):
    """A function from term to term that only changes characters."""

    folds = True

    def __init__(self, change: Callable[[str], str]) -> None:
        self._change = change

    def term(self, term: str) -> str | None:
        return self._change(term)


class Rewriting(Folding):
    """A function from term to term that means more than its characters: not for parts of terms."""

    folds = False


def lower(term: str) -> str:
    """Lower case, character by character, as Lucene does (no final sigma)."""
    return term.lower() if term.isascii() else "".join(map(str.lower, term))


class _Ascii(dict[int, str]):
    """A ``str.translate`` table to ASCII, filled as characters are met."""

    def __init__(self) -> None:
        super().__init__({ord(char): ascii_text for char, ascii_text in read_pairs("asciifolding.txt")})

    def __missing__(self, code: int) -> str:
        char = chr(code)
        bare = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
        self[code] = result = bare if bare.isascii() and bare and code >= 128 else char
        return result


@cache
def _ascii_table() -> _Ascii:
    return _Ascii()


def to_ascii(term: str) -> str:
    """Latin letters without their marks, ligatures and typographic signs in ASCII; all else kept."""
    return term if term.isascii() else term.translate(_ascii_table())


class PreservingAscii(TokenFilter):
    """``to_ascii`` beside the original term, where they differ."""

    def __call__(self, tokens: list[Token]) -> list[Token]:
        out = []
        for token in tokens:
            out.append(token)
            changed = to_ascii(token.term)
            if changed != token.term:
                out.append(Token(changed, token.start, token.end, token.position, token.type, token.position_length))
        return out


def fold_width(term: str) -> str:
    """Full-width ASCII to ASCII and half-width Katakana to full width (CJKWidthFilter)."""
    if term.isascii():
        return term
    return re.sub("[\uff01-\uff5e\uff65-\uff9f]+", lambda m: unicodedata.normalize("NFKC", m[0]), term)


@token_filters.register("lowercase")
def _lowercase(options: Options, before: Analyze) -> TokenFilter:
    return Folding(lower)


@token_filters.register("uppercase")
def _uppercase(options: Options, before: Analyze) -> TokenFilter:
    return Folding(str.upper)


@token_filters.register("asciifolding")
def _asciifolding(options: Options, before: Analyze) -> TokenFilter:
    return PreservingAscii() if options.boolean("preserve_original", False) else Folding(to_ascii)


@token_filters.register("t2s")
def _t2s(options: Options, before: Analyze) -> TokenFilter:
    return Folding(simplify)


@token_filters.register("fold")
def _fold(options: Options, before: Analyze) -> TokenFilter:
    return Folding(lambda term: fold(term).text)


@token_filters.register("nfkc")
def _nfkc(options: Options, before: Analyze) -> TokenFilter:
    return Folding(lambda term: unicodedata.normalize("NFKC", term))


@token_filters.register("cjk_width")
def _cjk_width(options: Options, before: Analyze) -> TokenFilter:
    return Folding(fold_width)


@token_filters.register("decimal_digit")
def _decimal_digit(options: Options, before: Analyze) -> TokenFilter:
    return Folding(lambda term: "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in term))


@token_filters.register("trim")
def _trim(options: Options, before: Analyze) -> TokenFilter:
    return Rewriting(str.strip)


@token_filters.register("truncate")
def _truncate(options: Options, before: Analyze) -> TokenFilter:
    length = options.integer("length", 10, least=1)
    return Rewriting(lambda term: term[:length])


@token_filters.register("reverse")
def _reverse(options: Options, before: Analyze) -> TokenFilter:
    return Rewriting(lambda term: term[::-1])


@token_filters.register("apostrophe")
def _apostrophe(options: Options, before: Analyze) -> TokenFilter:
    return Rewriting(lambda term: re.split("['\u2019]", term, maxsplit=1)[0])


@token_filters.register("elision")
def _elision(options: Options, before: Analyze) -> TokenFilter:
    articles = frozenset(options.texts("articles"))
    ignore_case = options.boolean("articles_case", False)

    def strip(term: str) -> str:
        head, mark, tail = re.sub("\u2019", "'", term).partition("'")
        known = head.lower() if ignore_case else head
        return tail if mark and known in articles else term

    return Rewriting(strip)


@token_filters.register("pattern_replace")
def _pattern_replace(options: Options, before: Analyze) -> TokenFilter:
    pattern, template = options.pattern("pattern"), replacement(options.text("replacement", ""))
    count = 0 if options.boolean("all", True) else 1
    return Rewriting(lambda term: pattern.sub(template, term, count=count))
