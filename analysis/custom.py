"""Analyzers from Elasticsearch's ``analysis`` settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from analysis.analyzer import POSITION_GAP, Analyzer
from analysis.builtin import ANALYZERS
from analysis.chain import ChainAnalyzer
from analysis.components import (
    CharFilter,
    PhrasedTokenizer,
    Registry,
    TokenFilter,
    Tokenizer,
    char_filters,
    token_filters,
    tokenizers,
)
from analysis.filters.folding import Folding
from analysis.filters.stem import Stemming
from analysis.options import InvalidAnalysis, Options
from analysis.sources import Sources

_SECTIONS = ("analyzer", "normalizer", "tokenizer", "filter", "char_filter")
Part = TypeVar("Part")


class Settings:
    """One index's ``analysis`` settings."""

    def __init__(self, settings: Mapping[str, Any] | None, sources: Sources | None = None) -> None:
        self._sources = sources or Sources()
        values = settings or {}
        values = values.get("analysis", values)
        unknown = [key for key in values if key not in _SECTIONS]
        if unknown:
            raise InvalidAnalysis(f"analysis settings hold {', '.join(_SECTIONS)}, not [{unknown[0]}]")
        self._sections: dict[str, Mapping[str, Any]] = {}
        for key in _SECTIONS:
            section = values.get(key, {})
            if not isinstance(section, Mapping) or not all(isinstance(v, Mapping) for v in section.values()):
                raise InvalidAnalysis(f"[analysis.{key}] must hold named objects")
            self._sections[key] = section

    def check(self) -> None:
        """InvalidAnalysis when a part has no type that there is, whether an analyzer uses it or not."""
        for registry in (char_filters, tokenizers, token_filters):
            for name, values in self._sections[registry.kind].items():
                registry.check(values.get("type"), f"{registry.kind} [{name}]")

    def names(self) -> list[str]:
        """The names of the analyzers that these settings define."""
        return list(self._sections["analyzer"])

    def normalizers(self) -> list[str]:
        """The names of the normalizers that these settings define."""
        return list(self._sections["normalizer"])

    def normalizer(self, name: str) -> Analyzer:
        """The normalizer that the settings define under a name: filters that change one term's characters."""
        values = self._sections["normalizer"][name]
        options = Options(f"normalizer [{name}]", values, self._sources)
        if values.get("type", "custom") != "custom":
            raise options.error(f"unknown type [{values['type']}]; a normalizer is custom")
        made = self._custom(name, options, cuts=False)
        for entry, part in zip(_listed(values.get("filter")), made.filters, strict=True):
            if not isinstance(part, Folding) or isinstance(part, Stemming):
                raise options.error(f"a normalizer may not use the filter [{entry}]: it does more than fold characters")
        options.finish()
        return made

    def analyzer(self, name: str) -> Analyzer:
        """The analyzer that the settings define under a name."""
        values = self._sections["analyzer"][name]
        options = Options(f"analyzer [{name}]", values, self._sources)
        type_ = values.get("type", "custom")
        made: Analyzer
        if type_ == "custom":
            made = self._custom(name, options, cuts=True)
        elif isinstance(type_, str) and type_ in ANALYZERS:
            made = ANALYZERS[type_](name, options)
        else:
            raise options.error(f"unknown type [{type_}]; choose custom or one of {', '.join(sorted(ANALYZERS))}")
        options.finish()
        return made

    def _custom(self, name: str, options: Options, cuts: bool) -> ChainAnalyzer:
        changes = _names(options, "char_filter")
        chain: list[CharFilter] = [
            self._part(char_filters, "char_filter", entry, options, lambda text: []) for entry in changes
        ]
        tokenizer = options.take("tokenizer") if cuts else "keyword"
        if tokenizer is None:
            raise options.error("a custom analyzer needs a [tokenizer]")
        cut = self._part(tokenizers, "tokenizer", tokenizer, options, lambda text: [])
        entries = _names(options, "filter")
        if options.integer("position_increment_gap", POSITION_GAP) != POSITION_GAP:
            raise options.error(f"[position_increment_gap] is always {POSITION_GAP}")
        phrases = None
        if isinstance(cut, PhrasedTokenizer):
            phrases = self._chain(name, options, chain, cut.for_phrases(), entries)
        made = self._chain(name, options, chain, cut, entries, phrases)
        made.labels = (tuple(map(_label, changes)), _label(tokenizer), tuple(map(_label, entries)))
        return made

    def _chain(
        self,
        name: str,
        options: Options,
        chain: list[CharFilter],
        cut: Tokenizer,
        entries: list[Any],
        phrases: ChainAnalyzer | None = None,
    ) -> ChainAnalyzer:
        """A chain with its own filters: some analyze their settings by what stands before them."""
        filters: list[TokenFilter] = []
        for entry in entries:
            before = ChainAnalyzer(name, chain, cut, filters).tokens
            filters.append(self._part(token_filters, "filter", entry, options, before))
        return ChainAnalyzer(name, chain, cut, filters, phrases)

    def _part(self, registry: Registry[Part], section: str, entry: Any, owner: Options, before: Any) -> Part:
        """A part by its name here, by a name that needs no settings, or by settings written in place."""
        if isinstance(entry, Mapping):
            values, where = entry, f"{section} of {owner.where}"
        elif isinstance(entry, str):
            values, where = self._sections[section].get(entry, {"type": entry}), f"{section} [{entry}]"
        else:
            raise owner.error(f"[{section}] must be a name or an object with a [type], not [{entry}]")
        registry.check(values.get("type"), where)
        return registry.make(values["type"], Options(where, values, self._sources), before)


def _names(options: Options, key: str) -> list[Any]:
    return _listed(options.take(key))


def _label(entry: Any) -> str:
    """The name of a part, or one made of its type when it is written in place."""
    return entry if isinstance(entry, str) else f"__anonymous__{entry.get('type')}"


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
