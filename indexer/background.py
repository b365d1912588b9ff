"""The background work of one process: refreshes, merges and vectors of all indices of a node."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .engine import Index
from .errors import IndexNotFound

if TYPE_CHECKING:
    from .node import Node

logger = logging.getLogger("quarry.indexer")
MERGE_SECONDS = 5.0


class Background:
    """Threads that visit every index of a node in turn until they are stopped."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._threads:
            return
        often = self._node.settings.refresh_interval / 2
        for name, work, seconds in (
            ("refresh", self._refresh, often),
            ("merge", self._merge, MERGE_SECONDS),
            ("vectors", self._fill, often),
        ):
            thread = threading.Thread(target=self._loop, args=(work, seconds), name=f"quarry-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stopping(self) -> bool:
        """Whether `stop` was called: long work asks, and ends."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the threads; waits for what cannot be interrupted."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30.0)

    def _loop(self, work: Callable[[Index], None], seconds: float) -> None:
        while not self._stop.wait(seconds):
            self._node.forget_gone()
            for name in self._node.names():
                if self._stop.is_set():
                    return
                try:
                    work(self._node.index(name))
                except IndexNotFound:
                    continue
                except Exception:
                    if self._node.exists(name):
                        logger.exception("background work on index %s failed; it is tried again", name)
                        self._stop.wait(5.0)

    @staticmethod
    def _refresh(index: Index) -> None:
        if index.refresh_due():
            index.refresh(wait=False)

    @staticmethod
    def _merge(index: Index) -> None:
        index.merge(wait=False)

    def _fill(self, index: Index) -> None:
        if index.spaces_due():
            try:
                self._node.fill_vectors(index, wait=False)
            except RuntimeError:
                index.space_retry = time.monotonic() + 30.0
