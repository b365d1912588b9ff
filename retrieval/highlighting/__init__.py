"""Highlighting: the parts of a stored text that a query matched, cut into fragments.

Tokens carry exact offsets into the stored text, so marks are exact in Chinese and across full-width,
traditional and stemmed text, and phrases are marked only where the phrase stands. Fragments are ranked
by BM25 of their terms, each fragment as if it were a document of the field, and shown in text order
unless they are asked for by score.
"""

from __future__ import annotations

import fnmatch
import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from indexer import InvalidRequest, values_at
from indexer.fields import Field

from ..context import SearchContext
from ..query.base import Highlight
from ..query.graph import Way
from .fragments import Fragment, beginning, fragments, rendered, word_boundary
from .matching import Span, Wanted, find, merged
from .options import FieldOptions, parse_highlight

__all__ = ["FieldOptions", "Highlighter", "parse_highlight"]

MAX_ANALYZED = 1_000_000  # characters of one value, unless the request says how many to look at
K1, B = 1.2, 0.75


class Highlighter:
    """Marks hits of one request on one index."""

    def __init__(
        self, ctx: SearchContext, wanted: Iterable[Highlight], fields: Sequence[tuple[str, FieldOptions]]
    ) -> None:
        self.ctx = ctx
        self._asked = list(dict.fromkeys(wanted))
        self.fields: dict[str, FieldOptions] = {}
        self._by_query: dict[int, list[Highlight]] = {}
        self._wanted: dict[tuple[str, str], Wanted] = {}
        self._idf: dict[tuple[str, str], float] = {}
        for pattern, options in fields:
            for path, spec in ctx.mapping.fields.items():
                if fnmatch.fnmatchcase(path, pattern) and (spec.is_text or spec.type == "keyword"):
                    self.fields[path] = options

    def highlight(self, source: dict[str, Any]) -> dict[str, list[str]]:
        """Fragments of each field of a document that has any.

        InvalidRequest when a text is longer than may be analyzed and the request does not say how much to look at.
        """
        out = {}
        for path, options in self.fields.items():
            spec = self.ctx.mapping.fields[path]
            texts = [
                str(value)
                for value in values_at(source, spec.source)
                if isinstance(value, str | int | float) and not isinstance(value, bool)
            ]
            shown = self._shown(spec, texts, options)
            if shown:
                out[path] = shown
        return out

    def _shown(self, spec: Field, texts: list[str], options: FieldOptions) -> list[str]:
        show = html.escape if options.escape else str
        found: list[Fragment] = []
        for number, text in enumerate(texts):
            spans = self.spans(spec, text, options)
            if not spans:
                continue
            if options.count == 0:
                pieces = [Fragment(0, len(text), spans)]
            elif spec.is_text:
                pieces = fragments(text, spans, options)
            else:
                pieces = [Fragment(0, len(text), spans)]
            for piece in pieces:
                piece.value = number
            found += pieces
        if not found:
            if not texts or not options.no_match:
                return []
            return [rendered(texts[0], beginning(texts[0], options.no_match), options, show)]
        if options.count:
            for piece in found:
                piece.score = self._score(spec, piece, options)
            found = sorted(found, key=lambda p: (-p.score, p.value, p.start))[: options.count]
            if not options.by_score:
                found.sort(key=lambda p: (p.value, p.start))
        return [rendered(texts[piece.value], piece, options, show) for piece in found]

    def spans(self, spec: Field, text: str, options: FieldOptions | None = None) -> list[Span]:
        """Where `text`, a value of the field, matches, as disjoint ascending spans."""
        options = options or FieldOptions()
        if options.analyzed is not None:
            text = text[: word_boundary(text, options.analyzed or MAX_ANALYZED, len(text), 1)]
        elif len(text) > MAX_ANALYZED and spec.is_text:
            raise InvalidRequest(
                f"The length [{len(text)}] of field [{spec.path}] exceeds the limit [{MAX_ANALYZED}] of highlighting; "
                f"set [max_analyzed_offset] to at most [{MAX_ANALYZED}] to look at the beginning of long values only"
            )
        found: list[Span] = []
        for name in dict.fromkeys((spec.path, *options.matched_fields)):
            own = self.ctx.mapping.fields.get(name)
            if own is None:
                continue
            if own.is_text:
                wanted = self._wanted_in(own, options)
                if wanted:
                    analyzer = self.ctx.index.analyzers.get(own.analyzer)
                    found += find(analyzer, text, wanted, options.phrase_limit)
            elif self._is_keyword_hit(own, text, options):
                found.append(Span(0, len(text), text))
        return merged(found, text, len(options.tags) > 1)

    def _marks(self, path: str, options: FieldOptions) -> list[Highlight]:
        """What is looked for in a field: by the request's query, or by the field's own."""
        asked = self._asked
        if options.query is not None:
            known = self._by_query.get(id(options.query))
            if known is None:
                known = self._by_query[id(options.query)] = list(dict.fromkeys(options.query.highlights(self.ctx)))
            asked = known
        return [mark for mark in asked if not options.same_field or mark.field == path]

    def _wanted_in(self, spec: Field, options: FieldOptions) -> Wanted:
        key = (spec.path, f"{id(options.query)} {options.same_field}")
        wanted = self._wanted.get(key)
        if wanted is None:
            wanted = self._wanted[key] = Wanted()
            analyzer = self.ctx.analyzer(spec)
            marks = self._marks(spec.path, options)
            for mark in marks:
                if mark.analyzed and mark.phrase:
                    wanted.phrase(analyzer.question_tokens(mark.text, phrase=True), mark.slop)
                elif mark.analyzed:
                    wanted.words(analyzer.question_tokens(mark.text))
            within = wanted.within()  # a query may also name the words of its texts, one by one
            for mark in marks:
                if mark.offsets:
                    wanted.phrases.append((Way(tuple(mark.text.split()), mark.offsets), 0, wanted.number(mark.text)))
                elif not mark.analyzed and mark.text not in within:
                    wanted.term(mark.text)
        return wanted

    def _is_keyword_hit(self, spec: Field, text: str, options: FieldOptions) -> bool:
        value = self.ctx.index.analyzers.normalized(spec, text)
        for mark in self._marks(spec.path, options):
            if mark.text in (text, value) or self.ctx.index.analyzers.normalized(spec, mark.text) == value:
                return True
        return False

    def _score(self, spec: Field, fragment: Fragment, options: FieldOptions) -> float:
        """BM25 of the fragment's terms; an average fragment is of the fragment size."""
        counts: dict[str, int] = {}
        for span in fragment.spans:
            counts[span.term] = counts.get(span.term, 0) + 1
        length = (fragment.end - fragment.start) / max(options.size, 1) if options.size else 1.0
        norm = K1 * (1 - B + B * length)
        return sum(self._weight(spec.path, term) * n * (K1 + 1) / (n + norm) for term, n in counts.items())

    def _weight(self, path: str, term: str) -> float:
        """The idf of a term, of a phrase the sum of its terms'."""
        found = self._idf.get((path, term))
        if found is None:
            total = 0.0
            live = self.ctx.view.live_documents
            for part in term.split(" "):
                df = self.ctx.reader.df(path, part)
                total += math.log(1 + (live - df + 0.5) / (df + 0.5)) if df else 1.0
            found = self._idf[path, term] = max(total, 0.01)
        return found
