"""Expressions to deterministic automata, by derivatives (Brzozowski 1964; Owens, Reppy and Turon 2009).

The derivative of an expression by a character is the expression of what may follow that character. An
automaton's states are the distinct derivatives; intersection and complement need no construction of their
own. Characters that no part of the expression tells apart are one class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .syntax import LAST, Both, Chars, Either, Node, Not, Repeat, Sequence

_STEPS_A_STATE = 64  # derivatives and their parts that may be worked out for each state allowed


class TooComplex(ValueError):
    """The automaton would need more states, or more work, than allowed."""


@dataclass(frozen=True)
class Pattern:
    """A deterministic automaton that reads code points.

    ``bounds``: int32[runs], the first code point of each run of like characters, ascending from 0; ``kinds``:
    int32[runs], the class of each run; ``moves``: int32[states, classes], -1 where no text can match any more;
    ``ascii_moves``: int32[states, 128], the same by ASCII character; ``accepts``: uint8[states], 1 where a text may
    end, 2 where any may follow. State 0 is the first. ``prefix``: what every matching text begins with;
    ``shortest``: characters of the shortest one.
    """

    bounds: np.ndarray
    kinds: np.ndarray
    moves: np.ndarray
    ascii_moves: np.ndarray
    accepts: np.ndarray
    prefix: str
    shortest: int

    def matches(self, text: str) -> bool:
        """Whether a text matches."""
        state = 0
        for char in text:
            kind = self.kinds[np.searchsorted(self.bounds, ord(char), side="right") - 1]
            state = int(self.moves[state, kind])
            if state < 0:
                return False
        return bool(self.accepts[state])


def determinize(node: Node, max_states: int = 10_000, check: Callable[[], None] | None = None) -> Pattern:
    """The automaton of an expression; TooComplex beyond `max_states` states. `check` is called now and then."""
    bounds, kinds, count = _classes(node)
    book = _Derivatives(bounds, kinds, count, max_states * _STEPS_A_STATE, check)
    start = book.build(node)
    numbers = {start: 0}
    moves: list[list[int]] = []
    queue = [start]
    for state in queue:
        row = []
        for kind in range(count):
            after = book.derive(state, kind)
            if after == book.nothing:
                row.append(-1)
                continue
            if after not in numbers:
                if len(numbers) >= max_states:
                    raise TooComplex(f"it needs more than {max_states} states")
                numbers[after] = len(numbers)
                queue.append(after)
            row.append(numbers[after])
        moves.append(row)
    ends = [book.nullable[state] for state in queue]
    table = _without_dead_ends(moves, ends)
    accepts = np.array(ends, np.uint8)
    accepts[[state == book.everything for state in queue]] = 2
    by_code, by_kind = np.array(bounds, np.int32), np.array(kinds, np.int32)
    by_ascii = table[:, by_kind[np.searchsorted(by_code, np.arange(128), side="right") - 1]]
    prefix = _prefix(by_code, by_kind, table, accepts)
    return Pattern(by_code, by_kind, table, np.ascontiguousarray(by_ascii), accepts, prefix, _shortest(moves, ends))


def _without_dead_ends(moves: list[list[int]], accepts: list[bool]) -> np.ndarray:
    """int32[states, classes]: -1 for every move to a state from which nothing is accepted."""
    sources: list[set[int]] = [set() for _ in moves]
    for state, row in enumerate(moves):
        for after in row:
            if after >= 0:
                sources[after].add(state)
    useful = {state for state, accepted in enumerate(accepts) if accepted}
    queue = list(useful)
    for state in queue:
        new = sources[state] - useful
        useful |= new
        queue += new
    return np.array([[a if a in useful else -1 for a in row] for row in moves], np.int32)


def _shortest(moves: list[list[int]], accepts: list[bool]) -> int:
    """Characters of the shortest text that is accepted; the number of states when there is none."""
    steps = {0: 0}
    queue = [0]
    for state in queue:
        if accepts[state]:
            return steps[state]
        for after in moves[state]:
            if after >= 0 and after not in steps:
                steps[after] = steps[state] + 1
                queue.append(after)
    return len(moves)


def _prefix(bounds: np.ndarray, kinds: np.ndarray, moves: np.ndarray, accepts: np.ndarray) -> str:
    """The longest text that begins every accepted text (at most 64 characters)."""
    sizes = np.diff(np.append(bounds, LAST + 1))
    out: list[str] = []
    state = 0
    while len(out) < 64 and not accepts[state]:
        (ways,) = np.nonzero(moves[state] >= 0)
        if len(ways) != 1:
            break
        (runs,) = np.nonzero(kinds == ways[0])
        if len(runs) != 1 or sizes[runs[0]] != 1 or 0xD800 <= bounds[runs[0]] <= 0xDFFF:
            break
        out.append(chr(int(bounds[runs[0]])))
        state = int(moves[state, ways[0]])
    return "".join(out)


def _classes(node: Node) -> tuple[list[int], list[int], int]:
    """(first code points of runs, the class of each run, number of classes): characters of a class are in the
    same ranges throughout the expression."""
    ranges: list[tuple[tuple[int, int], ...]] = []
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Chars):
            ranges.append(one.ranges)
        elif isinstance(one, Not | Repeat):
            stack.append(one.inner)
        elif isinstance(one, Sequence | Either | Both):
            stack += one.parts
    distinct = list(dict.fromkeys(ranges))
    bounds = sorted({0, *(x for part in distinct for low, high in part for x in (low, high + 1) if x <= LAST)})
    signs = [0] * len(bounds)
    where = {bound: at for at, bound in enumerate(bounds)}
    for number, part in enumerate(distinct):
        for low, high in part:
            for at in range(where[low], where.get(high + 1, len(bounds))):
                signs[at] |= 1 << number
    numbers: dict[int, int] = {}
    kinds = [numbers.setdefault(sign, len(numbers)) for sign in signs]
    return bounds, kinds, len(numbers)


class _Derivatives:
    """Expressions as numbers, equal ones with the same number, and their derivatives."""

    nothing, empty = 0, 1

    def __init__(
        self, bounds: list[int], kinds: list[int], classes: int, limit: int, check: Callable[[], None] | None
    ) -> None:
        self._bounds, self._kinds = bounds, kinds
        self._every = (1 << classes) - 1
        self._known: dict[tuple, int] = {("nothing",): 0, ("empty",): 1}
        self._parts: list[tuple] = [("nothing",), ("empty",)]
        self.nullable = [False, True]
        self._derived: dict[tuple[int, int], int] = {}
        self._left = limit
        self._check = check
        self.everything = self._add(("repeat", self._add(("chars", self._every), False), 0, None), True)

    def _add(self, parts: tuple, nullable: bool) -> int:
        number = self._known.get(parts)
        if number is None:
            number = self._known[parts] = len(self._parts)
            self._parts.append(parts)
            self.nullable.append(nullable)
        return number

    def build(self, node: Node) -> int:
        """The number of an expression."""
        if isinstance(node, Chars):
            mask = 0
            for low, high in node.ranges:
                for at, bound in enumerate(self._bounds):
                    if low <= bound <= high:
                        mask |= 1 << self._kinds[at]
            return self._add(("chars", mask), False) if mask else self.nothing
        if isinstance(node, Sequence):
            out = self.empty
            for part in reversed(node.parts):
                out = self._cat(self.build(part), out)
            return out
        if isinstance(node, Either):
            return self._either(self.build(part) for part in node.parts)
        if isinstance(node, Both):
            return self._both(self.build(part) for part in node.parts)
        if isinstance(node, Not):
            return self._not(self.build(node.inner))
        assert isinstance(node, Repeat)
        return self._repeat(self.build(node.inner), node.low, node.high)

    def _cat(self, a: int, b: int) -> int:
        if self.nothing in (a, b):
            return self.nothing
        if a == self.empty:
            return b
        if b == self.empty or (a == b == self.everything):
            return a
        chain = []
        while self._parts[a][0] == "cat":
            chain.append(self._parts[a][1])
            a = self._parts[a][2]
        for part in (a, *reversed(chain)):
            b = self._add(("cat", part, b), self.nullable[part] and self.nullable[b])
        return b

    def _either(self, numbers: Iterable[int]) -> int:
        found: set[int] = set()
        for number in numbers:
            parts = self._parts[number]
            found.update(parts[1] if parts[0] == "either" else (number,))
        found.discard(self.nothing)
        if self.everything in found:
            return self.everything
        self._left -= len(found)  # sorting a wide choice is work, too
        if len(found) < 2:
            return found.pop() if found else self.nothing
        return self._add(("either", tuple(sorted(found))), any(self.nullable[n] for n in found))

    def _both(self, numbers: Iterable[int]) -> int:
        found: set[int] = set()
        for number in numbers:
            parts = self._parts[number]
            found.update(parts[1] if parts[0] == "both" else (number,))
        found.discard(self.everything)
        if self.nothing in found:
            return self.nothing
        if len(found) < 2:
            return found.pop() if found else self.everything
        return self._add(("both", tuple(sorted(found))), all(self.nullable[n] for n in found))

    def _not(self, a: int) -> int:
        if a == self.nothing:
            return self.everything
        if a == self.everything:
            return self.nothing
        parts = self._parts[a]
        return parts[1] if parts[0] == "not" else self._add(("not", a), not self.nullable[a])

    def _repeat(self, a: int, low: int, high: int | None) -> int:
        if self.nullable[a]:
            low = 0
        if high == 0 or a == self.empty or (a == self.nothing and low == 0):
            return self.empty
        if a == self.nothing:
            return self.nothing
        if (low, high) == (1, 1):
            return a
        if (low, high) == (1, None):
            return self._cat(a, self._repeat(a, 0, None))
        parts = self._parts[a]
        if high is None and parts[0] == "repeat" and parts[2:] == (0, None):
            return a
        return self._add(("repeat", a, low, high), low == 0)

    def derive(self, number: int, kind: int) -> int:
        """The number of what may follow a character of a class; TooComplex when the work exceeds the limit."""
        found = self._derived.get((number, kind))
        if found is None:
            self._left -= 1
            if self._left < 0:
                raise TooComplex("it needs too much work to make its states")
            if self._check is not None and len(self._derived) % 1024 == 0:
                self._check()
            found = self._derived[number, kind] = self._step(number, kind)
        return found

    def _step(self, number: int, kind: int) -> int:
        parts = self._parts[number]
        name = parts[0]
        if name == "chars":
            return self.empty if parts[1] >> kind & 1 else self.nothing
        if name == "cat":
            ways = []
            while parts[0] == "cat":
                ways.append(self._cat(self.derive(parts[1], kind), parts[2]))
                if not self.nullable[parts[1]]:
                    return self._either(ways)
                number = parts[2]
                parts = self._parts[number]
            return self._either((*ways, self.derive(number, kind)))
        if name == "either":
            return self._either([self.derive(part, kind) for part in parts[1]])
        if name == "both":
            return self._both([self.derive(part, kind) for part in parts[1]])
        if name == "not":
            return self._not(self.derive(parts[1], kind))
        if name == "repeat":
            inner, low, high = parts[1:]
            rest = self._repeat(inner, max(0, low - 1), None if high is None else high - 1)
            return self._cat(self.derive(inner, kind), rest)
        return self.nothing
