"""A text against fields as if they were one: the terms that score, and the units that must be found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis import Token
from indexer.fields import Field

from ..context import SearchContext
from ..lexical import PhraseQuery, WordQuery
from ..words import minimum_of, similarity_of
from .base import Highlight, Query
from .bool import Bool
from .dis_max import best_query
from .fuzziness import Fuzzy, Weighted, similar_terms
from .graph import SYNONYM, Stretch, TokenGraph, Way, are_words, is_han, is_pair
from .han_runs import HanRun, NearRun, han_runs
from .lexical_leaf import Lexical
from .match_all import MatchNone
from .units import AnyWay, AtLeast, ByQuery, Run, Slot, Unit


@dataclass(slots=True)  # not frozen: that takes longer to make
class TextQuery:
    """How a text is looked for. `fields` share one analyzer; `fuzzy` and synonyms' phrases need one field."""

    fields: tuple[Field, ...]
    text: str
    operator: str = "or"
    minimum: str | int | None = None
    fuzzy: Fuzzy | None = None
    phrases: bool = True  # multi-word synonyms as phrases
    boost: float = 1.0
    weights: tuple[float, ...] | None = None

    @property
    def counted(self) -> bool:
        """Whether a document has to hold so many of the text's units."""
        return self.operator == "and" or self.minimum is not None

    def query(self, ctx: SearchContext, tokens: Sequence[Token], extra: tuple[Query, ...] = ()) -> Query:
        """The query of an analyzed text; each of `extra` is one more unit of it."""
        if not tokens and not extra:
            return MatchNone()
        counted = self.counted
        if self.fuzzy is None and not extra and (are_words(tokens) if counted else not _graph(tokens)):
            terms = [token.term for token in tokens]
            if not counted:
                return self._lexical(ctx, terms, None, 1)
            count = len(set(terms))
            needed = self._needed(count)
            return self._lexical(ctx, terms, None, needed)
        graph = TokenGraph.of(tokens)
        slots = self._slots(ctx, tokens)
        units = [*self._units(ctx, graph, tokens, slots), *(ByQuery(query) for query in extra)]
        parts = [*(self._synonym(ctx, stretch) for stretch in graph.stretches if stretch.synonym), *extra]
        count = sum(unit.size for unit in units)
        needed = self._needed(count)
        plain = [weighted for term in graph.plain_terms() for weighted in slots[term]]
        if not parts and not counted:
            return self._weighted(ctx, plain, 1)
        if not parts and all(isinstance(unit, AnyWay) and unit.single for unit in units):
            distinct = len({w.term for w in plain})
            if needed == count or distinct == count:
                # all pairs of a run found are all its characters found
                return self._weighted(ctx, plain, distinct if needed == count else needed)
        scoring = ([self._weighted(ctx, plain, 1)] if plain else []) + parts
        filters = (AtLeast(tuple(units), needed),) if counted else ()
        if len(scoring) == 1:
            return Bool(must=tuple(scoring), filter=filters)
        return Bool(should=tuple(scoring), filter=filters)

    def _needed(self, count: int) -> int:
        """How many of the text's units must be found, never more than it has: a short question asks for less."""
        return count if self.operator == "and" else max(1, min(count, minimum_of(self.minimum, count, 1)))

    def _slots(self, ctx: SearchContext, tokens: Sequence[Token]) -> dict[str, list[Weighted]]:
        """What each term of the text may be."""
        slots = {t.term: [Weighted(t.term, 1.0)] for t in tokens}
        if self.fuzzy is not None:
            for token in tokens:
                if not is_han(token) and not is_pair(token):
                    slots[token.term] = similar_terms(ctx, self.fields[0], token.term, self.fuzzy)
        return slots

    def _weighted(self, ctx: SearchContext, terms: Sequence[Weighted], minimum: int) -> Query:
        boosts = None if all(w.boost == 1.0 for w in terms) else [w.boost for w in terms]
        return self._lexical(ctx, [w.term for w in terms], boosts, minimum)

    def _lexical(self, ctx: SearchContext, terms: list[str], boosts: list[float] | None, minimum: int) -> Query:
        """`boosts`: one for each term beside the query's own, None for 1."""
        if self.boost != 1.0:
            boosts = [boost * self.boost for boost in boosts or [1.0] * len(terms)]
        paths = self._paths
        similarity = similarity_of(ctx, self.fields[0].similarity)
        words = WordQuery(
            paths, tuple(terms), None if boosts is None else tuple(boosts), self.weights, minimum, similarity
        )
        marks = [Highlight(path, self.text) for path in paths]
        if self.fuzzy is not None:
            marks += [Highlight(path, term, analyzed=False) for path in paths for term in dict.fromkeys(terms)]
            marks += self._mistaken(ctx)
        return Lexical(words, tuple(marks))

    def _mistaken(self, ctx: SearchContext) -> Iterator[Highlight]:
        """The text's Han runs with each mistake that they are found with."""
        path = self.fields[0].path
        for run in han_runs(ctx.analyzer(self.fields[0]).tokens(self.text)):
            if run.fuzzy and not run.pairs_only and self._mistakes(run):
                for terms, offsets in self._near(run).variants():
                    yield Highlight(path, " ".join(terms), phrase=True, analyzed=False, offsets=offsets)

    @property
    def _paths(self) -> tuple[str, ...]:
        return tuple(field.path for field in self.fields)

    # --- units ----------------------------------------------------------------------------------

    def _units(
        self, ctx: SearchContext, graph: TokenGraph, tokens: Sequence[Token], slots: dict[str, list[Weighted]]
    ) -> list[Unit]:
        paired = {p for pair in graph.pairs for p in range(pair.position, pair.position + pair.position_length)}
        at: list[tuple[int, int, Unit]] = []  # where each unit stands
        for stretch in graph.stretches:
            if stretch.synonym:
                at.append((stretch.start, stretch.end, ByQuery(self._synonym(ctx, stretch))))
            elif not (stretch.start in paired and stretch.end == stretch.start + 1 and is_han(stretch.tokens[0])):
                ways = tuple(tuple(_slot(slots, term) for term in way.terms) for way in stretch.ways)
                offsets = tuple(way.offsets for way in stretch.ways)
                at.append((stretch.start, stretch.end, AnyWay(self._paths, ways, offsets)))
        for pair in graph.pairs:
            unit = AnyWay(self._paths, (((pair.term,),),))
            at.append((pair.position, pair.position + pair.position_length, unit))
        at.sort(key=lambda one: one[:2])
        units = {unit: None for _, _, unit in at}
        if self.fuzzy is not None and self.fuzzy.fuzziness.fixed != 0:
            for run in han_runs(tokens):
                inside = [u for a, b, u in at if run.start <= a and b <= run.end and u in units]
                if run.fuzzy and inside and self._mistakes(run):
                    units = _replaced(units, inside, self._run(run, inside))
        return list(units)

    def _mistakes(self, run: HanRun) -> bool:
        assert self.fuzzy is not None
        return self.fuzzy.fuzziness.edits(len(run.tokens) + run.pairs_only) > 0

    def _run(self, run: HanRun, inside: list[Unit]) -> Unit:
        if run.pairs_only:
            return Run(tuple(inside), AtLeast(tuple(inside), max(1, len(inside) - 2)))
        return Run(tuple(inside), self._near(run))

    def _near(self, run: HanRun) -> NearRun:
        assert self.fuzzy is not None
        chars = tuple(token.term for token in run.tokens)
        return NearRun(self.fields[0].path, chars, self.fuzzy.prefix, self.fuzzy.swaps)

    # --- synonyms -------------------------------------------------------------------------------

    def _synonym(self, ctx: SearchContext, stretch: Stretch) -> Query:
        """The best of the ways; each counts once, however many of them a document holds."""
        return best_query([self._way(ctx, path, way) for way in stretch.ways for path in self._paths])

    def _way(self, ctx: SearchContext, path: str, way: Way) -> Query:
        field = next(field for field in self.fields if field.path == path)
        similarity = similarity_of(ctx, field.similarity)
        weight = self.boost if self.weights is None else self.boost * self.weights[self._paths.index(path)]
        marks = (Highlight(path, self.text), *(Highlight(path, term, analyzed=False) for term in way.terms))
        if len(way.terms) == 1:
            return Lexical(WordQuery((path,), way.terms, (weight,), similarity=similarity), marks)
        if self.phrases:
            return Lexical(PhraseQuery(path, way.terms, way.offsets, 0, weight, similarity), marks)
        boosts = (weight,) * len(way.terms)
        return Lexical(WordQuery((path,), way.terms, boosts, None, len(set(way.terms)), similarity), marks)


def _graph(tokens: Sequence[Token]) -> bool:
    return any(token.type == SYNONYM for token in tokens)


def _slot(slots: dict[str, list[Weighted]], term: str) -> Slot:
    return tuple(weighted.term for weighted in slots.get(term, [Weighted(term, 1.0)]))


def _replaced(units: dict[Unit, None], old: list[Unit], new: Unit) -> dict[Unit, None]:
    return {**{unit: None for unit in units if unit not in old}, new: None}
