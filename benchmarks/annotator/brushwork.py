"""How many strokes a region takes with a round brush, and how long they take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

_PASSES = 3
_LEAST_RADIUS = 0.5
# The thickest brush, as a share of the image's shorter side.
_LARGEST_BRUSH = 0.1
# Nobody paints longer than this without letting go.
_LONGEST_STROKE = 1200.0


@dataclass(frozen=True, slots=True)
class Clock:
    """What takes how long: speeds in pixels, times in seconds.

    Painting, travel, search and check are those of RootPainter's simulated annotator.

    Attributes
    ----------
    paint_speed, travel_speed : float
        Pixels per second with the button down and between strokes.
    border_speed : float
        Pixels per second along a border, where the hand must be exact: an assumption.
    search : float
        Before each stroke.
    check, image : float
        Once for each image.
    """

    paint_speed: float = 400.0
    travel_speed: float = 800.0
    border_speed: float = 100.0
    search: float = 0.2
    check: float = 0.2
    image: float = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Brushwork:
    """What painting one connected region takes.

    Attributes
    ----------
    strokes : int
    path : float
        Way of the brush in pixels.
    radius : float
        Of the thickest brush used, in pixels.
    centre : ndarray of float64, shape (2,)
        Row and column.
    border : ndarray of int64, shape (N, 2)
        Rows and columns of the pixels along the region's edge.
    """

    strokes: int
    path: float
    radius: float
    centre: npt.NDArray[np.float64]
    border: npt.NDArray[np.int64]


def strokes_for(region: npt.NDArray[np.bool_]) -> Iterator[Brushwork]:
    """Yield what each connected part of a region takes.

    A part is painted with the largest disc that fits, then what is left with brushes of half and a quarter of its
    radius. A brush goes area / (2 · radius) far; each separate piece of a pass is a stroke, long ones are several.

    Parameters
    ----------
    region : ndarray of bool, shape (H, W)
    """
    largest = max(_LARGEST_BRUSH * min(region.shape), 1.0)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    for index in range(1, count):
        left, top, width, height = (int(value) for value in stats[index, :4])
        crop = labels[top : top + height, left : left + width] == index
        # Beyond the edge of the image there is nothing to spare: no brush starts there.
        part = np.pad(crop, 1)
        depth = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        radius = min(float(depth.max()), largest)
        strokes, path = _passes(part, depth, radius)
        border = np.argwhere(depth[1:-1, 1:-1] * crop == 1) + (top, left)
        yield Brushwork(strokes, path, radius, centres[index, ::-1].copy(), border)


def paint_time(work: Brushwork, clock: Clock) -> float:
    """Return the seconds that a part takes, without the way to it."""
    return work.strokes * clock.search + work.path / clock.paint_speed + len(work.border) / clock.border_speed


def travel_length(places: Sequence[npt.NDArray[np.float64]]) -> float:
    """Return the way, in pixels, from place to place, always to the nearest that is left."""
    if not places:
        return 0.0
    rest = np.array(places)
    here, total = rest[0], 0.0
    rest = rest[1:]
    while len(rest):
        ways = np.hypot(*(rest - here).T)
        nearest = int(ways.argmin())
        total += float(ways[nearest])
        here = rest[nearest]
        rest[nearest] = rest[-1]
        rest = rest[:-1]
    return total


def _passes(part: npt.NDArray[np.bool_], depth: npt.NDArray[np.float32], radius: float) -> tuple[int, float]:
    """Return how many strokes and which way a connected part takes."""
    rest, strokes, path = part, 0, 0.0
    for index in range(_PASSES):
        width = max(radius / 2**index, _LEAST_RADIUS)
        last = index == _PASSES - 1 or width <= 1
        covered = rest if last else rest & _within(depth >= width, width)
        area = int(np.count_nonzero(covered))
        strokes += _pieces(covered, least=math.pi * width**2 / 4) + int(area / (2 * width) / _LONGEST_STROKE)
        path += area / (2 * width)
        rest = rest & ~covered
        if last or not rest.any():
            break
    return max(strokes, 1), path


def _within(centres: npt.NDArray[np.bool_], radius: float) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.distanceTransform((~centres).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius)


def _pieces(covered: npt.NDArray[np.bool_], *, least: float) -> int:
    """Count connected pieces; crumbs at the edge of a brush are none."""
    stats = cv2.connectedComponentsWithStats(covered.astype(np.uint8), connectivity=8)[2]
    return int(np.count_nonzero(stats[1:, cv2.CC_STAT_AREA] >= least))
