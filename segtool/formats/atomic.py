"""Replacing a file whole: after any failure, also a kill or a full disk, the old file or the new one is there."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from segtool.core.errors import SaveError
from segtool.formats.source import why

TEMPORARY_SUFFIX = ".segtmp"

# On Windows a scanner, an indexer or a sync client may hold the old file open for a moment.
_REPLACE_DELAYS_S: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8) if os.name == "nt" else ()

# What a file system answers that has no fsync; what a folder answers that may not be opened to sync it.
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
_NO_FOLDER_SYNC = _NO_SYNC | {errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR}

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_PERMISSION = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def write_atomic(path: Path, data: bytes, *, before_replace: Callable[[], None] | None = None) -> os.stat_result:
    """Write a file so that a reader sees the old content or the new, never a part.

    A temporary file in the same folder is written and synced to the disk, then takes the name over.
    A symbolic link is followed and stays; permissions of the old file are kept. There is no other way of writing:
    where a folder takes no new file, writing into the old one could leave a part of each (decision 26).

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    data : bytes
        The whole new content.
    before_replace : callable, optional
        Called when all is written and only the name is left to be taken over; what it raises stops that.

    Returns
    -------
    os.stat_result
        Of the new file, from before it had its name: whatever is found there later can be told from it.

    Raises
    ------
    SaveError
        If anything fails; the old file is untouched, and no temporary file is left. Only when the
        folder could not be synced after all else went well, the new content is in place already.
    """
    target = _resolved(path)
    mode = _mode_to_keep(target, path)
    temporary = _temporary_beside(target)
    try:
        try:
            written = _write_synced(temporary, data, mode)
            if before_replace is not None:
                before_replace()
            _replace(temporary, target)
        except BaseException:
            # Also on Ctrl+C; the error that led here is the one to report.
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(target.parent)
    except OSError as cause:
        raise SaveError(f"could not be saved ({why(cause)})", path=path, remedy=_remedy(cause)) from cause
    return written


def remove_stale_temporaries(folder: Path, *, older_than_s: float = 3600.0) -> int:
    """Remove temporary files that a killed program left in a folder.

    Parameters
    ----------
    folder : Path
        Where to look, without its subfolders; need not be there.
    older_than_s : float
        Age in seconds below which a file is spared: another program may be writing it.

    Returns
    -------
    int
        How many were removed; files that cannot be removed are passed over.
    """
    removed = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(".") and entry.name.endswith(TEMPORARY_SUFFIX)):
                continue
            with contextlib.suppress(OSError):
                if entry.is_file(follow_symlinks=False) and time.time() - entry.stat().st_mtime > older_than_s:
                    os.unlink(entry.path)
                    removed += 1
    return removed


def _resolved(path: Path) -> Path:
    """Follow symbolic links, so that the file at their end is replaced and not the link."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise SaveError("could not be saved: its symbolic link leads back to itself", path=path)
    return target


def _mode_to_keep(target: Path, path: Path) -> int | None:
    """Return the permissions of the file that will be replaced, None if there is none."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise SaveError(f"could not be saved ({why(cause)})", path=path, remedy=_remedy(cause)) from cause
    if not stat.S_ISREG(mode):
        raise SaveError("could not be saved: a folder, pipe or device has this name", path=path)
    if not os.access(target, os.W_OK):
        # Replacing would succeed wherever the folder is writable, against the owner's wish.
        raise SaveError("could not be saved: the file is write-protected", path=path, remedy="Make it writable.")
    return stat.S_IMODE(mode)


def _temporary_beside(target: Path) -> Path:
    # A part of the name is enough to recognise it, and keeps names near the 255-byte limit possible.
    return target.with_name(f".{target.name[:40]}.{os.getpid()}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")


def _write_synced(temporary: Path, data: bytes, mode: int | None) -> os.stat_result:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(temporary, flags, 0o666 if mode is None else mode)
    try:
        if mode is not None and os.name != "nt":
            # The creation mask may have taken bits away; file systems without permissions refuse.
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, mode)
        rest = memoryview(data)
        while rest:
            written = os.write(descriptor, rest)
            if written == 0:
                raise OSError(errno.EIO, "nothing could be written")
            rest = rest[written:]
        _sync(descriptor)
        found = os.fstat(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise
    # Closing can fail too: network drives report a full disk here.
    os.close(descriptor)
    return found


def _sync(descriptor: int) -> None:
    """Wait until the disk has a file's content."""
    try:
        if sys.platform == "darwin":
            import fcntl

            # Plain fsync leaves data in the drive's cache there.
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
                return
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _replace(temporary: Path, target: Path) -> None:
    for delay in _REPLACE_DELAYS_S:
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            time.sleep(delay)
    os.replace(temporary, target)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the new name; Windows has no such call, some network drives neither."""
    if os.name == "nt":
        return
    descriptor = -1
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _remedy(error: OSError) -> str:
    if error.errno in _NO_SPACE:
        return "Free some space on the disk and save again."
    if error.errno in _NO_PERMISSION:
        return "Check that the folder may be written to, or choose another place."
    if error.errno == errno.ENOENT:
        return "Check that the folder is still there."
    return "Save again, or choose another place."
