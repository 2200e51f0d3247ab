"""Operations on the connected pieces of a class: fill holes, remove islands, keep the largest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND, VOID
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
    look_up,
    no_tick,
    paintable,
    present_classes,
)
from segtool.core.operations.components import Components, most_bordering
from segtool.core.operations.selection import class_in, select

Areas = npt.NDArray[np.int64]


def fill_holes(
    mask: Mask,
    class_id: int | None,
    *,
    scope: Scope = WHOLE,
    up_to: int = 0,
    over_classes: bool = False,
    tick: Tick = no_tick,
) -> MaskChange | None:
    """Give the class what lies inside it.

    A hole is what the class cuts off from the edge of the image. Background and void in it become the class.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    class_id : int or None
        None: each gap of background and void that other classes enclose becomes the class that borders it most.
    scope : Scope
    up_to : int
        Largest hole that is filled, in pixels; 0 for any.
    over_classes : bool
        Whether other classes in a hole become the class too; without meaning for every class.
    tick : callable
    """
    class_id = class_in(mask, class_id, scope=scope)
    if class_id is None:
        return _fill_gaps(mask, scope=scope, up_to=up_to, tick=tick)
    chosen = select(mask, class_id, scope=scope, margin=1, tick=tick)
    if chosen is None:
        return None
    # What touches the edge of the box goes on beyond it, or touches the edge of the image.
    holes = Components(~chosen.region, connectivity=4, tick=tick)
    wanted = ~holes.touching_edge() & _small(holes, up_to)
    if not wanted[1:].any():
        return None
    box = holes.box_around(wanted).moved(chosen.box.x, chosen.box.y)
    pixels = mask[box.slices].copy()
    over = paintable(chosen.class_id, over_classes=over_classes)
    for runs in holes.parts(wanted):
        rows, columns, _ = runs.pixels()
        rows, columns = rows + (chosen.box.y - box.y), columns + (chosen.box.x - box.x)
        free = over[pixels[rows, columns]]
        pixels[rows[free], columns[free]] = chosen.class_id
    return change_between(mask, box, pixels, tick=tick)


def _fill_gaps(mask: Mask, *, scope: Scope, up_to: int, tick: Tick) -> MaskChange | None:
    whole = Rect.of_shape(mask.shape)
    box = whole if scope.box is None else scope.box.expand(1).intersect(whole)
    members = np.zeros(VOID + 1, dtype=np.bool_)
    members[[BACKGROUND, VOID]] = True
    gaps = Components(look_up(members.view(np.uint8), mask[box.slices]).view(np.bool_), connectivity=4, tick=tick)
    wanted = ~gaps.touching_edge() & _small(gaps, up_to)
    return _become_what_borders(mask, gaps, wanted, place=box, members=members, tick=tick)


def _small(components: Components, up_to: int) -> Region:
    return np.full(components.count + 1, True) if up_to == 0 else components.areas <= up_to


def remove_islands(
    mask: Mask, class_id: int | None, *, smaller_than: int, scope: Scope = WHOLE, tick: Tick = no_tick
) -> MaskChange | None:
    """Turn small pieces of a class into what borders them most: another class, or void.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    class_id : int or None
        Void can have islands too. None: every class, background among them, one after the other by their ids.
    smaller_than : int
        Pixels of the smallest piece that stays.
    scope : Scope
    tick : callable
    """

    def small(_pieces: Components, areas: Areas) -> Region:
        return areas < smaller_than

    return _remove(mask, class_id, small, scope=scope, tick=tick)


def keep_largest(
    mask: Mask, class_id: int | None, *, count: int = 1, scope: Scope = WHOLE, tick: Tick = no_tick
) -> MaskChange | None:
    """Turn all pieces of a class but the largest into what borders them most.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
    class_id : int or None
        None: every class but background, one after the other by their ids.
    count : int
        How many pieces stay, at least 1; of pieces of one size, those that begin higher up.
    scope : Scope
        In a box, only pieces that lie wholly inside are counted and removed.
    tick : callable
    """

    def others(pieces: Components, areas: Areas) -> Region:
        order = np.lexsort((pieces.boxes[:, 0], pieces.boxes[:, 1], -areas))
        wanted = np.full(len(areas), True)
        wanted[order[:count]] = False
        return wanted

    return _remove(mask, class_id, others, scope=scope, skip_background=True, tick=tick)


def _remove(
    mask: Mask,
    class_id: int | None,
    choose: Callable[[Components, Areas], Region],
    *,
    scope: Scope,
    skip_background: bool = False,
    tick: Tick,
) -> MaskChange | None:
    def step(work: Mask, one: int) -> MaskChange | None:
        chosen = select(work, one, scope=scope, margin=1, tick=tick)
        if chosen is None:
            return None
        pieces = Components(chosen.region, connectivity=8, tick=tick)
        areas = pieces.areas
        if scope.box is not None:
            box = Rect(scope.box.x - chosen.box.x, scope.box.y - chosen.box.y, scope.box.width, scope.box.height)
            areas = np.where(pieces.inside(box), areas, 0)
        wanted = choose(pieces, areas) & (areas > 0)
        return _become_what_borders(work, pieces, wanted, place=chosen.box, members=chosen.members, tick=tick)

    class_id = class_in(mask, class_id, scope=scope)
    if class_id is not None:
        return step(mask, class_id)
    ids = present_classes(mask, tick=tick)
    return class_by_class(mask, tuple(i for i in ids if i or not skip_background), step, tick=tick)


def _become_what_borders(
    mask: Mask, pieces: Components, wanted: Region, *, place: Rect, members: Region, tick: Tick
) -> MaskChange | None:
    if not wanted[1:].any():
        return None
    becomes = most_bordering(mask, pieces, wanted, place=place, members=members)
    box = pieces.box_around(wanted).moved(place.x, place.y)
    pixels = mask[box.slices].copy()
    for runs in pieces.parts(wanted):
        rows, columns, numbers = runs.pixels()
        pixels[rows + (place.y - box.y), columns + (place.x - box.x)] = becomes[numbers]
    return change_between(mask, box, pixels, tick=tick)
