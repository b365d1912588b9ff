"""Regular expressions as trees, before they become automata."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]
_FOLDED_RANGE = 4096  # characters of a range that are folded one by one; larger ranges stay as written


class Node:
    """A regular expression over Unicode characters."""


@dataclass(frozen=True)
class Chars(Node):
    """One character of any of the ranges, ends included."""

    ranges: Ranges


@dataclass(frozen=True)
class Sequence(Node):
    """One after the other; none: the empty text."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Either(Node):
    """Any of the parts; none: nothing at all."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Both(Node):
    """All of the parts at once."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Node):
    """Every text but those of `inner`."""

    inner: Node


@dataclass(frozen=True)
class Repeat(Node):
    """`inner` from `low` to `high` times (None: any number)."""

    inner: Node
    low: int = 0
    high: int | None = None


ANY = Chars(((0, LAST),))
ANYTHING = Repeat(ANY)
Fold = Callable[[str], Iterable[str]]


def literal(text: str) -> Node:
    """Exactly this text."""
    return Sequence(tuple(Chars(((ord(c), ord(c)),)) for c in text))


def prefix_of(text: str) -> Node:
    """Every text that begins with this one."""
    return Sequence((literal(text), ANYTHING))


def folded(node: Node, fold: Fold) -> Node:
    """The expression with each character replaced by what `fold` gives for it (one or several texts).

    Ranges of more than 4,096 characters, and negated ones, stay as they are.
    """
    if isinstance(node, Chars):
        size = sum(high - low + 1 for low, high in node.ranges)
        if size > _FOLDED_RANGE:
            return node
        texts = dict.fromkeys(text for low, high in node.ranges for c in range(low, high + 1) for text in fold(chr(c)))
        single = sorted(ord(t) for t in texts if len(t) == 1)
        parts: list[Node] = [Chars(joined((c, c) for c in single))] if single else []
        parts += [literal(t) for t in texts if len(t) != 1]
        return parts[0] if len(parts) == 1 else Either(tuple(parts))
    if isinstance(node, Not | Repeat):
        return replace(node, inner=folded(node.inner, fold))
    if isinstance(node, Sequence | Either | Both):
        return replace(node, parts=tuple(folded(part, fold) for part in node.parts))
    return node


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same characters in ascending ranges that neither touch nor overlap."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def inverted(ranges: Ranges) -> Ranges:
    """All other characters."""
    out, at = [], 0
    for low, high in joined(ranges):
        if at < low:
            out.append((at, low - 1))
        at = high + 1
    if at <= LAST:
        out.append((at, LAST))
    return tuple(out)


def any_case(char: str) -> tuple[str, ...]:
    """A character in both cases, where each is one character."""
    return tuple(dict.fromkeys(c for c in (char, char.lower(), char.upper()) if len(c) == 1))
