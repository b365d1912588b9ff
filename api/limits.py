"""What is refused with 429 instead of growing: bulk bytes in memory, and generations that run."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import TooManyRequests

BATCH_BYTES = 4 << 20
"""Bytes of bulk operations that become one transaction."""
BATCH_OPERATIONS = 2000
RETRY_AFTER = 1
"""Seconds after which a refused client may try again."""


class BulkGate:
    """Bytes of bulk operations that one worker holds at a time, and requests that hold them.

    A request reserves what it can hold at most. One that finds no room is refused at its start, when
    nothing of it has been applied, so that the client can send all of it again.
    """

    def __init__(self, limit: int, requests: int) -> None:
        self._limit = limit
        self._requests = max(1, requests)
        self._lock = threading.Lock()
        self.held = 0
        self.running = 0

    @contextmanager
    def reserve(self, declared: int | None) -> Iterator[int]:
        """Hold room for a body of `declared` bytes (None: unknown), and yield how much.

        TooManyRequests when there is none.
        """
        need = BATCH_BYTES if declared is None else min(declared, BATCH_BYTES)
        with self._lock:
            busy = self.held + need > self._limit or self.running >= self._requests
            if busy and self.running:
                raise TooManyRequests(
                    f"rejected execution of bulk: [{self.running}] bulk requests hold [{self.held}] bytes of "
                    f"[{self._limit}] in this worker; send it again in a moment",
                    bulk_bytes_in_flight=self.held,
                    bulk_requests=self.running,
                )
            self.held += need
            self.running += 1
        try:
            yield need
        finally:
            with self._lock:
                self.held -= need
                self.running -= 1


class GenerationSlots:
    """How many generations run at once on this machine, in all workers together.

    A slot is a locked file: the kernel frees it when its process ends, however it ends.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count

    def acquire(self) -> Slot:
        """A slot, to be released; TooManyRequests when all are taken."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(self._count):
            handle = os.open(self._folder / f"generation-{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            return Slot(handle)
        raise TooManyRequests(
            f"[{self._count}] answers are being generated, as many as this service runs at once; ask again in a "
            "moment, or ask with [answerer: extractive]",
            generations=self._count,
        )


class Slot:
    """One running generation; `release` may be called more than once."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)  # closing the file gives the lock back


class Limits:
    """The limits of one worker."""

    def __init__(self, bulk_bytes: int, threads: int, folder: Path, generations: int) -> None:
        # One thread is always left for searches and health checks.
        self.bulk = BulkGate(bulk_bytes, threads - 1)
        self.generations = GenerationSlots(folder, generations)
