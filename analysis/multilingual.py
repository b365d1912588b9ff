"""The default analyzer, for text that mixes Chinese and English.

The text is folded (``analysis.fold``) and cut by the classes of its characters:

- Han runs (Kana and Hangul too) give each character and each pair of neighbours, the pair at the
  position of its first. Positions are those of the characters, so that a phrase is a run of
  characters: exact whatever a segmenter would say, and across spaces.
- Words and numbers are ``parts``. Parts that touch, or that one of ``- _ . & @`` joins, are a compound:
  gpt-4, GPT4, iPhone15, e-mail. Each part has a position of its own, and at the first one stands
  the compound's joined form too: gpt, 4 and gpt4. So all spellings meet in the joined form and in
  phrases. An address with @ is kept whole instead of joined; U.S. is us alone; 1,000 is 1000; 3.14
  is one number. C++ and C# keep their signs, and .NET is found by net too.
- English stop words leave a gap, except beside Han text (spaces aside), where "IT", "A" and "OR" are
  names: IT行业, 维生素A. A question of stop words alone looks for them there. Words are stemmed by
  Snowball English after the possessive is taken off.
- Each emoji is a token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.analyzer import MAX_TERM, Analyzer, Value
from analysis.fold import fold
from analysis.resources import read_words
from analysis.stemming import Stemmer
from analysis.token import Stream, Token, TokenBatch
from analysis.unicode import OTHER, Classes, scalar

if TYPE_CHECKING:
    from analysis.fast import FastBatch

# The rules are regular expressions over class letters: a b c letters, x combining marks, 0 ASCII
# digits, 9 other digits, h i k g Han, Hiragana, Katakana and Hangul, e emoji, r regional indicators,
# the punctuation that matters itself, | all else.
_LETTERS = "[abc][abcx]*(?:'[abc][abcx]*)*"
_NUMBER = r"(?:0{1,3}(?:,000)+(?![09])|[09]+)(?:\.[09]+)*"
_PART = f"(?:{_LETTERS}|{_NUMBER})"
_PIECE = re.compile(
    r"(?P<word>[abc][abcx]*+(?!['\-_.&@]?[abc09]|[+#]))"
    r"|(?P<han>[hikg]+)"
    rf"|(?P<dot>(?<![abcx09.])\.(?=[abc]))?(?P<compound>{_PART}(?:[-_.&@]?{_PART})*)"
    r"(?P<signs>(?<=[abcx])(?:\+\+|[+#](?![abc09])))?"
    r"|(?P<emoji>e|rr)"
)
_PARTS = re.compile(_PART)
_ACRONYM = re.compile(r"[abc]x*(?:\.[abc]x*)+")
_TYPES = {"h": "<IDEOGRAPHIC>", "i": "<HIRAGANA>", "k": "<KATAKANA>", "g": "<HANGUL>"}
_CACHED = 1 << 17  # words whose stems are kept


class FoldedClasses(Classes):
    """Classes as this analyzer's rules need them: punctuation beyond ASCII joins nothing."""

    def __init__(self) -> None:
        super().__init__({chr(code): OTHER for code in range(128) if not chr(code).isalnum()})
        self.update({ord(char): ord(char) for char in "-+#@&,_. '"})

    def __missing__(self, code: int) -> int:
        kind = chr(self._table[code])
        if code >= 128:
            kind = "9" if kind == "0" else kind if kind in "abcxhikger" else OTHER
        self[code] = ord(kind)
        return ord(kind)


class Terms(dict[str, str]):
    """Folded word to index term: possessive off, stem; each word is stemmed once. An address stays."""

    def __init__(self, stemmer: Stemmer | None) -> None:
        super().__init__()
        self._stemmer = stemmer

    def __missing__(self, word: str) -> str:
        if len(word) > MAX_TERM:  # not a word: no stem, and not worth keeping
            return word[:MAX_TERM]
        if len(self) > _CACHED:
            self.clear()
        term = self[word] = self.many([word])[0]
        return term

    def many(self, words: list[str]) -> list[str]:
        """The terms of many words of at most MAX_TERM characters, not kept."""
        bare = words
        if "'" in "".join(words):
            bare = [word[:-2] if word[-2:] == "'s" and len(word) > 2 else word for word in words]
        stems = bare if self._stemmer is None else self._stemmer.many(bare)
        return [word if "@" in word else stem or word for word, stem in zip(words, stems, strict=True)]


