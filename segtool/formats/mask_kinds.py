"""Masks whose values are not class ids as they stand: colours, 16 bits, 0 and 255; what they hold, and what they mean.

Nothing is decided here. A file is taken apart into the few values that it holds and an index of them for each pixel;
a person says what each value means, and a look-up makes the mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.classes import BACKGROUND, VOID, ClassSet
from segtool.core.errors import MaskError
from segtool.core.palette import Colour, voc_palette
from segtool.formats.colour_index import TooManyColoursError, bands, index_colours, looked_up
from segtool.formats.decoders import array_of
from segtool.formats.mask_png import coded_colours, decode_ids, inspect_mask, is_two_valued, read_png
from segtool.formats.png_chunks import ColourType, PngLayout
from segtool.formats.source import MAX_PIXELS

Mask = npt.NDArray[np.uint8]
Table = Mapping[str, int]
"""Key of a value → class id, or 255 for void."""

MAX_VALUES = 64
"""Most values that a person is asked about."""

OTHERS = "others"
"""Key of all values of a 16-bit mask but 0, if there are more than can be asked about: numbered objects."""

CLEAR = "#ffffff00"
"""Key of pixels that are fully transparent, whatever colour is stored for them."""

_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_REMEDY = "Save it as an 8-bit indexed or grey PNG whose values are class ids."


class MaskKind(StrEnum):
    """How a mask says what a pixel is, where that has to be asked about."""

    TWO_VALUES = "0 and 255"
    WIDE = "16 bits"
    COLOURS = "colours"
    PALETTE = "palette"


class Fit(Enum):
    """What is done with a mask that has not the size of its image."""

    CROP = "crop"
    RESIZE = "resize"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class FoundValue:
    """One value in a mask file.

    Attributes
    ----------
    key : str
        "#rrggbb" or "#rrggbbaa" of a colour, else the number; `OTHERS`.
    pixels : int
        How many have it.
    colour : Colour or None
        What it looks like; None if that says nothing.
    index : int or None
        Its index in the palette of the file.
    """

    key: str
    pixels: int
    colour: Colour | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OddMask:
    """A mask file taken apart.

    Attributes
    ----------
    kind : MaskKind
    values : tuple of FoundValue
        At most `MAX_VALUES`; colours from the most frequent to the rarest.
    places : ndarray of uint8, shape (H, W)
        Which of ``values`` each pixel has.
    inexact : int
        Pixels that have none of them, and were given the one of the nearest colour.
    """

    kind: MaskKind
    values: tuple[FoundValue, ...]
    places: Mask
    inexact: int = 0

    def covers(self, table: Table) -> bool:
        """Tell whether a table says of every value what it means."""
        return all(value.key in table for value in self.values)

    def to_mask(self, table: Table) -> Mask:
        """Return the mask (H×W uint8) that a table makes of it; values that the table lacks are void."""
        ids = np.full(256, VOID, dtype=np.uint8)
        for place, value in enumerate(self.values):
            ids[place] = table.get(value.key, VOID)
        return np.asarray(cv2.LUT(self.places, ids), dtype=np.uint8)


def read_any_mask(path: Path, *, most_pixels: int = MAX_PIXELS) -> Mask | OddMask:
    """Read a mask of whatever kind.

    Parameters
    ----------
    path : Path
    most_pixels : int
        A larger one is refused by its header.

    Returns
    -------
    ndarray of uint8, shape (H, W), or OddMask
        Class ids, as ``read_mask`` returns them, or what has to be asked about.

    Raises
    ------
    MaskError
        If the file cannot be opened, is damaged, or is of a kind that can hold no mask: JPEG, TIFF, an animation,
        a photo.
    """
    return read_png(path, lambda stream: _take_apart(stream, most_pixels))


def guess(odd: OddMask, classes: ClassSet) -> dict[str, int]:
    """Return what the values of a mask seem to mean, as far as numbers and colours tell; the rest is missing."""
    by_colour = {tuple(map(int, voc_palette()[item.id])): item.id for item in classes}
    by_colour.update({_BLACK: BACKGROUND, tuple(map(int, voc_palette()[VOID])): VOID})
    by_colour.update({item.colour: item.id for item in classes})
    first = next((item.id for item in classes if item.id != BACKGROUND), None)
    found: dict[str, int] = {}
    is_grey = all(value.colour is not None and len(set(value.colour)) == 1 for value in odd.values)
    keys = {value.key for value in odd.values}
    for value in odd.values:
        colour, meant = value.colour, None
        if value.key == OTHERS or (colour == _WHITE and len(keys) == 2 and odd.kind is not MaskKind.WIDE):
            meant = first
        elif value.key.isdecimal():
            number = int(value.key)
            meant = number if number in classes else VOID if number in (VOID, 65535) else None
        elif value.key == CLEAR:
            meant = VOID
        elif is_grey and colour is not None and colour[0] in classes:
            meant = colour[0]
        elif colour is not None:
            meant = by_colour.get(colour)
        if meant is not None:
            found[value.key] = meant
    return found


def fit_mask(mask: Mask, shape: tuple[int, int], fit: Fit) -> Mask:
    """Return a mask of another size (H, W): cut off and filled up with void at its right and bottom, resized, or blank.

    Resized pixels take the id of the nearest one: no id is made up.
    """
    height, width = shape
    if fit is Fit.RESIZE:
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)
    fitted = np.full(shape, VOID, dtype=np.uint8)
    if fit is Fit.CROP:
        rows, columns = min(height, mask.shape[0]), min(width, mask.shape[1])
        fitted[:rows, :columns] = mask[:rows, :columns]
    return fitted


def _take_apart(stream: BinaryIO, most_pixels: int) -> Mask | OddMask:
    layout = inspect_mask(stream)
    if layout.width * layout.height > most_pixels:
        raise MaskError(
            f"has {layout.width} × {layout.height} pixels, far more than its image",
            remedy="Put the right mask in its place.",
        )
    is_grey = layout.colour_type is ColourType.GREY
    if layout.colour_type is ColourType.INDEXED or (is_grey and layout.bit_depth <= 8):
        ids, palette = decode_ids(stream, layout)
        if is_two_valued(ids, palette):
            white = int(cv2.countNonZero(ids))
            values = FoundValue("0", ids.size - white, _BLACK), FoundValue("255", white, _WHITE)
            return OddMask(MaskKind.TWO_VALUES, values, (ids != 0).view(np.uint8))
        return ids if palette is None else _of_palette(ids, palette)
    if layout.bit_depth > 8 and not is_grey:
        raise MaskError("holds colours of 16 bits", remedy=_REMEDY)
    stored = _stored(stream, layout)
    return _of_wide(stored) if is_grey else _of_colours(stored)


def _stored(stream: BinaryIO, layout: PngLayout) -> npt.NDArray[Any]:
    stream.seek(0)
    with PillowImage.open(stream, formats=("PNG",)) as image:
        image.load()
        stored = array_of(image, mode=image.mode)
    expected = 2 if layout.colour_type is ColourType.GREY else 3
    if stored.ndim != expected or stored.shape[:2] != (layout.height, layout.width):
        raise MaskError(f"decodes to {stored.shape}, not to the {layout.height}×{layout.width} pixels of its header")
    return stored


def _of_palette(ids: Mask, palette: Mask) -> Mask | OddMask:
    colours = coded_colours(ids, palette)
    if not colours:
        return ids
    if len(colours) > MAX_VALUES:
        raise MaskError(f"has {len(colours)} colours, in another order than the usual one", remedy=_REMEDY)
    counts = np.bincount(ids.ravel(), minlength=256)
    values = tuple(
        FoundValue(_hex(colour), int(counts[index]), (colour[0], colour[1], colour[2]), index)
        for index, colour in colours.items()
    )
    places = np.zeros(256, dtype=np.uint8)
    places[list(colours)] = range(len(colours))
    return OddMask(MaskKind.PALETTE, values, np.asarray(cv2.LUT(ids, places), dtype=np.uint8))


def _of_wide(stored: npt.NDArray[Any]) -> OddMask:
    counts = np.zeros(1 << 16, dtype=np.int64)
    wide = stored.astype(np.uint16, copy=False)
    for rows in bands(wide):
        counts += np.bincount(rows.ravel(), minlength=1 << 16)
    present = np.flatnonzero(counts)
    places = np.zeros(1 << 16, dtype=np.uint8)
    if len(present) <= MAX_VALUES:
        places[present] = range(len(present))
        values = tuple(FoundValue(str(number), int(counts[number])) for number in map(int, present))
    else:
        places[1:] = 1
        values = FoundValue("0", int(counts[0])), FoundValue(OTHERS, int(wide.size - counts[0]))
    return OddMask(MaskKind.WIDE, values, looked_up(wide, lambda rows: places[rows]))


def _of_colours(stored: npt.NDArray[Any]) -> OddMask:
    try:
        found = index_colours(stored, most=MAX_VALUES)
    except TooManyColoursError as cause:
        raise MaskError(str(cause), remedy=_REMEDY) from cause
    values = tuple(map(_colour_value, found.colours, found.counts))
    return OddMask(MaskKind.COLOURS, values, found.places, found.inexact)


def nearest_of(value: FoundValue, others: Sequence[FoundValue]) -> FoundValue:
    """Return that of some values (at least one) whose colour is nearest to the colour of ``value``."""
    here = np.array(value.colour or _BLACK)
    return min(others, key=lambda item: int(((np.array(item.colour or _BLACK) - here) ** 2).sum()))


def _colour_value(packed: int, pixels: int) -> FoundValue:
    colour = (packed >> 16) & 255, (packed >> 8) & 255, packed & 255
    opacity = 255 - (packed >> 24)
    if opacity == 0:
        return FoundValue(CLEAR, pixels)
    return FoundValue(_hex(colour) + ("" if opacity == 255 else f"{opacity:02x}"), pixels, colour)


def _hex(colour: tuple[int, ...]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
