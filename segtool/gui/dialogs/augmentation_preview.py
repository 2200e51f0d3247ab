"""A few augmented crops of one image with its mask, as training would see them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from segtool.core.augmentation import preview
from segtool.core.classes import BACKGROUND, DEFAULT_CLASSES, VOID, ClassSet
from segtool.core.run_settings import AugmentationSettings
from segtool.formats.preview import overlay_rgb
from segtool.gui import theme

COUNT = 4
_SIDE = 256
# A crop reaches this far at the strongest zoom, rotation and shift; the rest of a large image need not be normalised.
_REACH = 1024
_QUIET_MS = 30


class AugmentationPreview(QWidget):
    """Draws four crops side by side, anew whenever the image or the settings change.

    Signals
    -------
    drawn()
        ``tiles`` are those of the image and the settings of now.
    """

    drawn = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: npt.NDArray[np.generic] | None = None
        self._mask: npt.NDArray[np.uint8] | None = None
        self._classes: ClassSet = DEFAULT_CLASSES
        self._settings = AugmentationSettings()
        self._seed = 0
        self._text = "No image to show"
        self._tiles: list[QImage] = []
        # A slider that is dragged changes the settings faster than crops can be drawn.
        self._timer = QTimer(self, singleShot=True, interval=_QUIET_MS)
        self._timer.timeout.connect(self._draw)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Examples of randomly changed crops")

    @property
    def tiles(self) -> list[QImage]:
        """The crops that are shown, from left to right; empty without an image."""
        return list(self._tiles)

    def set_image(self, pixels: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8], classes: ClassSet) -> None:
        """Show crops of another image.

        Parameters
        ----------
        pixels : ndarray, shape (H, W) or (H, W, 3)
            As it was read.
        mask : ndarray of uint8, shape (H, W)
        classes : ClassSet
            Colours of the mask.
        """
        rows, columns = _neighbourhood(mask)
        self._pixels, self._mask, self._classes = pixels[rows, columns].copy(), mask[rows, columns].copy(), classes
        self._timer.start()

    def clear(self, text: str) -> None:
        """Show a sentence instead of crops."""
        self._pixels = self._mask = None
        self._text = text
        self._timer.start()

    def set_settings(self, settings: AugmentationSettings) -> None:
        """Draw the same crops with other settings."""
        self._settings = settings
        self._timer.start()

    def draw_others(self) -> None:
        """Draw other random changes."""
        self._seed += 1
        self._timer.start()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which objects can be made out."""
        return QSize(COUNT * 132, 132)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the smallest size."""
        return QSize(COUNT * 80, 80)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the crops as large as they fit, or the sentence."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._tiles:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._text)
        for tile, place in zip(self._tiles, self._places(), strict=False):
            painter.drawImage(place, tile)
        painter.end()

    def _places(self) -> list[QRect]:
        side = min((self.width() - theme.SPACE * (COUNT - 1)) // COUNT, self.height())
        step = side + theme.SPACE
        left, top = (self.width() - step * COUNT + theme.SPACE) // 2, (self.height() - side) // 2
        return [QRect(left + step * i, top, side, side) for i in range(COUNT)]

    def _draw(self) -> None:
        self._tiles = []
        if self._pixels is not None and self._mask is not None:
            crops = preview(self._pixels, self._mask, self._settings, count=COUNT, seed=self._seed, side=_SIDE)
            self._tiles = [_to_qimage(overlay_rgb(rgb, mask, self._classes)) for rgb, mask in crops]
        self.update()
        self.drawn.emit()


def _neighbourhood(mask: npt.NDArray[np.uint8]) -> tuple[slice, slice]:
    """Return rows and columns around the middle of what is labelled, wide enough for any crop there."""
    labelled = (mask != VOID) & (mask != BACKGROUND)
    if not labelled.any():
        labelled = mask != VOID
    slices = []
    for axis, length in enumerate(mask.shape):
        found = np.flatnonzero(labelled.any(axis=1 - axis))
        middle = int(found[len(found) // 2]) if found.size else length // 2
        start = min(max(0, middle - _REACH // 2), max(0, length - _REACH))
        slices.append(slice(start, start + _REACH))
    return slices[0], slices[1]


def _to_qimage(rgb: npt.NDArray[np.uint8]) -> QImage:
    height, width = rgb.shape[:2]
    data = np.ascontiguousarray(rgb)
    # The copy owns its bytes: the array is gone when this returns.
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
