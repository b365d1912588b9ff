"""Lucene's regular expressions, as documented for Elasticsearch's `regexp` query.

``. ? + * {n} {n,} {n,m} | ( ) [abc] [^a-z] "text" \\c`` always, ``\\d \\D \\s \\S \\w \\W`` as classes of ASCII
characters, and by flags ``~`` (complement), ``<1-100>`` (interval), ``&`` (intersection), ``@`` (any text) and
``#`` (nothing). An expression matches a whole term; ``^`` and ``$`` are ordinary characters.
"""

from __future__ import annotations

from .syntax import ANY, ANYTHING, Both, Chars, Either, Node, Not, Repeat, Sequence, inverted, joined, literal

FLAGS = ("COMPLEMENT", "INTERVAL", "INTERSECTION", "ANYSTRING", "EMPTY")
MAX_REPEAT = 10_000
MAX_NESTING = 100
_CLASSES = {
    "d": ((48, 57),),
    "s": ((9, 10), (13, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}


class RegexpError(ValueError):
    """An expression that cannot be read; the message says where and why."""


def parse_regexp(text: str, flags: frozenset[str] = frozenset(FLAGS)) -> Node:
    """The expression's tree; RegexpError. `flags`: which optional operators are on."""
    reader = _Reader(text, flags)
    if not text:
        return Sequence()
    node = reader.either()
    if reader.at < len(text):
        raise reader.error(f"unexpected [{text[reader.at]}]")
    return node


class _Reader:
    """Recursive descent; precedence from low to high: | & concatenation, repetition, ~, one character."""

    def __init__(self, text: str, flags: frozenset[str]) -> None:
        self.text = text
        self.flags = flags
        self.at = 0
        self.nesting = 0

    def error(self, why: str) -> RegexpError:
        return RegexpError(f"{why} at position {self.at} of [{self.text}]")

    def peek(self, chars: str) -> bool:
        return self.at < len(self.text) and self.text[self.at] in chars

    def take(self, char: str) -> bool:
        if self.peek(char):
            self.at += 1
            return True
        return False

    def next(self) -> str:
        if self.at >= len(self.text):
            raise self.error("unexpected end of the expression")
        self.at += 1
        return self.text[self.at - 1]

    def on(self, flag: str, char: str) -> bool:
        return flag in self.flags and self.take(char)

    def either(self) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.error(f"parentheses nested deeper than {MAX_NESTING}")
        parts = [self.both()]
        while self.take("|"):
            parts.append(self.both())
        self.nesting -= 1
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self) -> Node:
        parts = [self.sequence()]
        while self.on("INTERSECTION", "&"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def sequence(self) -> Node:
        parts = [self.repeat()]
        stop = ")|" + ("&" if "INTERSECTION" in self.flags else "")
        while self.at < len(self.text) and not self.peek(stop):
            parts.append(self.repeat())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeat(self) -> Node:
        node = self.complement()
        while self.peek("?*+{"):
            sign = self.next()
            if sign == "{":
                node = self.counted(node)
            else:
                node = Repeat(node, 1 if sign == "+" else 0, 1 if sign == "?" else None)
        return node

    def counted(self, node: Node) -> Node:
        low = self.number()
        high: int | None = low
        if self.take(","):
            high = self.number() if self.peek("0123456789") else None
        if not self.take("}"):
            raise self.error("expected [}]")
        if high is not None and high < low:
            raise self.error(f"the repetition {{{low},{high}}} has its bounds the wrong way round")
        return Repeat(node, low, high)

    def number(self) -> int:
        start = self.at
        while self.peek("0123456789"):
            self.at += 1
        if start == self.at:
            raise self.error("expected a number")
        value = int(self.text[start : self.at][:9])
        if value > MAX_REPEAT:
            raise self.error(f"a repetition of {value} exceeds the limit of {MAX_REPEAT}")
        return value

    def complement(self) -> Node:
        negated = False
        while self.on("COMPLEMENT", "~"):
            negated = not negated
        node = self.one()
        return Not(node) if negated else node

    def one(self) -> Node:
        if self.peek("|)?*+{]}") and not self.peek("]}"):
            raise self.error(f"unexpected [{self.text[self.at]}]; put a backslash before it to look for it")
        if self.take("["):
            return self.char_class()
        if self.take("."):
            return ANY
        if self.on("EMPTY", "#"):
            return Either()
        if self.on("ANYSTRING", "@"):
            return ANYTHING
        if self.take('"'):
            return self.quoted()
        if self.take("("):
            if self.take(")"):
                return Sequence()
            node = self.either()
            if not self.take(")"):
                raise self.error("expected [)]")
            return node
        if self.on("INTERVAL", "<"):
            return self.interval()
        return Chars(self.char())

    def quoted(self) -> Node:
        end = self.text.find('"', self.at)
        if end < 0:
            raise self.error('expected ["]')
        inside = self.text[self.at : end]
        self.at = end + 1
        return literal(inside)

    def char(self) -> tuple[tuple[int, int], ...]:
        """One character, escaped or not, or a class such as \\d."""
        char = self.next()
        if char == "\\":
            char = self.next()
            if char.lower() in _CLASSES:
                ranges = _CLASSES[char.lower()]
                return inverted(ranges) if char.isupper() else ranges
            if char.isascii() and char.isalpha():
                raise self.error(f"the escape [\\{char}] is not supported")
        return ((ord(char), ord(char)),)

    def char_class(self) -> Node:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while not self.peek("]") or not ranges:
            part = self.char()
            if self.peek("-") and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                end = self.char()
                low, high = part[0][0], end[0][1]
                if len(part) > 1 or len(end) > 1 or high < low:
                    raise self.error(f"[{chr(low)}-{chr(high)}] is not a range of characters")
                part = ((low, high),)
            ranges += part
        self.at += 1
        found = joined(ranges)
        return Chars(inverted(found) if negated else found)

    def interval(self) -> Node:
        end = self.text.find(">", self.at)
        inside = self.text[self.at : end] if end >= 0 else ""
        low, dash, high = inside.partition("-")
        if not (dash and low.isdigit() and high.isdigit() and inside.isascii() and len(inside) <= 40):
            raise self.error("an interval is written <1-100>; named automata are not supported")
        self.at = end + 1
        first, last = sorted((int(low), int(high)))
        width = len(low) if len(low) == len(high) else 0
        if width:
            return Either(tuple(_between(str(first).zfill(width), str(last).zfill(width))))
        parts = []
        for digits in range(len(str(first)), len(str(last)) + 1):
            least = max(first, 10 ** (digits - 1) if digits > 1 else 0)
            parts += _between(str(least), str(min(last, 10**digits - 1)))
        return Sequence((Repeat(literal("0")), Either(tuple(parts))))


def _between(low: str, high: str) -> list[Node]:
    """The digit strings from `low` to `high`, which are equally long."""
    if not low:
        return [Sequence()]
    a, b = low[0], high[0]
    if a == b:
        return [Sequence((literal(a), part)) for part in _between(low[1:], high[1:])]
    rest = len(low) - 1
    out: list[Node] = [Sequence((literal(a), part)) for part in _between(low[1:], "9" * rest)]
    if ord(b) - ord(a) > 1:
        digits = Chars(((48, 57),))
        out.append(Sequence((Chars(((ord(a) + 1, ord(b) - 1),)), Repeat(digits, rest, rest))))
    out += [Sequence((literal(b), part)) for part in _between("0" * rest, high[1:])]
    return out
