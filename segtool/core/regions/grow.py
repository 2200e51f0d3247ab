"""Grow from seeds: a watershed between what was marked as inside and as outside."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.brush import Point
from segtool.core.geometry import Rect
from segtool.core.regions.levels import Pixels, reduced, stretched
from segtool.core.regions.region import NOTHING, Region, cropped

Stroke = Sequence[Point]
"""The points that a mark goes through, in image coordinates; one point is a dot."""

MOST_PIXELS = 1_000_000

_INSIDE, _OUTSIDE = 1, 2
# Found on marks in micrographs, nuclei and aerial images: with a narrow margin the rim cuts through objects of which
# only the middle is marked; without smoothing noise bends edges, with more of it they move.
_LEAST_MARGIN = 96
_SMOOTHING = 1.0
_MARK_WIDTH = 3
_SHIFT = 4


def grown(pixels: Pixels, *, inside: Sequence[Stroke], outside: Sequence[Stroke]) -> Region:
    """Return what is nearer to the marks inside than to those outside, across the least steep way.

    The image is flooded from all marks, gentle slopes first, in a box around them; the rim of the box counts as
    outside, so that marks inside are enough. Box and rim reach beyond the marks by their own extent. A box of more
    than ``MOST_PIXELS`` is worked on at a lower resolution.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image; only read.
    inside, outside : sequences of strokes
        Where two cross, outside wins.

    Returns
    -------
    Region
        Nothing if no mark inside lies on the image.

    Notes
    -----
    F. Meyer, "Color image segmentation", 1992, as in OpenCV's ``watershed``.
    """
    box = _box_around([*inside, *outside], shape=(pixels.shape[0], pixels.shape[1]))
    if not inside or box.is_empty:
        return NOTHING
    factor = int(np.ceil(np.sqrt(max(1.0, box.width * box.height / MOST_PIXELS))))
    size = (-(-box.width // factor), -(-box.height // factor))
    # Made smaller first: a box may be as large as the image.
    image = stretched(reduced(pixels[box.slices], size))
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), _SMOOTHING), dtype=np.uint8)
    markers = np.zeros(size[::-1], dtype=np.int32)
    _mark_rim(markers, box, shape=(pixels.shape[0], pixels.shape[1]), is_all_there_is=not outside)
    scale = (size[0] / box.width, size[1] / box.height)
    for strokes, value in ((inside, _INSIDE), (outside, _OUTSIDE)):
        for stroke in strokes:
            _draw(markers, stroke, value, origin=(box.x, box.y), scale=scale)
    return cropped(enlarged(flooded(image, markers), box), at=(box.x, box.y))


def flooded(image: npt.NDArray[np.uint8], markers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return what a flood from markers of 1 covers where one from markers of 2 has not been: bool, (H, W).

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
        The slopes are the differences of its neighbours.
    markers : ndarray of int32, shape (H, W)
        0 where the flood decides.
    """
    # OpenCV sets the rim of what it is given to -1, and draws lines of -1 between the floods: those lie outside.
    wide = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    floods = np.pad(markers, 1)
    cv2.watershed(cv2.cvtColor(wide, cv2.COLOR_GRAY2BGR) if wide.ndim == 2 else wide, floods)
    return np.asarray((floods[1:-1, 1:-1] == _INSIDE) | (markers == _INSIDE), dtype=np.bool_)


def enlarged(found: npt.NDArray[np.bool_], box: Rect) -> npt.NDArray[np.bool_]:
    """Return a region found at a lower resolution at the size of its box, with a smooth edge."""
    if found.shape == (box.height, box.width):
        return found
    wide = cv2.resize(found.astype(np.uint8) * 255, (box.width, box.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide) > 127


def _box_around(strokes: Sequence[Stroke], *, shape: tuple[int, int]) -> Rect:
    points = np.array([point for stroke in strokes for point in stroke], dtype=np.float64).reshape(-1, 2)
    if not len(points):
        return NOTHING[0]
    (left, top), (right, bottom) = np.floor(points.min(axis=0)), np.floor(points.max(axis=0)) + 1
    margin = max(_LEAST_MARGIN, round(max(right - left, bottom - top)))
    marked = Rect.from_edges(int(left), int(top), int(right), int(bottom))
    return marked.expand(margin).intersect(Rect.of_shape(shape))


def _mark_rim(markers: npt.NDArray[np.int32], box: Rect, *, shape: tuple[int, int], is_all_there_is: bool) -> None:
    """Mark the rim of the box; where it is the image's own rim, only if nothing else is marked as outside."""
    for side, is_inner in (
        (markers[:, 0], box.x > 0),
        (markers[0], box.y > 0),
        (markers[:, -1], box.right < shape[1]),
        (markers[-1], box.bottom < shape[0]),
    ):
        if is_inner or is_all_there_is:
            side[...] = _OUTSIDE


def _draw(
    markers: npt.NDArray[np.int32], stroke: Stroke, value: int, *, origin: tuple[int, int], scale: tuple[float, float]
) -> None:
    # OpenCV counts from the centres of pixels.
    places = (np.array(stroke, dtype=np.float64).reshape(-1, 2) - origin) * scale - 0.5
    points = np.rint(places * (1 << _SHIFT)).astype(np.int32)
    if len(points) == 1:
        points = np.concatenate([points, points])
    cv2.polylines(markers, [points[:, None]], False, value, thickness=_MARK_WIDTH, shift=_SHIFT)
