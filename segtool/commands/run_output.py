"""What a run tells: JSON lines for a program, sentences for a person; and its failure, once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from segtool.commands.reporting import Reporter, as_segtool_error
from segtool.core.errors import SegToolError
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunFailed, RunNote, RunProgress, RunStarted, to_line

_one_at_a_time = threading.Lock()


def tell_run(
    events: Iterator[RunEvent],
    reporter: Reporter,
    *,
    as_lines: bool,
    opening: Callable[[RunStarted], str],
    compared: str = "base",
) -> int:
    """Take a run to its end, telling what happens; return the exit code.

    Parameters
    ----------
    events : iterator of RunEvent
        The run; nothing of it, its checks included, has happened yet.
    reporter : Reporter
    as_lines : bool
        One JSON object per line instead of text; a failure is then an event too.
    opening : callable
        What a person is told when the run has started.
    compared : str
        What a person is to call the model that the new one is scored beside.

    Raises
    ------
    SegToolError
        If the run fails, after it has been told as an event.
    """
    tell = _emit_line if as_lines else _Narrator(reporter, opening, compared)
    try:
        for event in events:
            tell(event)
    except BrokenPipeError:
        raise
    except (SegToolError, OSError, MemoryError) as exc:
        failure = as_segtool_error(exc)
        if as_lines:
            _emit_line(RunFailed(str(failure)))
        raise failure from exc
    return 0


@contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Keep what TensorFlow's libraries write while they load, whatever their log level, off the standard error."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # the standard error is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _emit_line(event: RunEvent) -> None:
    write_event(event, sys.stdout)


def write_event(event: RunEvent, stream: TextIO) -> None:
    """Write an event as one line that no other thread's line can fall into."""
    with _one_at_a_time:
        stream.write(to_line(event) + "\n")
        stream.flush()


class _Narrator:
    """Tells a run's events to a person."""

    def __init__(self, reporter: Reporter, opening: Callable[[RunStarted], str], compared: str) -> None:
        self._reporter, self._opening, self._compared = reporter, opening, compared

    def __call__(self, event: RunEvent) -> None:
        match event:
            case RunStarted():
                self._reporter.line(self._opening(event))
            case RunProgress():
                where = f", step {event.step}, loss {event.loss:.3f}" if event.step else ""
                self._reporter.progress(event.fraction, event.stage + where)
            case RunNote():
                if event.message:
                    self._reporter.warning(event.message)
            case RunEpoch():
                judged = (
                    "" if event.val_loss is None else f"  held out: loss {event.val_loss:.4f}, F1 {event.val_f1:.4f}"
                )
                self._reporter.line(
                    f"epoch {event.epoch:4d}  step {event.step:6d}  {event.seconds:7.0f} s  "
                    f"loss {event.train_loss:.4f}, F1 {event.train_f1:.4f}{judged}{'  best' if event.best else ''}"
                )
            case RunDone():
                self._reporter.finish()
                scores = [("new", event.metrics), (self._compared, event.base_metrics)]
                for name, metrics in scores:
                    if metrics is not None:
                        pooled, mean = metrics["pooled"], metrics["mean"]
                        self._reporter.line(
                            f"{name:>5} on {metrics['images']} held-out images: pooled F1 {pooled['f1']:.4f}, "
                            f"IoU {pooled['iou']:.4f}; mean F1 {mean['f1']:.4f}, IoU {mean['iou']:.4f}"
                        )
                if event.why:
                    self._reporter.line(f"{'Accepted' if event.accepted else 'Refused'}: {event.why}")
                steps = f"{event.steps} steps, " if event.steps else ""
                self._reporter.line(f"{event.model}  ({steps}{event.seconds:.0f} s, {event.reason})")
