"""The process that a run has to itself: its command, its output, why it ended and what it left behind."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from PySide6.QtCore import QProcessEnvironment

import segtool
from segtool.models.card import CARD_FILE

_MAX_LINE_BYTES = 1 << 20
_NICENESS = 10
_OUT_OF_MEMORY_WORDS = ("MemoryError", "ResourceExhausted", "bad_alloc", "OOM when", "Cannot allocate memory")
UNCHANGED = "The active model has not changed."


def default_program(command: str) -> tuple[str, ...]:
    """Return what runs a command ("train" for example), without its arguments: what a person can type."""
    return (sys.executable, "-m", "segtool", command)


class LineReader:
    """Puts lines together from whatever pieces a pipe delivers."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are whole now, without their ends."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:  # no event is that long
            self._rest = b""
        return [_decoded(line) for line in whole]

    def rest(self) -> list[str]:
        """Return the last line if it had no end, and forget it."""
        rest, self._rest = self._rest, b""
        return [_decoded(rest)] if rest else []


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")


def explain_end(code: int, *, crashed: bool, log: str, called: str = "training") -> str:
    """Say in a sentence or two why a process ended that left neither a model nor a reason.

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
        return f"The {called} ran out of memory. {UNCHANGED} Close other programs and try again."
    if (crashed and code == 9) or code == 137:
        return (
            f"The {called} was ended from outside, most likely because the computer ran out of memory. "
            f"{UNCHANGED} Close other programs and try again."
        )
    if crashed:
        return f"The {called} crashed ({code}). {UNCHANGED}"
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    last = f": {lines[-1][:200].rstrip('.')}" if lines and code else ""
    return f"The {called} ended before its model was finished{last}. {UNCHANGED}"


def remove_leftovers(out: Path, there_before: frozenset[str]) -> None:
    """Remove what a broken-off run left beside the folder that it was to make.

    The folder itself is renamed into place when it is whole, so with its card in it, it stays. Of the
    rest only entries named after it that were not there before the run are removed.
    """
    for name in names_in(out.parent) - there_before:
        path = out.parent / name
        is_temporary = name.startswith(f".{out.name}.")
        is_half = path == out and not (path / CARD_FILE).exists()
        if (is_temporary or is_half) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)


def names_in(folder: Path) -> set[str]:
    """Return the names of everything in a folder, none if it cannot be listed."""
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError:
        return set()


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
