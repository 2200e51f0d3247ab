"""How unsure, or how sure, a model is, drawn over an image: ramps of colours and their legends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QImage, QLinearGradient, QPainter, qRgba

from segtool.core.geometry import Rect
from segtool.core.uncertainty import uncertainty_of_levels
from segtool.gui.canvas.legend import begin_legend
from segtool.gui.canvas.mask_layer import screen_ids
from segtool.gui.canvas.view_transform import ViewTransform
from segtool.gui.theme import SPACE


@dataclass(frozen=True, slots=True)
class Ramp:
    """What colours stand for which uncertainty.

    Attributes
    ----------
    stops : tuple of tuples
        Uncertainty 0…1 in rising order, then red, green, blue and opacity.
    falls : bool
        Whether its legend begins where the model is unsure.
    """

    stops: tuple[tuple[float, int, int, int, int], ...]
    falls: bool = False


# Violet to magenta is in no set of default class colours; lightness and opacity rise together, so that the order can
# be seen on dark and on bright images, and with any colour vision.
UNCERTAINTY_RAMP = Ramp(
    (
        (0.0, 90, 20, 190, 0),
        (0.08, 90, 20, 190, 0),
        (0.3, 110, 10, 215, 115),
        (0.6, 160, 0, 230, 185),
        (1.0, 235, 60, 255, 235),
    )
)
# Cividis (Nunez, Anderton and Renslow, PLOS ONE 2018), which looks nearly the same with any colour vision: yellow where
# the model is certain, dark blue where it guesses. A model is certain of most of an image: that must not hide it.
CONFIDENCE_RAMP = Ramp(
    (
        (0.0, 254, 232, 56, 95),
        (0.25, 187, 173, 108, 150),
        (0.5, 124, 123, 120, 180),
        (0.75, 64, 77, 107, 205),
        (1.0, 0, 34, 78, 230),
    ),
    falls=True,
)
_BAR_STOPS = 16
_BAR_WIDTH, _BAR_HEIGHT = 148.0, 8.0


class UncertaintyLayer:
    """Draws uncertainty through a colour table over the confidence itself: no copy of it is made."""

    def __init__(self) -> None:
        self._confidence: npt.NDArray[np.uint8] | None = None
        self._table: list[int] = []

    def show(
        self, confidence: npt.NDArray[np.uint8] | None, *, class_count: int, ramp: Ramp = UNCERTAINTY_RAMP
    ) -> None:
        """Draw this from now on: uint8 (H, W), the probability of one of ``class_count`` classes; None: nothing."""
        self._confidence = confidence
        self._table = [] if confidence is None else heat_table(class_count, ramp=ramp)

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


def heat_colours(uncertainty: npt.NDArray[np.float64], *, ramp: Ramp = UNCERTAINTY_RAMP) -> npt.NDArray[np.uint8]:
    """Return the colours of uncertainties 0…1 of shape (N,): uint8 (N, 4), red, green, blue, opacity."""
    places, *channels = zip(*ramp.stops, strict=True)
    mixed = np.stack([np.interp(uncertainty, places, channel) for channel in channels], axis=-1)
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def heat_table(class_count: int, *, ramp: Ramp = UNCERTAINTY_RAMP) -> list[int]:
    """Return the colour of each confidence 0…255 where there are that many classes, as Qt packs colours."""
    return [qRgba(*map(int, row)) for row in heat_colours(uncertainty_of_levels(class_count), ramp=ramp)]


def paint_legend(
    painter: QPainter,
    area: QRectF,
    *,
    font: QFont,
    title: str,
    ramp: Ramp = UNCERTAINTY_RAMP,
    ends: tuple[str, str] = ("sure", "a guess"),
) -> None:
    """Say in the lower left corner of an area what the colours mean.

    Parameters
    ----------
    painter : QPainter
        Paints in logical pixels.
    area : QRectF
    font : QFont
        Of the interface.
    title : str
    ramp : Ramp
    ends : tuple of two str
        What stands at the left and at the right end of the bar.
    """
    inner, line = begin_legend(
        painter, area, font=font, title=title, width=_BAR_WIDTH, height=_BAR_HEIGHT + SPACE, more_lines=1
    )
    bar = QRectF(inner.left(), inner.top(), inner.width(), _BAR_HEIGHT)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    places = np.linspace(0, 1, _BAR_STOPS)
    for place, colour in zip(places, heat_colours(1 - places if ramp.falls else places, ramp=ramp), strict=True):
        gradient.setColorAt(float(place), QColor(*map(int, colour)))
    # Over a grey, as over an image: where the ramp is clear, that is what is seen.
    pen = painter.pen()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(128, 128, 128))
    painter.drawRect(bar)
    painter.setBrush(QBrush(gradient))
    painter.drawRect(bar)
    painter.setPen(pen)
    below = QRectF(inner.left(), bar.bottom() + SPACE / 2, inner.width(), line)
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft, ends[0])
    painter.drawText(below, Qt.AlignmentFlag.AlignRight, ends[1])
