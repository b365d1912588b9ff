"""Markup taken out of a text (html_strip)."""

from __future__ import annotations

import re
from html import unescape

from analysis.components import Analyze, CharFilter, char_filters
from analysis.mapped import Builder, Mapped
from analysis.options import Options
from analysis.resources import read_words

_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    r"|<(?P<hidden>script|style)\b[^>]*>.*?(?:</(?P=hidden)\s*>|\Z)"
    r"|<[!?][^<>]{0,4096}>"
    r"""|</?(?P<tag>[a-z][a-z0-9:_-]*)(?:[^<>"']|"[^"]{0,4096}"|'[^']{0,4096}'){0,2048}+/?>"""
    r"|&(?:#[0-9]{1,8}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});",
    re.IGNORECASE | re.DOTALL,
)


@char_filters.register("html_strip")
def _html_strip(options: Options, before: Analyze) -> CharFilter:
    # Tags of elements inside a line vanish; every other tag becomes a line break.
    inline = read_words("inline_elements.txt")
    kept = frozenset(tag.lower() for tag in options.texts("escaped_tags", []))

    def apply(text: str) -> Mapped:
        built, at = Builder(), 0
        for match in _MARKUP.finditer(text):
            start, end = match.span()
            tag = (match["tag"] or match["hidden"] or "").lower()
            if tag and tag in kept:
                continue
            built.keep(text, at, start)
            if match["cdata"] is not None:
                built.keep(text, *match.span("cdata"))
            elif match[0][0] == "&":
                built.replace(unescape(match[0]), start, end)
            elif tag and tag not in inline:
                built.replace("\n", start, end)
            at = end
        built.keep(text, at, len(text))
        return built.finish()

    return apply
