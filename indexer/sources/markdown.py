"""Markdown (CommonMark with tables): the sections under each heading, as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .base import ReadOptions, Record
from .encoding import decode
from .file import SourceFile
from .html import plain
from .prose import Section, passages

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """Passages of each section; the title is the front matter's, else the first heading."""
    text = decode(file.read(), options.encoding)
    matter = _FRONT_MATTER.match(text)
    title = ""
    if matter:
        named = _TITLE.search(matter[1] or "")
        title = named[1].strip("\"'") if named else ""
        # Blank lines keep the line numbers of what follows.
        text = "\n" * matter[0].count("\n") + text[matter.end() :]
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    sections = list(_sections(tokens))
    if not title:
        title = next((s.headings[-1] for s in sections if s.headings), "")
    yield from passages(file, title, sections)


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    """The text between each two headings, with the headings above it."""
    headings: list[tuple[int, str]] = []
    blocks: list[str] = []
    line: int | None = None
    for i, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0:
            yield Section("\n\n".join(blocks), tuple(h for _, h in headings), line)
            blocks, line = [], None
            depth = int(token.tag[1])
            headings = [(d, h) for d, h in headings if d < depth] + [(depth, inline(tokens[i + 1]))]
        elif token.level == 0 and token.nesting >= 0 and token.map:
            block = _block(tokens, i)
            if block:
                blocks.append(block)
                line = token.map[0] + 1 if line is None else line
    yield Section("\n\n".join(blocks), tuple(h for _, h in headings), line)


def _block(tokens: Sequence[Token], start: int) -> str:
    """The plain text of one outermost block: a paragraph, a list, a quotation, a table, code, HTML."""
    lines: list[str] = []
    row: list[str] | None = None
    for token in tokens[start:]:
        if token.type == "inline":
            if row is None:
                lines.append(inline(token))
            else:
                row.append(inline(token))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
        elif token.type == "html_block":
            lines.append(plain(token.content))
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            lines.append(" | ".join(row))
            row = None
        if token.level == 0 and token.nesting <= 0:
            break
    return "\n".join(line for line in lines if line.strip())


def inline(token: Token) -> str:
    """The text of a run of inline markup: link texts and alternative texts stay, addresses do not."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "image":
            parts.append(inline(child))
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
    return "".join(parts)
