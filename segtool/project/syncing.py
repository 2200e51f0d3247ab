"""Waiting until the disk has what was written, as far as a file system knows of that."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})


def sync(descriptor: int) -> None:
    """Wait until the disk has what was appended to a file."""
    try:
        if hasattr(os, "fdatasync"):
            os.fdatasync(descriptor)
        else:
            os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in _NO_SYNC:
            raise


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of new files; Windows has no such call, some network drives neither."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
