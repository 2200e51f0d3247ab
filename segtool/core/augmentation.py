"""Random changes of a training crop, image and mask together."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.normalisation import Normalisation, normalise
from segtool.core.run_settings import AugmentationSettings

# OpenCV warps no source wider or higher than this.
_MAX_SOURCE = 32_000

Matrix = npt.NDArray[np.float64]


def random_affine(
    settings: AugmentationSettings, rng: np.random.Generator, *, centre: tuple[float, float], size: int
) -> Matrix:
    """Draw flips, rotation, zoom and shift as one affine map from crop to image coordinates.

    Parameters
    ----------
    settings : AugmentationSettings
        A strength of 0 leaves that change out.
    rng : numpy.random.Generator
    centre : (x, y)
        Image coordinates that the crop's centre falls on before the shift, in pixels.
    size : int
        Side of the crop in pixels.

    Returns
    -------
    ndarray of float64, shape (2, 3)
        Maps crop pixel centres to image pixel centres.
    """
    # All draws happen whatever is switched off, so that one switch does not reshuffle the others.
    flip_x, flip_y = rng.random(2) < (settings.horizontal_flip, settings.vertical_flip)
    angle = np.deg2rad(rng.uniform(-1, 1) * settings.rotation)
    scale = (1 + settings.zoom) ** rng.uniform(-1, 1)
    shift = rng.uniform(-1, 1, 2) * settings.shift * size
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if flip_x else 1.0, -1.0 if flip_y else 1.0])
    middle = np.array([(size - 1) / 2, (size - 1) / 2])
    offset = np.array(centre) + shift - linear @ middle
    return np.column_stack([linear, offset])


def warp_pair(
    pixels: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8], matrix: Matrix, *, size: int
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8]]:
    """Cut a square crop out of an image and its mask through one affine map.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, uint16 or float32.
    mask : ndarray of uint8, shape (H, W)
    matrix : ndarray of float64, shape (2, 3)
        Crop to image coordinates, as ``random_affine`` draws it.
    size : int
        Side of the crop.

    Returns
    -------
    pixels, mask
        The crop in the same dtypes. The image is interpolated linearly, the mask takes the nearest
        value; what lies outside the image is filled by reflection in both.
    """
    if max(mask.shape) > _MAX_SOURCE:
        pixels, mask, matrix = _near(pixels, mask, matrix, size=size)
    flags = cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REFLECT_101
    warped = cv2.warpAffine(
        np.ascontiguousarray(pixels), matrix, (size, size), flags=flags | cv2.INTER_LINEAR, borderMode=border
    )
    labels = cv2.warpAffine(
        np.ascontiguousarray(mask), matrix, (size, size), flags=flags | cv2.INTER_NEAREST, borderMode=border
    )
    return warped, labels.astype(np.uint8, copy=False)


def _near(
    pixels: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8], matrix: Matrix, *, size: int
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8], Matrix]:
    """Cut a huge image down to the neighbourhood of the crop."""
    corners = matrix @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]], dtype=np.float64)
    margin = size
    left, top = (max(0, int(v) - margin) for v in corners.min(axis=1))
    right, bottom = (int(v) + margin for v in corners.max(axis=1))
    moved = matrix - np.array([[0, 0, left], [0, 0, top]], dtype=np.float64)
    return pixels[top:bottom, left:right], mask[top:bottom, left:right], moved


def random_intensity(
    image: npt.NDArray[np.float32], settings: AugmentationSettings, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Change brightness, contrast and colour of a normalised crop.

    Nothing is cut off at 0 or 1: in a dark image a cut at 0 would wipe out dim objects whose labels stay, and
    teach the network to see objects where there is nothing left to see.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        Values 0…1.
    settings : AugmentationSettings
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Values about 0…1, a little below and above.
    """
    gain = (1 + settings.contrast) ** rng.uniform(-1, 1)
    added = rng.uniform(-1, 1) * settings.brightness
    # Grey images stay grey, as every image of their kind is. The draw happens whatever they are.
    tint = (1 + settings.colour) ** rng.uniform(-1, 1, 3)
    if settings.colour > 0 and not is_grey(image):
        image = image * tint.astype(np.float32)
    if gain == 1 and added == 0:
        return image
    mean = float(image.mean())
    return (image - np.float32(mean)) * np.float32(gain) + np.float32(mean + added)


def is_grey(image: npt.NDArray[np.generic]) -> bool:
    """Return whether the three channels of an image of shape (H, W, 3) are the same."""
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 0] == image[..., 2]).all())


def augment(
    image: npt.NDArray[np.float32],
    mask: npt.NDArray[np.uint8],
    settings: AugmentationSettings,
    rng: np.random.Generator,
    *,
    crop: int,
    centre: tuple[float, float] | None = None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Draw one augmented crop of a normalised image.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        Values 0…1.
    mask : ndarray of uint8, shape (H, W)
    settings : AugmentationSettings
    rng : numpy.random.Generator
    crop : int
        Side of the crop.
    centre : (x, y), optional
        Where the crop is taken; the image's middle if not given.

    Returns
    -------
    image : ndarray of float32, shape (crop, crop, 3)
        Values about 0…1, see ``random_intensity``.
    mask : ndarray of uint8, shape (crop, crop)
    """
    if centre is None:
        centre = ((mask.shape[1] - 1) / 2, (mask.shape[0] - 1) / 2)
    matrix = random_affine(settings, rng, centre=centre, size=crop)
    pixels, labels = warp_pair(image, mask, matrix, size=crop)
    return random_intensity(pixels.astype(np.float32, copy=False), settings, rng), labels


def preview(
    pixels: npt.NDArray[np.generic],
    mask: npt.NDArray[np.uint8],
    settings: AugmentationSettings,
    *,
    count: int,
    seed: int,
    side: int = 192,
) -> list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]:
    """Return what augmentation makes of an image, for the window to show.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        An image as it was read.
    mask : ndarray of uint8, shape (H, W)
    settings : AugmentationSettings
    count : int
        Number of crops.
    seed : int
        The same seed gives the same crops.
    side : int
        Side of each crop in image pixels.

    Returns
    -------
    list of (ndarray of uint8 (side, side, 3), ndarray of uint8 (side, side))
    """
    rng = np.random.default_rng(seed)
    image = normalise(pixels, Normalisation())
    crops = [augment(image, mask, settings, rng, crop=side) for _ in range(count)]
    return [((crop.clip(0, 1) * 255).round().astype(np.uint8), labels) for crop, labels in crops]
