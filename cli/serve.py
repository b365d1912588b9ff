"""`quarry serve`: the service under gunicorn."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from .places import Data, settings_with
from .terminal import Failed


def serve(
    host: Annotated[str | None, typer.Option(help="Address to bind to. Default: QUARRY_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to bind to. Default: QUARRY_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: QUARRY_WORKERS.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of a process. Default: QUARRY_THREADS.")] = None,
    data: Data = None,
) -> None:
    """Start the service; Ctrl-C or SIGTERM ends it when the running requests are answered."""
    settings = settings_with(host=host, port=port, workers=workers, threads=threads, data=data)
    check_port(settings.host, settings.port)
    check_folder(settings.data)
    from api.server import serve as run

    run(settings)


def check_port(host: str, port: int) -> None:
    """Refuse in one sentence what gunicorn would try again and again: a port or address it cannot have."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise Failed(f"the address {host} is not known; --host 127.0.0.1 serves this machine only") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "is in use: stop what is there, or choose another with --port"
        elif error.errno in (errno.EACCES, errno.EPERM):
            reason = "may not be used by this user: choose one above 1023 with --port"
        else:
            reason = f"cannot be used: {error.strerror}"
        raise Failed(f"port {port} of {host} {reason}") from None


def check_folder(folder: Path) -> None:
    """Refuse a data directory that cannot be written, before any worker starts."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(f"the data directory {folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Failed(f"the data directory {folder} cannot be written by this user")
