"""How much memory an image takes, and how much of what is free may be used without asking."""

from __future__ import annotations

import numpy as np
import psutil

from segtool.formats.image import ImageHeader
from segtool.project.document import Document

_MIB = 1024 * 1024
# Of the memory that is free: an image that takes more is opened after a question only.
LARGE_SHARE = 0.5
# Images that nobody has asked for yet.
PREFETCH_SHARE, PREFETCH_BYTES = 0.1, 512 * _MIB
# Images that were shown before and are saved.
KEPT_SHARE, KEPT_BYTES = 0.15, 1024 * _MIB
# Halvings add a third, and decoding needs a little beside the pixels.
_PIXELS_FACTOR = 1.4
# Photographs are 3 to 30 times as large as their files, drawings and dark fields up to some hundred times.
_SWOLLEN_FACTOR, _SWOLLEN_BYTES = 100, 200 * _MIB


def available() -> int:
    """Return how many bytes the system can give without swapping."""
    return int(psutil.virtual_memory().available)


def bytes_of(header: ImageHeader) -> int:
    """Return about how many bytes an image takes with its mask and halvings."""
    return int(_bytes_of_pixels(header) * _PIXELS_FACTOR) + header.width * header.height


def is_swollen(header: ImageHeader, *, file_bytes: int) -> bool:
    """Tell whether a large image comes out of a file so small that it may have been made to fill the memory."""
    size = _bytes_of_pixels(header)
    return size > _SWOLLEN_BYTES and size > file_bytes * _SWOLLEN_FACTOR


def _bytes_of_pixels(header: ImageHeader) -> int:
    return header.width * header.height * header.channels * np.dtype(header.dtype).itemsize


def bytes_held(document: Document) -> int:
    """Return about how many bytes an image in memory takes with its mask and halvings."""
    return int(document.image.pixels.nbytes * _PIXELS_FACTOR) + document.mask.nbytes


def large_limit() -> int:
    """Return how many bytes an image may take before it is asked about."""
    return int(available() * LARGE_SHARE)


def prefetch_limit(*, in_use: int) -> int:
    """Return how many bytes images may take that nobody has asked for; ``in_use`` is what they take now."""
    return min(PREFETCH_BYTES, int((available() + in_use) * PREFETCH_SHARE))


def kept_limit(*, in_use: int) -> int:
    """Return how many bytes images may take that were shown before; ``in_use`` is what they take now."""
    return min(KEPT_BYTES, int((available() + in_use) * KEPT_SHARE))
