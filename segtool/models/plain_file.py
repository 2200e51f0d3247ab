"""What of a model folder may be opened at all: plain files of a sane size."""

from __future__ import annotations

import stat
from pathlib import Path

from segtool.core.errors import ModelError

REMEDY = "Copy the model folder again from where it came from, or choose another model."
OTHER_MODEL = "Choose another model, or train one here."


def check_plain_file(path: Path, *, most_bytes: int) -> None:
    """Raise ModelError if a file is missing, a link, a pipe or a device, or larger than that; it is not opened."""
    try:
        info = path.lstat()
    except FileNotFoundError as exc:
        raise ModelError("the model lacks this file", path=path, remedy=REMEDY) from exc
    except (OSError, ValueError) as exc:
        raise ModelError(f"the file cannot be read ({exc})", path=path, remedy=REMEDY) from exc
    if stat.S_ISLNK(info.st_mode):
        raise ModelError("the file is a link", path=path, remedy="Put the file itself into the model folder.")
    if not stat.S_ISREG(info.st_mode):
        raise ModelError("this is not a plain file", path=path, remedy=REMEDY)
    if info.st_size > most_bytes:
        limit = most_bytes // 1024**2
        raise ModelError(f"the file is larger than {limit} MB, the most that is read", path=path, remedy=REMEDY)
