"""Encoders by name."""

from __future__ import annotations

import re
from pathlib import Path

from embeddings import e5
from embeddings.base import ModelNotInstalled, TextEncoder
from embeddings.bert import FolderOptions, load_e5, load_folder

# What a folder of a hub is downloaded for: never code, never pickles.
_HUB_FILES = ["*.json", "1_Pooling/config.json", "model.safetensors", "onnx/model.onnx"]


def load_encoder(
    name_or_path: str,
    cache: Path,
    threads: int,
    *,
    options: FolderOptions | None = None,
    allow_network: bool = False,
) -> TextEncoder:
    """The encoder of that name, or of a local folder in Hugging Face layout.

    ``cache`` is the folder for derived files (a model is built there once, then opened in tens of
    milliseconds, by the first text); ``threads`` is how many texts are encoded at once, one core
    each. ``options`` are for folders. A name on the Hugging Face hub ("organisation/model") is
    downloaded into ``cache`` only with ``allow_network``.

    ModelNotInstalled when the model is not on this machine, ValueError when a folder cannot be run.
    """
    if name_or_path == e5.NAME:
        return load_e5(cache, threads)
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return load_folder(path, cache, threads, options)
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name_or_path):
        if not allow_network:
            raise ModelNotInstalled(
                f"There is no folder {name_or_path}. If it is a model on the Hugging Face hub: it is not "
                "downloaded, because the network is not allowed; allow it (allow_network), or download "
                "the model elsewhere and give the path of its folder."
            )
        return load_folder(_download(name_or_path, cache), cache, threads, options)
    raise ModelNotInstalled(
        f"There is no encoder {name_or_path!r}: give {e5.NAME!r} or the path of a folder in Hugging Face layout."
    )


def _download(name: str, cache: Path) -> Path:
    from huggingface_hub import snapshot_download  # a network library, wanted only here

    return Path(snapshot_download(name, cache_dir=cache / "hub", allow_patterns=_HUB_FILES))
