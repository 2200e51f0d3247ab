"""A record of each start for as long as it runs: what is left of one that did not end in order.

Every process has its own record and holds a lock on it, which the system lets go of when the process is gone,
however that came about. So two windows do not accuse each other, and one end is told by one window only.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import IO

from PySide6.QtCore import QLockFile, QSysInfo

from segtool import __version__

RUNNING_FOLDER, ENDED_FOLDER = "starts", "ended"
_LOCK, _NOTE, _TRACE = ".lock", ".json", ".trace"
_MAX_ENDED = 10
_MAX_NOTE_BYTES = 20_000
MAX_TRACE_CHARS = 200_000


class EndKind(Enum):
    """How a start ended that did not end in order."""

    CRASHED = "crashed"
    KILLED = "ended from outside"
    RESTARTED = "ended with the computer"


@dataclass(frozen=True, slots=True)
class StartNote:
    """What a start notes of itself.

    Attributes
    ----------
    version : str
        Of the program.
    pid : int
    started : str
        Local time, ISO 8601.
    boot : str
        What names the run of the operating system, "" if that is not known.
    folder : str
        The folder that is open, "" if none is.
    is_closing : bool
        Whether the window had begun to close.
    """

    version: str = ""
    pid: int = 0
    started: str = ""
    boot: str = ""
    folder: str = ""
    is_closing: bool = False


@dataclass(frozen=True, slots=True)
class EndedStart:
    """A start that did not end in order.

    Attributes
    ----------
    note : StartNote
    kind : EndKind
    when : datetime
        Local time of the crash, or when it was known to run last.
    trace : str
        What the interpreter wrote while it crashed, "" if it could not.
    """

    note: StartNote
    kind: EndKind
    when: datetime
    trace: str = ""


class RunningStart:
    """The record of this process.

    Parameters
    ----------
    folder : Path
        Where logs are kept; must exist.

    Raises
    ------
    OSError
        If the record cannot be written there.
    """

    def __init__(self, folder: Path) -> None:
        self._ended = folder / ENDED_FOLDER
        running = folder / RUNNING_FOLDER
        running.mkdir(exist_ok=True)
        now = datetime.now().astimezone()
        self._base = running / f"{now:%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(2)}"
        self._lock = _lock(self._base)
        if not self._lock.tryLock(0):
            raise OSError(f"{self._base}{_LOCK} cannot be made")
        self.note = StartNote(__version__, os.getpid(), now.isoformat(timespec="seconds"), _boot())
        try:
            self.trace: IO[str] = _with(self._base, _TRACE).open("w", encoding="utf-8")
            self._write()
        except OSError:
            self._lock.unlock()
            raise

    def change(self, *, folder: str | None = None, is_closing: bool | None = None) -> None:
        """Note that another folder is open, or that the window closes; what cannot be written is left out."""
        self.note = replace(
            self.note,
            folder=self.note.folder if folder is None else folder,
            is_closing=self.note.is_closing if is_closing is None else is_closing,
        )
        with contextlib.suppress(OSError):
            self._write()

    def note_alive(self) -> None:
        """Note that the program runs: a kill leaves no time of its own."""
        with contextlib.suppress(OSError):
            os.utime(_with(self._base, _NOTE))

    def end(self) -> None:
        """Take the record away, as this start ends in order; what is in the trace is kept, but nobody is told."""
        with contextlib.suppress(OSError, ValueError):
            self.trace.close()
        trace = _with(self._base, _TRACE)
        with contextlib.suppress(OSError):
            if trace.stat().st_size:
                self._ended.mkdir(exist_ok=True)
                os.replace(trace, self._ended / trace.name)
        for suffix in (_NOTE, _TRACE):
            with contextlib.suppress(OSError):
                _with(self._base, suffix).unlink(missing_ok=True)
        self._lock.unlock()

    def _write(self) -> None:
        note = _with(self._base, _NOTE)
        temporary = note.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self.note)), encoding="utf-8")
        os.replace(temporary, note)


def take_ended(folder: Path) -> list[EndedStart]:
    """Return the starts that did not end in order, the newest first, each only once.

    Their records move to where the last few are kept for a log bundle. A folder that cannot be read or written
    counts as empty.
    """
    found: list[EndedStart] = []
    with contextlib.suppress(OSError):
        for base in sorted({entry.with_suffix("") for entry in (folder / RUNNING_FOLDER).iterdir()}):
            lock = _lock(base)
            # It is held as long as its process lives, on another computer that shares the home folder too.
            if not lock.tryLock(0):
                continue
            try:
                found.extend(_taken(base, folder / ENDED_FOLDER))
            finally:
                lock.unlock()
        _forget_oldest(folder / ENDED_FOLDER)
    return sorted(found, key=lambda ended: ended.when, reverse=True)


def kept_traces(folder: Path) -> Iterator[Path]:
    """Return the files about earlier ends that are kept, the newest first."""
    with contextlib.suppress(OSError):
        yield from sorted((folder / ENDED_FOLDER).iterdir(), reverse=True)


def read_trace(path: Path) -> str:
    """Return the beginning of a trace, "" if there is none that can be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MAX_TRACE_CHARS)
    except OSError:
        return ""


def _taken(base: Path, ended: Path) -> Iterator[EndedStart]:
    """Move a record aside and yield what it says; one without a note never came so far as to show a window."""
    note_file, trace_file = _with(base, _NOTE), _with(base, _TRACE)
    note = _read_note(note_file)
    trace = read_trace(trace_file)
    if note is not None:
        crashed = bool(trace.strip())
        restarted = bool(note.boot) and note.boot != _boot()
        kind = EndKind.CRASHED if crashed else EndKind.RESTARTED if restarted else EndKind.KILLED
        when = datetime.fromtimestamp((trace_file if crashed else note_file).stat().st_mtime).astimezone()
        yield EndedStart(note, kind, when, trace)
    ended.mkdir(exist_ok=True)
    for path in (note_file, trace_file):
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, ended / path.name)
    with contextlib.suppress(OSError):
        _with(base, ".new").unlink(missing_ok=True)


def _forget_oldest(ended: Path) -> None:
    if not ended.is_dir():
        return
    bases = sorted({entry.with_suffix("") for entry in ended.iterdir()})
    for base in bases[:-_MAX_ENDED]:
        for suffix in (_NOTE, _TRACE):
            _with(base, suffix).unlink(missing_ok=True)


def _read_note(path: Path) -> StartNote | None:
    """Return what a start noted, None if that is not there or makes no sense."""
    try:
        with path.open(encoding="utf-8") as file:
            stored = json.loads(file.read(_MAX_NOTE_BYTES))
        kinds = {field.name: type(getattr(StartNote(), field.name)) for field in fields(StartNote)}
        return StartNote(**{name: kind(stored[name]) for name, kind in kinds.items()})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _lock(base: Path) -> QLockFile:
    lock = QLockFile(os.fspath(_with(base, _LOCK)))
    # However long it is held: only a process that is gone lets go of it.
    lock.setStaleLockTime(0)
    return lock


def _with(base: Path, suffix: str) -> Path:
    return base.with_name(base.name + suffix)


def _boot() -> str:
    return bytes(QSysInfo.bootUniqueId().data()).decode("ascii", errors="replace")
