"""The jobs that read or compare the masks which the open one is looked at beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.difference import difference_counts, difference_map
from segtool.core.edits import Edit
from segtool.core.errors import SegToolError
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask
from segtool.gui.jobs.worker import Job

Mask = npt.NDArray[np.uint8]

_TILES_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class FoundMask:
    """What has come of a request: a mask, uint8 (H, W), or why there is none.

    Attributes
    ----------
    number : int
        Of the request.
    mask : ndarray or None
    problem : str
        For a person.
    """

    number: int
    mask: Mask | None
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CountedTiles:
    """How many pixels differ in some tiles.

    Attributes
    ----------
    number : int
        Of the request.
    tiles : sequence of Rect
        Where was counted.
    counts : ndarray of int64, shape (N, 4)
        Pixels by ``Difference`` in each of them.
    """

    number: int
    tiles: Sequence[Rect]
    counts: npt.NDArray[np.int64]


def read_saved_mask(path: Path, *, number: int) -> Job:
    """Read a mask file.

    Yields
    ------
    FoundMask
        At the end.
    """
    try:
        yield FoundMask(number, read_mask(path))
    except SegToolError as exc:
        yield FoundMask(number, None, str(exc))


def mask_before(mask: Mask, edit: Edit, *, number: int) -> Job:
    """Find out what a mask was before an edit; the mask itself is left alone.

    Yields
    ------
    FoundMask
        At the end.
    """
    copy = mask.copy()
    edit.undo(copy)
    yield FoundMask(number, copy)


def mask_of_prediction(class_ids: Mask, table: npt.NDArray[np.uint8], *, number: int) -> Job:
    """Turn a prediction into the mask that it would make; ``table`` (uint8, 256) leads to the folder's class ids.

    Yields
    ------
    FoundMask
        At the end.
    """
    yield FoundMask(number, np.asarray(cv2.LUT(class_ids, table), dtype=np.uint8))


def count_differences(first: Mask, second: Mask, tiles: Sequence[Rect], *, number: int) -> Job:
    """Count the pixels in which two masks differ, tile by tile.

    The masks may be painted in meanwhile: what is counted of a tile that was is of no use then.

    Yields
    ------
    CountedTiles
        Every now and then.
    """
    for start in range(0, len(tiles), _TILES_AT_ONCE):
        some = tiles[start : start + _TILES_AT_ONCE]
        found = (difference_map(first[rect.slices], second[rect.slices]) for rect in some)
        yield CountedTiles(number, some, np.array([difference_counts(item) for item in found]))
