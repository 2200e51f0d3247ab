"""The file of a mask as somebody else has made it, kept beside the one that takes its place."""

from __future__ import annotations

import itertools
from pathlib import Path

from segtool.core.errors import SaveError
from segtool.formats.atomic import write_atomic
from segtool.formats.source import why

ORIGINAL_SUFFIX = ".bak"


def keep_original(path: Path) -> Path | None:
    """Copy a file to a name of its own beside it, unless that has been done: ``a.png.bak``, ``a.png.2.bak``, ….

    What is there already is never replaced.

    Returns
    -------
    Path or None
        The copy; None if there is no such file.

    Raises
    ------
    SaveError
        If that fails.
    """
    try:
        content = path.read_bytes()
        for number in itertools.count(1):
            copy = path.with_name(f"{path.name}{'' if number == 1 else f'.{number}'}{ORIGINAL_SUFFIX}")
            if not copy.exists():
                write_atomic(copy, content)
                return copy
            if copy.read_bytes() == content:
                return copy
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise SaveError(
            f"was not saved, because the file that is there could not be kept as a copy ({why(cause)})", path=path
        ) from cause
    raise AssertionError
