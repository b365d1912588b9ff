"""What a path stands for: one file, a judged collection (BEIR), or a folder of files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .base import ReadOptions, SourceError, SourceSkipped
from .file import COMPRESSIONS, SourceFile
from .registry import by_suffix

_JUDGMENTS = ("queries.jsonl", "qrels.tsv", "qrels", "answers.jsonl")
CORPUS = ("corpus.jsonl", *(f"corpus.jsonl{ending}" for ending in COMPRESSIONS))


class SourceNotFound(FileNotFoundError):
    """A path that does not exist, in one sentence."""


def corpus_of(folder: Path) -> Path | None:
    """The corpus of a folder in BEIR's layout (corpus.jsonl beside queries.jsonl or judgments), or None."""
    corpus = next((folder / name for name in CORPUS if (folder / name).is_file()), None)
    judged = any((folder / name).exists() for name in ("queries.jsonl", "qrels.tsv", "qrels", "answers.jsonl"))
    return corpus if judged else None


def find(path: Path, options: ReadOptions) -> Iterator[SourceFile | SourceError | SourceSkipped]:
    """The files of a path in a stable order; hidden ones are left out, unknown ones are named."""
    if path.is_dir():
        yield from _walk(path, options)
    elif path.exists():
        yield _file(path, options)
    else:
        raise SourceNotFound(f"there is no file or folder {path}")


def _walk(folder: Path, options: ReadOptions) -> Iterator[SourceFile | SourceError | SourceSkipped]:
    corpus = corpus_of(folder)
    if corpus:
        yield _file(corpus, options)
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield SourceError(str(folder), error.strerror or str(error))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, options)
        elif entry.is_dir():
            yield SourceSkipped(str(path), "a link to a folder is not followed")
        elif not entry.is_file():
            yield SourceSkipped(str(path), "not a file, or a link to nothing")
        else:
            file = _file(path, options)
            if by_suffix(file):
                yield file
            else:
                yield SourceSkipped(str(path), f"unknown type {file.suffix or '(no suffix)'}")


def _file(path: Path, options: ReadOptions) -> SourceFile:
    absolute = path.resolve()
    key = str(absolute)
    if options.base is not None:
        key = Path(os.path.relpath(absolute, options.base.resolve())).as_posix()
    return SourceFile(path, str(path), key)
