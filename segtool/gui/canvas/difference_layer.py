"""What differs between two masks, drawn over an image, and the legend with how much that is."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, qRgba

from segtool.core.difference import Difference, difference_map
from segtool.core.geometry import Rect
from segtool.core.palette import Colour
from segtool.gui.canvas.legend import begin_legend
from segtool.gui.canvas.mask_layer import Mask, screen_ids
from segtool.gui.canvas.view_transform import ViewTransform
from segtool.gui.theme import HALF_SPACE, SPACE

DIFFERENCE_COLOURS: dict[Difference, Colour] = {
    Difference.ONLY_FIRST: (0, 150, 255),
    Difference.ONLY_SECOND: (255, 150, 0),
    Difference.OTHER_CLASS: (255, 0, 200),
}
"""Blue, orange and magenta: told apart by people who see red and green alike, and seen on grey images."""

_OPACITY = 200
_TABLE = [0, *(qRgba(*DIFFERENCE_COLOURS[kind], _OPACITY) for kind in Difference if kind is not Difference.NONE)]
_ROWS = ((Difference.ONLY_SECOND, "added"), (Difference.ONLY_FIRST, "removed"), (Difference.OTHER_CLASS, "changed"))
_WIDTH = 164.0


def draw_difference(painter: QPainter, first: Mask, second: Mask, *, view: ViewTransform, rect: Rect) -> None:
    """Draw over a rectangle of the screen where two masks of one image differ; beside the image nothing is drawn.

    They are compared as they are sampled for the screen: that costs what the screen costs, and no map of the whole
    image is kept.

    Parameters
    ----------
    painter : QPainter
        Paints in screen pixels.
    first, second : ndarray of uint8, shape (H, W)
        Class ids.
    view : ViewTransform
        A snapped view.
    rect : Rect
        Screen pixels.
    """
    height, width = first.shape
    over = rect.intersect(view.screen_rect(Rect(0, 0, width, height)))
    if over.is_empty:
        return
    found = difference_map(*(screen_ids(mask, view=view, rect=over) for mask in (first, second)))
    if not found.any():
        return
    # QImage reads the array itself, which lives until the call returns.
    image = QImage(found.data, over.width, over.height, found.strides[0], QImage.Format.Format_Indexed8)
    image.setColorTable(_TABLE)
    painter.drawImage(over.x, over.y, image)


def paint_difference_legend(
    painter: QPainter, area: QRectF, *, font: QFont, title: str, counts: dict[Difference, int] | None
) -> None:
    """Say in the lower left corner of an area what the colours mean, and how many pixels have which."""
    inner, line = begin_legend(
        painter,
        area,
        font=font,
        title=title,
        width=_WIDTH,
        height=0 if counts is None else HALF_SPACE,
        more_lines=0 if counts is None else 3,
    )
    if counts is None:
        return
    side = round(line * 0.6)
    for number, (kind, text) in enumerate(_ROWS):
        top = inner.top() + number * line
        # On whole pixels, so that its edges are sharp.
        square = QRect(round(inner.left()), round(top + (line - side) / 2), side, side)
        painter.fillRect(square, QColor(*DIFFERENCE_COLOURS[kind]))
        row = QRectF(inner.left() + side + SPACE, top, inner.width() - side - SPACE, line)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, text)
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, f"{counts[kind]:,} px")
