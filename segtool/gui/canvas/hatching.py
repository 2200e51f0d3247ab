"""Hatchings that tell classes apart without their colours."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect

PATTERNS = 8
_FINE, _COARSE = 8, 16

# Bit k of the first table stands for pattern k with a fine spacing, of the second one with a coarse spacing.
Bits = npt.NDArray[np.uint8]


def hatched_ids(ids: Bits, *, x: int, y: int, grain: int) -> Bits:
    """Return the ids where the hatching of their class has a line, background elsewhere.

    Ids 1…8 have eight patterns, 9…16 the same ones twice as coarse, and so on in turn.

    Parameters
    ----------
    ids : ndarray of uint8, shape (H, W)
        Class ids of screen pixels.
    x, y : int
        Where they begin, in screen pixels from the corner of the image: the pattern lies on the image, so that
        neither panning nor painting a part of it moves a line.
    grain : int
        Screen pixels that a pattern is made of; the finest lines are two of them wide.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    rect = Rect(x, y, ids.shape[1], ids.shape[0])
    lines = np.zeros_like(ids)
    for period, of_class in zip((_FINE, _COARSE), _class_bits(), strict=True):
        wanted = np.asarray(cv2.LUT(ids, of_class), dtype=np.uint8)
        lines |= wanted & _laid_out(period, rect, grain)
    return np.asarray(cv2.copyTo(ids, lines), dtype=np.uint8)


def pattern_of(class_id: int) -> tuple[int, int]:
    """Return the pattern, 0…7, and the period, in grains, of a class id from 1 on."""
    order = (class_id - 1) % (2 * PATTERNS)
    return order % PATTERNS, _FINE if order < PATTERNS else _COARSE


def is_line(
    pattern: int, across: npt.NDArray[np.int64], down: npt.NDArray[np.int64], period: int
) -> npt.NDArray[np.bool_]:
    """Return where a pattern has a line: slants, upright and level lines, both crosses, dots and squares.

    Parameters
    ----------
    pattern : int
        0…7.
    across, down : ndarray of int
        Positions, of shapes that broadcast.
    period : int
        After which the pattern repeats itself.
    """
    line, dot = period // 4, 3 * period // 8
    rising, falling = (across + down) % period < line, (across - down) % period < line
    upright, level = across % period < line, down % period < line
    dots = (across % period < dot) & (down % period < dot)
    squares = (across // (period // 2) + down // (period // 2)) % 2 == 0
    made = (rising, falling, level, upright, rising | falling, upright | level, dots, squares)
    return np.broadcast_to(made[pattern], np.broadcast_shapes(across.shape, down.shape))


@lru_cache(maxsize=1)
def _class_bits() -> tuple[Bits, Bits]:
    """Return the bit of each id in either table; background and void have none."""
    fine, coarse = np.zeros(256, dtype=np.uint8), np.zeros(256, dtype=np.uint8)
    for class_id in range(BACKGROUND + 1, VOID):
        pattern, period = pattern_of(class_id)
        (fine if period == _FINE else coarse)[class_id] = 1 << pattern
    return fine, coarse


@lru_cache(maxsize=8)
def _tile(period: int, grain: int) -> Bits:
    """Return one period of all patterns, a bit for each."""
    places = np.arange(period, dtype=np.int64)
    bits = np.zeros((period, period), dtype=np.uint8)
    for pattern in range(PATTERNS):
        bits |= is_line(pattern, places[np.newaxis], places[:, np.newaxis], period).astype(np.uint8) << pattern
    return bits.repeat(grain, axis=0).repeat(grain, axis=1)


def _laid_out(period: int, rect: Rect, grain: int) -> Bits:
    tile = _tile(period, grain)
    side = period * grain
    rows = np.arange(rect.y, rect.bottom) % side
    columns = np.arange(rect.x, rect.right) % side
    # One period of rows first: what is repeated then is whole rows.
    return np.asarray(np.take(np.take(tile, columns, axis=1), rows, axis=0))
