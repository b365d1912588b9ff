"""Highlighting: the parts of a stored text that a query matched, cut into fragments.

Tokens carry exact offsets into the stored text, so marks are exact in Chinese and across full-width and
traditional text. Fragments are sentences (long ones are cut around their marks), ranked by the summed
idf of the distinct terms they hold, and shown in text order.
"""

from __future__ import annotations

import fnmatch
import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis import Analyzer, Token, sentences
from indexer import ParsingError, values_at
from indexer.fields import Field

from .context import SearchContext
from .query.base import Highlight

_OPTIONS = {
    "pre_tags", "post_tags", "fragment_size", "number_of_fragments", "no_match_size", "require_field_match",
    "type", "order", "encoder", "boundary_scanner", "boundary_scanner_locale", "phrase_limit", "max_analyzed_offset",
    "tags_schema", "fragmenter", "force_source", "matched_fields",
}  # fmt: skip
Span = tuple[int, int, str]  # start, end, term


@dataclass(frozen=True)
class FieldOptions:
    """How one field is highlighted; sizes in characters."""

    pre: str = "<em>"
    post: str = "</em>"
    size: int = 100
    count: int = 5
    no_match: int = 0
    same_field: bool = True
    by_score: bool = False
    escape: bool = False


def parse_highlight(body: Any) -> tuple[tuple[str, FieldOptions], ...]:
    """The request's `highlight` as (field pattern, options); ParsingError on what is not known."""
    if body is None:
        return ()
    if not isinstance(body, dict):
        raise ParsingError("[highlight] must be an object")
    for key in body:
        if key not in _OPTIONS | {"fields"}:
            raise ParsingError(f"[highlight] unknown field [{key}]")
    fields = body.get("fields")
    if isinstance(fields, list) and all(isinstance(part, dict) for part in fields):
        fields = {k: v for part in fields for k, v in part.items()}
    if not isinstance(fields, dict) or not all(own is None or isinstance(own, dict) for own in fields.values()):
        raise ParsingError("[highlight] requires [fields], an object with a field's options under each name")
    return tuple((pattern, _options({**body, **(own or {})})) for pattern, own in fields.items())


def _options(body: dict[str, Any]) -> FieldOptions:
    for key in body:
        if key not in _OPTIONS | {"fields"}:
            raise ParsingError(f"[highlight] unknown option [{key}]")
    sizes = {k: body.get(k, d) for k, d in (("fragment_size", 100), ("number_of_fragments", 5), ("no_match_size", 0))}
    for key, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ParsingError(f"[highlight] [{key}] must be a number that is not negative, not [{value}]")
    return FieldOptions(
        _tag(body, "pre_tags", "<em>"),
        _tag(body, "post_tags", "</em>"),
        sizes["fragment_size"],
        sizes["number_of_fragments"],
        sizes["no_match_size"],
        bool(body.get("require_field_match", True)),
        body.get("order") == "score",
        body.get("encoder") == "html",
    )


def _tag(body: dict[str, Any], key: str, default: str) -> str:
    """The first tag; more are for numbered highlighters."""
    tags = body.get(key, default)
    tags = [tags] if isinstance(tags, str) else tags
    if not isinstance(tags, list) or not tags or not all(isinstance(tag, str) for tag in tags):
        raise ParsingError(f"[highlight] [{key}] must be a list of strings")
    return str(tags[0])


class Highlighter:
    """Marks hits of one request on one index."""

    def __init__(
        self, ctx: SearchContext, wanted: Iterable[Highlight], fields: Sequence[tuple[str, FieldOptions]]
    ) -> None:
        self.ctx = ctx
        self.wanted = list(dict.fromkeys(wanted))
        self.fields: dict[str, FieldOptions] = {}
        for pattern, options in fields:
            for path, spec in ctx.mapping.fields.items():
                if fnmatch.fnmatchcase(path, pattern) and (spec.is_text or spec.type == "keyword"):
                    self.fields[path] = options
        self._idf: dict[tuple[str, str], float] = {}

    def highlight(self, source: dict[str, Any]) -> dict[str, list[str]]:
        """Fragments of each field of a document that has any."""
        out = {}
        for path, options in self.fields.items():
            field = self.ctx.mapping.fields[path]
            fragments: list[str] = []
            for value in values_at(source, field.source):
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    fragments += self._value(field, str(value), options)
            if fragments:
                out[path] = fragments[: options.count] if options.count else fragments
        return out

    def _value(self, field: Field, text: str, options: FieldOptions) -> list[str]:
        spans = self.spans(field, text, options.same_field)
        if not spans:
            return [_marked(text, 0, min(len(text), options.no_match), [], options)] if options.no_match else []
        if options.count == 0:
            return [_marked(text, 0, len(text), spans, options)]
        pieces = _fragments(text, spans, options.size)
        ranked = sorted(pieces, key=lambda p: (-self._weight(field, p[2]), p[0]))[: options.count]
        if not options.by_score:
            ranked.sort()
        return [_marked(text, a, b, inner, options) for a, b, inner in ranked]

    def spans(self, field: Field, text: str, same_field: bool = True) -> list[Span]:
        """Where `text` matches, as disjoint ascending spans."""
        wanted = [h for h in self.wanted if not same_field or h.field in (field.path, field.source)]
        if not wanted:
            return []
        if not field.is_text:
            hit = any(h.text == text for h in wanted)
            return [(0, len(text), text)] if hit else []
        index_analyzer = self.ctx.index.analyzers.get(field.analyzer)
        found: list[Span] = []
        tokens: list[Token] | None = None
        for want in wanted:
            if want.phrase:
                found += _phrases(index_analyzer, self.ctx.analyzer(field), want.text, text)
                continue
            tokens = index_analyzer.tokens(text) if tokens is None else tokens
            asked = self.ctx.analyzer(field).tokens(want.text) if want.analyzed else None
            found += _words(tokens, asked, want.text)
        return _merged(found, text)

    def _weight(self, field: Field, spans: list[Span]) -> float:
        total = 0.0
        for term in {t for _, _, t in spans}:
            key = (field.path, term)
            if key not in self._idf:
                df = self.ctx.reader.df(field.path, term)
                self._idf[key] = math.log(1 + (self.ctx.view.live_documents - df + 0.5) / (df + 0.5)) if df else 1.0
            total += max(self._idf[key], 0.01)
        return total + 0.01 * len(spans)


