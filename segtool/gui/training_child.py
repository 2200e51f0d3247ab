"""The process that a run has to itself: its command, its output, why it ended and what it left behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QProcessEnvironment

import segtool

_MAX_LINE_BYTES = 1 << 20
_NICENESS = 10
_OUT_OF_MEMORY_WORDS = (
    "MemoryError",
    "ResourceExhausted",
    "bad_alloc",
    "OOM when",
    "Cannot allocate memory",
    "cannot allocate memory",
    "failed to map segment",
)
UNCHANGED = "The active model has not changed."
_LESS_MEMORY = "Close other programs, or train with smaller crops or batches, and try again."
_AGAIN = "Try again; if it happens again, its log says more."
_CRASH = "crashed in one of its libraries"
_TOLD_TO_END = "was ended by another program or by the system"
_KILLED = "was ended from outside, most likely because the computer ran out of memory"
_NO_INSTRUCTION = "crashed, because this processor lacks an instruction that TensorFlow needs"
_ELSEWHERE = "Train on another computer."
# Signals of Unix and status codes of Windows: what happened, and what to do.
_ENDINGS: dict[int, tuple[str, str]] = {
    1: (_TOLD_TO_END, _AGAIN),
    2: (_TOLD_TO_END, _AGAIN),
    4: (_NO_INSTRUCTION, _ELSEWHERE),
    6: (_CRASH, _AGAIN),
    7: ("crashed, because a file that it was reading could not be read any more", "Check the disk and try again."),
    8: (_CRASH, _AGAIN),
    9: (_KILLED, _LESS_MEMORY),
    11: (_CRASH, _AGAIN),
    15: (_TOLD_TO_END, _AGAIN),
    24: ("was ended, because it had used all the processor time that it is allowed", "Ask who runs this computer."),
    25: ("was ended, because a file became larger than is allowed here", "Ask who runs this computer."),
    0xC0000005: (_CRASH, _AGAIN),
    0xC0000017: (_KILLED, _LESS_MEMORY),
    0xC000001D: (_NO_INSTRUCTION, _ELSEWHERE),
    0xC000012D: (_KILLED, _LESS_MEMORY),
    0xC0000409: (_CRASH, _AGAIN),
}


def default_program(command: str) -> tuple[str, ...]:
    """Return what runs a command ("train" for example), without its arguments: what a person can type."""
    return (sys.executable, "-m", "segtool", command)


class LineReader:
    """Puts lines together from whatever pieces a pipe delivers; lines longer than any event are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_too_long = False

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are whole now, without their ends."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if whole and self._is_too_long:
            # The end of a line whose beginning has been dropped.
            del whole[0]
            self._is_too_long = False
        if len(self._rest) > _MAX_LINE_BYTES:
            self._rest, self._is_too_long = b"", True
        return [_decoded(line) for line in whole if len(line) <= _MAX_LINE_BYTES]

    def rest(self) -> list[str]:
        """Return the last line if it had no end, and forget it."""
        rest, self._rest = self._rest, b""
        return [_decoded(rest)] if rest and not self._is_too_long else []


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")


def explain_end(code: int, *, crashed: bool, log: str, called: str = "training") -> str:
    """Say in a sentence or two why a process ended that left neither a model nor a reason, and what to do.

    Parameters
    ----------
    code : int
        Exit code, or on Unix the number of the signal if it crashed.
    crashed : bool
        Whether it was ended by a signal or an unhandled exception of the system.
    log : str
        What it wrote to its standard error.
    called : str
        What a person calls the run.
    """
    if any(word in log for word in _OUT_OF_MEMORY_WORDS):
        return f"The {called} ran out of memory. {UNCHANGED} {_LESS_MEMORY}"
    # A shell in between adds 128 to the number of the signal; Windows has codes of its own.
    ending = _ENDINGS.get(code & 0xFFFFFFFF if code < 0 or code > 255 else code - 128 if code > 128 else code)
    if ending is not None and (crashed or not 0 <= code <= 128):
        what, remedy = ending
        return f"The {called} {what}. {UNCHANGED} {remedy}"
    if crashed:
        return f"The {called} crashed ({code}). {UNCHANGED} {_AGAIN}"
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    last = f": {lines[-1][:200].rstrip('.')}" if lines and code else f" (exit code {code})" if code else ""
    return f"The {called} ended before its model was finished{last}. {UNCHANGED} {_AGAIN}"


def child_environment() -> QProcessEnvironment:
    """Return this program's environment with what a training needs beside it."""
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("TF_CPP_MIN_LOG_LEVEL", "3")
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONUTF8", "1")
    # The package that runs here is the one that trains, and a file of the current folder is never taken for a module.
    package_home = str(Path(segtool.__file__).resolve().parent.parent)
    paths = [package_home, environment.value("PYTHONPATH", "")]
    environment.insert("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    environment.insert("PYTHONSAFEPATH", "1")
    return environment


def lower_priority(pid: int) -> None:
    """Let the window go first; a system that refuses costs smoothness, nothing else."""
    if sys.platform == "win32":
        import ctypes

        below_normal, set_information = 0x4000, 0x0200
        handle = ctypes.windll.kernel32.OpenProcess(set_information, False, pid)
        if handle:
            ctypes.windll.kernel32.SetPriorityClass(handle, below_normal)
            ctypes.windll.kernel32.CloseHandle(handle)
    else:
        try:
            os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
        except OSError:
            return
