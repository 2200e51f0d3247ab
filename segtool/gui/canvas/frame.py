"""The picture on the screen, kept as pixels so that a stroke redraws only what it touched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage, QPainter

from segtool.core.display import Display, Tones
from segtool.core.geometry import Rect
from segtool.core.palette import Colour
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.kept_ids import KeptIds, shift_pixels
from segtool.gui.canvas.mask_layer import Mask, MaskLayer
from segtool.gui.canvas.view_transform import ViewTransform

GRID_SCALE = 16.0
_GRID_STRENGTH = 0.16
_MOST_STALE = 32


class Frame:
    """Two screen-sized pictures: the image alone, and the image under its mask.

    All rectangles are in physical screen pixels from the canvas's corner. What has changed is only noted;
    the work is done when a picture is asked for.

    Parameters
    ----------
    layer : MaskLayer
        Draws the mask; call ``mask_changed`` after giving it another style.
    """

    def __init__(self, layer: MaskLayer) -> None:
        self._layer = layer
        self._pyramid: ImagePyramid | None = None
        self._display = Display()
        self._tones: Tones | None = None
        self._view = ViewTransform()
        self._surround: Colour = (0, 0, 0)
        self._line_width = self._grain = 1
        self._bare = _Picture(1, 1)
        self._masked = _Picture(1, 1)
        self._ids = KeptIds(1, 1, margin=1)
        self._bare_stale = _Damage()
        self._masked_stale = _Damage()
        # Where the ids are unknown, and where they are as they were before the mask was changed.
        self._ids_stale = _Damage()
        self._mask_stale = _Damage()

    @property
    def rect(self) -> Rect:
        """The whole picture."""
        return Rect(0, 0, self._bare.image.width(), self._bare.image.height())

    @property
    def tones(self) -> Tones | None:
        """How values of the image are shown; None without an image."""
        if self._tones is None and self._pyramid is not None:
            self._tones = Tones(self._display, self._pyramid.intensities)
        return self._tones

    def set_size(self, width: int, height: int, *, line_width: int, grain: int = 1) -> None:
        """Fit the pictures to a viewport in screen pixels.

        Outlines are ``line_width`` wide, and hatchings have a grain of so many pixels: of one on a screen of ordinary
        resolution, of two on one that is twice as fine.
        """
        size = (max(1, width), max(1, height))
        self._grain = grain
        if size != (self.rect.width, self.rect.height) or line_width != self._line_width:
            self._bare, self._masked = _Picture(*size), _Picture(*size)
            self._ids = KeptIds(*size, margin=line_width)
            self._line_width = line_width
            self._all_changed()

    def set_surround(self, colour: Colour) -> None:
        """Choose the colour beside the image."""
        if colour != self._surround:
            self._surround = colour
            self._bare_stale.add(self.rect)
            self._masked_stale.add(self.rect)

    def set_image(self, pyramid: ImagePyramid | None) -> None:
        """Show another image, or none."""
        self._pyramid = pyramid
        self._tones = None
        self._all_changed()

    def set_display(self, display: Display) -> None:
        """Show the image with other adjustments."""
        if display != self._display:
            self._display = display
            self._tones = None
            self._bare_stale.add(self.rect)
            self._masked_stale.add(self.rect)

    def set_view(self, view: ViewTransform) -> None:
        """Show the image elsewhere or at another zoom (a snapped view); a mere shift moves finished pixels."""
        dx, dy = int(view.x - self._view.x), int(view.y - self._view.y)
        if view == self._view:
            return
        same_scale = view.scale == self._view.scale
        self._view = view
        if not same_scale or abs(dx) >= self.rect.width or abs(dy) >= self.rect.height:
            self._all_changed()
            return
        exposed = _exposed(self.rect, dx, dy)
        for shown in (self._bare, self._masked, self._ids):
            shown.shift(dx, dy)
        for stale in (self._bare_stale, self._masked_stale, self._ids_stale, self._mask_stale):
            stale.shift(dx, dy)
        for stale in (self._bare_stale, self._masked_stale, self._ids_stale):
            stale.add(*exposed)

    def style_changed(self) -> None:
        """Note that the mask is to be drawn in another way."""
        self._masked_stale.add(self.rect)

    def mask_changed(self, rect: Rect | None = None) -> Rect:
        """Note that the mask has changed in a rectangle of the image, or that it is another one.

        Returns
        -------
        Rect
            The screen pixels that may look different now; may be empty.
        """
        if rect is None:
            self._ids_stale.add(self.rect)
            self._masked_stale.add(self.rect)
            return self.rect
        if rect.is_empty:
            return rect
        # The outline of the next pixel may have moved too.
        changed = self._view.screen_rect(rect).expand(self._line_width).intersect(self.rect)
        self._mask_stale.add(changed)
        return changed

    def bare(self) -> QImage:
        """Return the image without its mask."""
        for rect in self._bare_stale.take(self.rect):
            self._render(rect)
        return self._bare.image

    def masked(self, mask: Mask) -> QImage:
        """Return the image under its mask (uint8, the size of the image)."""
        self.bare()
        for rect in self._ids_stale.take(self.rect):
            self._ids.fetch(mask, view=self._view, rect=rect)
        for rect in self._mask_stale.take(self.rect):
            self._masked_stale.add(*self._ids.update(mask, view=self._view, rect=rect))
        stale = self._masked_stale.take(self.rect)
        if not stale:
            return self._masked.image
        origin = (int(self._view.x), int(self._view.y))
        painter = QPainter(self._masked.image)
        # One after the other, each from the bare image: where two overlap, the tint must not be laid on twice.
        for rect in stale:
            self._masked.pixels[rect.slices] = self._bare.pixels[rect.slices]
            over = rect.intersect(self._image_rect())
            if not over.is_empty:
                ids = self._ids.around(over)
                self._layer.draw(painter, ids, rect=over, origin=origin, line_width=self._line_width, grain=self._grain)
        painter.end()
        return self._masked.image

    def _all_changed(self) -> None:
        for stale in (self._bare_stale, self._masked_stale, self._ids_stale):
            stale.add(self.rect)

    def _image_rect(self) -> Rect:
        width, height = self._pyramid.size if self._pyramid is not None else (0, 0)
        return self._view.screen_rect(Rect(0, 0, width, height))

    def _render(self, rect: Rect) -> None:
        red, green, blue = self._surround
        pixels = self._bare.pixels
        over = rect.intersect(self._image_rect())
        if over != rect:
            # As whole pixels, which is several times faster than byte by byte.
            colour = np.array([blue, green, red, 255], dtype=np.uint8).view(np.uint32)
            pixels.view(np.uint32)[..., 0][rect.slices] = colour
        if self._pyramid is None or over.is_empty:
            return
        pixels[over.slices] = self._pyramid.sample(self._view, over, self.tones)
        if self._view.scale >= GRID_SCALE:
            self._draw_grid(over)

    def _draw_grid(self, rect: Rect) -> None:
        """Draw a line along the left and the upper side of each image pixel."""
        assert self._pyramid is not None
        width, height = self._pyramid.size
        columns = self._view.columns(rect.x - 1, rect.right, width=width)
        rows = self._view.rows(rect.y - 1, rect.bottom, height=height)
        pixels = self._bare.pixels[rect.slices]
        starts_row = np.diff(rows) > 0
        starts_column = np.diff(columns) > 0
        pixels[starts_row] = _contrasting(pixels[starts_row])
        crossed = pixels[:, starts_column]
        # Crossings have their line already.
        pixels[:, starts_column] = np.where(starts_row[:, np.newaxis, np.newaxis], crossed, _contrasting(crossed))


class _Picture:
    """A QImage whose pixels can also be written as an array."""

    def __init__(self, width: int, height: int) -> None:
        # Qt owns the memory: a QImage over foreign memory would be copied as soon as it is painted on.
        self.image = QImage(width, height, QImage.Format.Format_RGB32)

    @property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """The pixels, uint8 (height, width, 4) in the order blue, green, red, unused."""
        # Asked for anew each time: should something else hold the image, Qt moves the pixels before they change.
        return np.frombuffer(self.image.bits(), dtype=np.uint8).reshape(self.image.height(), self.image.width(), 4)

    def shift(self, dx: int, dy: int) -> None:
        shift_pixels(self.pixels, dx, dy)


class _Damage:
    """Rectangles that have to be drawn again."""

    def __init__(self) -> None:
        self._rects: list[Rect] = []

    def add(self, *rects: Rect) -> None:
        self._rects.extend(rect for rect in rects if not rect.is_empty)
        if len(self._rects) > _MOST_STALE:
            whole = self._rects[0]
            for rect in self._rects[1:]:
                whole = whole.union(rect)
            self._rects = [whole]

    def shift(self, dx: int, dy: int) -> None:
        self._rects = [Rect(rect.x + dx, rect.y + dy, rect.width, rect.height) for rect in self._rects]

    def take(self, whole: Rect) -> list[Rect]:
        rects = [rect.intersect(whole) for rect in self._rects]
        self._rects = []
        if whole in rects:
            return [whole]
        return [rect for rect in rects if not rect.is_empty]


def _exposed(whole: Rect, dx: int, dy: int) -> tuple[Rect, Rect]:
    """Return the strips that have nothing to show after a shift."""
    beside = Rect(0 if dx > 0 else whole.width + dx, 0, abs(dx), whole.height)
    above = Rect(0, 0 if dy > 0 else whole.height + dy, whole.width, abs(dy))
    return beside, above


def _contrasting(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return pixels a little lighter where they are dark and a little darker where they are light."""
    values = pixels.astype(np.float32)
    target = np.where(values[..., :3].mean(axis=-1, keepdims=True) < 110, 255, 0)
    return np.asarray(np.rint(values + (target - values) * _GRID_STRENGTH), dtype=np.uint8)
