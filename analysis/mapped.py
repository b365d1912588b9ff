"""Changed text that knows where it came from."""

from __future__ import annotations

from typing import NamedTuple


class Mapped(NamedTuple):
    """A changed text: its character i comes from ``original[starts[i]:ends[i]]``; None: from [i:i+1].

    A token [a, b) of the changed text is [starts[a], ends[b - 1]) of the original one.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original span of a span of the changed text that is not empty."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def then(self, change: Mapped) -> Mapped:
        """This change followed by another one, made of this one's text."""
        if change.starts is None or change.ends is None:
            return Mapped(change.text, self.starts, self.ends)
        if self.starts is None or self.ends is None:
            return change
        starts, ends = self.starts, self.ends
        return Mapped(change.text, [starts[at] for at in change.starts], [ends[at - 1] for at in change.ends])


class Builder:
    """Collects a changed text piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def keep(self, text: str, start: int, end: int) -> None:
        """Keep ``text[start:end]`` as it is."""
        self._pieces.append(text[start:end])
        self._starts += range(start, end)
        self._ends += range(start + 1, end + 1)

    def replace(self, piece: str, start: int, end: int) -> None:
        """Put ``piece`` for the original span [start, end)."""
        self._pieces.append(piece)
        self._starts += [start] * len(piece)
        self._ends += [end] * len(piece)

    def finish(self) -> Mapped:
        """The changed text."""
        return Mapped("".join(self._pieces), self._starts, self._ends)
