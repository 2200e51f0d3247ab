"""One image of a run and what the network makes of it: at the start, and now."""

from __future__ import annotations

import base64
import binascii

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QByteArray, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from segtool.core.classes import ClassSet
from segtool.core.printable import printable
from segtool.core.run_events import RunPreview
from segtool.formats.preview import overlay_rgb
from segtool.gui import theme

_WIDTH = 120
_HEIGHT = 120
_LEAST_WIDTH = 72
_BYTES_PER_CHANNEL = 3


class PreviewStrip(QWidget):
    """Shows two previews of a run side by side at the same size; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        # A long name of an image must not widen the panel.
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.before, self.now = _Picture(), _Picture()
        pictures = QHBoxLayout()
        pictures.setContentsMargins(0, 0, 0, 0)
        pictures.setSpacing(theme.SPACE)
        for picture in (self.before, self.now):
            pictures.addWidget(picture, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.HALF_SPACE)
        layout.addWidget(self.title)
        layout.addLayout(pictures)
        self.hide()

    def show_previews(self, first: RunPreview | None, last: RunPreview | None, classes: ClassSet) -> None:
        """Show the first and the newest preview of a run in the colours of the classes; nothing if they are none.

        A preview that cannot be read is passed over, as it is only there to look at.
        """
        if first is None or last is None:
            self.hide()
            return
        pairs = ((self.before, first), (self.now, last))
        shown = [picture.show_preview(preview, classes) for picture, preview in pairs]
        self.title.setText(printable(last.key))
        self.title.setToolTip(theme.plain_tip(last.key))
        self.setVisible(all(shown))


class _Picture(QWidget):
    """A picture as large as it fits, with a caption below it."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[RunPreview, ClassSet] | None = None
        self.image = QImage()
        self.caption = ""
        self.setFont(theme.small_font(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_preview(self, preview: RunPreview, classes: ClassSet) -> bool:
        """Show another preview, or the same one again; False if it cannot be read."""
        # The state of a run changes every second, its previews do not.
        if self._shown is None or self._shown[0] is not preview or self._shown[1] != classes:
            self._shown = preview, classes
            self.image = picture_of(preview, classes) or QImage()
            self.caption = f"step {preview.step}" if preview.step else "at the start"
            self.setAccessibleName(f"{preview.key}, {self.caption}")
            # One that followed the width would come and go with the panel's scroll bar.
            room = self.image.size().scaled(_WIDTH, _HEIGHT, Qt.AspectRatioMode.KeepAspectRatio)
            self.setFixedHeight(room.height() + self._caption_height())
            self.update()
        return not self.image.isNull()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size at which the picture is as wide as half a panel."""
        return QSize(_WIDTH, self.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the smallest size."""
        return QSize(_LEAST_WIDTH, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint picture and caption, both from the left."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QSize(self.width(), self.height() - self._caption_height())
        fitted = self.image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        painter.drawImage(QRect(QPoint(), fitted), self.image)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        place = QRect(0, fitted.height(), self.width(), self._caption_height())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, self.caption)
        painter.end()

    def _caption_height(self) -> int:
        return self.fontMetrics().height() + theme.HALF_SPACE // 2


def picture_of(preview: RunPreview, classes: ClassSet) -> QImage | None:
    """Return a preview as an RGB picture with the mask tinted and outlined; None if it cannot be read."""
    image, mask = _decoded(preview.image), _decoded(preview.mask)
    if image is None or mask is None or image.size() != mask.size():
        return None
    # A palette would stand for colours: what counts is the number in each pixel.
    if mask.format() is not QImage.Format.Format_Indexed8:
        mask = mask.convertToFormat(QImage.Format.Format_Grayscale8)
    rgb = _rows(image.convertToFormat(QImage.Format.Format_RGB888), _BYTES_PER_CHANNEL)
    shown = np.ascontiguousarray(
        overlay_rgb(rgb.reshape(*rgb.shape[:1], -1, _BYTES_PER_CHANNEL), _rows(mask, 1), classes)
    )
    height, width = shown.shape[:2]
    # The copy owns its bytes: the array is gone when this returns.
    return QImage(shown.data, width, height, _BYTES_PER_CHANNEL * width, QImage.Format.Format_RGB888).copy()


def _decoded(text: str) -> QImage | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    image = QImage.fromData(QByteArray(data))
    return None if image.isNull() else image


def _rows(image: QImage, channels: int) -> npt.NDArray[np.uint8]:
    """Return the bytes of an image without what fills up its rows, (H, W × channels) uint8."""
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * channels].copy()
