"""A second process that makes documents searchable while the first goes on writing them.

Writing holds the interpreter's lock most of the time, and so does a part of indexing; two processes use two
cores. Whatever becomes of it, the next refresh in any process does what it left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

WORTH = 25_000
"""Writes that are worth a segment of their own while more are coming."""
ROOT = Path(__file__).resolve().parents[1]


class Refresher:
    """Refreshes one index in the background, from when `begin` is called to `end`."""

    def __init__(self, data: Path, index: str) -> None:
        self._arguments = [sys.executable, "-m", "indexer.refresher", index]
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the process unless it runs already."""
        if self._process is None:
            path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
            environment = {**os.environ, "PYTHONPATH": path, "QUARRY_DATA": str(self._data)}
            self._process = subprocess.Popen(  # noqa: S603
                self._arguments, stdin=subprocess.PIPE, env=environment, start_new_session=True
            )

    def end(self) -> None:
        """Let it finish the segment that it is at, and go."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
            self._process = None


def main(name: str) -> None:
    """Refresh while standard input is open."""
    from settings import get_settings

    from .memory import return_large_arrays
    from .node import Node

    return_large_arrays()
    over = threading.Event()

    def listen() -> None:
        sys.stdin.buffer.read()
        over.set()

    threading.Thread(target=listen, daemon=True).start()
    node = Node(get_settings())
    index = node.index(name)
    while not over.is_set():
        if index.store.last_seq - index.read_manifest().covered >= WORTH:
            index.refresh(wait=False)
        else:
            time.sleep(0.05)
    node.close()


if __name__ == "__main__":
    from settings import prepare_kernel_cache

    prepare_kernel_cache()
    main(*sys.argv[1:])
