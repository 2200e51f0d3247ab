"""Smart scissors: the way along edges from an anchor to any point."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.brush import Point
from segtool.core.geometry import Rect
from segtool.core.regions.levels import Pixels, reduced, stretched
from segtool.core.regions.region import Pixel

CROP_SIDE = 512
MOST_REDUCTION = 16

_MARGIN = 16
# Found on outlines of objects in five sets of images, against Canny's edges, other thresholds and other weights.
_SMOOTHING = 0.7
_LEAST_GRADIENT = 3.0
_SNAP_SMOOTHING = 1.0
_EVENING = np.array([1, 4, 6, 4, 1]) / 16
_MOST_SNAP = 24


class Scissors:
    """Finds ways from one anchor, each the cheapest along pixels of strong edges.

    Maps of the ways are made of a crop of 512² pixels about the anchor: at full resolution for near points, at a half,
    a quarter … for those further away. A map takes some 60 ms and serves every point in its reach; a way then takes
    far less than one.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image; only read.
    anchor : (x, y)
        Image coordinates in pixels; brought into the image.

    Notes
    -----
    E. N. Mortensen, W. A. Barrett, "Intelligent scissors for image composition", 1995, as in OpenCV.
    """

    def __init__(self, pixels: Pixels, anchor: Point) -> None:
        self._pixels = pixels
        self._whole = Rect.of_shape(pixels.shape)
        self._anchor = _pixel(anchor, self._whole)
        self._maps: dict[int, _Map] = {}

    def path(self, target: Point) -> list[Point]:
        """Return the way from the anchor to a point, both of them included as centres of pixels.

        Parameters
        ----------
        target : (x, y)
            Image coordinates in pixels; brought into the image. If it is too far away for any map, the way is straight.
        """
        end = _pixel(target, self._whole)
        reach = max(abs(end[0] - self._anchor[0]), abs(end[1] - self._anchor[1])) + _MARGIN
        reduction = 1
        while reach > CROP_SIDE // 2 * reduction:
            reduction *= 2
        if reduction > MOST_REDUCTION or end == self._anchor:
            return [_centre(self._anchor), _centre(end)]
        if reduction not in self._maps:
            self._maps[reduction] = _Map(self._pixels, self._anchor, reduction)
        way = self._maps[reduction].path(end)
        return [_centre(self._anchor), *way[1:-1], _centre(end)]


class _Map:
    """The ways from an anchor in a crop at one resolution."""

    def __init__(self, pixels: Pixels, anchor: Pixel, reduction: int) -> None:
        half = CROP_SIDE // 2 * reduction
        self._box = Rect(anchor[0] - half, anchor[1] - half, 2 * half, 2 * half).intersect(Rect.of_shape(pixels.shape))
        self._reduction = reduction
        size = tuple(max(1, side // reduction) for side in (self._box.width, self._box.height))
        self._size = size[0], size[1]
        crop = stretched(reduced(pixels[self._box.slices], self._size))
        image = cv2.GaussianBlur(crop, (0, 0), _SMOOTHING)
        self._tool = cv2.segmentation.IntelligentScissorsMB()
        self._tool.setEdgeFeatureZeroCrossingParameters(_LEAST_GRADIENT)
        self._tool.applyImage(image)
        self._tool.buildMap(self._inside(anchor))

    def path(self, end: Pixel) -> list[Point]:
        """Return the way to a pixel of the box, in image coordinates."""
        way = np.asarray(self._tool.getContour(self._inside(end))).reshape(-1, 2)
        places = _even(way.astype(np.float64) + 0.5) * (
            self._box.width / self._size[0],
            self._box.height / self._size[1],
        )
        return [(float(x), float(y)) for x, y in places + (self._box.x, self._box.y)]

    def _inside(self, pixel: Pixel) -> Pixel:
        """Return the pixel of the crop that a pixel of the image lies in."""
        x = (pixel[0] - self._box.x) * self._size[0] // self._box.width
        y = (pixel[1] - self._box.y) * self._size[1] // self._box.height
        return x, y


def _even(way: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a way without the corners of the pixels it goes through: points averaged with their neighbours."""
    around = np.pad(way, ((2, 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(line, _EVENING, mode="valid") for line in around.T], axis=1)


def snapped(pixels: Pixels, point: Point, *, radius: float) -> Point:
    """Return the place near a point where the edge is strongest, near ones preferred; the point if there is none.

    Parameters
    ----------
    pixels : ndarray of uint8, uint16 or float32, shape (H, W) or (H, W, 3)
        The image; only read.
    point : (x, y)
        Image coordinates in pixels; brought into the image.
    radius : float
        How far away an edge may be, in pixels; more than 24 count as 24.
    """
    whole = Rect.of_shape(pixels.shape)
    x, y = _pixel(point, whole)
    reach = min(int(radius), _MOST_SNAP)
    if reach < 1:
        return _centre((x, y))
    box = Rect(x, y, 1, 1).expand(reach).intersect(whole)
    around = box.expand(3).intersect(whole)
    strength = _gradient(stretched(pixels[around.slices]))
    strength = strength[Rect(box.x - around.x, box.y - around.y, box.width, box.height).slices]
    rows, columns = np.ogrid[box.y : box.bottom, box.x : box.right]
    nearness = 1 - np.hypot(rows - y, columns - x) / (reach + 1)
    worth = strength * nearness.clip(0)
    row, column = np.unravel_index(int(worth.argmax()), worth.shape)
    if worth[row, column] <= 0:
        return _centre((x, y))
    return _centre((box.x + int(column), box.y + int(row)))


def _gradient(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return how steep an image is: float32 (H, W), of the steepest channel."""
    smooth = cv2.GaussianBlur(image, (0, 0), _SNAP_SMOOTHING)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    steepness = np.asarray(cv2.magnitude(across, down), dtype=np.float32)
    return steepness if steepness.ndim == 2 else np.asarray(steepness.max(axis=-1), dtype=np.float32)


def _pixel(point: Point, whole: Rect) -> Pixel:
    x, y = (math.floor(place) for place in point)
    return min(max(x, 0), whole.width - 1), min(max(y, 0), whole.height - 1)


def _centre(pixel: Pixel) -> Point:
    return pixel[0] + 0.5, pixel[1] + 0.5
