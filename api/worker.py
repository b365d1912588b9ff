"""gunicorn's threaded worker, made patient: clients that are slow or silent do not hold its threads.

The stock worker gives each new connection a thread at once, and reads a request's head without a time
limit: a few idle connections, as browsers open them ahead, or one client that stops in the middle of a
header line, would take threads from the others.
"""

from __future__ import annotations

import contextlib
import errno
import re
import selectors
import time
from functools import partial
from typing import Any

import orjson
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.http.message import Request as StockRequest  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_STATUS = {
    errors.LimitRequestLine: (414, "URI Too Long"),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    errors.ExpectationFailed: (417, "Expectation Failed"),
    errors.UnsupportedTransferCoding: (501, "Not Implemented"),
}
SOCKET_TIMEOUT = 60.0
"""Seconds that a client may be silent in the middle of its request, or refuse to take its answer."""


class Request(StockRequest):
    """A request whose target may hold UTF-8 as it is, as curl sends what is typed: it is percent-encoded here."""

    def parse_request_line(self, line_bytes: bytes) -> None:
        """RFC 9112 wants the client to encode it; the stock parser refuses a client that does not."""
        super().parse_request_line(_NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], bytes(line_bytes)))


class Connection(TConn):
    """A connection whose reads and writes end after SOCKET_TIMEOUT, with TimeoutError."""

    def init(self) -> None:
        """Called before each request, after the socket was made blocking."""
        super().init()
        if not self.is_http2:
            self.parser.mesg_class = Request
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

    def handle_error(self, request: Any, client: Any, address: Any, error: Exception) -> None:
        """What is no HTTP is answered like every other bad request: a sentence in Elasticsearch's shape."""
        own = (errors.ConfigurationProblem, errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
        if not isinstance(error, errors.ParseException) or isinstance(error, own):
            super().handle_error(request, client, address, error)
            return
        status, phrase = next((v for kind, v in _STATUS.items() if isinstance(error, kind)), (400, "Bad Request"))
        reason = f"the request is not HTTP that this service reads: {error}"
        answer = {"error": {"type": "bad_request_exception", "reason": reason}, "status": status}
        body = orjson.dumps(answer)
        head = (
            f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Elastic-Product: Elasticsearch\r\n\r\n"
        )
        self.log.warning("unreadable request from %s: %s", (address or ("",))[0], error)
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + body)
