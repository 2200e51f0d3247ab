"""Operations that give pixels other values whatever lies around them: clear, invert, swap, copy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.core.operations.change import WHOLE, Mask, MaskChange, Scope, Tick, bands, change_between, look_up, no_tick
from segtool.core.operations.selection import class_in, select


def clear(
    mask: Mask, class_id: int | None, *, to: int, scope: Scope = WHOLE, tick: Tick = no_tick
) -> MaskChange | None:
    """Turn a class (void too; None: everything) into ``to``, a class id or void."""
    class_id = class_in(mask, class_id, scope=scope)
    if class_id is None:
        return _recode(mask, np.full(VOID + 1, to, dtype=np.uint8), scope=scope, tick=tick)
    chosen = select(mask, class_id, scope=scope, tick=tick)
    if chosen is None:
        return None
    pixels = mask[chosen.box.slices].copy()
    pixels[chosen.region] = to
    return change_between(mask, chosen.box, pixels, tick=tick)


def invert(mask: Mask, class_id: int, *, scope: Scope = WHOLE, tick: Tick = no_tick) -> MaskChange | None:
    """Turn a class into background and background into the class; other classes and void stay."""
    return swap(mask, class_id, BACKGROUND, scope=scope, tick=tick)


def swap(mask: Mask, first: int, second: int, *, scope: Scope = WHOLE, tick: Tick = no_tick) -> MaskChange | None:
    """Give each of two classes the pixels of the other."""
    table = np.arange(VOID + 1, dtype=np.uint8)
    table[[first, second]] = second, first
    return _recode(mask, table, scope=scope, tick=tick)


def copy_from(mask: Mask, source: Mask, *, over_all: bool = False, tick: Tick = no_tick) -> MaskChange | None:
    """Take pixels of another mask of the same size where this one is void, or (``over_all``) everywhere.

    Raises
    ------
    ValueError
        If the sizes differ.
    """
    if source.shape != mask.shape:
        raise ValueError(f"a mask of {source.shape} does not fit one of {mask.shape}")
    whole = Rect.of_shape(mask.shape)
    if over_all:
        return change_between(mask, whole, source, tick=tick)
    pixels = mask.copy()
    for band in bands(whole, tick=tick):
        part = pixels[band.slices]
        np.copyto(part, source[band.slices], where=part == VOID)
    return change_between(mask, whole, pixels, tick=tick)


def _recode(mask: Mask, table: npt.NDArray[np.uint8], *, scope: Scope, tick: Tick) -> MaskChange | None:
    """Replace each value by that of a table of 256; with a point in the scope, only in the region there."""
    whole = Rect.of_shape(mask.shape)
    if scope.point is not None:
        x, y = scope.point
        return clear(mask, None, to=int(table[mask[y, x]]), scope=scope, tick=tick)
    box = whole if scope.box is None else scope.box.intersect(whole)
    pixels = np.empty((box.height, box.width), dtype=np.uint8)
    for band in bands(box, tick=tick):
        pixels[band.moved(-box.x, -box.y).slices] = look_up(table, mask[band.slices])
    return change_between(mask, box, pixels, tick=tick)
