"""Operations that move the border of a class: smooth, grow, shrink."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np

from segtool.core.geometry import Rect
from segtool.core.operations.change import (
    WHOLE,
    Mask,
    MaskChange,
    Region,
    Scope,
    Tick,
    bands,
    change_between,
    class_by_class,
    look_up,
    no_tick,
    paintable,
    present_classes,
)
from segtool.core.operations.selection import class_in, select

Reshape = Callable[[Region], Region]


class Smoothing(StrEnum):
    """How a border is smoothed: by the majority around each pixel, or what is too thin inside or outside taken away."""

    MEDIAN = "By the majority (median)"
    OPEN = "Remove thin parts (open)"
    CLOSE = "Bridge thin gaps (close)"


def smooth(
    mask: Mask,
    class_id: int | None,
    *,
    how: Smoothing,
    radius: int,
    over_void: bool = False,
    over_classes: bool = False,
    scope: Scope = WHOLE,
    tick: Tick = no_tick,
) -> MaskChange | None:
    """Smooth the border of a class.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    class_id : int or None
        None: every class but background, one after the other by their ids.
    how : Smoothing
        MEDIAN: a pixel belongs to the class if most of the square of 2·radius + 1 pixels around it do. OPEN: only
        where a disc of that radius fits in. CLOSE: also where no such disc fits in between.
    radius : int
        Pixels, at least 1.
    over_void, over_classes : bool
        Whether the class may spread over void, and over classes other than background.
    scope : Scope
    tick : callable
    """

    def step(work: Mask, one: int) -> MaskChange | None:
        over = paintable(one, over_void=over_void, over_classes=over_classes)
        return _reshape(work, one, ways[how], reach=2 * radius + 1, over=over, scope=scope, tick=tick)

    ways: dict[Smoothing, Reshape] = {
        Smoothing.MEDIAN: lambda region: _majority(region, radius=radius),
        Smoothing.OPEN: lambda region: _grown(_shrunk(region, by=radius), by=radius),
        Smoothing.CLOSE: lambda region: _shrunk(_grown(region, by=radius), by=radius),
    }
    class_id = class_in(mask, class_id, scope=scope)
    if class_id is not None:
        return step(mask, class_id)
    return class_by_class(mask, tuple(i for i in present_classes(mask, tick=tick) if i), step, tick=tick)


def grow(
    mask: Mask, class_id: int, *, by: int, over_classes: bool = False, scope: Scope = WHOLE, tick: Tick = no_tick
) -> MaskChange | None:
    """Spread a class over background and void (or ``over_classes``) that is at most ``by`` pixels away from it."""
    one = class_in(mask, class_id, scope=scope)
    assert one is not None
    over = paintable(one, over_classes=over_classes)
    return _reshape(mask, one, lambda r: _grown(r, by=by), reach=by + 1, over=over, scope=scope, tick=tick)


def shrink(mask: Mask, class_id: int, *, by: int, scope: Scope = WHOLE, tick: Tick = no_tick) -> MaskChange | None:
    """Take those pixels from a class that are at most ``by`` pixels away from others; they become what is nearest."""
    one = class_in(mask, class_id, scope=scope)
    assert one is not None
    over = np.zeros(256, dtype=np.bool_)
    return _reshape(mask, one, lambda r: _shrunk(r, by=by), reach=by + 1, over=over, scope=scope, tick=tick)


def _majority(region: Region, *, radius: int) -> Region:
    """Return the median filter of a region: of zeros and ones, it is the side that has more."""
    side = 2 * radius + 1
    ones = cv2.boxFilter(
        region.view(np.uint8), cv2.CV_32F, (side, side), normalize=False, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(2 * ones > side * side)


def _grown(region: Region, *, by: int) -> Region:
    return region if not region.any() else _distance_to(region) <= by


def _shrunk(region: Region, *, by: int) -> Region:
    outside = ~region
    return region if not outside.any() else _distance_to(outside) > by


def _distance_to(region: Region) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return the exact Euclidean distance of each pixel to the nearest one of a region.

    Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012: any radius takes the same time,
    while a dilation with a large disc takes seconds.
    """
    return np.asarray(cv2.distanceTransform((~region).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def _reshape(
    mask: Mask, class_id: int, reshape: Reshape, *, reach: int, over: Region, scope: Scope, tick: Tick
) -> MaskChange | None:
    """Replace the region of a class by another one.

    Parameters
    ----------
    reshape : callable
        Returns the other region; a pixel of it depends on pixels up to ``reach`` away.
    over : ndarray of bool, shape (256,)
        Values that it may spread over.
    """
    chosen = select(mask, class_id, scope=scope, margin=reach, tick=tick)
    if chosen is None:
        return None
    if scope.box is None:
        chosen = chosen.widened(reach, shape=mask.shape)
    place = chosen.box if scope.box is None else scope.box.intersect(Rect.of_shape(mask.shape))
    pixels = mask[place.slices].copy()
    for band in bands(place, tick=tick):
        around = band.expand(reach).intersect(chosen.box)
        old = chosen.region[around.moved(-chosen.box.x, -chosen.box.y).slices]
        inner = band.moved(-around.x, -around.y).slices
        new, target = reshape(old)[inner], pixels[band.moved(-place.x, -place.y).slices]
        free = look_up(over.view(np.uint8), mask[band.slices]).view(np.bool_)
        target[new & ~old[inner] & free] = class_id
        lost = old[inner] & ~new
        if lost.any():
            target[lost] = _nearest_outside(mask[around.slices], old)[inner][lost]
    return change_between(mask, place, pixels, tick=tick)


def _nearest_outside(pixels: Mask, region: Region) -> Mask:
    """Return for each pixel the value of the nearest one outside the region (to within a few per cent of distance)."""
    _, found = cv2.distanceTransformWithLabels(
        region.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found, dtype=np.int32)
    outside = ~region
    values = np.zeros(int(labels.max()) + 1, dtype=np.uint8)
    values[labels[outside]] = pixels[outside]
    return np.take(values, labels)
