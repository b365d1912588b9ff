"""HTML: title and main text, without scripts, navigation and other furniture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .base import ReadOptions, Record
from .encoding import decode
from .file import SourceFile
from .prose import Section, passages

_FURNITURE = (
    "script, style, noscript, template, svg, iframe, object, form, button, select, nav, aside, dialog, "
    "head, [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=search], "
    "[role=contentinfo], [role=complementary]"
)
_BLOCKS = frozenset(
    {
        *("address", "article", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "header", "hr", "html", "li", "main", "ol", "p"),
        *("pre", "section", "summary", "table", "tbody", "tfoot", "thead", "ul"),
    }
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """Passages of the main text, by its headings; the title is `<title>`, else the first heading."""
    data = file.read()
    tree = LexborHTMLParser(_decode(data, options.encoding))
    named = tree.css_first("head > title")
    title = _SPACE.sub(" ", named.text()).strip() if named else ""
    sections = list(_sections(_main(tree)))
    if not title:
        title = next((s.headings[0] for s in sections if s.headings), "")
    yield from passages(file, title, sections)


def plain(html: str) -> str:
    """The text of a fragment of HTML, its blocks parted by blank lines."""
    tree = LexborHTMLParser(html)
    return "\n\n".join(s.text for s in _sections(_main(tree)) if s.text)


def _decode(data: bytes, encoding: str | None) -> str:
    declared = _CHARSET.search(data[:2048])
    if encoding is None and declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii", "replace").lower()
        # Pages that say GB2312 use characters of its successors, as browsers have long assumed.
        name = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252"}.get(name, name)
        try:
            return decode(data, name)
        except (LookupError, UnicodeError):
            pass  # a wrong declaration is common, and no reason to refuse the page
    return decode(data, encoding)


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    """The node that holds the main text, cleared of furniture."""
    body = tree.body
    if body is None:
        return None
    candidates = tree.css("main, [role=main]") or tree.css("article")
    # Several articles are a list of them: all belong to the page.
    root = candidates[0] if len(candidates) == 1 else body
    for node in root.css(_FURNITURE):
        if node.mem_id != root.mem_id:
            node.decompose()
    if root.mem_id == body.mem_id:
        for node in root.css("body > header, body > footer"):
            node.decompose()
    return root


class _Walk:
    """The sections found so far while the tree is walked."""

    def __init__(self) -> None:
        self.headings: list[tuple[int, str]] = []
        self.blocks: list[str] = []
        self.text: list[str] = []
        self.sections: list[Section] = []

    def end_block(self) -> None:
        block = "".join(self.text)
        if block.strip():
            self.blocks.append(block.strip())
        self.text.clear()

    def end_section(self) -> None:
        self.end_block()
        if self.blocks:
            self.sections.append(Section("\n\n".join(self.blocks), tuple(h for _, h in self.headings)))
        self.blocks.clear()


def _sections(root: LexborNode | None) -> list[Section]:
    walk = _Walk()
    if root is not None:
        _visit(root, walk)
    walk.end_section()
    return walk.sections


def _visit(root: LexborNode, walk: _Walk) -> None:
    """Walk the tree in document order, without recursion: pages nest deeper than Python's stack."""
    stack: list[LexborNode | str] = [root]
    pre = 0
    while stack:
        node = stack.pop()
        if isinstance(node, str):  # the end of an element
            if node == "pre":
                pre -= 1
            if node in _BLOCKS:
                walk.end_block()
            elif node in ("td", "th"):
                walk.text.append(" | ")
            elif node == "tr":
                row = "".join(walk.text).strip().removesuffix("|").strip()
                walk.text[:] = [row]
                walk.end_block()
            continue
        tag = node.tag or ""
        if tag == "-text":
            content = node.text_content or ""
            walk.text.append(content if pre else _SPACE.sub(" ", content))
        elif tag in _HEADINGS:
            walk.end_section()
            depth = int(tag[1])
            heading = _SPACE.sub(" ", node.text()).strip()
            if heading:
                walk.headings = [(d, h) for d, h in walk.headings if d < depth] + [(depth, heading)]
        elif tag == "br":
            walk.text.append("\n")
        elif tag == "img":
            walk.text.append(node.attributes.get("alt") or "")
        elif not tag.startswith(("-", "_")):
            if tag in _BLOCKS:
                walk.end_block()
            pre += tag == "pre"
            stack.append(tag)
            children: list[LexborNode] = []
            child = node.child
            while child is not None:
                children.append(child)
                child = child.next
            stack.extend(reversed(children))
