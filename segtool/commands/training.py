"""``segtool train``: from a folder with masks to a model folder."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator

from segtool.commands.planning import plan_run
from segtool.commands.reporting import Reporter
from segtool.commands.run_output import native_messages_hidden, tell_run
from segtool.core.run_events import RunEvent, RunStarted


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Train as the arguments say; return the exit code."""
    return tell_run(_events(arguments, reporter), reporter, as_lines=arguments.events, opening=_opening)


def _events(arguments: argparse.Namespace, reporter: Reporter) -> Iterator[RunEvent]:
    started = time.monotonic()
    plan = plan_run(arguments, reporter)
    stop = _stop_requests(listen=arguments.events)
    with native_messages_hidden():
        from segtool.training.trainer import RunPlan, run_training
    yield from run_training(RunPlan(**plan, started=started), should_stop=stop.is_set)


def _opening(event: RunStarted) -> str:
    return (
        f"Training on {event.train_images} images, {len(event.held_out)} held out, "
        f"{event.parameters / 1e6:.2f} million parameters, base: {event.base}"
    )


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
