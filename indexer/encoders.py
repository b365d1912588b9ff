"""The encoders of a data directory's spaces, loaded once in each process."""

from __future__ import annotations

import threading
from pathlib import Path

from analysis import words
from embeddings.base import TextEncoder
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
                from embeddings.registry import load_encoder  # the runtime takes a tenth of a second to import

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
            encoder = self.bert(space.model or self._settings.encoder)
            if entry is not None and made_by_another(entry, encoder):
                raise SpaceUnavailable(mismatch(space, entry, encoder))
            return encoder
        if entry is None or entry.model is None:
            raise SpaceUnavailable(
                f"the space [{space.name}] has no vectors yet: its model is trained on the index once its documents "
                "are searchable; wait with POST /{index}/_refresh?wait_for=vectors"
            )
        return self.trained(models / entry.model)


def made_by_another(entry: SpaceEntry, encoder: TextEncoder) -> bool:
    """Whether vectors of a space come from another model than this one: they cannot be compared."""
    return bool(entry.parts) and entry.fingerprint.rpartition(":")[2] != encoder.fingerprint


def mismatch(space: Space, entry: SpaceEntry, encoder: TextEncoder) -> str:
    """What is wrong when `made_by_another`, and what repairs it."""
    return (
        f"the vectors of the space [{space.name}] were made by {entry.encoder or 'another model'}, this process has "
        f"{description(encoder, space.metric)}; set QUARRY_ENCODER to the model that made them, or make them again "
        "with `quarry embed INDEX --again`"
    )


def description(encoder: TextEncoder, metric: str) -> str:
    """An encoder in words: name, dimension, pooling, metric."""
    pooling = getattr(encoder, "pooling", "mean")
    return f"{encoder.name} ({encoder.dimension} dimensions, {pooling} pooling, {metric})"
