"""A moment in which one process at a time looks at a folder's own files and changes them."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from segtool.project.layout import OWN_FOLDER

GUARD_FILE = Path(OWN_FOLDER, "lock.guard")
# Longer than anybody needs who is not stopped in the middle.
_PATIENCE_S = 2.0
_PAUSE_S = 0.005


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Keep other processes, and other threads, out of the same block for the same folder.

    Nothing is left in the folder. Where the system has no such locks, or something is in the way of one, the block
    is entered without.
    """
    path = folder / GUARD_FILE
    descriptor = _enter_guard(path)
    try:
        yield
    finally:
        if descriptor is not None:
            # Before it is let go: whoever waits for it notices that the file is another one.
            with contextlib.suppress(OSError):
                os.unlink(path)
            os.close(descriptor)
        # Not empty, as a rule.
        with contextlib.suppress(OSError):
            os.rmdir(path.parent)


def _enter_guard(path: Path) -> int | None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            make_own_folder(path.parent)
        except OSError:
            return None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except FileNotFoundError:
            # Its folder has just been removed by whoever was here before.
            continue
        except OSError:
            return None
        try:
            _lock_descriptor(descriptor)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except (BlockingIOError, PermissionError):
            time.sleep(_PAUSE_S)
        except FileNotFoundError:
            pass
        except OSError:
            # There is no such thing on this drive.
            os.close(descriptor)
            with contextlib.suppress(OSError):
                os.unlink(path)
            return None
        os.close(descriptor)
    return None


if sys.platform == "win32":
    import msvcrt

    def _lock_descriptor(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_descriptor(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def holds_nothing(folder: Path, *, but_for: str = "") -> bool:
    """Tell whether a folder is empty, or but for one name: it is the place where a drive was that will come back.

    Raises
    ------
    OSError
        If it is not there or cannot be read.
    """
    # One name is enough: a list of all would cost each save of a folder of 100,000 images tens of milliseconds.
    with os.scandir(folder) as entries:
        return all(entry.name == but_for for entry in entries)


def make_own_folder(path: Path) -> None:
    """Make ``.segtool/``, or a folder in it, if it is not there, but not what it lies in.

    Raises
    ------
    OSError
        If what it lies in is not there, or is empty: that is where a drive was that will come back.
    """
    if path.name == OWN_FOLDER and holds_nothing(path.parent):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)
