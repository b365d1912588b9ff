"""Wildcard patterns: `*` any text, `?` any character, a backslash takes the next sign as it is."""

from __future__ import annotations

from .syntax import ANY, ANYTHING, Chars, Node, Sequence


def wildcard(pattern: str) -> Node:
    """The pattern as an expression. A backslash at the end stands for itself, as in Lucene."""
    parts: list[Node] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            if not parts or parts[-1] is not ANYTHING:
                parts.append(ANYTHING)
        elif char == "?":
            parts.append(ANY)
        else:
            if char == "\\" and at + 1 < len(pattern):
                at += 1
                char = pattern[at]
            parts.append(Chars(((ord(char), ord(char)),)))
        at += 1
    return Sequence(tuple(parts))
