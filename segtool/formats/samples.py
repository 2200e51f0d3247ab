"""Decoded samples to pixels: alpha, orientation and the three dtypes that an image may have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segtool.formats.tiff_header import Photometric, TiffHeader

Pixels = npt.NDArray[np.generic]

_BAND_ROWS = 256


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
