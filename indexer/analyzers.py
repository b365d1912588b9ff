"""The analyzers of one index: named ones and its own custom chains, made once and again when their files change."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from analysis import Analyzer, InvalidAnalysis, Sources, get_analyzer, get_normalizer
from settings import get_settings

from .errors import InvalidMapping, InvalidRequest
from .fields import TEXT_SIMILARITIES, Field

logger = logging.getLogger("quarry.indexer")

_SAMPLE = (
    "臺灣大學的圖書館藏書３００萬冊，北京大学图书馆也在其中。The libraries' running dogs weren't indexed: GPT-4, C++, "
    "IPv6, 3.14, naïve café, e-mail a.b@example.com 😀 Straße 長城 2024年5月 ｆｕｌｌ ｗｉｄｔｈ state-of-the-art"
)


@dataclass
class _Made:
    analyzer: Analyzer
    sources: Sources


class Analyzers:
    """Analyzers by name; `custom` is the index's `analysis` settings.

    `folder` holds the files that the settings name (default: `analysis` in the process's data directory).
    An analyzer whose watched files have changed (synonyms that are `updateable`, user dictionaries) is made
    again at its next use, in every process; one whose new files are wrong stays as it was, with a warning.
    """

    def __init__(self, custom: dict[str, Any], folder: Path | None = None) -> None:
        self.custom = custom
        self._folder: Callable[[], Path] = _default_folder if folder is None else partial(Path, folder)
        self._made: dict[tuple[str, bool], _Made] = {}

    def get(self, name: str) -> Analyzer:
        """The analyzer; a ValueError that lists the known names when there is none."""
        return self._get(name, False)

    def digest(self, name: str) -> str:
        """16 hexadecimal digits of what the analyzer makes of a sample."""
        tokens = [(t.term, t.start, t.end, t.position) for t in self.get(name).tokens(_SAMPLE)]
        return hashlib.blake2b(repr(tokens).encode(), digest_size=8).hexdigest()

    def normalizer(self, name: str) -> Analyzer:
        """The normalizer of a keyword field; a ValueError when there is none."""
        return self._get(name, True)

    def normalized(self, field: Field, value: str) -> str:
        """A keyword as `field` indexes it and as questions to it must be: by its normalizer, if it has one."""
        if field.normalizer is None:
            return value
        tokens = self.normalizer(field.normalizer).tokens(value)
        return tokens[0].term if tokens else ""

    def sources(self) -> Sources:
        """A reader of the files that settings may name."""
        return Sources(self._folder)

    def settled(self, name: str, normalizer: bool = False) -> bool:
        """Whether no file can change the analyzer, or normalizer, while the index is open."""
        self._get(name, normalizer)
        return not self._made[name, normalizer].sources.watches

    def _get(self, name: str, normalizer: bool) -> Analyzer:
        found = self._made.get((name, normalizer))
        if found is None:
            found = self._made[name, normalizer] = self._make(name, normalizer)
        elif found.sources.watches and found.sources.changed():
            found = self._renew((name, normalizer), found)
        return found.analyzer

    def _make(self, name: str, normalizer: bool) -> _Made:
        sources = self.sources()
        made = (get_normalizer if normalizer else get_analyzer)(name, self.custom, sources)
        return _Made(made, sources)

    def _renew(self, key: tuple[str, bool], old: _Made) -> _Made:
        try:
            new = self._make(*key)
            logger.info("analyzer [%s] is made again: its files have changed", key[0])
        except ValueError as error:
            logger.warning("analyzer [%s] stays as it was: %s", key[0], error)
            old.sources.accept()
            new = old
        self._made[key] = new
        return new

    def reload(self) -> list[str]:
        """Read all files again; the names of the analyzers that have any. InvalidRequest when one is wrong."""
        renewed: dict[tuple[str, bool], _Made] = {}
        names = set(_defined(self.custom)) | {name for name, normalizer in self._made if not normalizer}
        for name in sorted(names):
            try:
                made = self._make(name, False)
            except ValueError as error:
                raise InvalidRequest(str(error)) from None
            if made.sources.watches or made.sources.updateable:
                renewed[name, False] = made
        self._made.update(renewed)
        return [name for name, _ in renewed]

    def check_indexing(self, name: str, path: str) -> None:
        """InvalidMapping when an analyzer may serve searches only, because its rules may change."""
        self.get(name)
        updateable = self._made[name, False].sources.updateable
        if updateable:
            raise InvalidMapping(
                f"Failed to parse mapping: analyzer [{name}] containing filters {updateable} is not allowed to run in "
                f"index time mode on field [{path}]; name it as [search_analyzer]"
            )


def check_field(spec: Field, analyzers: Analyzers, similarities: Mapping[str, Any]) -> None:
    """InvalidRequest or InvalidMapping when a field names an analyzer, a normalizer or a similarity that there is not.

    `similarities` are the index's `similarity` settings.
    """
    try:
        if spec.is_text or spec.type == "completion":
            analyzers.check_indexing(spec.analyzer, spec.path)
            analyzers.get(spec.search_analyzer)
        if spec.normalizer is not None:
            analyzers.normalizer(spec.normalizer)
    except InvalidAnalysis as error:
        raise InvalidRequest(str(error)) from None
    if spec.is_text and spec.similarity not in TEXT_SIMILARITIES and spec.similarity not in similarities:
        raise InvalidMapping(
            f"Unknown Similarity type [{spec.similarity}] for field [{spec.path}]; known are "
            f"{', '.join([*TEXT_SIMILARITIES, *similarities])}"
        )


def _defined(custom: Mapping[str, Any]) -> list[str]:
    section = custom.get("analyzer", {})
    return list(section) if isinstance(section, Mapping) else []


def _default_folder() -> Path:
    return Path(get_settings().data) / "analysis"
