"""A GGUF file's graph in the installation's cache: built once, opened quickly ever after.

The cache folder of a model is written under another name and renamed when it is complete, so that a
process never sees a half-built one; a file lock lets one process build while others wait for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.config import LlamaConfig, read_config
from generator.errors import DamagedModel
from generator.gguf import GGUF
from generator.tokenizer import read_tokenizer

FORMAT = 3  # of the cache folder; a change of the graph needs another number
_HEAD, _SAMPLE, _SAMPLES = 16 << 20, 4 << 10, 256  # bytes, bytes, count


def prepare(source: Path, cache: Path, sha256: str | None = None) -> Path:
    """The folder with the graph, sizes and tokenizer of a GGUF file, built now when it is not there.

    ``sha256``: what the file must be, checked before building (``DamagedModel`` otherwise).
    """
    folder = cache / "models" / f"{source.stem.lower()}-{_fingerprint(source)}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent / f"{folder.name}.lock"):
        if not folder.is_dir():
            if sha256 is not None and _sha256(source) != sha256:
                raise DamagedModel(f"{source} is not the expected file (its sha256 differs): install it again")
            _build(source, folder)
    return folder


def load_config(folder: Path) -> LlamaConfig:
    """The sizes of the model in a folder that ``prepare`` made."""
    return LlamaConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))


def _build(source: Path, folder: Path) -> None:
    from generator.graph import build_graph  # needs onnx, which takes longer to import than a model to open

    temporary = folder.parent / f".building-{folder.name}"  # one at a time, under the lock
    shutil.rmtree(temporary, ignore_errors=True)  # of a process that was killed
    temporary.mkdir()
    try:
        file = GGUF(source)
        config = read_config(file)
        read_tokenizer(file).save(temporary)
        (temporary / "config.json").write_text(json.dumps(config.as_dict()), encoding="utf-8")
        build_graph(file, config, temporary / "model.onnx")
        os.rename(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _fingerprint(path: Path) -> str:
    """Tells files apart without reading hundreds of megabytes: size, beginning, and samples all over."""
    size = path.stat().st_size
    digest = hashlib.sha256(f"{FORMAT} {size} ".encode())
    with path.open("rb") as file:
        digest.update(file.read(_HEAD))
        for i in range(1, _SAMPLES + 1):
            file.seek(max(0, size * i // _SAMPLES - _SAMPLE))
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Holds an exclusive lock between processes; the system releases it when a process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
