"""Reads the room's data files: tables and word lists, UTF-8, ``#`` starts a comment line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


def read_lines(name: str) -> list[str]:
    """The file's lines without comments and blank ones."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def read_pairs(name: str) -> list[tuple[str, str]]:
    """Lines ``left<TAB>right``."""
    return [(left, right) for left, _, right in (line.partition("\t") for line in read_lines(name))]


@cache
def read_words(name: str) -> frozenset[str]:
    """White-space separated words."""
    return frozenset(word for line in read_lines(name) for word in line.split())
