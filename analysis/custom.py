"""Analyzers from Elasticsearch's ``analysis`` settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from analysis.analyzer import Analyzer
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
from analysis.options import InvalidAnalysis, Options

_SECTIONS = ("analyzer", "normalizer", "tokenizer", "filter", "char_filter")
Part = TypeVar("Part")


class Settings:
    """One index's ``analysis`` settings."""

    def __init__(self, settings: Mapping[str, Any] | None) -> None:
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

    def names(self) -> list[str]:
        """The names of the analyzers and normalizers that these settings define."""
        return [*self._sections["analyzer"], *self._sections["normalizer"]]

    def analyzer(self, name: str) -> Analyzer:
        """The analyzer or normalizer that the settings define under a name."""
        if name in self._sections["analyzer"]:
            values, kind = self._sections["analyzer"][name], "analyzer"
        else:
            values, kind = self._sections["normalizer"][name], "normalizer"
        options = Options(f"{kind} [{name}]", values)
        type_ = values.get("type", "custom")
        if kind == "normalizer" or type_ == "custom":
            made = self._custom(name, options, kind == "analyzer")
        elif isinstance(type_, str) and type_ in ANALYZERS:
            made = ANALYZERS[type_](name, options)
        else:
            raise options.error(f"unknown type [{type_}]; choose custom or one of {', '.join(sorted(ANALYZERS))}")
        options.finish()
        return made

    def _custom(self, name: str, options: Options, cuts: bool) -> Analyzer:
        chain: list[CharFilter] = [
            self._part(char_filters, "char_filter", entry, options, lambda text: [])
            for entry in _names(options, "char_filter")
        ]
        tokenizer = options.take("tokenizer") if cuts else "keyword"
        if tokenizer is None:
            raise options.error("a custom analyzer needs a [tokenizer]")
        cut = self._part(tokenizers, "tokenizer", tokenizer, options, lambda text: [])
        entries = _names(options, "filter")
        options.integer("position_increment_gap", 100)
        if not isinstance(cut, PhrasedTokenizer):
            return self._chain(name, options, chain, cut, entries)
        phrases = self._chain(name, options, chain, cut.for_phrases(), entries)
        return self._chain(name, options, chain, cut, entries, phrases)

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
        type_ = values.get("type")
        if not isinstance(type_, str):
            raise InvalidAnalysis(f"{where}: needs a [type]")
        return registry.make(type_, Options(where, values), before)


def _names(options: Options, key: str) -> list[Any]:
    value = options.take(key, [])
    return list(value) if isinstance(value, list | tuple) else [value]
