"""A fence between the writers of an index and the one that takes its name away from it.

Writers hold it together from the moment they know where a name points until their write is durable; who
moves the name holds it alone. So no write lands in an index after it was left behind. The kernel drops
the locks of a process that dies. Two files, so that writers that never pause cannot keep the mover out:
it closes the gate first, then waits for those inside.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GATE, _INSIDE = "gate.lock", "writers.lock"


@contextmanager
def held(folder: Path, alone: bool = False) -> Iterator[None]:
    """Hold the fence of the index in `folder`, with other writers or `alone`; FileNotFoundError."""
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    gate = _locked(folder / _GATE, kind)
    try:
        inside = _locked(folder / _INSIDE, kind)
    except BaseException:
        os.close(gate)
        raise
    try:
        if not alone:
            os.close(gate)
            gate = -1
        yield
    finally:
        os.close(inside)
        if gate >= 0:
            os.close(gate)


def _locked(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
