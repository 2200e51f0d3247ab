"""How a mask is drawn: colour tables, class ids at screen resolution, outlines."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, QPainter, qRgba

from segtool.core.classes import BACKGROUND, VOID, ClassSet
from segtool.core.display import MaskStyle
from segtool.core.geometry import Rect
from segtool.core.palette import NO_CLASS_COLOUR, Colour
from segtool.gui.canvas.hatching import hatched_ids
from segtool.gui.canvas.view_transform import ViewTransform

Mask = npt.NDArray[np.uint8]

_TRANSPARENT = 0
_LAST_PACKED, _EDGE = 127, 128


class MaskLayer:
    """Draws a mask through colour tables, as tint, outline or hatching; changing a colour touches no pixel.

    Background and void are transparent. Ids without a class are all of one neutral grey that no class has by itself.
    """

    def __init__(self) -> None:
        self._style = MaskStyle.TINT
        self._made_for: tuple[ClassSet, float, MaskStyle] | None = None
        self._fill = [_TRANSPARENT] * 256
        self._outline = [_TRANSPARENT] * 256
        self._packed = [_TRANSPARENT] * 256

    def set_style(self, classes: ClassSet, *, opacity: float, style: MaskStyle = MaskStyle.TINT) -> None:
        """Choose colours, the opacity of what fills an area (0 … 1), and how it is filled.

        At opacity 0 nothing is drawn at all. Lines of a hatching are drawn as if two tints lay over each other: they
        have to be seen although they cover little.
        """
        if (classes, opacity, style) == self._made_for:
            return
        self._made_for = (classes, opacity, style)
        self._style = style
        strength = 1 - (1 - opacity) ** 2 if style is MaskStyle.HATCH else opacity
        self._fill = _table(classes, alpha=round(255 * strength))
        self._outline = _table(classes, alpha=255 if opacity > 0 else 0)
        # As void is packed as the last of either half, no class may be.
        self._packed = [*self._fill[:_LAST_PACKED], _TRANSPARENT, *self._outline[:_LAST_PACKED], _TRANSPARENT]

    def draw(
        self, painter: QPainter, ids: Mask, *, rect: Rect, origin: tuple[int, int], line_width: int, grain: int
    ) -> None:
        """Draw class ids over a rectangle of the screen.

        Parameters
        ----------
        painter : QPainter
            Paints in screen pixels.
        ids : ndarray of uint8, shape (rect.height + 2 * line_width, rect.width + 2 * line_width)
            The class id of each screen pixel, with a margin.
        rect : Rect
            Screen pixels, all of them over the image.
        origin : tuple of int
            Screen pixel at the image's corner, where hatchings begin.
        line_width : int
            Width of outlines in screen pixels.
        grain : int
            Screen pixels that hatchings are made of.
        """
        inner = np.ascontiguousarray(ids[line_width:-line_width, line_width:-line_width])
        if not _is_any_between(inner, BACKGROUND, VOID):
            return
        edge = is_edge(ids, width=line_width)
        if self._style is MaskStyle.HATCH:
            x, y = rect.x - origin[0], rect.y - origin[1]
            filled = hatched_ids(inner, x=x, y=y, grain=grain)
        else:
            filled = inner if self._style is MaskStyle.TINT else np.zeros_like(inner)
        if _is_any_between(inner, _LAST_PACKED - 1, VOID):
            _draw_indexed(painter, filled, rect, self._fill)
            _draw_indexed(painter, inner * edge, rect, self._outline)
        else:
            # Half of a table for what fills areas and half of it for outlines: drawn at once, in half the time.
            packed = np.asarray(cv2.copyTo(inner | _EDGE, edge, filled & _LAST_PACKED), dtype=np.uint8)
            _draw_indexed(painter, packed, rect, self._packed)


def screen_ids(mask: Mask, *, view: ViewTransform, rect: Rect) -> Mask:
    """Return the class id under the centre of each screen pixel of ``rect``, uint8 (height, width).

    Screen pixels beside the image get the id of the nearest pixel in it.
    """
    height, width = mask.shape
    rows = view.rows(rect.y, rect.bottom, height=height)
    columns = view.columns(rect.x, rect.right, width=width)
    crop = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if view.scale == 1 and crop.shape == (rows.size, columns.size):
        return crop
    # Zoomed in, columns first, zoomed out, rows first: the array in between stays small.
    if view.scale > 1:
        return np.asarray(np.take(np.take(crop, columns - columns[0], axis=1), rows - rows[0], axis=0))
    # Not take for the rows: it would copy the whole crop first, 100 ms of a mask of 20,000² pixels, for 2 ms of work.
    return np.asarray(np.take(crop[rows - rows[0]], columns - columns[0], axis=1))


def is_edge(ids: Mask, *, width: int) -> Mask:
    """Return 1 for pixels that have one of another id within ``width`` above, below, left or right of them, else 0.

    Parameters
    ----------
    ids : ndarray of uint8, shape (H + 2 * width, W + 2 * width)
        Class ids with a margin.
    width : int
        How far an outline reaches into its area, in pixels.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    height, length = ids.shape[0] - 2 * width, ids.shape[1] - 2 * width
    inner = ids[width:-width, width:-width]
    edge = np.zeros((height, length), dtype=np.bool_)
    for reach in range(1, width + 1):
        for down, across in ((-reach, 0), (reach, 0), (0, -reach), (0, reach)):
            shifted = ids[width + down : width + down + height, width + across : width + across + length]
            edge |= inner != shifted
    return edge.view(np.uint8)


def _is_any_between(ids: Mask, low: int, high: int) -> bool:
    # Wraps what lies beyond both ends to the largest values: one comparison finds all between them.
    return bool(((ids - np.uint8(low + 1)) < high - low - 1).any())


def _draw_indexed(painter: QPainter, ids: Mask, rect: Rect, table: list[int]) -> None:
    # QImage reads the array itself, which lives until the call returns.
    image = QImage(ids.data, rect.width, rect.height, ids.strides[0], QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    painter.drawImage(rect.x, rect.y, image)


def _table(classes: ClassSet, *, alpha: int) -> list[int]:
    table = [qRgba(*colour_of(classes, value), alpha) for value in range(256)]
    table[BACKGROUND] = table[VOID] = _TRANSPARENT
    return table


def colour_of(classes: ClassSet, value: int) -> Colour:
    """Return the display colour of a mask value; void and ids without a class have one too."""
    if value == VOID:
        return (255, 255, 255)
    return classes.get(value).colour if value in classes else NO_CLASS_COLOUR
