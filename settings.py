"""Every setting of Quarry, once.

Each is read from the environment with the prefix ``QUARRY_`` (``QUARRY_PORT=9300``), from a ``.env``
file in the working directory, or passed by the command line. Sizes are bytes, times are seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_cache() -> Path:
    """Derived files that belong to the installation: compiled kernels, built model graphs.

    Inside the environment, so that an image can be built with them and run read-only.
    """
    return Path(sys.prefix) / "var" / "quarry"


class Settings(BaseSettings):
    """The settings of one process; see each field's description."""

    model_config = SettingsConfigDict(
        env_prefix="QUARRY_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field("127.0.0.1", description="address the service binds to")
    port: int = Field(9280, ge=0, le=65535, description="port the service binds to")
    data: Path = Field(Path("data"), description="data directory: the indices live here")
    snapshots: str | None = Field(
        None, description="folders that may hold snapshots registered over REST, with ':' between them"
    )
    cache: Path = Field(default_factory=_default_cache, description="compiled kernels and built model graphs")
    workers: int = Field(2, ge=1, le=64, description="gunicorn worker processes")
    threads: int = Field(8, ge=1, le=256, description="request threads of each worker")
    backend: Literal["embedded", "elasticsearch"] = Field("embedded", description="where indices live")
    elasticsearch_url: str | None = Field(None, description="the cluster, when backend=elasticsearch")

    answerer: Literal["extractive", "builtin", "openai"] = Field("extractive", description="default answerer")
    openai_url: str | None = Field(None, description="base URL of an OpenAI-compatible server, with /v1")
    openai_model: str | None = Field(None, description="the model to ask that server for")
    openai_key: SecretStr | None = Field(None, description="its API key")
    openai_timeout: float = Field(60.0, gt=0, description="seconds to wait for that server")

    encoder: str = Field("multilingual-e5-small", description="default encoder: a name or a directory")
    generator: str = Field("smollm2-135m-instruct", description="built-in generator: a name or a GGUF file")
    encoder_threads: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, description="parallel encoder sessions"
    )
    refusal: Path | None = Field(None, description="when to refuse to answer: a file of `quarry tune`")
    generations: int = Field(2, ge=1, description="concurrent generations; more are answered 429")

    refresh_interval: float = Field(1.0, gt=0, description="seconds between background refreshes")
    indexing_memory: int = Field(128 << 20, ge=16 << 20, description="bytes held to build or merge segments")
    filter_memory: int = Field(64 << 20, ge=0, description="bytes in which a worker keeps what filters let through")
    max_body: int = Field(100 << 20, ge=1 << 10, description="largest request body that is not _bulk")
    max_document: int = Field(16 << 20, ge=1 << 10, description="largest single document")
    max_result_window: int = Field(10_000, ge=1, description="largest from + size")
    max_clauses: int = Field(4096, ge=1, description="clauses of one query")
    max_depth: int = Field(50, ge=1, description="nesting of one query")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe events logged")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()  # type: ignore[call-arg]


KERNEL_SOURCES = (
    "analysis/kernels",
    "embeddings",
    "indexer/segment",
    "retrieval/lexical",
    "retrieval/expansion",
    "retrieval/suggest",
)


def kernel_cache() -> Path:
    """The folder of compiled kernels that belongs to this version of their sources.

    numba notices a change of a kernel's own file only, not of the functions compiled into it from other
    files: a stale kernel would read another layout's memory. So the folder is named by all of them.
    """
    root = Path(__file__).resolve().parent
    digest = hashlib.blake2b(digest_size=8)
    for folder in KERNEL_SOURCES:
        for file in sorted((root / folder).glob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return Settings().cache / "kernels" / digest.hexdigest()  # type: ignore[call-arg]


def prepare_kernel_cache() -> None:
    """Point numba's on-disk cache at the installation's cache; call before numba is imported.

    numba wants to write beside what it reads. Where the installation is read-only (a container), its
    prepared kernels are copied to the temporary directory first.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    folder = kernel_cache()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        folder = _copied(folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def _copied(folder: Path) -> Path:
    """A private copy of `folder` in the temporary directory, made once."""
    home = Path(tempfile.gettempdir()) / f"quarry-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.stat().st_uid != os.getuid():
        raise PermissionError(f"{home} belongs to another user; set TMPDIR or QUARRY_CACHE to a directory of your own")
    target = home / folder.name
    if not target.is_dir():
        making = Path(tempfile.mkdtemp(dir=home))
        if folder.is_dir():
            shutil.copytree(folder, making, dirs_exist_ok=True)
        with contextlib.suppress(OSError):  # another process was faster
            making.rename(target)
    return target
