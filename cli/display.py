"""Progress in the terminal: a bar where there is one, a line now and then where output goes to a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

LINE_SECONDS = 5.0
"""Seconds between two lines where there is no terminal."""


class _Rate(ProgressColumn):
    """Items done, and items a second since the phase began."""

    def render(self, task: Task) -> Text:
        return Text(_rate(task.fields["items"], task.fields["unit"], task.elapsed or 0.0), style="cyan")


class Display:
    """Phases of a long piece of work, each with its percentage, its rate and its time left.

    Use as a context manager. Everything goes to the standard error, results stay on standard output.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._phase = ""
        self._unit = "documents"
        self._begin = self._printed = time.monotonic()
        self._fraction = 0.0
        self._items = 0
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self._task = None if self._bar.disable else self._bar.add_task("", total=1.0, items=0, unit="", visible=False)

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._bar.stop()

    def phase(self, name: str, unit: str = "documents") -> None:
        """Begin a phase; nothing happens when it is the present one."""
        if name == self._phase:
            return
        self._finish()
        self._phase, self._unit = name, unit
        self._begin = self._printed = time.monotonic()
        self._fraction, self._items = 0.0, 0
        if not self._bar.disable:
            self._task = self._bar.add_task(name, total=1.0, items=0, unit=unit)

    def update(self, fraction: float, items: int) -> None:
        """Say how much of the present phase is done (0 to 1), and how many items that were."""
        self._fraction, self._items = fraction, items
        if self._task is not None:
            self._bar.update(self._task, completed=fraction, items=items)
        elif not self._quiet and fraction < 1.0 and time.monotonic() - self._printed >= LINE_SECONDS:
            self._print()

    def say(self, message: str) -> None:
        """Print a line above the bar."""
        if not self._quiet:
            self.console.print(message, markup=False)

    def _finish(self) -> None:
        """Leave the phase's last state on the screen."""
        if self._phase and not self._quiet and self._task is None and self._items:
            self._print()

    def _print(self) -> None:
        self._printed = now = time.monotonic()
        elapsed = now - self._begin
        left = elapsed / self._fraction - elapsed if self._fraction > 0 else 0.0
        rate = _rate(self._items, self._unit, elapsed)
        ending = f", {left:.0f} s left" if self._fraction < 1 else f", {elapsed:.1f} s"
        print(f"{self._phase}: {self._fraction:.0%}, {rate}{ending}", file=sys.stderr, flush=True)


def _rate(items: int, unit: str, seconds: float) -> str:
    return f"{items:,} {unit}, {items / max(seconds, 1e-3):,.0f}/s"
