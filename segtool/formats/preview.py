"""What an image and its mask look like: for the screen, for overlay files and for a sheet of many."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import BACKGROUND, VOID, ClassSet
from segtool.core.display import Display, Intensities, Tones
from segtool.core.errors import MaskError
from segtool.core.palette import default_colour

# Bands keep the float copies of a large image small.
_BAND_ROWS = 512

_SHEET_GAP = 6
_LABEL_HEIGHT = 22
_SHEET_COLOUR = 32
_LABEL_COLOUR = (235, 235, 235)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_SCALE = 0.45


def display_rgb(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Return an image as 8-bit RGB.

    8-bit values are shown as they are; wider ones are stretched between percentiles of the whole image,
    the same ones that a network is given, and values that are not finite become black or white.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, uint16 or float32.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        C-contiguous; the argument itself if it is that already.
    """
    shown = Tones(Display(), Intensities(pixels)).apply(pixels)
    if shown.ndim == 2:
        # Faster than NumPy's repeat, and other threads can go on meanwhile.
        shown = np.asarray(cv2.cvtColor(shown, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    return np.ascontiguousarray(shown)


def overlay_rgb(
    pixels: npt.NDArray[np.generic],
    mask: npt.NDArray[np.uint8],
    classes: ClassSet,
    *,
    opacity: float = 0.45,
) -> npt.NDArray[np.uint8]:
    """Draw a mask over its image: tinted in the colours of the classes, with opaque outlines 1 px wide.

    Background (id 0) and void (255) are left clear. An id that has no class gets the default colour of its number.

    Parameters
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        The image.
    mask : ndarray of uint8, shape (H, W)
        Class ids.
    classes : ClassSet
        Whose colours to draw.
    opacity : float
        Weight of the tint, 0 to 1; outlines are always opaque.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    MaskError
        If mask and image differ in size.
    """
    if mask.shape != pixels.shape[:2]:
        sizes = " and ".join(f"{shape[1]}×{shape[0]}" for shape in (mask.shape, pixels.shape[:2]))
        raise MaskError(f"mask and image differ in size: {sizes} pixels")
    colours = np.array([default_colour(class_id) for class_id in range(256)], dtype=np.uint8)
    for item in classes:
        colours[item.id] = item.colour
    result = display_rgb(pixels).copy()
    shown = (mask != BACKGROUND) & (mask != VOID)
    outlines = _inner_outlines(mask) & shown
    for top in range(0, mask.shape[0], _BAND_ROWS):
        rows = slice(top, top + _BAND_ROWS)
        colour = colours[mask[rows]]
        mixed = cv2.addWeighted(result[rows], 1.0 - opacity, colour, opacity, 0.0)
        np.copyto(result[rows], mixed.astype(np.uint8, copy=False), where=shown[rows][:, :, None])
        np.copyto(result[rows], colour, where=outlines[rows][:, :, None])
    return result


def _inner_outlines(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return the pixels with a neighbour above, below, left or right of another id; the image's edge is none."""
    outlines = np.zeros(mask.shape, dtype=np.bool_)
    across = mask[:, 1:] != mask[:, :-1]
    down = mask[1:] != mask[:-1]
    outlines[:, 1:] |= across
    outlines[:, :-1] |= across
    outlines[1:] |= down
    outlines[:-1] |= down
    return outlines


def contact_sheet(tiles: Sequence[tuple[str, npt.NDArray[np.uint8]]], columns: int, side: int) -> npt.NDArray[np.uint8]:
    """Lay images out in a labelled grid.

    Parameters
    ----------
    tiles : sequence of (str, ndarray of uint8, shape (H, W, 3))
        Label and RGB image of each, in reading order; images may differ in size.
    columns : int
        How many stand side by side, at least 1; a shorter list makes a narrower sheet.
    side : int
        Width and height in pixels of the square that each image is fitted into, keeping its proportions.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    ValueError
        If there are no tiles, or columns or side are below 1.
    """
    if not tiles or columns < 1 or side < 1:
        raise ValueError(f"a sheet needs tiles, columns and a side, not {len(tiles)}, {columns} and {side}")
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    step_x, step_y = side + _SHEET_GAP, side + _LABEL_HEIGHT + _SHEET_GAP
    shape = (rows * step_y + _SHEET_GAP, columns * step_x + _SHEET_GAP, 3)
    sheet = np.full(shape, _SHEET_COLOUR, dtype=np.uint8)
    for index, (label, tile) in enumerate(tiles):
        top = _SHEET_GAP + index // columns * step_y
        left = _SHEET_GAP + index % columns * step_x
        fitted = _fitted(tile, side)
        y = top + (side - fitted.shape[0]) // 2
        x = left + (side - fitted.shape[1]) // 2
        sheet[y : y + fitted.shape[0], x : x + fitted.shape[1]] = fitted
        # Drawn into its own strip, so that no letter reaches into a neighbour.
        strip = np.ascontiguousarray(sheet[top + side : top + side + _LABEL_HEIGHT, left : left + side])
        cv2.putText(strip, _elided(label, side), (0, 15), _FONT, _FONT_SCALE, _LABEL_COLOUR, 1, cv2.LINE_AA)
        sheet[top + side : top + side + _LABEL_HEIGHT, left : left + side] = strip
    return sheet


def _fitted(tile: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    height, width = tile.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Enlarged pixels stay squares, so that a small image is recognised as one.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(np.ascontiguousarray(tile), size, interpolation=method).astype(np.uint8, copy=False)


def _elided(label: str, width: int) -> str:
    """Return a label that fits into ``width`` pixels; the drawing font has ASCII letters only."""
    text = "".join(letter if " " <= letter <= "~" else "?" for letter in label)
    if _text_width(text) <= width:
        return text
    while text and _text_width(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def _text_width(text: str) -> int:
    return int(cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)[0][0])
