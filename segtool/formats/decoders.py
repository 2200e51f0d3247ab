"""The decoders: Pillow, OpenCV for wide values, and OpenCV straight into the array that is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.errors import ImageError
from segtool.formats.inspection import Decoder, Plan
from segtool.formats.png_chunks import PNG_END
from segtool.formats.source import PILLOW_FORMATS, DamagedFileError

Pixels = npt.NDArray[np.generic]

_MAX_OPENCV_BYTES = 2**31 - 1
_BAND_ROWS = 256
_OPEN_FILES = "/dev/fd"


def decode(stream: BinaryIO, plan: Plan) -> tuple[Pixels, Pixels | None]:
    """Decode an image.

    Parameters
    ----------
    stream : BinaryIO
        The file, open from the disk.
    plan : Plan
        What ``inspect`` found.

    Returns
    -------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Grey or RGB in the file's dtype; what ``plan.orientation`` says is still to be done.
    alpha : ndarray, shape (H, W), or None
        Opacity in the pixels' dtype, if the image has any.
    """
    return _DECODERS[plan.decoder](stream, plan)


def _decode_lean(stream: BinaryIO, plan: Plan) -> tuple[Pixels, Pixels | None]:
    """Decode 8-bit grey or RGB of which every byte is there; what OpenCV refuses, Pillow decides about."""
    flags = cv2.IMREAD_GRAYSCALE if plan.header.channels == 1 else cv2.IMREAD_COLOR_RGB
    flags |= cv2.IMREAD_IGNORE_ORIENTATION
    with quiet_opencv():
        try:
            pixels = _decode_open_file(stream, flags)
        except cv2.error:
            # Wider or higher than OpenCV takes.
            pixels = None
    return _decode_with_pillow(stream, plan) if pixels is None else (pixels, None)


def _decode_open_file(stream: BinaryIO, flags: int) -> Pixels | None:
    """Have OpenCV decode a file that is open; None if it does not."""
    name = f"{_OPEN_FILES}/{stream.fileno()}"
    if os.path.exists(name):
        stream.seek(0)
        # What OpenCV returns is copied, what it fills is not: an image of 1.2 GB is in memory once. An array with
        # room in it would come back as it is if nothing was decoded; an empty one tells.
        found = cv2.imread(name, np.empty((0, 0), dtype=np.uint8), flags)
    else:
        # Without names for open files (Windows): by its path OpenCV could not open every file.
        stream.seek(0)
        found = cv2.imdecode(np.fromfile(stream, dtype=np.uint8), flags)
    return None if found is None or found.size == 0 else np.asarray(found)


def _decode_with_pillow(stream: BinaryIO, plan: Plan) -> tuple[Pixels, Pixels | None]:
    """Decode with Pillow: 8-bit images of all kinds, and grey ones with more bits.

    Parameters
    ----------
    stream : BinaryIO
        The file.
    plan : Plan
        What ``inspect`` found; not needed here.

    Returns
    -------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Grey or RGB; TIFFs are turned upright, other formats are not.
    alpha : ndarray of uint8, shape (H, W), or None
        Opacity, if the image has any.
    """
    del plan
    stream.seek(0)
    with PillowImage.open(stream, formats=PILLOW_FORMATS) as image:
        image.load()
        mode = image.mode
        if mode in ("LA", "La", "RGBA", "RGBa", "PA") or (mode == "P" and "transparency" in image.info):
            bands = array_of(image, mode="LA" if mode in ("LA", "La") else "RGBA")
            return (bands[:, :, 0] if bands.shape[2] == 2 else bands[:, :, :3]), bands[:, :, -1]
        if mode == "1":
            return array_of(image, mode="L"), None
        is_kept = mode in ("L", "I", "F", "RGB") or mode.startswith("I;16")
        return array_of(image, mode=mode if is_kept else "RGB"), None


def array_of(image: PillowImage.Image, *, mode: str) -> Pixels:
    """Return the pixels of a decoded image, converted to ``mode``; never with a second copy of the whole image."""
    width, height = image.size
    result: Pixels | None = None
    for top in range(0, height, _BAND_ROWS):
        band = image.crop((0, top, width, min(top + _BAND_ROWS, height)))
        rows = np.asarray(band if band.mode == mode else band.convert(mode))
        if result is None:
            result = np.empty((height, *rows.shape[1:]), dtype=rows.dtype)
        result[top : top + _BAND_ROWS] = rows
    assert result is not None
    return result


def _decode_with_opencv(stream: BinaryIO, plan: Plan) -> tuple[Pixels, Pixels | None]:
    """Decode with OpenCV what Pillow would reduce to 8 bits or refuse.

    Parameters
    ----------
    stream : BinaryIO
        A PNG whose check sums agree, or a TIFF.
    plan : Plan
        What ``inspect`` found.

    Returns
    -------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Grey or RGB in the file's dtype, not turned upright.
    alpha : ndarray, shape (H, W), or None
        Opacity in the pixels' dtype, if the image has any.
    """
    size = stream.seek(0, os.SEEK_END)
    if size > _MAX_OPENCV_BYTES:
        raise ImageError("is larger than 2 GB", remedy="Save its first page as a file of its own.")
    stream.seek(0)
    content = bytearray(size)
    stream.readinto(content)  # type: ignore[attr-defined]
    data = np.frombuffer(content, dtype=np.uint8)
    if plan.tiff is not None:
        plan.tiff.set_upright(data)
    elif data[plan.sound_bytes - len(PNG_END) : plan.sound_bytes].tobytes() != PNG_END:
        # OpenCV insists on the end marker; the pixels are whole without it.
        data = np.append(data[: plan.sound_bytes], np.frombuffer(PNG_END, dtype=np.uint8))
    with quiet_opencv():
        decoded: Pixels | None = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise DamagedFileError("is damaged, or of a kind that cannot be decoded")
    if decoded.ndim == 2:
        return decoded, None
    opaque = decoded.shape[2] == 3 or (plan.tiff is not None and not plan.tiff.has_alpha)
    # Blue comes first; grey with alpha comes as colour.
    colour = decoded[:, :, 2::-1] if plan.header.channels == 3 else decoded[:, :, 0]
    return colour, None if opaque else decoded[:, :, 3]


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV's own lines off the terminal: what fails is reported by the error that follows."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)


_DECODERS: dict[Decoder, Callable[[BinaryIO, Plan], tuple[Pixels, Pixels | None]]] = {
    Decoder.PILLOW: _decode_with_pillow,
    Decoder.OPENCV: _decode_with_opencv,
    Decoder.LEAN: _decode_lean,
}
