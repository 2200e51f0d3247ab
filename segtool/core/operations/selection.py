"""The pixels that an operation takes for its class: all of them, those in a box, or one connected region."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.core.operations.change import Mask, Region, Scope, Tick, bands, bounding_box, no_tick

_FULL = 255


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What an operation works on.

    Attributes
    ----------
    class_id : int
        The class, or void.
    box : Rect
        Where ``region`` lies in the mask.
    region : ndarray of bool, shape (box.height, box.width)
        Pixels of the class that count.
    """

    class_id: int
    box: Rect
    region: Region

    @property
    def members(self) -> Region:
        """A table (bool, shape (256,)) of the values that pixels of the region have."""
        table = np.zeros(VOID + 1, dtype=np.bool_)
        table[self.class_id] = True
        return table

    def widened(self, margin: int, *, shape: tuple[int, ...]) -> Selection:
        """Return the same pixels in a box that is larger by ``margin`` on every side, clipped to the mask."""
        box = self.box.expand(margin).intersect(Rect.of_shape(shape))
        region = np.zeros((box.height, box.width), dtype=np.bool_)
        top, left = self.box.y - box.y, self.box.x - box.x
        region[top : top + self.box.height, left : left + self.box.width] = self.region
        return Selection(self.class_id, box, region)


def class_in(mask: Mask, class_id: int | None, *, scope: Scope) -> int | None:
    """Return the class that an operation works on: that of the point, if the scope has one, else ``class_id``.

    Raises
    ------
    IndexError
        If the point lies outside the mask.
    """
    if scope.point is None:
        return class_id
    x, y = scope.point
    height, width = mask.shape
    if not (0 <= x < width and 0 <= y < height):
        raise IndexError(f"the mask of {width} × {height} pixels has no pixel {scope.point}")
    return int(mask[y, x])


def select(mask: Mask, class_id: int, *, scope: Scope, margin: int = 0, tick: Tick = no_tick) -> Selection | None:
    """Return the pixels of a class that count in a scope; None if there are none.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    class_id : int
        The class, or void; with a point in the scope, the one that ``class_in`` returns.
    scope : Scope
    margin : int
        Pixels around a box that are looked at too: what lies there is part of the region. Without a box, the result
        is the smallest box around the region, and nothing lies beyond it.
    tick : callable
        Called between bands.

    """
    if scope.point is not None:
        return _region_at(mask, scope.point)
    whole = Rect.of_shape(mask.shape)
    if scope.box is not None:
        box = scope.box.expand(margin).intersect(whole)
        region = mask[box.slices] == class_id
        return Selection(class_id, box, region) if region.any() else None
    box = Rect(0, 0, 0, 0)
    for band in bands(whole, tick=tick):
        found = bounding_box(mask[band.slices] == class_id)
        box = box.union(found.moved(0, band.y))
    return None if box.is_empty else Selection(class_id, box, mask[box.slices] == class_id)


def _region_at(mask: Mask, point: tuple[int, int]) -> Selection:
    x, y = point
    height, width = mask.shape
    # OpenCV wants a frame of one pixel around what it fills.
    filled = np.zeros((height + 2, width + 2), dtype=np.uint8)
    flags = 8 | cv2.FLOODFILL_MASK_ONLY | (_FULL << 8)
    _, _, _, (left, top, wide, high) = cv2.floodFill(mask, filled, (x, y), 0, 0, 0, flags)
    box = Rect(left, top, wide, high)
    inner = filled[top + 1 : top + 1 + high, left + 1 : left + 1 + wide]
    return Selection(int(mask[y, x]), box, inner == _FULL)
