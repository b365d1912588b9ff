"""A text's tokens as a graph: what stands for what.

Tokens are edges from their position to the position after them. Where no token passes over a position, the
graph is cut; between two cuts there are one or several *ways* to say the same thing:

- a plain word is one way of one token;
- gpt-4 is gpt, 4 or gpt4; a Chinese compound of a segmenter is itself or its words;
- with a synonym graph, ny is ny or new york.

Pairs of Han characters overlap and would tie a whole run together; they are no edges, but what a run is
counted by: a run of n characters counts as n - 1 pairs, which are found only where the characters are
neighbours. Its single characters only add to the score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis import Token

HAN = frozenset({"<IDEOGRAPHIC>", "<HIRAGANA>", "<KATAKANA>", "<HANGUL>"})
PAIR = "<DOUBLE>"
ACRONYM = "<ACRONYM>"
SYNONYM = "SYNONYM"


@dataclass(frozen=True, slots=True)
class Way:
    """Terms one after the other, `offsets` positions from the first; what follows comes after `length`."""

    terms: tuple[str, ...]
    offsets: tuple[int, ...]
    length: int = 1


@dataclass(frozen=True)
class Stretch:
    """What stands between two cuts: its tokens, the ways through it, and whether any is a synonym."""

    start: int
    end: int
    tokens: tuple[Token, ...]
    ways: tuple[Way, ...]
    synonym: bool


@dataclass(frozen=True)
class TokenGraph:
    """The stretches of a text in order, and the Han pairs that lie in plain stretches."""

    stretches: tuple[Stretch, ...]
    pairs: tuple[Token, ...] = field(default=())

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> TokenGraph:
        pairs = [t for t in tokens if is_pair(t)]
        edges = sorted((t for t in tokens if not is_pair(t)), key=lambda t: t.position)
        stretches: list[Stretch] = []
        group: list[Token] = []
        end = -1
        for token in edges:
            if group and token.position >= end:
                stretches.append(_stretch(group, end))
                group = []
            group.append(token)
            end = max(end, token.position + token.position_length)
        if group:
            stretches.append(_stretch(group, end))
        spans = [(s.start, s.end) for s in stretches if s.synonym]
        plain = [p for p in pairs if not any(_meet(p, a, b) for a, b in spans)]
        return cls(tuple(stretches), tuple(plain))

    @property
    def synonyms(self) -> bool:
        """Whether any stretch has synonyms."""
        return any(s.synonym for s in self.stretches)

    def plain_terms(self) -> list[str]:
        """The terms of all stretches without synonyms, pairs included, in the order of the text."""
        tokens = [t for s in self.stretches if not s.synonym for t in s.tokens] + list(self.pairs)
        return [t.term for t in sorted(tokens, key=lambda t: (t.position, t.position_length))]


def is_pair(token: Token) -> bool:
    """Whether a token is a pair of neighbouring Han characters that are tokens themselves."""
    return token.type == PAIR and token.position_length > 1


def is_han(token: Token) -> bool:
    """Whether a token is a single Han, Kana or Hangul character."""
    return token.type in HAN and len(token.term) == 1


def are_words(tokens: Sequence[Token]) -> bool:
    """Whether each token is a word of its own: one position after the other, nothing beside it or across it."""
    before = -1
    for token in tokens:
        if token.position <= before or token.position_length != 1 or token.type == SYNONYM:
            return False
        before = token.position
    return True


def _meet(token: Token, start: int, end: int) -> bool:
    return token.position < end and start < token.position + token.position_length


def _stretch(tokens: list[Token], end: int) -> Stretch:
    start = tokens[0].position
    synonym = any(t.type == SYNONYM for t in tokens)
    return Stretch(start, end, tuple(tokens), tuple(_ways(tokens, start, end, synonym)), synonym)


def _ways(tokens: list[Token], start: int, end: int, synonym: bool) -> list[Way]:
    """The ways from `start` to `end`: tokens that span it, and chains over the same inner positions.

    Positions between synonyms are those of the graph, not of a text: there each token takes one.
    """
    whole = [t for t in tokens if t.position == start and t.position + t.position_length >= end]
    ways = [Way((t.term,), (0,), 1 if synonym else end - start) for t in whole]
    inner = [t for t in tokens if t not in whole]
    leaves = {t.position for t in inner}
    owner = {node: node for node in range(start, end + 1)}

    def find(node: int) -> int:
        while owner[node] != node:
            node = owner[node]
        return node

    for token in inner:
        a, b = token.position, min(token.position + token.position_length, end)
        if a != start and b != end:
            owner[find(a)] = find(b)
    for node in range(start + 1, end - 1):  # a dropped word leaves a hole: the way goes on behind it
        if inner and node not in leaves:
            owner[find(node)] = find(node + 1)
    groups: dict[int, list[Token]] = {}
    for token in inner:
        node = token.position if token.position != start else token.position + token.position_length
        groups.setdefault(find(min(node, end)), []).append(token)
    ways += [_chain(group, start, end, synonym) for group in groups.values()]
    return list(dict.fromkeys(ways))


def _chain(tokens: list[Token], start: int, end: int, synonym: bool) -> Way:
    """The way by the shortest token at each position."""
    at, step = start, 0
    terms: list[str] = []
    offsets: list[int] = []
    last = max(t.position for t in tokens)
    while at <= last:
        here = [t for t in tokens if t.position == at]
        if here:
            token = min(here, key=lambda t: t.position_length)
            terms.append(token.term)
            offsets.append(step if synonym else at - start)
        at += token.position_length if here else 1
        step += 1
    return Way(tuple(terms), tuple(o - offsets[0] for o in offsets), step if synonym else end - start)


def paths(tokens: Sequence[Token], limit: int) -> list[Way] | None:
    """Every way through a whole text, as phrases; None when there are more than `limit`."""
    if tokens and are_words(tokens):
        first = tokens[0].position
        offsets = tuple(t.position - first for t in tokens)
        return [Way(tuple(t.term for t in tokens), offsets, offsets[-1] + 1)]
    graph = TokenGraph.of([t for t in tokens if not is_pair(t)])
    out = [Way((), (), 0)]
    before = graph.stretches[0].start if graph.stretches else 0
    for stretch in graph.stretches:
        gap = stretch.start - before
        before = stretch.end
        if len(out) * len(stretch.ways) > limit:
            return None
        out = [_joined(way, more, gap) for way in out for more in stretch.ways]
    return list(dict.fromkeys(way for way in out if way.terms))


def _joined(way: Way, more: Way, gap: int) -> Way:
    base = way.length + gap
    return Way(way.terms + more.terms, way.offsets + tuple(base + o for o in more.offsets), base + more.length)
