"""Cut out: the object in a box, by GrabCut."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect
from segtool.core.regions.grow import enlarged
from segtool.core.regions.levels import Pixels, reduced, stretched
from segtool.core.regions.region import NOTHING, Region, cropped

MOST_PIXELS = 80_000

_ITERATIONS = 4
_LEAST_SIDE = 3
# What lies around the box is background, but only next to it: further off there may be others of the same kind.
_MARGIN = 0.06
_LEAST_MARGIN = 3
# The middle of the box is taken for the object: without it one that looks like its surroundings is lost altogether.
# Found on boxes around the objects of five sets of images: 0.15 loses some, 0.5 spoils thin and bent ones.
_CORE = 0.3
_TEXTURE_SIGMA = 1.5


def cut_out(pixels: Pixels, box: Rect, *, is_wanted: Callable[[], bool] = lambda: True) -> Region:
    """Return the object in a box.

    Colours of the inside and of the surroundings are learned in turns with the cut between them. A box of more than
    ``MOST_PIXELS`` is worked on at a lower resolution, and the edge made smooth again.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image; only read.
    box : Rect
        Drawn closely around the object; the part of it beside the image does not count.
    is_wanted : callable
        Asked in between; once it says no, nothing is returned.

    Returns
    -------
    Region
        Inside the box and without holes; nothing for a box with sides below 3 pixels.

    Notes
    -----
    C. Rother, V. Kolmogorov, A. Blake, "GrabCut: interactive foreground extraction using iterated graph cuts", 2004.
    """
    whole = Rect.of_shape(pixels.shape)
    box = box.intersect(whole)
    if min(box.width, box.height) < _LEAST_SIDE:
        return NOTHING
    margin = max(_LEAST_MARGIN, round(_MARGIN * max(box.width, box.height)))
    around = box.expand(margin).intersect(whole)
    scale = min(1.0, np.sqrt(MOST_PIXELS / (around.width * around.height)))
    size = (max(_LEAST_SIDE, round(around.width * scale)), max(_LEAST_SIDE, round(around.height * scale)))
    # Made smaller first: a box may be as large as the image.
    image = stretched(reduced(pixels[around.slices], size))
    labels = _first_guess(box, around, size=size)
    if not _iterate(_features(image), labels, is_wanted=is_wanted):
        return NOTHING
    found = enlarged(_without_holes(labels), around)
    inner = found[Rect(box.x - around.x, box.y - around.y, box.width, box.height).slices]
    return cropped(inner, at=(box.x, box.y))


def _first_guess(box: Rect, around: Rect, *, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return what is known before: around the box background, its middle object."""
    labels = np.full(size[::-1], cv2.GC_BGD, dtype=np.uint8)
    across, down = size[0] / around.width, size[1] / around.height
    left, right = ((edge - around.x) * across for edge in (box.x, box.right))
    top, bottom = ((edge - around.y) * down for edge in (box.y, box.bottom))
    labels[round(top) : round(bottom), round(left) : round(right)] = cv2.GC_PR_FGD
    if not (labels == cv2.GC_BGD).any():
        # The box is the image: its rim has to do for the surroundings.
        labels[[0, -1]] = cv2.GC_BGD
        labels[:, [0, -1]] = cv2.GC_BGD
    centre = (round((left + right - 1) / 2), round((top + bottom - 1) / 2))
    axes = (int((right - left) / 2 * _CORE), int((bottom - top) / 2 * _CORE))
    cv2.ellipse(labels, centre, axes, 0, 0, 360, cv2.GC_FGD, -1)
    return labels


def _features(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return three channels that tell things apart: colours, or brightness, its mean nearby and its texture."""
    fine = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), dtype=np.uint8)
    if image.ndim == 3:
        return fine
    values = image.astype(np.float32)
    mean = cv2.GaussianBlur(values, (0, 0), _TEXTURE_SIGMA)
    square = cv2.GaussianBlur(values * values, (0, 0), _TEXTURE_SIGMA)
    texture = np.sqrt(np.maximum(square - mean * mean, 0))
    return np.dstack([fine, *(part.clip(0, 255).astype(np.uint8) for part in (mean, texture))])


def _iterate(image: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], *, is_wanted: Callable[[], bool]) -> bool:
    """Refine the labels in place; False if they are no longer wanted."""
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    # The first clusters of colours are drawn by lot: the same box is to give the same object.
    cv2.setRNGSeed(0)
    mode = cv2.GC_INIT_WITH_MASK
    for _ in range(_ITERATIONS):
        if not is_wanted():
            return False
        cv2.grabCut(image, labels, (0, 0, 0, 0), background, foreground, 1, mode)
        mode = cv2.GC_EVAL
    return True


def _without_holes(labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return the piece with the middle in it, its holes filled, and other pieces only if they are large."""
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if outlines:
        largest = max(cv2.contourArea(outline) for outline in outlines)
        kept = [outline for outline in outlines if 10 * cv2.contourArea(outline) >= largest]
        found[:] = 0
        cv2.drawContours(found, kept, -1, 1, -1)
    return np.asarray(found > 0, dtype=np.bool_)
