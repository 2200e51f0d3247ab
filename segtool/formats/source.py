"""Opening a file that somebody else wrote: regular files only, and none with more pixels than fit."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image as PillowImage

from segtool.core.errors import SegToolError

MAX_PIXELS = 400_000_000
"""Most pixels (width × height) that an image or a mask may have; checked from the header."""

# Formats that Pillow may try. Everything else it knows (FITS, PSD, EPS, ...) is out of reach of a hostile file.
PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")

# Pillow warns above this and refuses above twice as much; both lie past our own limit, so that
# the limit is one number and its message is ours. It stays as a guard for frames inside a file.
PillowImage.MAX_IMAGE_PIXELS = MAX_PIXELS
# What it warns of beside that ends in an error or a note of ours, and not on a terminal.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class DamagedFileError(Exception):
    """The bytes of a file contradict its format; the message is a clause such as "is cut short"."""


def why(error: OSError) -> str:
    """Return the operating system's reason in lower case, without the file's name."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def open_regular(path: Path, *, error: type[SegToolError]) -> BinaryIO:
    """Open a regular file for reading; a pipe, device, socket or folder is refused unopened.

    Parameters
    ----------
    path : Path
        The file; symbolic links are followed.
    error : type
        What to raise, naming the file, if it cannot be opened.

    Returns
    -------
    BinaryIO
        The open file at its start, to be closed by the caller.
    """
    # Opening a pipe waits for a writer; without waiting, one that took the file's place is noticed below.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    try:
        _refuse_special(os.stat(path).st_mode, path, error)
        descriptor = os.open(path, flags)
        stream = os.fdopen(descriptor, "rb")
    except FileNotFoundError as cause:
        raise error("there is no such file", path=path, remedy="It may have been moved or deleted.") from cause
    except (OSError, ValueError) as cause:
        reason = why(cause) if isinstance(cause, OSError) else str(cause)
        raise error(f"cannot be opened ({reason})", path=path) from cause
    try:
        mode = os.fstat(stream.fileno())
        _refuse_special(mode.st_mode, path, error)
        if mode.st_size == 0:
            raise error("is empty (0 bytes)", path=path, remedy="Copy it again from where it came.")
    except BaseException:
        stream.close()
        raise
    return stream


def _refuse_special(mode: int, path: Path, error: type[SegToolError]) -> None:
    if stat.S_ISDIR(mode):
        raise error("is a folder, not a file", path=path)
    if not stat.S_ISREG(mode):
        raise error("is a pipe, socket or device, not a file", path=path)


def refuse_size(width: int, height: int, *, error: type[SegToolError]) -> None:
    """Raise ``error`` (without a path) if a header's size in pixels is nothing or past ``MAX_PIXELS``."""
    if width <= 0 or height <= 0:
        raise error(f"has no pixels ({width}×{height})", remedy="Copy it again from where it came.")
    if width * height > MAX_PIXELS:
        raise error(
            f"is {width}×{height} pixels, and {MAX_PIXELS // 1_000_000} megapixels are the limit",
            remedy="Cut it into smaller ones.",
        )
