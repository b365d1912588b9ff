"""Cuts at white space, at non-letters, at given characters or patterns, along paths, or not at all."""

from __future__ import annotations

import re

from analysis.components import Analyze, Tokenizer, tokenizers
from analysis.options import Options
from analysis.token import Token

# Java's Character.isWhitespace, which Lucene's WhitespaceTokenizer asks: no no-break spaces.
JAVA_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000"
_GROUPS = {
    "whitespace": r"\s",
    "letter": r"[^\W\d_]",
    "digit": r"\d",
    "punctuation": r"[^\w\s$+<=>^`|~]|_",
    "symbol": r"[$+<=>^`|~]",
}


class PatternTokenizer:
    """What a regular expression matches (its ``group``), cut at ``longest`` code points."""

    def __init__(self, pattern: re.Pattern[str], longest: int = 1 << 20, group: int = 0) -> None:
        self.pattern = pattern
        self.longest = longest
        self.group = group

    def __call__(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        for match in self.pattern.finditer(text):
            start, end = match.span(self.group)
            for a in range(start, end, self.longest):
                b = min(a + self.longest, end)
                tokens.append(Token(text[a:b], a, b, len(tokens)))
        return tokens


class SplitTokenizer:
    """What lies between the matches of a regular expression."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def __call__(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        at = 0
        for start, end in [*(m.span() for m in self.pattern.finditer(text)), (len(text), len(text))]:
            if start > at:
                tokens.append(Token(text[at:start], at, start, len(tokens)))
            at = end
        return tokens


def whole_text(text: str) -> list[Token]:
    """The text as one token."""
    return [Token(text, 0, len(text), 0)] if text else []


class WhitespaceTokenizer(PatternTokenizer):
    """Runs of characters that are not white space."""

    def __init__(self, longest: int = 255) -> None:
        super().__init__(re.compile(f"[^{JAVA_SPACES}]+"), longest)


@tokenizers.register("keyword")
def _keyword(options: Options, before: Analyze) -> Tokenizer:
    options.integer("buffer_size", 256)
    return whole_text


@tokenizers.register("whitespace")
def _whitespace(options: Options, before: Analyze) -> Tokenizer:
    return WhitespaceTokenizer(options.integer("max_token_length", 255, least=1))


@tokenizers.register("letter")
def _letter(options: Options, before: Analyze) -> Tokenizer:
    return PatternTokenizer(re.compile(r"[^\W\d_]+"), 255)


@tokenizers.register("lowercase")
def _lowercase(options: Options, before: Analyze) -> Tokenizer:
    letters = PatternTokenizer(re.compile(r"[^\W\d_]+"), 255)

    def cut(text: str) -> list[Token]:
        return [Token(t.term.lower(), t.start, t.end, t.position) for t in letters(text)]

    return cut


@tokenizers.register("pattern")
def _pattern(options: Options, before: Analyze) -> Tokenizer:
    pattern = options.pattern("pattern", r"\W+")
    group = options.integer("group", -1, least=-1, most=pattern.groups)
    return SplitTokenizer(pattern) if group < 0 else PatternTokenizer(pattern, group=group)


@tokenizers.register("simple_pattern")
def _simple_pattern(options: Options, before: Analyze) -> Tokenizer:
    return PatternTokenizer(options.pattern("pattern"), 255)


@tokenizers.register("simple_pattern_split")
def _simple_pattern_split(options: Options, before: Analyze) -> Tokenizer:
    return SplitTokenizer(options.pattern("pattern"))


@tokenizers.register("char_group")
def _char_group(options: Options, before: Analyze) -> Tokenizer:
    parts = []
    for item in options.texts("tokenize_on_chars"):
        if item in _GROUPS:
            parts.append(_GROUPS[item])
        elif len(item) == 1 or item in ("\\n", "\\t", "\\r"):
            parts.append(item if len(item) == 2 else re.escape(item))
        else:
            raise options.error(f"[tokenize_on_chars] takes single characters and {', '.join(_GROUPS)}")
    options.integer("max_token_length", 255)
    return SplitTokenizer(re.compile("|".join(parts) or r"(?!)"))


@tokenizers.register("path_hierarchy")
def _path_hierarchy(options: Options, before: Analyze) -> Tokenizer:
    delimiter = options.text("delimiter", "/")
    replacement = options.text("replacement", delimiter)
    reverse = options.boolean("reverse", False)
    options.integer("buffer_size", 1024)
    if len(delimiter) != 1 or len(replacement) != 1:
        raise options.error("[delimiter] and [replacement] are single characters")

    def cut(text: str) -> list[Token]:
        """a/b/c gives a, a/b, a/b/c at one position; reversed: a/b/c, b/c, c."""
        bounds = [at for at, char in enumerate(text) if char == delimiter]
        changed = text.replace(delimiter, replacement)
        if reverse:
            spans = [(at, len(text)) for at in [0, *(at + 1 for at in bounds)] if at < len(text)]
        else:
            spans = [(0, at) for at in [*bounds, len(text)] if at > 0]
        return [Token(changed[a:b], a, b, 0) for a, b in spans]

    return cut
