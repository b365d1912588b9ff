"""gunicorn's threaded worker, made patient: clients that are slow or silent do not hold its threads.

The stock worker gives each new connection a thread at once, and reads a request's head without a time
limit: a few idle connections, as browsers open them ahead, or one client that stops in the middle of a
header line, would take threads from the others.
"""

from __future__ import annotations

import errno
import selectors
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

SOCKET_TIMEOUT = 60.0
"""Seconds that a client may be silent in the middle of its request, or refuse to take its answer."""


class Connection(TConn):
    """A connection whose reads and writes end after SOCKET_TIMEOUT, with TimeoutError."""

    def init(self) -> None:
        """Called before each request, after the socket was made blocking."""
        super().init()
        self.sock.settimeout(SOCKET_TIMEOUT)


class Worker(ThreadWorker):
    """A connection gets a thread when its request begins to arrive, not before."""

    def accept(self, listener: Any) -> None:
        """Take a new connection and wait for its first bytes in the poller."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        connection = Connection(self.cfg, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(connection)
        ready = partial(self.on_pending_socket_readable, connection)
        self.poller.register(connection.sock, selectors.EVENT_READ, ready)
