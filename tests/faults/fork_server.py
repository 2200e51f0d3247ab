"""Many windows for one start: a process that has imported the program and forks for each job that it is given.

Qt is not touched before the fork. A job is a line of JSON on standard input: the name of a function of a module
of these tests and its arguments; the answer is a line on standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a forked process.

    Attributes
    ----------
    code : int
        Its exit code, minus the signal that ended it, or 999 if it had to be killed because it would not end.
    said : tuple of str
        What it said to the test.
    seconds : float
        From the last thing that it said to its end.
    """

    code: int
    said: tuple[str, ...]
    seconds: float


Run = Callable[..., Outcome]


@contextlib.contextmanager
def fork_server(module: str, *, log: Path) -> Iterator[Run]:
    """Start a server for the functions of a module; yields ``run(function, **arguments)``."""
    with (
        log.open("a", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fork_server", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        ask, answers = server.stdin, server.stdout

        def run(function: str, **arguments: Any) -> Outcome:
            ask.write(json.dumps([function, arguments]) + "\n")
            ask.flush()
            code, said, seconds = json.loads(answers.readline())
            return Outcome(code, tuple(said), seconds)

        try:
            yield run
        finally:
            ask.close()


def _serve(module: str) -> None:
    import segtool.app  # noqa: F401 - what takes long is imported once

    functions = import_module(module)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _become(functions, name, arguments, writer)
        os.close(writer)
        sys.stdout.write(json.dumps(_watch(pid, reader)) + "\n")
        sys.stdout.flush()
        os.close(reader)


def _become(functions: Any, name: str, arguments: dict[str, Any], writer: int) -> None:
    """Do a job in the process that was forked for it, and end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)

    def say(text: str) -> None:
        os.write(writer, (text + "\n").encode())

    code = 1
    try:
        code = getattr(functions, name)(say, **arguments)
    except SystemExit as exc:
        code = int(exc.code or 0)
    except BaseException as exc:
        import traceback

        traceback.print_exc()
        say(f"failed: {exc!r}")
    finally:
        os._exit(code)


def _watch(pid: int, reader: int) -> tuple[int, list[str], float]:
    """Return how a process ended; its end of the pipe closes with it."""
    text, since, end = b"", time.monotonic(), time.monotonic() + LIMIT_S
    killed = False
    while True:
        if not select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
            os.kill(pid, signal.SIGKILL)
            killed, end = True, end + LIMIT_S
            continue
        more = os.read(reader, 65536)
        if not more:
            break
        text, since = text + more, time.monotonic()
    took = time.monotonic() - since
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return 999 if killed else code, text.decode().splitlines(), took


if __name__ == "__main__":
    _serve(sys.argv[1])
