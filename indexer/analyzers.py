"""The analyzers of one index: named ones and its own custom chains, made once."""

from __future__ import annotations

from typing import Any

from analysis import Analyzer, get_analyzer


class Analyzers:
    """Analyzers by name; `custom` is the index's `analysis` settings."""

    def __init__(self, custom: dict[str, Any]) -> None:
        self.custom = custom
        self._made: dict[str, Analyzer] = {}

    def get(self, name: str) -> Analyzer:
        """The analyzer; a ValueError that lists the known names when there is none."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = get_analyzer(name, self.custom)
        return found
