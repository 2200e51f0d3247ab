"""Decoded samples to pixels: the two decoders, alpha, orientation and the three dtypes that an image may have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.errors import ImageError
from segtool.formats.inspection import Plan
from segtool.formats.png_chunks import PNG_END
from segtool.formats.source import PILLOW_FORMATS, DamagedFileError
from segtool.formats.tiff_header import Photometric, TiffHeader

Pixels = npt.NDArray[np.generic]

_MAX_OPENCV_BYTES = 2**31 - 1
_BAND_ROWS = 256


def decode_with_pillow(stream: BinaryIO, plan: Plan) -> tuple[Pixels, Pixels | None]:
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
            bands = np.asarray(image.convert("LA" if mode in ("LA", "La") else "RGBA"))
            return (bands[:, :, 0] if bands.shape[2] == 2 else bands[:, :, :3]), bands[:, :, -1]
        if mode == "1":
            return np.asarray(image.convert("L")), None
        if mode in ("L", "I", "F", "RGB") or mode.startswith("I;16"):
            return np.asarray(image), None
        return np.asarray(image.convert("RGB")), None


def decode_with_opencv(stream: BinaryIO, plan: Plan) -> tuple[Pixels, Pixels | None]:
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
    stream.seek(0)
    data = np.frombuffer(bytearray(stream.read(_MAX_OPENCV_BYTES + 1)), dtype=np.uint8)
    if data.size > _MAX_OPENCV_BYTES:
        raise ImageError("is larger than 2 GB", remedy="Save its first page as a file of its own.")
    if plan.tiff is not None:
        plan.tiff.set_upright(data)
    elif data[plan.sound_bytes - len(PNG_END) : plan.sound_bytes].tobytes() != PNG_END:
        # OpenCV insists on the end marker; the pixels are whole without it.
        data = np.append(data[: plan.sound_bytes], np.frombuffer(PNG_END, dtype=np.uint8))
    with _quiet_opencv():
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
def _quiet_opencv() -> Iterator[None]:
    """Keep OpenCV's own lines off the terminal: what fails is reported by the error that follows."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)


def without_alpha(pixels: Pixels, alpha: Pixels) -> tuple[Pixels, bool]:
    """Drop an alpha channel: where it varies, put the image on white as a viewer would.

    What lies under a transparent pixel is often arbitrary. Floats, whose white nobody knows, are kept as they are.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Colours that are not multiplied by alpha.
    alpha : ndarray, shape (H, W)
        Opacity in the pixels' dtype, 0 to the dtype's maximum.

    Returns
    -------
    ndarray
        Of the pixels' shape and dtype.
    bool
        Whether values were changed.
    """
    if pixels.dtype not in (np.uint8, np.uint16) or alpha.min() == alpha.max():
        return pixels, False
    white = np.uint32(255 if pixels.dtype == np.uint8 else 65535)
    result = np.empty(pixels.shape, dtype=pixels.dtype)
    for top in range(0, pixels.shape[0], _BAND_ROWS):
        rows = slice(top, top + _BAND_ROWS)
        opacity = alpha[rows].astype(np.uint32)
        if pixels.ndim == 3:
            opacity = opacity[:, :, None]
        # The largest sum, 65535² + 32767, fits into 32 bits.
        mixed = pixels[rows].astype(np.uint32) * opacity + white * (white - opacity)
        result[rows] = (mixed + white // np.uint32(2)) // white
    return result, True


def white_is_high(pixels: Pixels, tiff: TiffHeader | None) -> Pixels:
    """Invert a 16-bit TIFF in which 0 is white; both decoders do so for 8 bits and for nothing else."""
    if tiff is None or tiff.photometric != Photometric.WHITE_IS_ZERO or pixels.dtype != np.uint16:
        return pixels
    inverted: Pixels = np.uint16(2**tiff.bits - 1) - pixels.astype(np.uint16)
    return inverted


def final_dtype(pixels: Pixels) -> Pixels:
    """Return uint8 and uint16 as they are (in the machine's byte order), anything else as float32."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2:
        return pixels.astype(np.uint16, copy=False)
    # Values past the range of float32 become infinite, and are counted and named as such.
    with np.errstate(over="ignore"):
        return pixels.astype(np.float32, copy=False)


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror pixels as an EXIF orientation says.

    Parameters
    ----------
    pixels : ndarray, shape (H, W, ...)
        As stored.
    orientation : int
        1 to 8: where the stored first row and first column belong.
        Source: JEITA CP-3451, "Exif", tag 0x0112.

    Returns
    -------
    ndarray
        C-contiguous, not shared with a caller that holds the decoder's array unless nothing was turned.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    # Seen from the (by now transposed) image: which orientations still need which mirroring.
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def unfinite_count(pixels: Pixels) -> int:
    """Return how many values are infinite or not a number."""
    if pixels.dtype != np.float32:
        return 0
    return pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
