"""more_like_this: documents that share the most telling terms of given texts or documents."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson

from analysis import Analyzer, Token
from indexer import InvalidRequest, ParsingError, values_at
from indexer.fields import Field

from ..context import SearchContext
from ..lexical import WordQuery
from ..words import analyzer_of, indexed_term, minimum_of, similarity_of
from .base import Highlight, Parser, Query, options, query_type
from .bool import Bool
from .graph import is_han, is_pair
from .ids import Ids
from .lexical_leaf import Lexical
from .match_all import MatchNone
from .options import boost_of, flag, minimum_rule, name, number, whole
from .rewriting import Rewritten
from .units import AnyWay, AtLeast

_KEYS = {
    "fields", "like", "unlike", "max_query_terms", "min_term_freq", "min_doc_freq", "max_doc_freq", "min_word_length",
    "max_word_length", "stop_words", "analyzer", "minimum_should_match", "boost_terms", "include",
    "fail_on_unsupported_field",
}  # fmt: skip
_MOST = (1 << 31) - 1


@dataclass(frozen=True)
class Item:
    """A text, a stored document by its id, or a document given in place."""

    text: str | None = None
    id: str | None = None
    index: str | None = None
    doc: dict[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True)
class Limits:
    """Which terms are taken."""

    terms: int = 25
    least_tf: int = 2
    least_df: int = 5
    most_df: int = _MOST
    shortest: int = 0
    longest: int = _MOST
    stop: frozenset[str] = frozenset()


@query_type
@dataclass(frozen=True)
class MoreLikeThis(Rewritten):
    """The terms of the liked texts with the greatest tf * idf, at most `max_query_terms`, any of them scored,
    `minimum_should_match` (30%) of them needed.

    A term found in several fields is looked for in the one where it is most frequent. Of Chinese the pairs of
    characters are taken, and single characters only where they stand alone: a character says too little.
    """

    type: ClassVar[str] = "more_like_this"
    fields: tuple[str, ...] | None
    like: tuple[Item, ...]
    unlike: tuple[Item, ...] = ()
    limits: Limits = Limits()
    minimum: str | int = "30%"
    analyzer: str | None = None
    boost_terms: float = 0.0
    include: bool = False
    strict: bool = True
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MoreLikeThis:
        kind = cls.type
        found = options(kind, body, _KEYS)
        like = _items(found.get("like"))
        if not like:
            raise ParsingError("[more_like_this] requires 'like' to be specified")
        fields = found.get("fields")
        if fields is not None and (not isinstance(fields, list) or not fields):
            raise ParsingError("[more_like_this] requires 'fields' to be non-empty")
        stop = found.get("stop_words", [])
        if not isinstance(stop, list) or not all(isinstance(word, str) for word in stop):
            raise ParsingError("[more_like_this] [stop_words] must be a list of words")
        limits = Limits(
            whole(kind, found, "max_query_terms", 25, 1, 1024),
            whole(kind, found, "min_term_freq", 2, 0, _MOST),
            whole(kind, found, "min_doc_freq", 5, 0, _MOST),
            whole(kind, found, "max_doc_freq", _MOST, 0, _MOST),
            whole(kind, found, "min_word_length", 0, 0, _MOST),
            whole(kind, found, "max_word_length", 0, 0, _MOST) or _MOST,
            frozenset(stop),
        )
        rule = minimum_rule(kind, found)
        return cls(
            None if fields is None else tuple(str(f) for f in fields),
            like,
            _items(found.get("unlike")),
            limits,
            "30%" if rule is None else rule,
            name(kind, found, "analyzer"),
            number(kind, found, "boost_terms", 0.0, 0.0),
            flag(kind, found, "include", False),
            flag(kind, found, "fail_on_unsupported_field", True),
            boost_of(found),
            found.get("_name"),
        )

    def rewrite(self, ctx: SearchContext) -> Query:
        fields = self._fields(ctx)
        skipped = set(self._counts(ctx, fields, self.unlike))
        counts = {term: by_field for term, by_field in self._counts(ctx, fields, self.like).items()
                  if term not in skipped}  # fmt: skip
        chosen = self._chosen(ctx, counts)
        if not chosen:
            return MatchNone()
        best = chosen[0][0]
        by_field: dict[str, list[tuple[str, float]]] = {}
        for score, term, path in chosen:
            boost = self.boost * (self.boost_terms * score / best if self.boost_terms else 1.0)
            by_field.setdefault(path, []).append((term, boost))
        needed = min(len(chosen), minimum_of(self.minimum, len(chosen), 1))
        parts = [_words(ctx, ctx.mapping.fields[path], terms) for path, terms in by_field.items()]
        units = tuple(AnyWay((path,), (((term,),),)) for _, term, path in chosen)
        liked = tuple(item.id for item in self.like if item.id is not None and item.index in (None, ctx.index.name))
        return Bool(
            should=tuple(parts),
            filter=(AtLeast(units, max(1, needed)),),
            must_not=(Ids(liked),) if liked and not self.include else (),
        )

    def _fields(self, ctx: SearchContext) -> list[Field]:
        if self.fields is None:
            return ctx.text_fields()
        out = []
        for spec in ctx.expand(list(self.fields)):
            if spec.is_text or spec.type == "keyword":
                out.append(spec)
            elif self.strict:
                raise InvalidRequest(f"more_like_this only supports text/keyword fields: [{spec.path}]")
        return out

    def _counts(self, ctx: SearchContext, fields: Sequence[Field], items: Sequence[Item]) -> dict[str, dict[str, int]]:
        """How often each term stands in the items, by field."""
        out: dict[str, dict[str, int]] = {}
        for item in items:
            ctx.check_time()
            source = self._source(ctx, item)
            for spec in fields:
                values = [item.text] if item.text is not None else values_at(source, spec.source)
                for value in values:
                    if isinstance(value, str | int | float) and not isinstance(value, bool):
                        for term, count in self._terms(ctx, spec, str(value)).items():
                            own = out.setdefault(term, {})
                            own[spec.path] = own.get(spec.path, 0) + count
        return out

    @staticmethod
    def _source(ctx: SearchContext, item: Item) -> dict[str, Any]:
        if item.doc is not None:
            return dict(item.doc)
        if item.id is None:
            return {}
        index = ctx.index if item.index in (None, ctx.index.name) else ctx.node.index(str(item.index))
        found = index.get(item.id)
        source: dict[str, Any] = {} if found is None or found.body is None else orjson.loads(found.body)
        return source

    def _terms(self, ctx: SearchContext, spec: Field, text: str) -> Counter[str]:
        if not spec.is_text:
            return Counter([indexed_term(ctx, spec, text)])
        analyzer: Analyzer = (
            analyzer_of(ctx, spec, self.analyzer) if self.analyzer else ctx.index.analyzers.get(spec.analyzer)
        )
        tokens = analyzer.tokens(text)
        return Counter(token.term for token in _telling(tokens))

    def _chosen(self, ctx: SearchContext, counts: dict[str, dict[str, int]]) -> list[tuple[float, str, str]]:
        """(tf * idf, term, field) of the terms to look for, the best first. idf is Lucene's classic one."""
        limits, live = self.limits, ctx.view.live_documents
        out = []
        for term, by_field in counts.items():
            tf = sum(by_field.values())
            if tf < limits.least_tf or term in limits.stop or not limits.shortest <= len(term) <= limits.longest:
                continue
            df, path = max((ctx.reader.df(path, term), path) for path in by_field)
            if df and limits.least_df <= df <= limits.most_df:
                out.append((tf * (1.0 + math.log((live + 1) / (df + 1))), term, path))
        return sorted(out, key=lambda one: (-one[0], one[1]))[: limits.terms]