def _words(tokens: list[Token], asked: list[Token] | None, text: str) -> list[Span]:
    """Spans of the tokens whose terms were asked for.

    A Chinese question is marked by its bigrams; its single characters are marked only where no bigram of
    the question occurs, or stray characters all over a text would light up.
    """
    if asked is None:
        return [(t.start, t.end, t.term) for t in tokens if t.term == text]
    pairs = {t.term for t in asked if t.position_length > 1 and _han(t.term)}
    covered = {c for pair in pairs for c in pair}
    strong = {t.term for t in asked} - covered
    found = [(t.start, t.end, t.term) for t in tokens if t.term in strong]
    if any(term in pairs for _, _, term in found) or not covered:
        return found
    return found + [(t.start, t.end, t.term) for t in tokens if t.term in covered]


def _han(term: str) -> bool:
    return len(term) == 2 and all(ord(c) >= 0x2E80 for c in term)


def _phrases(index: Analyzer, search: Analyzer, phrase: str, text: str) -> list[Span]:
    asked = search.phrase_tokens(phrase)
    if not asked:
        return []
    at: dict[int, list[Token]] = {}
    for token in index.phrase_tokens(text):
        at.setdefault(token.position, []).append(token)
    out: list[Span] = []
    for position, here in at.items():
        spans = []
        for want in asked:
            there = at.get(position + want.position - asked[0].position, here if want is asked[0] else [])
            match = next((t for t in there if t.term == want.term), None)
            if match is None:
                break
            spans.append(match)
        else:
            out.append((min(t.start for t in spans), max(t.end for t in spans), phrase))
    return out


def _merged(spans: list[Span], text: str) -> list[Span]:
    """Overlapping spans as one; neighbours of Chinese characters too."""
    out: list[Span] = []
    for start, end, term in sorted(spans):
        if out and (start < out[-1][1] or (start == out[-1][1] and ord(text[start]) >= 0x2E80)):
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end, out[-1][2])
            continue
        out.append((start, end, term))
    return out


def _fragments(text: str, spans: list[Span], size: int) -> list[tuple[int, int, list[Span]]]:
    """(start, end, spans inside) of the pieces of `text` that hold a span, about `size` characters each."""
    out = []
    pieces: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if pieces and end - pieces[-1][0] <= size and "\n" not in text[pieces[-1][1] : start]:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    for start, end in pieces:
        inside = [s for s in spans if start <= s[0] < end]
        if not inside:
            continue
        if end - start <= 2 * size or size == 0:
            out.append((start, max(end, inside[-1][1]), inside))
            continue
        while inside:
            group = [s for s in inside if s[1] <= inside[0][0] + size] or inside[:1]
            slack = max(0, size - (group[-1][1] - group[0][0])) // 2
            low = _boundary(text, max(start, group[0][0] - slack), start, -1)
            high = _boundary(text, min(end, group[-1][1] + slack), end, 1)
            out.append((low, max(high, group[-1][1]), group))
            inside = inside[len(group) :]
    return out


def _boundary(text: str, at: int, limit: int, step: int) -> int:
    """The nearest place outward where no word is cut; Chinese may be cut anywhere."""
    while at != limit and 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum():
        if ord(text[at]) >= 0x2E80 or ord(text[at - 1]) >= 0x2E80:
            break
        at += step
    return at


def _marked(text: str, start: int, end: int, spans: list[Span], options: FieldOptions) -> str:
    show = html.escape if options.escape else str
    out, at = [], start
    for a, b, _ in spans:
        if a < start or a >= end:
            continue
        out += [show(text[at:a]), options.pre, show(text[a:b]), options.post]
        at = b
    out.append(show(text[at:end]))
    return "".join(out).strip()
