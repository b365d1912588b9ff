"""Files that several processes share: replaced whole, made durable, locked, and told apart."""

from __future__ import annotations

import fcntl
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

Identity = tuple[int, int, int]


def replace_file(path: Path, content: bytes, durable: bool = True) -> None:
    """Replace a file atomically: readers see the old content or the new, also after a crash."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        replace_within(folder, path.name, content, durable)
    finally:
        os.close(folder)


def replace_within(folder: int, name: str, content: bytes, durable: bool = True) -> None:
    """`replace_file` in the open directory `folder`: in no other one that has come to its path meanwhile."""
    temporary = f"{name}.{os.getpid()}.{threading.get_ident()}.tmp"
    try:
        with open(temporary, "wb", opener=partial(os.open, mode=0o644, dir_fd=folder)) as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    if durable:
        os.fsync(folder)


def new_path(folder: Path) -> Path:
    """A name that nothing in `folder`, which is made, has."""
    folder.mkdir(exist_ok=True)
    return folder / uuid.uuid4().hex[:16]


def sync(path: Path) -> None:
    """Make a file's content, or the names inside a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def file_lock(path: Path, wait: bool = True) -> Iterator[bool]:
    """An exclusive lock between processes and threads; yields whether it was got.

    The kernel drops it when its holder dies, so nothing has to be repaired after a crash.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def identity(path: Path) -> Identity:
    """Changes when the file at `path` is replaced; zeros when there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)
