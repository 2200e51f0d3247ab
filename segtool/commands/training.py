"""``segtool train``: from a folder with masks to a model folder."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from segtool.commands.listening import requests_heard
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
    with requests_heard(arguments, out=plan["out"]) as stop:
        with native_messages_hidden():
            from segtool.training.trainer import RunPlan, run_training
        yield from run_training(RunPlan(**plan, started=started), should_stop=stop.is_set)


def _opening(event: RunStarted) -> str:
    return (
        f"Training on {event.train_images} images, {len(event.held_out)} held out, "
        f"{event.parameters / 1e6:.2f} million parameters, base: {event.base}"
    )
