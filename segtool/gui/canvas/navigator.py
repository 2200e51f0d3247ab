"""What part of which image is in view, remembered for each image."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from segtool.core.geometry import Rect
from segtool.gui.canvas.view_transform import MIN_SCALE, Size, ViewTransform, stepped

# Closer than this, the box of a few pixels would be all there is to see.
_CLOSEST_BOX = 16.0
_MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class _Remembered:
    view: ViewTransform
    image: Size
    is_fitted: bool


class Navigator:
    """Holds the view of the open image and changes it; sizes are (width, height) in physical pixels.

    A view that was fitted stays fitted when the viewport changes its size; any other one keeps the
    middle of the viewport where it is. Each image is found again as it was left; one that is seen for the first time
    is shown as the one before it if that has the same size, so that a place can be followed through them.

    Attributes
    ----------
    keeps_view : bool
        Whether zoom and position stay from image to image of one size, whatever each was left with.
    """

    def __init__(self) -> None:
        self._viewport: Size = (1, 1)
        self._image: Size = (1, 1)
        self._key: Hashable | None = None
        self._view = ViewTransform()
        self._is_fitted = True
        self._memory: dict[Hashable, _Remembered] = {}
        self._inset = 0
        self.keeps_view = False

    @property
    def view(self) -> ViewTransform:
        """The view, on whole screen pixels."""
        return self._view.snapped()

    @property
    def is_fitted(self) -> bool:
        """Whether the view follows the size of the viewport."""
        return self._is_fitted

    def open(self, key: Hashable, *, image: Size) -> None:
        """Turn to an image; an image of another size than the view to be taken is fitted."""
        before = None if self._key is None else _Remembered(self._view, self._image, self._is_fitted)
        known = self._memory.get(key) if self._key != key else before
        self.close()
        self._key, self._image = key, image
        takes_over = self.keeps_view or known is None or known.image != image
        if takes_over and before is not None and before.image == image:
            known = before
        if known is None or known.image != image or known.is_fitted:
            self.fit()
        else:
            self._is_fitted = False
            self._set(known.view)

    def close(self) -> None:
        """Leave the image; its view is remembered."""
        if self._key is not None:
            self._memory.pop(self._key, None)
            self._memory[self._key] = _Remembered(self._view, self._image, self._is_fitted)
            if len(self._memory) > _MOST_REMEMBERED:
                del self._memory[next(iter(self._memory))]
        self._key = None

    def set_inset(self, inset: int) -> None:
        """Leave that many screen pixels free at the top and at the left where an image is fitted: rulers lie there."""
        if inset != self._inset:
            self._inset = inset
            if self._is_fitted:
                self.fit()

    def resize(self, viewport: Size) -> None:
        """Follow another size of the viewport."""
        if viewport == self._viewport:
            return
        dx, dy = ((new - old) / 2 for new, old in zip(viewport, self._viewport, strict=True))
        self._viewport = viewport
        if self._is_fitted:
            self.fit()
        else:
            self._set(self._view.moved(dx, dy))

    def rescale(self, ratio: float) -> None:
        """Follow a move to a screen with ``ratio`` times as many pixels: everything keeps its visible size."""
        self._view = self._view.scaled_for(ratio)
        self._viewport = (round(self._viewport[0] * ratio), round(self._viewport[1] * ratio))

    def fit(self) -> None:
        """Show the whole image."""
        self._is_fitted = True
        self._view = self._fitted(self._image)

    def fit_box(self, box: Rect) -> None:
        """Show a part of the image as large as it gets, but not closer than pixels can be told apart."""
        view = self._fitted((box.width, box.height))
        middle = view.to_screen(box.width / 2, box.height / 2)
        if view.scale > _CLOSEST_BOX:
            view = view.zoomed_at(*middle, scale=_CLOSEST_BOX)
        self.show(view.moved(-box.x * view.scale, -box.y * view.scale))

    def centre_on(self, x: float, y: float) -> None:
        """Show an image position in the middle of what the rulers leave of the viewport."""
        scale = self._view.scale
        across, down = ((side + self._inset) / 2 for side in self._viewport)
        self.show(ViewTransform(scale, across - x * scale, down - y * scale))

    def show(self, view: ViewTransform) -> None:
        """Show the image as another view does."""
        self._is_fitted = False
        self._set(view)

    def zoom_to(self, scale: float, *, at: tuple[float, float] | None = None) -> None:
        """Change the zoom; the screen point ``at`` stays where it is, the middle if none is given."""
        x, y = at if at is not None else (self._viewport[0] / 2, self._viewport[1] / 2)
        self._is_fitted = False
        self._set(self._view.zoomed_at(x, y, scale=scale, lowest=self._lowest()))

    def zoom_steps(self, steps: int, *, at: tuple[float, float] | None = None) -> None:
        """Change the zoom by steps of the ladder of scales."""
        self.zoom_to(stepped(self._view.scale, steps, lowest=self._lowest()), at=at)

    def move(self, dx: float, dy: float) -> None:
        """Shift the image by screen pixels; a strip of it stays in view."""
        self._is_fitted = False
        self._set(self._view.moved(dx, dy))

    def _fitted(self, extent: Size) -> ViewTransform:
        width, height = (max(1, side - self._inset) for side in self._viewport)
        return ViewTransform.fitted(extent, (width, height)).moved(self._inset, self._inset)

    def _lowest(self) -> float:
        """Return the least scale: an image too long for it can be shown whole nevertheless."""
        return min(MIN_SCALE, self._fitted(self._image).scale)

    def _set(self, view: ViewTransform) -> None:
        self._view = view.kept_in_view(self._image, self._viewport)
