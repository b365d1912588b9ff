"""Runs a command so that what goes wrong is one line on standard error, and the exit code says which kind.

0: done; 1: it failed; 2: it was called wrongly; 130: interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
import typer.main

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
_SAID = {  # errors of the rooms below, by name so that they need not be imported: their exit code
    "SourceNotFound": MISUSED,
    "InvalidCollection": MISUSED,
    "InvalidAddress": MISUSED,
    "ModelNotInstalled": FAILED,
    "Failed": FAILED,
}


class Failed(Exception):
    """A command that cannot do its work; says why, and what to do."""


def run(app: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    """Run an application; the exit code. Errors of use and of input are reported in one line."""
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name=name.split()[0], standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        message, code = known
        hint = f" (see {name} --help)" if isinstance(error, typer.TyperException) else ""
        print(f"{name.split()[0]}: {' '.join(message.split())}{hint}", file=sys.stderr)
        return code


def explain(error: Exception) -> tuple[str, int] | None:
    """(a sentence, the exit code) of errors that a user can cause; None for errors of ours."""
    if isinstance(error, typer.TyperException):
        text = error.format_message() if hasattr(error, "format_message") else str(error)
        return text.rstrip("."), int(getattr(error, "exit_code", MISUSED))
    names = {parent.__name__ for parent in type(error).__mro__}
    for name, code in _SAID.items():
        if name in names:
            return str(error), code
    if "QuarryError" in names or "InvalidAnalysis" in names:
        return str(error), FAILED
    module = type(error).__module__.split(".")[0]
    if module in ("elasticsearch", "elastic_transport"):
        return _service(error), FAILED
    if module == "pydantic_core":
        first = error.errors()[0]  # type: ignore[attr-defined]
        return f"QUARRY_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}", MISUSED
    if isinstance(error, OSError):
        return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", FAILED
    return None


def _service(error: Any) -> str:
    """What a service said, or why it could not be reached."""
    body = getattr(error, "body", None)
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("reason", body["error"]))
    if hasattr(error, "status_code"):
        return f"the service answered {error.status_code}: {error.message}"
    return f"the service cannot be reached: {error.message}"
