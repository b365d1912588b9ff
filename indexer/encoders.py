"""The encoders of a data directory's spaces, loaded once in each process."""

from __future__ import annotations

import threading
from pathlib import Path

from analysis import words
from embeddings.base import TextEncoder
from embeddings.registry import load_encoder
from settings import Settings

from .errors import SpaceUnavailable
from .manifest import SpaceEntry
from .spaces import Space


class Encoders:
    """Loads and keeps encoders. Safe in many threads; nothing is loaded before it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: dict[str, TextEncoder] = {}

    def bert(self, name: str) -> TextEncoder:
        """The BERT-family encoder of that name or folder; ModelNotInstalled when it is not there."""
        with self._lock:
            found = self._made.get(name)
            if found is None:
                s = self._settings
                found = self._made[name] = load_encoder(name, s.cache, s.encoder_threads)
            return found

    def trained(self, path: Path) -> TextEncoder:
        """The word-vector encoder that was trained on an index and saved in the folder `path`."""
        from embeddings.sif import SifEncoder  # gensim takes a second to import

        with self._lock:
            found = self._made.get(str(path))
            if found is None:
                found = self._made[str(path)] = SifEncoder.load(path, words)
            return found

    def of(self, space: Space, entry: SpaceEntry | None, models: Path) -> TextEncoder:
        """The encoder of questions for a space; SpaceUnavailable when it has no model yet."""
        if space.family == "bert":
            return self.bert(space.model or self._settings.encoder)
        if entry is None or entry.model is None:
            raise SpaceUnavailable(
                f"the space [{space.name}] has no vectors yet: its model is trained on the index once its documents "
                "are searchable; wait with POST /{index}/_refresh?wait_for=vectors"
            )
        return self.trained(models / entry.model)
