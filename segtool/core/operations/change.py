"""What an operation would do to a mask, and where it may do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect

Mask = npt.NDArray[np.uint8]
Region = npt.NDArray[np.bool_]
Tick = Callable[[], None]

# Pixels worked on between two calls of ``tick``: the int32 labels of so many take 64 MB and about 0.2 s.
BAND_PIXELS = 16_000_000


def look_up(table: npt.NDArray[np.uint8], pixels: Mask) -> Mask:
    """Return the value of a table (uint8, shape (256,)) for each pixel (uint8, shape (H, W))."""
    # np.take would make 8 bytes of each index first.
    return np.asarray(cv2.LUT(pixels, table), dtype=np.uint8)


def no_tick() -> None:
    """Do nothing: nobody wants to give up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where an operation works; without either limit in the whole mask.

    Attributes
    ----------
    box : Rect or None
        Only inside it. Pieces and holes count if they lie wholly inside: a part of one is never taken for a small one.
    point : (x, y) or None
        Only on the connected region of one class that this pixel belongs to; the class is then the one that it has.
    """

    box: Rect | None = None
    point: tuple[int, int] | None = None


WHOLE: Final = Scope()


@dataclass(frozen=True, slots=True, eq=False)
class MaskChange:
    """Pixels to put in the place of others.

    Attributes
    ----------
    rect : Rect
        The smallest box around all that changes.
    pixels : ndarray of uint8, shape (rect.height, rect.width)
        What it holds then.
    count : int
        How many of them differ from the mask.
    """

    rect: Rect
    pixels: Mask
    count: int

    def applied_to(self, mask: Mask) -> Mask:
        """Return a copy of the mask with the change in it."""
        result = mask.copy()
        result[self.rect.slices] = self.pixels
        return result


def change_between(mask: Mask, rect: Rect, pixels: Mask, *, tick: Tick = no_tick) -> MaskChange | None:
    """Return the change that puts ``pixels`` (uint8, the size of ``rect``) into a mask, None if they are there."""
    found, count = Rect(0, 0, 0, 0), 0
    for band in bands(rect, tick=tick):
        rows = slice(band.y - rect.y, band.bottom - rect.y)
        differs = mask[band.slices] != pixels[rows]
        here = bounding_box(differs)
        if not here.is_empty:
            count += int(np.count_nonzero(differs))
            found = found.union(here.moved(0, rows.start))
    if found.is_empty:
        return None
    return MaskChange(found.moved(rect.x, rect.y), np.ascontiguousarray(pixels[found.slices]), count)


def bands(rect: Rect, *, tick: Tick = no_tick) -> Iterator[Rect]:
    """Cut a rectangle into bands of whole rows with about `BAND_PIXELS` pixels; ``tick`` is called before each."""
    height = max(1, BAND_PIXELS // max(1, rect.width))
    for top in range(rect.y, rect.bottom if rect.width > 0 else rect.y, height):
        tick()
        yield Rect(rect.x, top, rect.width, min(height, rect.bottom - top))


def bounding_box(region: Region) -> Rect:
    """Return the smallest box around the pixels of a region, an empty one if there are none."""
    rows = np.flatnonzero(region.any(axis=1))
    if rows.size == 0:
        return Rect(0, 0, 0, 0)
    columns = np.flatnonzero(region[rows[0] : rows[-1] + 1].any(axis=0))
    return Rect.from_edges(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def present_classes(mask: Mask, *, tick: Tick = no_tick) -> tuple[int, ...]:
    """Return the class ids in a mask, void left out, in ascending order."""
    counts = np.zeros(VOID + 1, dtype=np.int64)
    for band in bands(Rect.of_shape(mask.shape), tick=tick):
        counts += np.bincount(mask[band.slices].ravel(), minlength=VOID + 1)
    return tuple(int(value) for value in np.flatnonzero(counts) if value != VOID)


def paintable(class_id: int, *, over_void: bool = True, over_classes: bool = False) -> Region:
    """Return which values a class may be painted over: background and void, or every other class too.

    Parameters
    ----------
    class_id : int
        The class that is to be painted; its own pixels do not count.
    over_void, over_classes : bool
        Whether void, and whether classes other than background may be painted over.

    Returns
    -------
    ndarray of bool, shape (256,)
        A table by the value of a pixel.
    """
    table = np.full(VOID + 1, over_classes)
    table[BACKGROUND], table[VOID], table[class_id] = True, over_void, False
    return table


def class_by_class(
    mask: Mask,
    ids: tuple[int, ...],
    step: Callable[[Mask, int], MaskChange | None],
    *,
    tick: Tick = no_tick,
) -> MaskChange | None:
    """Do one class after the other, each on what the ones before have left; return what all of them change."""
    work, found = mask, Rect(0, 0, 0, 0)
    for class_id in ids:
        tick()
        change = step(work, class_id)
        if change is not None:
            # The first one copies; nobody else holds the copy.
            work = mask.copy() if work is mask else work
            work[change.rect.slices] = change.pixels
            found = found.union(change.rect)
    return None if work is mask else change_between(mask, found, work[found.slices], tick=tick)