def _telling(tokens: Sequence[Token]) -> list[Token]:
    """All tokens but Han characters that are part of a pair."""
    paired = {p for t in tokens if is_pair(t) for p in (t.position, t.position + 1)}
    return [t for t in tokens if not (is_han(t) and t.position in paired)]


def _words(ctx: SearchContext, spec: Field, terms: Sequence[tuple[str, float]]) -> Query:
    words = WordQuery(
        (spec.path,),
        tuple(t for t, _ in terms),
        tuple(b for _, b in terms),
        similarity=similarity_of(ctx, spec.similarity),
    )
    return Lexical(words, tuple(Highlight(spec.path, term, analyzed=False) for term, _ in terms))


def _items(value: Any) -> tuple[Item, ...]:
    if value is None:
        return ()
    out = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            out.append(Item(text=one))
            continue
        if not isinstance(one, dict):
            raise ParsingError("[more_like_this] [like] takes texts and documents {_index, _id} or {_index, doc}")
        for key in one:
            if key not in ("_index", "_id", "doc"):
                raise ParsingError(f"[more_like_this] does not support [{key}] of a liked document")
        if ("_id" in one) == ("doc" in one):
            raise ParsingError("[more_like_this] a liked document is given by its [_id] or as [doc]")
        if "doc" in one and not isinstance(one["doc"], dict):
            raise ParsingError("[more_like_this] [doc] must be an object")
        if not isinstance(one.get("_index", ""), str) or isinstance(one.get("_id", ""), bool | dict | list):
            raise ParsingError("[more_like_this] [_index] and [_id] must be strings")
        out.append(Item(id=None if "_id" not in one else str(one["_id"]), index=one.get("_index"), doc=one.get("doc")))
    return tuple(out)
