"""A widget that shows an image under a mask and can be zoomed and panned."""

from __future__ import annotations

import math
from collections.abc import Hashable

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QWidget

from segtool.core.brush import Point
from segtool.core.classes import ClassSet
from segtool.core.display import Display, MaskStyle, Tones
from segtool.core.geometry import Rect
from segtool.gui.canvas.frame import Frame
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.mask_layer import Mask, MaskLayer
from segtool.gui.canvas.navigator import Navigator
from segtool.gui.canvas.view_transform import ViewTransform

_SURROUND_IN_DARK = 26
_SURROUND_IN_LIGHT = 70


class ImageView(QWidget):
    """Paints an image and its mask; knows nothing of where they come from.

    Zoom is told in physical screen pixels per image pixel, so that 1.0 is sharp on every screen; positions on
    the widget are in logical pixels.

    Signals
    -------
    zoom_changed(float)
        The scale is another one.
    view_moved()
        Another image, another part of it or the same part elsewhere is in view.
    """

    zoom_changed = Signal(float)
    view_moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = MaskLayer()
        self._frame = Frame(self._layer)
        self._navigator = Navigator()
        self._ratio = self.devicePixelRatioF()
        self._pyramid: ImagePyramid | None = None
        self._outline_width = 1
        self._mask: Mask | None = None
        self._other_mask: Mask | None = None
        self._inset = 0
        self._is_picked_from = False
        self._reported_scale = 0.0
        # The picture covers the whole widget: Qt has nothing to erase first.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._apply_palette()

    @property
    def scale(self) -> float:
        """Physical screen pixels per image pixel."""
        return self._navigator.view.scale

    @property
    def ratio(self) -> float:
        """Physical screen pixels per logical pixel."""
        return self._ratio

    @property
    def view(self) -> ViewTransform:
        """Where the image lies, in physical pixels."""
        return self._navigator.view

    @property
    def has_image(self) -> bool:
        """Whether there is an image to show."""
        return self._mask is not None

    @property
    def inset(self) -> int:
        """How many logical pixels are covered at the top and at the left."""
        return self._inset

    @property
    def is_picked_from(self) -> bool:
        """Whether a click chooses a place for something else, and does nothing of its own."""
        return self._is_picked_from

    @property
    def pyramid(self) -> ImagePyramid | None:
        """The image that is shown."""
        return self._pyramid

    @property
    def class_ids(self) -> Mask | None:
        """The mask of that image."""
        return self._mask

    @property
    def tones(self) -> Tones | None:
        """How values of the image are shown, for other pictures of it; None without an image."""
        return self._frame.tones

    # What is shown -----------------------------------------------------------------------------

    def show_pyramid(self, key: Hashable, pyramid: ImagePyramid, mask: Mask) -> None:
        """Show an image as it was last looked at.

        Parameters
        ----------
        key : Hashable
            Under which its zoom and place are remembered.
        pyramid : ImagePyramid
            The image; views may share it.
        mask : ndarray of uint8, shape (H, W)
            Class ids; read at each painting, so changes need only ``show_mask_change``.
        """
        self._pyramid, self._mask, self._other_mask = pyramid, mask, None
        self._navigator.open(key, image=pyramid.size)
        self._frame.set_image(pyramid)
        self.view_changed()

    def show_nothing(self) -> None:
        """Show the surround alone."""
        self._pyramid = self._mask = self._other_mask = None
        self._navigator.close()
        self._frame.set_image(None)
        self.view_changed()

    def show_mask_change(self, rect: Rect) -> None:
        """Paint the mask again inside a rectangle of the image."""
        changed = self._frame.mask_changed(rect)
        if not changed.is_empty:
            self.update(_enlarged(changed.x, changed.y, changed.width, changed.height, 1 / self._ratio))

    def show_other_mask(self, mask: Mask | None) -> None:
        """Show another mask of the image in place of its own, or that again; changes of its own go on being noted."""
        if mask is not self._other_mask:
            self._other_mask = mask
            self._frame.mask_changed()
            self.update()

    def set_picked_from(self, on: bool) -> None:
        """Show that clicks choose a place, or no longer."""
        self._is_picked_from = on

    def show_display(self, display: Display) -> None:
        """Show images with these adjustments from now on."""
        self._frame.set_display(display)
        self.update()

    def show_style(
        self, classes: ClassSet, *, opacity: float, style: MaskStyle = MaskStyle.TINT, outline_width: int = 1
    ) -> None:
        """Show the mask in these colours, filled in that way and as strongly as that (0 … 1), with such outlines."""
        if outline_width != self._outline_width:
            self._outline_width = outline_width
            self._resized()
        self._layer.set_style(classes, opacity=opacity, style=style)
        self._frame.style_changed()
        self.update()

    def is_mask_shown(self) -> bool:
        """Tell whether the mask is painted."""
        return True

    def draw_over(self, painter: QPainter, *, rect: Rect) -> None:
        """Draw what lies over image and mask in a rectangle of screen pixels; in such pixels, too."""

    # View --------------------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """Go one step closer, about the middle."""
        self.zoom_at(None, steps=1)

    def zoom_out(self) -> None:
        """Go one step back, about the middle."""
        self.zoom_at(None, steps=-1)

    def zoom_to(self, scale: float) -> None:
        """Show the image at a scale, about the middle; 1.0 is 100 %."""
        if self.has_image:
            self._navigator.zoom_to(scale)
            self.view_changed()

    def zoom_at(self, pos: QPointF | None, *, steps: int = 0, factor: float = 1.0) -> None:
        """Zoom by steps of the ladder or by a factor; the point under ``pos`` (None: the middle) stays there."""
        if not self.has_image:
            return
        at = None if pos is None else (pos.x() * self._ratio, pos.y() * self._ratio)
        if steps:
            self._navigator.zoom_steps(steps, at=at)
        else:
            self._navigator.zoom_to(self.scale * factor, at=at)
        self.view_changed()

    def fit(self) -> None:
        """Show the whole image; it stays fitted while the widget changes its size."""
        if self.has_image:
            self._navigator.fit()
            self.view_changed()

    def fit_box(self, box: Rect) -> None:
        """Show a part of the image as large as it gets."""
        if self.has_image:
            self._navigator.fit_box(box)
            self.view_changed()

    def centre_on(self, x: float, y: float) -> None:
        """Show an image position in the middle."""
        if self.has_image:
            self._navigator.centre_on(x, y)
            self.view_changed()

    def set_inset(self, inset: int) -> None:
        """Keep an image that is fitted clear of that many logical pixels at the top and at the left."""
        self._inset = inset
        self._navigator.set_inset(round(inset * self._ratio))
        self.view_changed()

    def keep_view(self, keeps: bool) -> None:
        """Keep zoom and position from image to image of one size from now on, or find each as it was left."""
        self._navigator.keeps_view = keeps

    def pan_by(self, dx: float, dy: float) -> None:
        """Shift the image by logical pixels."""
        if self.has_image:
            self._navigator.move(dx * self._ratio, dy * self._ratio)
            self.view_changed()

    def image_to_widget(self, x: float, y: float) -> QPointF:
        """Return where an image position lies on the widget."""
        return QPointF(*self.view.to_screen(x, y)) / self._ratio

    def widget_to_image(self, pos: QPointF) -> Point:
        """Return the image position under a position of the widget; it may lie beside the image."""
        return self.view.to_image(pos.x() * self._ratio, pos.y() * self._ratio)

    def view_changed(self) -> None:
        """Follow the navigator: everything is painted again."""
        self._frame.set_view(self.view)
        self.update()
        if self.has_image and self.scale != self._reported_scale:
            self._reported_scale = self.scale
            self.zoom_changed.emit(self.scale)
        self.view_moved.emit()

    # Qt ----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size for the first time that the window opens."""
        return QSize(800, 600)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Copy the finished picture to the screen."""
        mask = self._mask if self._other_mask is None else self._other_mask
        picture = self._frame.masked(mask) if mask is not None and self.is_mask_shown() else self._frame.bare()
        painter = QPainter(self)
        painter.scale(1 / self._ratio, 1 / self._ratio)
        # Each of its own: the box around two lines that cross is the whole widget.
        for part in event.region():  # type: ignore[attr-defined]  # it can be iterated over, its stub does not say so
            wanted = _enlarged(part.x(), part.y(), part.width(), part.height(), self._ratio)
            wanted = wanted.intersected(picture.rect())
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.drawImage(wanted.topLeft(), picture, wanted)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            self.draw_over(painter, rect=Rect(wanted.x(), wanted.y(), wanted.width(), wanted.height()))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Follow another size."""
        super().resizeEvent(event)
        self._resized()

    def event(self, event: QEvent) -> bool:
        """Follow moves to another screen and changes of the theme."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._navigator.rescale(self.devicePixelRatioF() / self._ratio)
            self._ratio = self.devicePixelRatioF()
            self._resized()
        elif event.type() == QEvent.Type.PaletteChange:
            self._apply_palette()
        return super().event(event)

    def _resized(self) -> None:
        width, height = (math.ceil(side * self._ratio) for side in (self.width(), self.height()))
        self._navigator.set_inset(round(self._inset * self._ratio))
        self._navigator.resize((width, height))
        grain = max(1, int(self._ratio))
        self._frame.set_size(width, height, line_width=grain * self._outline_width, grain=grain)
        self.view_changed()

    def _apply_palette(self) -> None:
        is_dark = self.palette().color(QPalette.ColorRole.Window).lightness() < 128
        grey = _SURROUND_IN_DARK if is_dark else _SURROUND_IN_LIGHT
        self._frame.set_surround((grey, grey, grey))
        self.update()


def _enlarged(x: float, y: float, width: float, height: float, factor: float) -> QRect:
    """Return a rectangle on a grid ``factor`` times as fine, grown to whole pixels."""
    return QRectF(x * factor, y * factor, width * factor, height * factor).toAlignedRect()
