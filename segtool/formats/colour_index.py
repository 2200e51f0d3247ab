"""The few colours of an image, and which of them each pixel has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.uint8]

CLEAR_COLOUR = 0xFFFFFFFF
"""Of pixels that are fully transparent: what is not there has no colour either."""

_MAX_DISTINCT = 1 << 16
# With more colours than are wanted: those that cover so much count, the rest is taken for blurred borders.
_LEAST_SHARE = 0.001
_MOST_BLURRED = 0.1
_BAND_ROWS = 256


class TooManyColoursError(Exception):
    """An image whose colours are not few; the message is a clause such as "holds 9,000 colours, …"."""


@dataclass(frozen=True, slots=True, eq=False)
class ColourIndex:
    """What an image consists of.

    Attributes
    ----------
    colours : tuple of int
        0xTTRRGGBB, where TT is 255 minus the opacity; from the most frequent to the rarest.
    counts : tuple of int
        Pixels of each, those that were taken for it included.
    places : ndarray of uint8, shape (H, W)
        Which of ``colours`` each pixel has.
    inexact : int
        Pixels that have none of them, and were given the nearest one.
    """

    colours: tuple[int, ...]
    counts: tuple[int, ...]
    places: Places
    inexact: int


def index_colours(pixels: npt.NDArray[np.uint8], *, most: int) -> ColourIndex:
    """Index the colours of an image.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, C)
        Grey and opacity, RGB, or RGB and opacity: 2, 3 or 4 channels.
    most : int
        At most so many colours; of more, those that cover a thousandth of the image each count.

    Raises
    ------
    TooManyColoursError
        If that would leave more than a tenth of the pixels with a colour that is not theirs.
    """
    packed = _packed(pixels)
    found: dict[int, int] = {}
    for rows in bands(packed):
        runs, lengths = _runs(rows)
        distinct, which = np.unique(runs, return_inverse=True)
        for colour, count in zip(distinct, np.bincount(which, weights=lengths), strict=True):
            found[int(colour)] = found.get(int(colour), 0) + int(count)
        if len(found) > _MAX_DISTINCT:
            raise TooManyColoursError(f"holds more than {_MAX_DISTINCT:,} colours, as a photo does and no mask")
    frequent = sorted(found, key=lambda colour: -found[colour])
    if len(found) > most:
        frequent = [colour for colour in frequent[:most] if found[colour] >= _LEAST_SHARE * packed.size]
    inexact = packed.size - sum(found[colour] for colour in frequent)
    if inexact > _MOST_BLURRED * packed.size:
        raise TooManyColoursError(
            f"holds {len(found):,} colours, no {most} of which make up most of it: it is a photo, or blurred"
        )
    colours = np.array(sorted(found), dtype=np.uint32)
    nearest = _nearest(colours, np.array(frequent, dtype=np.uint32))
    counts = np.zeros(len(frequent), dtype=np.int64)
    np.add.at(counts, nearest, [found[int(colour)] for colour in colours])

    def look_up(rows: npt.NDArray[np.uint32]) -> Places:
        runs, lengths = _runs(rows)
        return np.repeat(nearest[np.searchsorted(colours, runs)], lengths).reshape(rows.shape)

    places = looked_up(packed, look_up)
    return ColourIndex(tuple(frequent), tuple(map(int, counts)), places, inexact)


def _packed(stored: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Return colours as numbers 0xTTRRGGBB."""
    height, width, bands = stored.shape
    packed = np.empty((height, width), dtype=np.uint32)
    for top in range(0, height, _BAND_ROWS):
        rows = stored[top : top + _BAND_ROWS].astype(np.uint32)
        red, green, blue = (rows[..., 0],) * 3 if bands == 2 else (rows[..., 0], rows[..., 1], rows[..., 2])
        colour = (red << 16) | (green << 8) | blue
        if bands in (2, 4):
            alpha = 255 - rows[..., -1]
            colour = np.where(alpha == 255, np.uint32(CLEAR_COLOUR), (alpha << 24) | colour)
        packed[top : top + _BAND_ROWS] = colour
    return packed


def _nearest(colours: npt.NDArray[np.uint32], kept: npt.NDArray[np.uint32]) -> Places:
    """Return for each colour which of ``kept`` it is, or is nearest to, uint8 (n,); Euclid in RGB and opacity."""
    ours, theirs = (
        np.stack([(item >> shift) & 255 for shift in (24, 16, 8, 0)], axis=1).astype(np.float32)
        for item in (colours, kept)
    )
    found = np.empty(len(colours), dtype=np.uint8)
    for start in range(0, len(colours), 4096):
        part = ours[start : start + 4096]
        found[start : start + 4096] = ((part[:, None, :] - theirs[None]) ** 2).sum(axis=2).argmin(axis=1)
    return found


def _runs(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Return the values that follow each other in some rows, and how many pixels each: far fewer than pixels."""
    flat = rows.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))
    return flat[starts], np.diff(starts, append=flat.size)


def bands(values: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Yield an array some rows at a time: arrays in between stay small."""
    for top in range(0, len(values), _BAND_ROWS):
        yield values[top : top + _BAND_ROWS]


def looked_up(values: npt.NDArray[Any], look_up: Callable[[npt.NDArray[Any]], Places]) -> Places:
    """Return what ``look_up`` makes of each pixel, some rows at a time."""
    places = np.empty(values.shape, dtype=np.uint8)
    for top, rows in zip(range(0, len(values), _BAND_ROWS), bands(values), strict=True):
        places[top : top + _BAND_ROWS] = look_up(rows)
    return places
