"""Masks as PNG files: one class id per pixel, read and written without changing a single one."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.errors import MaskError, SaveError
from segtool.core.palette import voc_palette
from segtool.formats.atomic import write_atomic
from segtool.formats.decoders import array_of
from segtool.formats.png_chunks import PNG_SIGNATURE, ColourType, scan_png
from segtool.formats.source import DamagedFileError, open_regular, refuse_size, why

_REMEDY = "Save it as an 8-bit indexed or grey PNG whose values are class ids."
_AGAIN = "Save again, or choose another place."
_BACKUP = "Take it from a backup, or move it away to start with an empty mask."
_COMPRESS_LEVEL = 3
_BAND_ROWS = 1024


def read_mask(path: Path) -> npt.NDArray[np.uint8]:
    """Read a mask.

    Indexed PNGs give their indices, grey ones their stored values (a 1-bit one 0 and 1); colours and
    orientation in the file are passed over. Every check sum is compared: a flipped bit is an error.

    Parameters
    ----------
    path : Path
        A PNG, indexed or grey, with at most 8 bits per pixel.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids, 255 for void; the caller's own, writable.

    Raises
    ------
    MaskError
        If the file cannot be opened, is damaged or holds anything but class ids.
    """
    with open_regular(path, error=MaskError) as stream:
        try:
            return _decode(stream)
        except MaskError as error:
            error.path = path
            raise
        except DamagedFileError as cause:
            raise MaskError(str(cause), path=path, remedy=_BACKUP) from cause
        except Exception as cause:
            # A decoder fed with hostile or damaged bytes may raise nearly anything.
            raise MaskError(f"cannot be read ({cause})", path=path, remedy=_BACKUP) from cause


def _decode(stream: BinaryIO) -> npt.NDArray[np.uint8]:
    head = stream.read(8)
    if head != PNG_SIGNATURE:
        if head.startswith(b"\xff\xd8"):
            raise MaskError("is a JPEG, which changes class ids when it compresses", remedy=_REMEDY)
        raise MaskError("is not a PNG", remedy=_REMEDY)
    layout = scan_png(stream, verify=True)
    if layout.colour_type not in (ColourType.INDEXED, ColourType.GREY):
        raise MaskError("holds colours, not class ids", remedy=_REMEDY)
    if layout.bit_depth > 8:
        raise MaskError(f"has {layout.bit_depth} bits per pixel, and class ids have 8", remedy=_REMEDY)
    if layout.frames > 1:
        raise MaskError(f"is an animation of {layout.frames} frames", remedy=_REMEDY)
    refuse_size(layout.width, layout.height, error=MaskError)
    stream.seek(0)
    with PillowImage.open(stream, formats=("PNG",)) as image:
        image.load()
        # An indexed PNG of less than 8 bits is unpacked by the decoder; 1-bit grey becomes 0 and 1.
        mask = array_of(image, mode=image.mode).astype(np.uint8, copy=False)
    if layout.colour_type is ColourType.GREY and layout.bit_depth in (2, 4):
        # The decoder stretches these to 0…255; the stored values are the ids.
        mask //= 255 // (2**layout.bit_depth - 1)
    if mask.shape != (layout.height, layout.width):
        raise MaskError(f"decodes to {mask.shape}, not to the {layout.height}×{layout.width} pixels of its header")
    return mask


def encode_mask(mask: npt.NDArray[np.uint8]) -> bytes:
    """Encode a mask as an 8-bit indexed PNG with the VOC palette.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void; any memory layout.

    Returns
    -------
    bytes
        The file's content; the same for the same mask.

    Raises
    ------
    MaskError
        If the array is not H×W uint8 with at least one pixel.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2 or mask.size == 0:
        raise MaskError(f"a mask must be H×W uint8 with at least one pixel, not {mask.dtype} of shape {mask.shape}")
    image = PillowImage.fromarray(np.ascontiguousarray(mask))
    image.putpalette(voc_palette().tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", bits=8, compress_level=_COMPRESS_LEVEL)
    return buffer.getvalue()


def write_mask(
    path: Path, mask: npt.NDArray[np.uint8], *, about_to_replace: Callable[[str], None] = lambda digest: None
) -> os.stat_result:
    """Write a mask, replacing the old file only by one that reads back the same.

    Parameters
    ----------
    path : Path
        Where to; missing folders are made.
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void.
    about_to_replace : callable
        Called with the SHA-256 of the new file, in hex, at the last moment before it takes the place of the old
        one; what it raises leaves the old one there.

    Returns
    -------
    os.stat_result
        Of the new file.

    Raises
    ------
    SaveError
        If it could not be written; an old file is untouched. Only if the disk gave no error and something else
        than was written stands there now, the old one is gone.
    MaskError
        If the array is not H×W uint8 with at least one pixel.
    """
    data = encode_mask(mask)
    if not _reads_back(data, mask):
        raise SaveError("could not be saved: the encoded mask did not read back the same", path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise SaveError(
            f"could not be saved: its folder cannot be made ({why(cause)})",
            path=path,
            remedy="Check that the folder may be written to, or choose another place.",
        ) from cause
    digest = hashlib.sha256(data).hexdigest()
    written = write_atomic(path, data, before_replace=lambda: about_to_replace(digest))
    _check_on_disk(path, data)
    return written


def _check_on_disk(path: Path, data: bytes) -> None:
    """Catch a drive that takes everything and keeps something else: some network drives fill with zeros."""
    try:
        found = path.read_bytes()
    except OSError as cause:
        raise SaveError(f"was saved, but cannot be read back ({why(cause)})", path=path, remedy=_AGAIN) from cause
    if found != data:
        raise SaveError("was saved, but something else stands there now", path=path, remedy=_AGAIN)


def _reads_back(data: bytes, mask: npt.NDArray[np.uint8]) -> bool:
    """Catch a fault of the encoder or the memory before it replaces a good file."""
    try:
        found = _decode(io.BytesIO(data))
    except (DamagedFileError, MaskError, OSError, SyntaxError, ValueError):
        return False
    # In bands: the comparison of a whole mask would be as large as the mask.
    bands = (slice(top, top + _BAND_ROWS) for top in range(0, mask.shape[0], _BAND_ROWS))
    return found.shape == mask.shape and all(np.array_equal(found[rows], mask[rows]) for rows in bands)
