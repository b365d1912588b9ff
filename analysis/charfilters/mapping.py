"""Replacement of given strings (mapping) and of regular expressions (pattern_replace)."""

from __future__ import annotations

import re

from analysis.components import Analyze, CharFilter, char_filters
from analysis.mapped import Builder, Mapped
from analysis.options import Options

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_GROUP = re.compile(r"\\(.)|\$(\d)", re.DOTALL)


def unescape(text: str) -> str:
    r"""Resolve ``\n``, ``\u4e2d`` and an escaped character, as in Solr's and Lucene's rule files."""
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else _ESCAPES.get(m[1], m[1]), text)


def replacement(template: str) -> str:
    r"""A Java replacement (``$1``, ``\$``) as a Python template."""
    return _GROUP.sub(lambda m: f"\\g<{m[2]}>" if m[2] else re.escape(m[1]), template.replace("\\", "\\\\"))


@char_filters.register("mapping")
def _mapping(options: Options, before: Analyze) -> CharFilter:
    table: dict[str, str] = {}
    for rule in options.texts("mappings"):
        source, arrow, target = rule.partition("=>")
        if not arrow or not source.strip():
            raise options.error(f"a mapping is written [from => to], not [{rule}]")
        table[unescape(source.strip())] = unescape(target.strip())
    if not table:
        raise options.error("[mappings] must not be empty")
    longest_first = sorted(table, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))

    def apply(text: str) -> Mapped:
        built, at = Builder(), 0
        for match in pattern.finditer(text):
            built.keep(text, at, match.start())
            built.replace(table[match[0]], *match.span())
            at = match.end()
        built.keep(text, at, len(text))
        return built.finish()

    return apply


@char_filters.register("pattern_replace")
def _pattern_replace(options: Options, before: Analyze) -> CharFilter:
    pattern, template = options.pattern("pattern"), replacement(options.text("replacement", ""))
    try:
        pattern.sub(template, "")
        re.compile(pattern.pattern + "|").match("").expand(template)  # type: ignore[union-attr]
    except (re.error, IndexError) as problem:
        raise options.error(f"[replacement] does not fit the pattern: {problem}") from None

    def apply(text: str) -> Mapped:
        built, at = Builder(), 0
        for match in pattern.finditer(text):
            if match.end() > match.start():
                built.keep(text, at, match.start())
                built.replace(match.expand(template), *match.span())
                at = match.end()
        built.keep(text, at, len(text))
        return built.finish()

    return apply
