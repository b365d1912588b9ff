"""Encoders by name."""

from __future__ import annotations

from pathlib import Path

from embeddings import e5
from embeddings.base import ModelNotInstalled, TextEncoder
from embeddings.bert import load_e5


def load_encoder(name_or_path: str, cache: Path, threads: int) -> TextEncoder:
    """The encoder of that name, or of a local folder in Hugging Face layout.

    ``cache`` is the folder for derived files (the model is built there once, then opened in tens of
    milliseconds); ``threads`` is how many texts are encoded at once, one core each.
    """
    if name_or_path == e5.NAME:
        return load_e5(cache, threads)
    raise ModelNotInstalled(f"There is no encoder {name_or_path!r}.")
