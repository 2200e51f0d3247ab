"""What a run listens to while it works: a request to stop, a program that has gone away, the system's signals."""

from __future__ import annotations

import _thread
import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TextIO

from segtool.commands.run_output import write_event
from segtool.core.run_events import RunAlive
from segtool.models.drafts import names_in, remove_drafts

# A run that is to end and is deep in a computation has so long to come to its senses.
_END_SECONDS = 3.0
_MOST_BYTES = 4096
# How often a run says that it is at work, and how much of that time it must have computed for it to be true.
_ALIVE_SECONDS, _LEAST_SHARE = 5.0, 0.02


@contextlib.contextmanager
def requests_heard(arguments: argparse.Namespace, *, out: Path) -> Iterator[threading.Event]:
    """Listen for as long as the block lasts; yields what is set when a run is to finish with the best weights so far.

    That is asked for with Ctrl+C on a terminal, and with a line "stop" on the standard input under ``--events``. A
    second Ctrl+C, or the system's signal to end, interrupts the run (KeyboardInterrupt). Under ``--tied`` so does the
    end of the standard input: the program that started the run is gone, and nobody waits for its model.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of the command: ``events`` and ``tied`` are looked at.
    out : Path
        Folder of the model; what is half written of it does not outlive the run.
    """
    stop, over = threading.Event(), threading.Event()

    def asked(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, asked)
    signal.signal(signal.SIGTERM, _interrupt)
    if (arguments.events or arguments.tied) and sys.stdin is not None:
        there_before = frozenset(names_in(out.parent))
        reader = threading.Thread(
            target=_read, args=(stop, arguments.tied, out, there_before), name="requests", daemon=True
        )
        reader.start()
    if arguments.events:
        threading.Thread(target=_tell_of_life, args=(sys.stdout, over), name="signs of life", daemon=True).start()
    try:
        yield stop
    finally:
        over.set()


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _read(stop: threading.Event, tied: bool, out: Path, there_before: frozenset[str]) -> None:
    """Read requests until the input ends."""
    rest = b""
    with contextlib.suppress(OSError, ValueError):
        # Not through Python's buffer: a thread that waits there holds a lock which the interpreter needs when it ends.
        while data := os.read(sys.stdin.fileno(), _MOST_BYTES):
            *lines, rest = (rest[-_MOST_BYTES:] + data).split(b"\n")
            if any(line.strip() == b"stop" for line in lines):
                stop.set()
    if not tied:
        return
    # What the run has begun is put in order on its way out ...
    _thread.interrupt_main(signal.SIGTERM)
    time.sleep(_END_SECONDS)
    # ... unless it is somewhere that no interrupt reaches.
    remove_drafts(out, there_before=there_before)
    os._exit(1)


def _tell_of_life(stream: TextIO, over: threading.Event) -> None:
    """Tell now and then that the process computes: one that waits for ever does not."""
    used = time.process_time()
    while not over.wait(_ALIVE_SECONDS):
        now = time.process_time()
        if now - used >= _LEAST_SHARE * _ALIVE_SECONDS:
            with contextlib.suppress(OSError, ValueError):
                write_event(RunAlive(round(now, 2)), stream)
        used = now
