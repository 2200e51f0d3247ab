"""What the command line shows: lines, and a progress bar where there is a terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Reporter:
    """Writes results to stdout, warnings to stderr, and draws a progress bar only on a terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task = None

    def line(self, text: str) -> None:
        """Write one line to the standard output."""
        if self._bar is not None and sys.stdout.isatty():
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
            return
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def warning(self, text: str) -> None:
        """Write one line to the standard error."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def progress(self, fraction: float, text: str) -> None:
        """Show how far the work is, 0…1; nothing happens in a pipe."""
        if not self._console.is_terminal:
            return
        if self._bar is None:
            columns = (BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
            self._bar = Progress(*columns, TextColumn("{task.description}"), console=self._console, transient=True)
            self._bar.start()
            self._bar.add_task(text, total=1.0)
        self._bar.update(self._bar.task_ids[0], completed=fraction, description=text)

    def finish(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
