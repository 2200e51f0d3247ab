"""Separate objects of one class that touch."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND
from segtool.core.geometry import Rect
from segtool.core.operations.change import (
    WHOLE,
    Mask,
    MaskChange,
    Region,
    Scope,
    Tick,
    change_between,
    class_by_class,
    no_tick,
    present_classes,
)
from segtool.core.operations.components import Components, find_root
from segtool.core.operations.selection import class_in, select

Depth = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint16]

# A neck wider than this part of the narrower of the two objects is no neck: discs of one radius r are cut
# if their centres are more than 1.2 r apart.
_WIDEST_NECK: Final = 0.8
# The working arrays of one piece take 16 bytes for each pixel of its box.
_LARGEST_PIECE: Final = 100_000_000
_NONE: Final = np.iinfo(np.uint16).max


def separate(
    mask: Mask, class_id: int | None, *, distance: int, scope: Scope = WHOLE, tick: Tick = no_tick
) -> MaskChange | None:
    """Draw a line of background, one pixel wide, where objects of one class touch.

    A mask says what a pixel is, not to which object it belongs, so pieces get no classes of their own: objects are
    told apart by the background between them. The line runs along the necks of a piece, by the watershed of the
    distance from its border (Vincent and Soille, Watersheds in Digital Spaces, 1991). Basins that meet where the piece
    is hardly narrower than inside them are one object. A piece whose box has more than 100 million pixels stays as it
    is: what is all over a mask is no row of objects.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    class_id : int or None
        None: every class but background, one after the other. Background itself has no objects.
    distance : int
        How far apart the middles of two objects are at least, in pixels.
    scope : Scope
        In a box, only pieces that lie wholly inside.
    tick : callable
        Called before each piece and often in large ones.
    """

    def step(work: Mask, one: int) -> MaskChange | None:
        return _separate(work, one, distance=distance, scope=scope, tick=tick)

    class_id = class_in(mask, class_id, scope=scope)
    if class_id == BACKGROUND:
        return None
    if class_id is not None:
        return step(mask, class_id)
    return class_by_class(mask, tuple(i for i in present_classes(mask, tick=tick) if i), step, tick=tick)


def _separate(mask: Mask, class_id: int, *, distance: int, scope: Scope, tick: Tick) -> MaskChange | None:
    chosen = select(mask, class_id, scope=scope, margin=1, tick=tick)
    if chosen is None:
        return None
    pieces = Components(chosen.region, connectivity=8, tick=tick)
    wide, high = (pieces.boxes[:, 2:] - pieces.boxes[:, :2]).T
    # What is smaller than the distance has no two middles.
    wanted = (np.hypot(wide, high) >= distance) & (wide * high <= _LARGEST_PIECE)
    if scope.box is not None:
        wanted &= pieces.inside(scope.box.moved(-chosen.box.x, -chosen.box.y))
    pixels = mask[chosen.box.slices].copy()
    for box, piece in pieces.one_by_one(wanted):
        tick()
        # A border of others all round, except where the image ends: there the object may go on.
        place = box.moved(chosen.box.x, chosen.box.y)
        around = place.expand(1).intersect(Rect.of_shape(mask.shape))
        framed = np.zeros((around.height, around.width), dtype=np.bool_)
        framed[place.moved(-around.x, -around.y).slices] = piece
        lines = _lines(framed, distance=distance, tick=tick)
        if lines is not None:
            inner = lines[place.moved(-around.x, -around.y).slices]
            pixels[box.slices][inner] = BACKGROUND
    return change_between(mask, chosen.box, pixels, tick=tick)


def _lines(piece: Region, *, distance: int, tick: Tick) -> Region | None:
    """Return the pixels of a piece that separate its objects, None if it is one object."""
    if piece.all():
        return None
    depth: Depth = np.asarray(cv2.distanceTransform(piece.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    seeds = _seeds(depth, distance=distance, tick=tick)
    count = int(seeds.max()) + 1
    if count == 2:
        return None
    labels = _merged(_flooded(seeds, depth, tick=tick), depth, count=count)
    # The higher of two numbers gives way, so that what is left of the two does not touch, not even at a corner.
    lowest = cv2.erode(np.where(labels == 0, _NONE, labels), np.ones((3, 3), dtype=np.uint8))
    lines = lowest < labels
    return lines if lines.any() else None


def _seeds(depth: Depth, *, distance: int, tick: Tick) -> Labels:
    """Number the pixels that are deeper than all around them, those first that no deeper one is too near to."""
    peaks = (cv2.dilate(depth, np.ones((3, 3), dtype=np.uint8)) == depth) & (depth > 0)
    rows, columns = np.nonzero(peaks)
    order = np.argsort(-depth[rows, columns], kind="stable")
    places = np.stack((rows, columns), axis=1)[order]
    seeds: Labels = np.zeros(depth.shape, dtype=np.uint16)
    number = 0
    while len(places) and number < _NONE - 1:
        tick()
        number += 1
        seeds[tuple(places[0])] = number
        places = places[np.hypot(*(places - places[0]).T) >= distance]
    return seeds


def _flooded(labels: Labels, depth: Depth, *, tick: Tick) -> Labels:
    """Grow seeds over the piece, its deepest parts first, a pixel of depth at a time."""
    kernel = np.ones((3, 3), dtype=np.uint8)
    for level in range(int(depth.max()), -1, -1):
        free = (depth > level) & (labels == 0)
        while free.any():
            tick()
            reached = np.where(free, cv2.dilate(labels, kernel), 0)
            if not reached.any():
                break
            labels = np.maximum(labels, reached)
            free &= reached == 0
    return labels


def _merged(labels: Labels, depth: Depth, *, count: int) -> Labels:
    """Join basins whose saddle is nearly as deep as the shallower of them, the deepest saddles first."""
    saddles: dict[tuple[int, int], float] = {}
    height, width = labels.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        there = (slice(down, height), slice(max(0, right), width + min(0, right)))
        meet = (labels[here] != labels[there]) & (labels[here] > 0) & (labels[there] > 0)
        lows = np.minimum(depth[here][meet], depth[there][meet])
        for a, b, low in zip(labels[here][meet].tolist(), labels[there][meet].tolist(), lows.tolist(), strict=True):
            pair = (min(a, b), max(a, b))
            saddles[pair] = max(saddles.get(pair, 0.0), low)
    deepest = np.zeros(count, dtype=np.float32)
    np.maximum.at(deepest, labels, depth)
    parents = list(range(count))
    for (a, b), saddle in sorted(saddles.items(), key=lambda item: (-item[1], item[0])):
        first, second = sorted((find_root(parents, a), find_root(parents, b)))
        if first != second and saddle > _WIDEST_NECK * min(deepest[first], deepest[second]):
            parents[second] = first
            deepest[first] = max(deepest[first], deepest[second])
    roots = np.array([find_root(parents, number) for number in range(count)], dtype=np.uint16)
    return np.take(roots, labels)
