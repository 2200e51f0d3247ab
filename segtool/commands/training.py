"""``segtool train``: from a folder with masks to a model folder."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from segtool.commands.planning import plan_run
from segtool.commands.reporting import Reporter, as_segtool_error
from segtool.core.errors import SegToolError
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunFailed, RunProgress, RunStarted, to_line


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Train as the arguments say; return the exit code."""
    emit = _emit_line if arguments.events else _Narrator(reporter)
    try:
        plan = plan_run(arguments, reporter)
        stop = _stop_requests(listen=arguments.events)
        with _native_messages_hidden():
            from segtool.training.trainer import RunPlan, run_training
        for event in run_training(RunPlan(**plan), should_stop=stop.is_set):
            emit(event)
    except BrokenPipeError:
        raise
    except (SegToolError, OSError, MemoryError) as exc:
        failure = as_segtool_error(exc)
        if arguments.events:
            _emit_line(RunFailed(str(failure)))
        raise failure from exc
    return 0


@contextmanager
def _native_messages_hidden() -> Iterator[None]:
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
    sys.stdout.write(to_line(event) + "\n")
    sys.stdout.flush()


def _stop_requests(*, listen: bool) -> threading.Event:
    """Return an event that is set when somebody asks the run to finish with the best weights so far.

    On a terminal that is Ctrl+C, once; with ``listen`` it is also a line "stop" on the standard input.
    """
    stop = threading.Event()

    def interrupted(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, interrupted)
    if listen and sys.stdin is not None:
        lines = sys.stdin.buffer

        def read() -> None:
            for line in lines:
                if line.strip() == b"stop":
                    stop.set()

        threading.Thread(target=read, name="stop requests", daemon=True).start()
    return stop


class _Narrator:
    """Tells a run's events to a person."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def __call__(self, event: RunEvent) -> None:
        match event:
            case RunStarted():
                self._reporter.line(
                    f"Training on {event.train_images} images, {len(event.held_out)} held out, "
                    f"{event.parameters / 1e6:.2f} million parameters, base: {event.base}"
                )
            case RunProgress():
                self._reporter.progress(event.fraction, f"{event.stage}, step {event.step}, loss {event.loss:.3f}")
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
                scores = [("new", event.metrics), ("base", event.base_metrics)]
                for name, metrics in scores:
                    if metrics is not None:
                        pooled, mean = metrics["pooled"], metrics["mean"]
                        self._reporter.line(
                            f"{name:>5} on {metrics['images']} held-out images: pooled F1 {pooled['f1']:.4f}, "
                            f"IoU {pooled['iou']:.4f}; mean F1 {mean['f1']:.4f}, IoU {mean['iou']:.4f}"
                        )
                self._reporter.line(f"{event.model}  ({event.steps} steps, {event.seconds:.0f} s, {event.reason})")
