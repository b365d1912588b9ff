"""Analyzers by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from analysis.options import InvalidAnalysis

if TYPE_CHECKING:
    from analysis.analyzer import Analyzer
    from analysis.sources import Sources


class UnknownAnalyzer(InvalidAnalysis):
    """No analyzer of that name; the message lists the names there are."""


@cache
def _named(name: str) -> Analyzer | None:
    from analysis.builtin import ANALYZERS
    from analysis.options import Options

    return ANALYZERS[name](name, Options(f"analyzer [{name}]", {})) if name in ANALYZERS else None


def analyzer_names() -> list[str]:
    """The names that need no settings."""
    from analysis.builtin import ANALYZERS

    return list(ANALYZERS)


def get_analyzer(name: str, custom: Mapping[str, Any] | None = None, sources: Sources | None = None) -> Analyzer:
    """The analyzer of a name.

    Args:
        name: a named analyzer, or one that ``custom`` defines; ``default`` is ``multilingual``
            unless ``custom`` defines it.
        custom: Elasticsearch's ``analysis`` settings of the index. Analyzers made from them are not
            cached here: keep what is returned.
        sources: reads the files that the settings name; files are refused without it.

    Raises:
        UnknownAnalyzer: no such name.
        InvalidAnalysis: the settings define it wrongly; the message says where and what to change.
    """
    defined: list[str] = []
    if custom:
        from analysis.custom import Settings

        settings = Settings(custom, sources)
        defined = settings.names()
        if name in defined:
            return settings.analyzer(name)
    found = _named("multilingual" if name == "default" else name)
    if found is None:
        raise UnknownAnalyzer(f"unknown analyzer [{name}]; choose one of {', '.join([*analyzer_names(), *defined])}")
    return found


def check_settings(custom: Mapping[str, Any] | None) -> None:
    """InvalidAnalysis when ``analysis`` settings hold something else than their parts, or a part of no known type."""
    from analysis.custom import Settings

    Settings(custom).check()


def get_normalizer(name: str, custom: Mapping[str, Any] | None = None, sources: Sources | None = None) -> Analyzer:
    """The normalizer of a name: ``lowercase``, or one that ``custom`` defines. It gives one token.

    Raises:
        UnknownAnalyzer: no such name.
        InvalidAnalysis: the settings define it wrongly.
    """
    from analysis.custom import Settings

    settings = Settings(custom, sources)
    if name in settings.normalizers():
        return settings.normalizer(name)
    found = _named(name) if name == "lowercase" else None
    if found is None:
        raise UnknownAnalyzer(f"normalizer [{name}] not found; choose lowercase or one of {settings.normalizers()}")
    return found
