"""Where an image lies on the screen: zoom and pan as plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segtool.core.geometry import Rect

MIN_SCALE = 0.01
MAX_SCALE = 64.0
STEPS_PER_OCTAVE = 3
FIT_MARGIN = 12
KEPT_IN_VIEW = 48

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """The map between image pixels and screen pixels: ``screen = image * scale + origin``.

    Attributes
    ----------
    scale : float
        Physical screen pixels per image pixel; 1.0 is 100 %.
    x, y : float
        Screen position of the image's upper left corner, in physical pixels from the canvas's corner.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @classmethod
    def centred(cls, image: Size, viewport: Size, *, scale: float) -> ViewTransform:
        """Return the view that shows the middle of an image (width, height) in the middle of the viewport."""
        return cls(scale, (viewport[0] - image[0] * scale) / 2, (viewport[1] - image[1] * scale) / 2)

    @classmethod
    def fitted(cls, image: Size, viewport: Size, *, margin: int = FIT_MARGIN) -> ViewTransform:
        """Return the view that shows the whole image, as large as it gets inside ``margin`` screen pixels.

        It has no least scale: the whole of a very long image is shown too.
        """
        room = [max(1, side - 2 * margin) for side in viewport]
        return cls.centred(image, viewport, scale=min(room[0] / image[0], room[1] / image[1], MAX_SCALE))

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Return the screen position of an image position."""
        return x * self.scale + self.x, y * self.scale + self.y

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Return the image position under a screen position."""
        return (x - self.x) / self.scale, (y - self.y) / self.scale

    def zoomed_at(self, x: float, y: float, *, scale: float, lowest: float = MIN_SCALE) -> ViewTransform:
        """Return the view at another scale in which the image point under screen (x, y) stays there."""
        scale = limited(scale, lowest=lowest)
        image_x, image_y = self.to_image(x, y)
        return ViewTransform(scale, x - image_x * scale, y - image_y * scale)

    def moved(self, dx: float, dy: float) -> ViewTransform:
        """Return the view with the image shifted by screen pixels."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def kept_in_view(self, image: Size, viewport: Size) -> ViewTransform:
        """Return the view moved so far that a strip of the image stays inside the viewport."""
        placed = []
        for start, extent, room in zip((self.x, self.y), image, viewport, strict=True):
            length = extent * self.scale
            strip = min(KEPT_IN_VIEW, length, room)
            placed.append(min(max(start, strip - length), room - strip))
        return replace(self, x=placed[0], y=placed[1])

    def snapped(self) -> ViewTransform:
        """Return the view with its origin on whole screen pixels, so that shifting it never resamples."""
        return replace(self, x=math.floor(self.x + 0.5), y=math.floor(self.y + 0.5))

    def scaled_for(self, ratio: float) -> ViewTransform:
        """Return the same view on a screen with ``ratio`` times as many pixels."""
        return ViewTransform(min(self.scale * ratio, MAX_SCALE), self.x * ratio, self.y * ratio)

    def screen_rect(self, rect: Rect) -> Rect:
        """Return the screen pixels whose centres lie on the given image pixels.

        The origin must be snapped. Together with ``columns`` and ``rows`` this is the one rule of
        nearest-pixel sampling: a screen pixel belongs to the image pixel under its centre.
        """
        left, right = (self._first_screen(edge) + int(self.x) for edge in (rect.x, rect.right))
        top, bottom = (self._first_screen(edge) + int(self.y) for edge in (rect.y, rect.bottom))
        return Rect.from_edges(left, top, right, bottom)

    def image_rect(self, rect: Rect, *, image: Size) -> Rect:
        """Return the image pixels that touch the given screen pixels."""
        left, top = self.to_image(rect.x, rect.y)
        right, bottom = self.to_image(rect.right, rect.bottom)
        touched = Rect.from_edges(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
        return touched.intersect(Rect(0, 0, *image))

    def columns(self, start: int, stop: int, *, width: int) -> npt.NDArray[np.intp]:
        """Return the image column under each screen column ``start … stop-1``, clipped to the image."""
        return _sampled(start - int(self.x), stop - int(self.x), self.scale, width)

    def rows(self, start: int, stop: int, *, height: int) -> npt.NDArray[np.intp]:
        """Return the image row under each screen row ``start … stop-1``, clipped to the image."""
        return _sampled(start - int(self.y), stop - int(self.y), self.scale, height)

    def _first_screen(self, edge: int) -> int:
        return math.ceil(edge * self.scale - 0.5)


def _sampled(start: int, stop: int, scale: float, extent: int) -> npt.NDArray[np.intp]:
    positions: npt.NDArray[np.intp] = np.floor((np.arange(start, stop) + 0.5) / scale).astype(np.intp)
    return positions.clip(0, extent - 1)


def limited(scale: float, *, lowest: float = MIN_SCALE) -> float:
    """Return the scale brought into the range that the canvas shows."""
    return min(max(scale, lowest), MAX_SCALE)


def stepped(scale: float, steps: int, *, lowest: float = MIN_SCALE) -> float:
    """Return the scale some steps further on the ladder that holds 25, 50, 100, 200, 400 … %.

    A scale between two rungs goes to the next rung in the direction of the step; ``lowest`` is the last one.
    """
    position = math.log2(scale) * STEPS_PER_OCTAVE
    nearest = round(position)
    if abs(position - nearest) > 0.05:
        nearest = math.floor(position) if steps > 0 else math.ceil(position)
    return limited(2 ** ((nearest + steps) / STEPS_PER_OCTAVE), lowest=lowest)
