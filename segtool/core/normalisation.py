"""Intensity normalisation of an image: one piece of code for training and for inference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID

# Percentiles are estimated from at most about this many pixels: a regular grid of them is as good
# as all of them, and 12 megapixels would cost more than the network's first tile.
_SAMPLE_PIXELS = 250_000


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Percentiles (0…100) of an image's values that become 0 and 1; what lies outside is clipped."""

    low: float = 0.5
    high: float = 99.8


def as_rgb(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Return an image (H×W or H×W×3) as H×W×3 of its own dtype: grey is repeated, as a view."""
    if pixels.ndim == 2:
        return np.broadcast_to(pixels[:, :, None], (*pixels.shape, 3))
    return pixels


def without_value(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_] | None:
    """Return where an image has no value, because one of a pixel's is NaN or infinite; None if nowhere.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)

    Returns
    -------
    ndarray of bool, shape (H, W), or None
    """
    if pixels.dtype.kind != "f":
        return None
    found = ~np.isfinite(pixels)
    missing: npt.NDArray[np.bool_] = found if found.ndim == 2 else found.any(axis=2)
    return missing if missing.any() else None


def void_without_value(mask: npt.NDArray[np.uint8], pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Return a mask (H×W) with void where its image has no value: there is nothing to learn, nor to be judged by."""
    missing = without_value(pixels)
    return mask if missing is None else np.where(missing, np.uint8(VOID), mask)


def intensity_range(pixels: npt.NDArray[np.generic], normalisation: Normalisation) -> tuple[float, float]:
    """Return the values of an image that will become 0 and 1.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Any integer or float dtype; values that are not finite are ignored.
    normalisation : Normalisation
        The percentiles, taken over all channels together so that hue is kept.

    Returns
    -------
    low, high : float
        ``high > low`` always holds, also for an image of one value.
    """
    values = intensity_sample(pixels).ravel()
    return range_of(values[np.isfinite(values)], normalisation)


def intensity_sample(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Return the values of a regular grid of an image's pixels, float32 of shape (N, 1) or (N, 3)."""
    step = max(1, int(np.ceil(np.sqrt(pixels.shape[0] * pixels.shape[1] / _SAMPLE_PIXELS))))
    grid = pixels[::step, ::step].astype(np.float32)
    return grid.reshape(-1, 1 if pixels.ndim == 2 else pixels.shape[2])


def range_of(values: npt.NDArray[np.float32], normalisation: Normalisation) -> tuple[float, float]:
    """Return the percentiles of finite values, shape (N,); the second is greater than the first whatever they are."""
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, (normalisation.low, normalisation.high)))
    if high - low <= 1e-6 * max(1.0, abs(high)):
        # One value (nearly) everywhere: spread over the full range so that sparse objects survive.
        low, high = float(values.min()), float(values.max())
    return low, high if high > low else just_above(low)


def just_above(value: float) -> float:
    """Return a number that is greater by 1, or by as little as can be told apart where numbers are very large."""
    return value + max(1.0, abs(value) * 1e-15)


def normalise(
    pixels: npt.NDArray[np.generic], normalisation: Normalisation, *, value_range: tuple[float, float] | None = None
) -> npt.NDArray[np.float32]:
    """Map an image to float32 in 0…1 by its own percentiles.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        8-bit, 16-bit or float values; not finite ones become 0.
    normalisation : Normalisation
        Which percentiles become 0 and 1.
    value_range : tuple of float, optional
        Values that become 0 and 1 when they are known already: a tile must use its image's.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
    """
    low, high = intensity_range(pixels, normalisation) if value_range is None else value_range
    scaled = (pixels.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
    np.clip(scaled, 0.0, 1.0, out=scaled)
    return np.ascontiguousarray(as_rgb(scaled), dtype=np.float32)
