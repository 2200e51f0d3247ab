"""Giving a class the pixels that a model finds probable enough, and taking the others from it."""

from __future__ import annotations

import numpy as np

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.core.operations.change import WHOLE, Mask, MaskChange, Scope, Tick, bands, change_between, no_tick

CERTAIN = 255


def by_probability(
    mask: Mask,
    probability: Mask,
    class_id: int,
    *,
    at_least: int,
    only_fill: bool = False,
    scope: Scope = WHOLE,
    tick: Tick = no_tick,
) -> MaskChange | None:
    """Return the change that sets a class by a threshold of its probability.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids, 255 for void.
    probability : ndarray of uint8, shape (H, W)
        That of the class, 0…255 for 0…1.
    class_id : int
        Pixels with ``at_least`` that probability become the class; those of the class below it, background.
    at_least : int
        0…255; see ``level_of``.
    only_fill : bool
        Whether only void and background become the class, and nothing of the class is taken away.
    scope : Scope
        The box of it counts.
    tick : callable
        Called now and then.

    Returns
    -------
    MaskChange or None
        None if nothing changes.
    """
    rect = Rect.of_shape(mask.shape) if scope.box is None else scope.box
    pixels = mask[rect.slices].copy()
    for band in bands(rect, tick=tick):
        part = pixels[band.y - rect.y : band.bottom - rect.y]
        reaches = probability[band.slices] >= at_least
        if only_fill:
            reaches &= (part == BACKGROUND) | (part == VOID)
        else:
            np.copyto(part, BACKGROUND, where=(part == class_id) & ~reaches)
        np.copyto(part, class_id, where=reaches)
    return change_between(mask, rect, pixels, tick=tick)


def level_of(percent: int) -> int:
    """Return the least level 0…255 that is a probability of at least so many percent: for 50, half and more."""
    return -(-percent * CERTAIN // 100)
