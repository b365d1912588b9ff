"""Filters that make terms of pieces or of neighbours: ngram, edge_ngram, shingle, cjk_bigram."""

from __future__ import annotations

from analysis.components import Analyze, TokenFilter, token_filters
from analysis.options import Options
from analysis.token import Token
from analysis.tokenizers.grams import sizes

_CJK_TYPES = {"<IDEOGRAPHIC>": "han", "<HIRAGANA>": "hiragana", "<KATAKANA>": "katakana", "<HANGUL>": "hangul"}


class Grams(TokenFilter):
    """Substrings of each term, all at the term's position and with its offsets (Lucene's NGramTokenFilter)."""

    def __init__(self, least: int, most: int, edge: bool, preserve: bool) -> None:
        self.least, self.most, self.edge, self.preserve = least, most, edge, preserve

    def __call__(self, tokens: list[Token]) -> list[Token]:
        out = []
        for token in tokens:
            length = len(token.term)
            for a in range(1 if self.edge else length):
                ends = range(a + self.least, min(a + self.most, length) + 1)
                out += [token._replace(term=token.term[a:b]) for b in ends]
            if self.preserve and not self.least <= length <= self.most:
                out.append(token)
        return out


class Shingles(TokenFilter):
    """Neighbouring terms joined, at the position of the first; gaps are filled (Lucene's ShingleFilter)."""

    def __init__(self, least: int, most: int, unigrams: bool, lone: bool, separator: str, filler: str) -> None:
        self.least, self.most, self.unigrams, self.lone = least, most, unigrams, lone
        self.separator, self.filler = separator, filler

    def __call__(self, tokens: list[Token]) -> list[Token]:
        stacks: dict[int, list[Token]] = {}
        for token in tokens:
            stacks.setdefault(token.position, []).append(token)
        slots = {position: stack[0] for position, stack in stacks.items()}
        last = max(slots, default=-1)
        out: list[Token] = []
        shingled = False
        for at in range(min(slots, default=0), last + 1):
            if self.unigrams:
                out += stacks.get(at, [])
            for size in range(self.least, min(self.most, last + 1 - at) + 1):
                members = [slots.get(place) for place in range(at, at + size)]
                real = [member for member in members if member is not None]
                if not real:
                    continue
                text = self.separator.join(self.filler if m is None else m.term for m in members)
                out.append(Token(text, real[0].start, real[-1].end, at, "shingle", size))
                shingled = True
        return tokens if self.lone and not shingled else out


class CjkBigrams(TokenFilter):
    """Han, Kana and Hangul as bigrams of touching characters, a lone one by itself (CJKBigramFilter)."""

    def __init__(self, scripts: frozenset[str], unigrams: bool) -> None:
        self.scripts, self.unigrams = scripts, unigrams

    def __call__(self, tokens: list[Token]) -> list[Token]:
        out: list[Token] = []
        run: list[Token] = []
        position = 0
        previous = -1
        for token in tokens:
            gap = token.position - previous - 1
            previous = token.position
            if _CJK_TYPES.get(token.type) in self.scripts:
                chars = [
                    Token(c, token.start + at, token.start + at + 1, 0, token.type) for at, c in enumerate(token.term)
                ]
                if len(token.term) != token.end - token.start:
                    chars = [char._replace(start=token.start, end=token.end) for char in chars]
                if run and (run[-1].end != token.start or gap):
                    position = self._flush(run, out, position)
                    run = []
                position += gap
                run += chars
            else:
                position = self._flush(run, out, position) + gap
                run = []
                out.append(token._replace(position=position))
                position += 1
        self._flush(run, out, position)
        return out

    def _flush(self, run: list[Token], out: list[Token], position: int) -> int:
        for at, char in enumerate(run):
            alone = len(run) == 1
            if self.unigrams or alone:
                out.append(Token(char.term, char.start, char.end, position, "<SINGLE>"))
            if at + 1 < len(run):
                after = run[at + 1]
                length = 2 if self.unigrams else 1
                out.append(Token(char.term + after.term, char.start, after.end, position, "<DOUBLE>", length))
            if self.unigrams or alone or at + 1 < len(run):
                position += 1
        return position


def _grams(options: Options, edge: bool) -> TokenFilter:
    least, most = sizes(options)
    if edge and options.choice("side", "front", ("front",)) != "front":
        raise options.error("[side] must be front")
    return Grams(least, most, edge, options.boolean("preserve_original", False))


@token_filters.register("ngram", "nGram")
def _ngram(options: Options, before: Analyze) -> TokenFilter:
    return _grams(options, edge=False)


@token_filters.register("edge_ngram", "edgeNGram")
def _edge_ngram(options: Options, before: Analyze) -> TokenFilter:
    return _grams(options, edge=True)


@token_filters.register("shingle")
def _shingle(options: Options, before: Analyze) -> TokenFilter:
    least = options.integer("min_shingle_size", 2, least=2, most=16)
    most = options.integer("max_shingle_size", max(2, least), least=2, most=16)
    if most < least:
        raise options.error("[max_shingle_size] must not be less than [min_shingle_size]")
    return Shingles(
        least,
        most,
        options.boolean("output_unigrams", True),
        options.boolean("output_unigrams_if_no_shingles", False),
        options.text("token_separator", " "),
        options.text("filler_token", "_"),
    )


@token_filters.register("cjk_bigram")
def _cjk_bigram(options: Options, before: Analyze) -> TokenFilter:
    ignored = options.texts("ignored_scripts", [])
    scripts = frozenset(_CJK_TYPES.values())
    if not scripts.issuperset(ignored):
        raise options.error(f"[ignored_scripts] knows {', '.join(sorted(scripts))}")
    return CjkBigrams(scripts - set(ignored), options.boolean("output_unigrams", False))
