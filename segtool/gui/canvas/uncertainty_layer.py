"""How uncertainty is drawn over an image: one ramp of colours, and its legend."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QLinearGradient, QPainter, qRgba

from segtool.core.geometry import Rect
from segtool.core.uncertainty import uncertainty_of_levels
from segtool.gui.canvas.mask_layer import screen_ids
from segtool.gui.canvas.view_transform import ViewTransform
from segtool.gui.theme import SPACE, small_font

# Uncertainty, then red, green, blue and opacity. Violet to magenta is in no set of default class colours; lightness
# and opacity rise together, so that the order can be seen on dark and on bright images, and with any colour vision.
_RAMP = (
    (0.0, 90, 20, 190, 0),
    (0.08, 90, 20, 190, 0),
    (0.3, 110, 10, 215, 115),
    (0.6, 160, 0, 230, 185),
    (1.0, 235, 60, 255, 235),
)
_BAR_STOPS = 16
_BAR_WIDTH, _BAR_HEIGHT = 148.0, 8.0
_GROUND = QColor(20, 20, 22, 205)
_RIM = QColor(255, 255, 255, 45)
_INK = QColor(235, 235, 235)


class UncertaintyLayer:
    """Draws uncertainty through a colour table over the confidence itself: no copy of it is made."""

    def __init__(self) -> None:
        self._confidence: npt.NDArray[np.uint8] | None = None
        self._table: list[int] = []

    def show(self, confidence: npt.NDArray[np.uint8] | None, *, class_count: int) -> None:
        """Draw this from now on: uint8 (H, W), the probability of one of ``class_count`` classes; None: nothing."""
        self._confidence = confidence
        self._table = [] if confidence is None else heat_table(class_count)

    def draw(self, painter: QPainter, *, view: ViewTransform, rect: Rect) -> None:
        """Draw over a rectangle of the screen; beside the image nothing is drawn.

        Parameters
        ----------
        painter : QPainter
            Paints in screen pixels.
        view : ViewTransform
            A snapped view.
        rect : Rect
            Screen pixels.
        """
        if self._confidence is None:
            return
        height, width = self._confidence.shape
        over = rect.intersect(view.screen_rect(Rect(0, 0, width, height)))
        if over.is_empty:
            return
        levels = np.ascontiguousarray(screen_ids(self._confidence, view=view, rect=over))
        # QImage reads the array itself, which lives until the call returns.
        image = QImage(levels.data, over.width, over.height, levels.strides[0], QImage.Format.Format_Indexed8)
        image.setColorTable(self._table)
        painter.drawImage(over.x, over.y, image)


def heat_colours(uncertainty: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return the colours of uncertainties 0…1 of shape (N,): uint8 (N, 4), red, green, blue, opacity."""
    places, *channels = zip(*_RAMP, strict=True)
    mixed = np.stack([np.interp(uncertainty, places, channel) for channel in channels], axis=-1)
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def heat_table(class_count: int) -> list[int]:
    """Return the colour of each confidence 0…255 where there are that many classes, as Qt packs colours."""
    return [qRgba(*map(int, row)) for row in heat_colours(uncertainty_of_levels(class_count))]


def paint_legend(painter: QPainter, area: QRectF, *, font: QFont, title: str) -> None:
    """Say in the lower left corner of an area what the colours mean."""
    small = small_font(font)
    metrics = QFontMetricsF(small)
    line = metrics.height()
    width = _BAR_WIDTH + 2 * SPACE
    box = QRectF(0, 0, width, 2 * line + _BAR_HEIGHT + 3 * SPACE)
    box.moveBottomLeft(area.bottomLeft() + QPointF(SPACE, -SPACE))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_RIM)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(box, SPACE / 2, SPACE / 2)
    painter.setPen(Qt.PenStyle.NoPen)
    inner = box.adjusted(SPACE, SPACE, -SPACE, -SPACE)
    bar = QRectF(inner.left(), inner.top() + line + SPACE / 2, inner.width(), _BAR_HEIGHT)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    places = np.linspace(0, 1, _BAR_STOPS)
    for place, colour in zip(places, heat_colours(places), strict=True):
        gradient.setColorAt(float(place), QColor(*map(int, colour)))
    # Over a grey, as over an image: where the ramp is clear, that is what is seen.
    painter.setBrush(QColor(128, 128, 128))
    painter.drawRect(bar)
    painter.setBrush(QBrush(gradient))
    painter.drawRect(bar)
    painter.setFont(small)
    painter.setPen(_INK)
    heading = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, inner.width())
    painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), line), Qt.AlignmentFlag.AlignLeft, heading)
    ends = QRectF(inner.left(), bar.bottom() + SPACE / 2, inner.width(), line)
    painter.drawText(ends, Qt.AlignmentFlag.AlignLeft, "sure")
    painter.drawText(ends, Qt.AlignmentFlag.AlignRight, "a guess")
