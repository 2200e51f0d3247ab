"""The ground on which the canvas says what it shows: dark and the same in every theme, as it lies over an image."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from segtool.gui.theme import HALF_SPACE, SPACE, small_font

GROUND = QColor(20, 20, 22, 205)
RIM = QColor(255, 255, 255, 45)
INK = QColor(235, 235, 235)


def begin_legend(
    painter: QPainter, area: QRectF, *, font: QFont, title: str, width: float, height: float, more_lines: int
) -> tuple[QRectF, float]:
    """Paint the ground and the title of a legend in the lower left corner of an area.

    Parameters
    ----------
    painter : QPainter
        Paints in logical pixels; it is left with font and pen for text, and without a brush.
    area : QRectF
    font : QFont
        Of the interface.
    title : str
    width : float
        Of what the legend holds.
    height : float
        Of what it holds beside lines of text.
    more_lines : int
        How many lines of text there are below the title.

    Returns
    -------
    tuple of QRectF and float
        Where the rest of the legend goes, and the height of a line.
    """
    small = small_font(font)
    metrics = QFontMetricsF(small)
    line = metrics.height()
    box = QRectF(0, 0, width + 2 * SPACE, (1 + more_lines) * line + height + 2 * SPACE)
    box.moveBottomLeft(area.bottomLeft() + QPointF(SPACE, -SPACE))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(RIM)
    painter.setBrush(GROUND)
    painter.drawRoundedRect(box, HALF_SPACE, HALF_SPACE)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(small)
    painter.setPen(INK)
    inner = box.adjusted(SPACE, SPACE, -SPACE, -SPACE)
    heading = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, inner.width())
    painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), line), Qt.AlignmentFlag.AlignLeft, heading)
    return inner.adjusted(0, line + HALF_SPACE, 0, 0), line


def paint_tag(painter: QPainter, area: QRectF, *, text: str, at_right: bool = False) -> None:
    """Write a few words on such a ground in an upper corner of an area."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = QFontMetricsF(painter.font())
    text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, area.width() - 4 * SPACE)
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 2 * SPACE, metrics.height() + SPACE)
    box.moveTopLeft(area.topLeft() + QPointF(SPACE, SPACE))
    if at_right:
        box.moveRight(area.right() - SPACE)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(GROUND)
    painter.drawRoundedRect(box, HALF_SPACE, HALF_SPACE)
    painter.setPen(INK)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
