"""`quarry run`: everything from an installation to a service with something to search in."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from .demo import demo
from .places import Data, settings_with
from .prepare import prepare
from .serve import check_folder, check_port


def run(
    host: Annotated[str | None, typer.Option(help="Address to bind to. Default: QUARRY_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to bind to. Default: QUARRY_PORT.")] = None,
    data: Data = None,
) -> None:
    """Prepare, make the demonstration index, start the service, and print what to try."""
    settings = settings_with(host=host, port=port, data=data)
    check_port(settings.host, settings.port)
    check_folder(settings.data)
    prepare()
    demo(data=data)
    shown = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 (compared, not bound)
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{settings.port}"
    sys.stdout.flush()
    # Both in processes of their own: a service must not be forked from one that has run thread pools, and
    # what to try is only worth printing once the service is ready.
    subprocess.Popen([sys.executable, "-m", "cli.announce", url, str(os.getpid())])  # noqa: S603
    chosen = {"--host": settings.host, "--port": settings.port, "--data": settings.data}
    options = [str(word) for option in chosen.items() for word in option]
    os.execv(sys.executable, [sys.executable, "-m", "cli", "serve", *options])  # noqa: S606
