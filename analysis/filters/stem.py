"""Stemming and what belongs to it."""

from __future__ import annotations

from analysis.components import Analyze, TokenFilter, token_filters
from analysis.filters.folding import Rewriting
from analysis.options import Options
from analysis.stemming import Stemmer, stemmer_languages

# Elasticsearch's names whose algorithm has another name here; "english" is Porter's of 1980 there.
_STEMMERS = {"english": "porter", "porter2": "english", "dutch_kp": "dutch_porter"}


class Stemming(Rewriting):
    """Stems terms, many at once where a vocabulary is stemmed."""

    def __init__(self, language: str) -> None:
        self._stemmer = Stemmer(language)
        super().__init__(self._stemmer)

    def many(self, terms: list[str | None]) -> list[str | None]:
        stems = self._stemmer.many([term or "" for term in terms])
        return [None if term is None else stem for term, stem in zip(terms, stems, strict=True)]


def strip_possessive(term: str) -> str:
    """The term without a trailing 's, with any of the three apostrophes (EnglishPossessiveFilter)."""
    return term[:-2] if len(term) > 1 and term[-1] in "sS" and term[-2] in "'\u2019\uff07" else term


@token_filters.register("stemmer")
def _stemmer(options: Options, before: Analyze) -> TokenFilter:
    name = options.text("language", options.text("name", "porter")).lower()
    if name == "possessive_english":
        return Rewriting(strip_possessive)
    algorithm = _STEMMERS.get(name, name)
    if algorithm not in stemmer_languages():
        known = sorted({*stemmer_languages(), "porter2", "possessive_english"})
        raise options.error(f"no stemmer [{name}]; choose one of {', '.join(known)}")
    return Stemming(algorithm)


@token_filters.register("snowball")
def _snowball(options: Options, before: Analyze) -> TokenFilter:
    name = options.text("language", "English").lower()
    if name not in stemmer_languages():
        raise options.error(f"no Snowball stemmer [{name}]; choose one of {', '.join(stemmer_languages())}")
    return Stemming(name)


@token_filters.register("porter_stem")
def _porter_stem(options: Options, before: Analyze) -> TokenFilter:
    return Stemming("porter")


@token_filters.register("possessive", "possessive_english")
def _possessive(options: Options, before: Analyze) -> TokenFilter:
    return Rewriting(strip_possessive)


@token_filters.register("stemmer_override")
def _stemmer_override(options: Options, before: Analyze) -> TokenFilter:
    table = {}
    for rule in options.texts("rules"):
        left, arrow, right = rule.partition("=>")
        if not arrow:
            raise options.error(f"a rule is written [word, word => stem], not [{rule}]")
        table.update({word.strip(): right.strip() for word in left.split(",")})
    return Rewriting(lambda term: table.get(term, term))
