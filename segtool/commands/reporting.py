"""What the command line shows: lines, and a progress bar where there is a terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from segtool.core.errors import SegToolError
from segtool.core.printable import printable_lines


class Reporter:
    """Writes results to stdout, warnings to stderr, and draws a progress bar only on a terminal."""

    def __init__(self) -> None:
        # Asked here and not of the console, which takes FORCE_COLOR for a terminal.
        self._on_terminal = sys.stderr.isatty()
        self._bar: Progress | None = None

    def line(self, text: str) -> None:
        """Write one line to the standard output."""
        self._write(text, sys.stdout)

    def warning(self, text: str) -> None:
        """Write one line to the standard error."""
        self._write(text, sys.stderr)

    def progress(self, fraction: float, text: str) -> None:
        """Show how far the work is, 0…1; nothing happens in a pipe."""
        if not self._on_terminal:
            return
        if self._bar is None:
            columns = (BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
            self._bar = Progress(
                *columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True
            )
            self._bar.start()
            self._bar.add_task(text, total=1.0)
        self._bar.update(self._bar.task_ids[0], completed=fraction, description=text)

    def finish(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _write(self, text: str, stream: TextIO) -> None:
        # A name must not command the terminal.
        text = printable_lines(text)
        if self._bar is not None and stream.isatty():
            # Above the bar, which is drawn again below it.
            self._bar.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
            return
        stream.write(text + "\n")
        stream.flush()


def as_segtool_error(exc: SegToolError | OSError | MemoryError) -> SegToolError:
    """Return a failure as one that can be told in a line."""
    if isinstance(exc, SegToolError):
        return exc
    if isinstance(exc, MemoryError):
        return SegToolError("memory ran out", remedy="Close other programs, or use smaller images, crops or batches.")
    return SegToolError(exc.strerror or str(exc) or type(exc).__name__, path=exc.filename)