class Scan:
    """One pass over one text. ``joined``: also bigrams and the joined forms of compounds. ``stop``: the words
    that leave a gap, the analyzer's if not given."""

    def __init__(
        self, analyzer: MultilingualAnalyzer, text: str, joined: bool, stop: frozenset[str] | None = None
    ) -> None:
        self.analyzer = analyzer
        self.original = scalar(text)
        self.folded = fold(self.original)
        self.text = self.folded.text
        self.kinds = self.text.translate(analyzer.classes)
        self.terms, self.stop = analyzer.terms, analyzer.stop if stop is None else stop
        self.joined = joined
        self.tokens: list[Token] = []
        self.position = 0
        for match in _PIECE.finditer(self.kinds):
            kind = match.lastgroup
            start, end = match.span()
            if kind == "word":
                self.word(self.text[start:end], start, end)
            elif kind == "han":
                self.han(start, end)
            elif kind == "emoji":
                self.add(self.text[start:end], start, end, "<EMOJI>")
                self.position += 1
            else:
                self.compound(match)

    def add(self, term: str, start: int, end: int, kind: str, length: int = 1) -> None:
        start, end = self.folded.span(start, end)
        self.tokens.append(Token(term, start, end, self.position, kind, length))

    def word(self, word: str, start: int, end: int) -> None:
        if word not in self.stop or self.beside_han(start, end):
            self.add(self.terms[word], start, end, "<ALPHANUM>")
        self.position += 1

    def beside_han(self, start: int, end: int) -> bool:
        kinds = self.kinds
        while start and kinds[start - 1] == " ":
            start -= 1
        while end < len(kinds) and kinds[end] == " ":
            end += 1
        return (start > 0 and kinds[start - 1] in "hikg") or (end < len(kinds) and kinds[end] in "hikg")

    def han(self, start: int, end: int) -> None:
        for at in range(start, end):
            self.add(self.text[at], at, at + 1, _TYPES[self.kinds[at]])
            if self.joined and at + 1 < end:
                self.add(self.text[at : at + 2], at, at + 2, "<DOUBLE>", 2)
            self.position += 1

    def compound(self, match: re.Match[str]) -> None:
        start, end = match.span("compound")
        if _ACRONYM.fullmatch(self.kinds, start, end):
            stop = end + 1 if self.kinds.startswith(".", end) else end
            self.add(self.terms[self.text[start:end].replace(".", "")], start, stop, "<ACRONYM>")
            self.position += 1
            return
        parts = [part.span() for part in _PARTS.finditer(self.kinds, start, end)]
        signed = match.end()
        if signed > end and self.kinds[parts[-1][0] + 1 : end].strip("x") == "":
            parts[-1] = (parts[-1][0], signed)  # c++: one letter means nothing without its signs
            end = signed
        for number, (a, b) in enumerate(parts):
            self.part(a, b)
            if self.joined and number == 0:
                if match["dot"] is not None:
                    self.add(self.terms["." + self.text[a:b]], a - 1, b, "<DOTTED>")
                if len(parts) > 1:
                    self.whole(start, end, parts)
            if self.joined and b == end < signed:
                self.add(self.terms[self.text[a:signed]], a, signed, "<SIGNED>")
            self.position += 1

    def part(self, start: int, end: int) -> None:
        text = self.text[start:end]
        if self.kinds[start] in "abc":
            if text not in self.stop or self.beside_han(start, end):
                self.add(self.terms[text], start, end, "<ALPHANUM>")
        else:
            self.add(self.terms[text.replace(",", "")], start, end, "<NUM>")

    def whole(self, start: int, end: int, parts: list[tuple[int, int]]) -> None:
        text = self.text[start:end]
        if "@" in self.kinds[start:end]:
            term, kind = self.terms[text], "<EMAIL>"
        else:
            pieces = []
            at = start
            for a, b in parts:
                pieces += ["&" if self.text[at:a] == "&" else "", self.text[a:b].replace(",", "")]
                at = b
            term, kind = self.terms["".join(pieces)], "<COMPOUND>"
        if not (self.tokens and self.tokens[-1].position == self.position and self.tokens[-1].term == term):
            self.add(term, start, end, kind, len(parts))


class MultilingualAnalyzer(Analyzer):
    """Mixed Chinese and English text; see the module's description."""

    scripts = True
    scan: type[Scan] = Scan

    def __init__(
        self, name: str = "multilingual", stop: frozenset[str] | None = None, stemming: str | None = "english"
    ) -> None:
        self.name = name
        self.stop = read_words("stopwords_english.txt") if stop is None else stop
        self.language = stemming
        self.terms = Terms(Stemmer(stemming) if stemming else None)
        self.classes = FoldedClasses()
        self._fast: FastBatch | None = None

    def stream(self, text: str) -> Stream:
        scan = self.scan(self, text, joined=True)
        return Stream(scan.tokens, scan.position)

    def phrase_tokens(self, text: str) -> list[Token]:
        return self.scan(self, text, joined=False).tokens

    def question_tokens(self, text: str, phrase: bool = False) -> list[Token]:
        """Also of a text of nothing but stop words: "IT" finds IT行业, where it is indexed as a name."""
        found = super().question_tokens(text, phrase)
        return found or self.scan(self, text, not phrase, frozenset()).tokens

    def batch(self, values: Sequence[Value]) -> TokenBatch:
        if self.scan is not Scan:
            return super().batch(values)
        if self._fast is None:
            from analysis.fast import FastBatch, scan_multilingual

            self._fast = FastBatch(scan_multilingual, self._finals, self._document, scripts=True)
        return self._fast(values)

    def _finals(self, words: list[str]) -> tuple[list[str], list[bool]]:
        return self.terms.many(words), list(map(self.stop.__contains__, words))

    def normalize(self, term: str) -> str:
        return fold(scalar(term)).text
