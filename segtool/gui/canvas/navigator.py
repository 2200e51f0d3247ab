"""What part of which image is in view, remembered for each image."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from segtool.gui.canvas.view_transform import Size, ViewTransform, stepped


@dataclass(frozen=True, slots=True)
class _Remembered:
    view: ViewTransform
    image: Size
    is_fitted: bool


class Navigator:
    """Holds the view of the open image and changes it; sizes are (width, height) in physical pixels.

    A view that was fitted stays fitted when the viewport changes its size; any other one keeps the
    middle of the viewport where it is. Each image is found again as it was left.
    """

    def __init__(self) -> None:
        self._viewport: Size = (1, 1)
        self._image: Size = (1, 1)
        self._key: Hashable | None = None
        self._view = ViewTransform()
        self._is_fitted = True
        self._memory: dict[Hashable, _Remembered] = {}

    @property
    def view(self) -> ViewTransform:
        """The view, on whole screen pixels."""
        return self._view.snapped()

    @property
    def is_fitted(self) -> bool:
        """Whether the view follows the size of the viewport."""
        return self._is_fitted

    def open(self, key: Hashable, *, image: Size) -> None:
        """Turn to an image; an image of another size under a known key is fitted afresh."""
        self.close()
        self._key, self._image = key, image
        known = self._memory.get(key)
        if known is None or known.image != image or known.is_fitted:
            self.fit()
        else:
            self._is_fitted = False
            self._set(known.view)

    def close(self) -> None:
        """Leave the image; its view is remembered."""
        if self._key is not None:
            self._memory[self._key] = _Remembered(self._view, self._image, self._is_fitted)
        self._key = None

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
        self._view = ViewTransform.fitted(self._image, self._viewport)

    def show(self, view: ViewTransform) -> None:
        """Show the image as another view does."""
        self._is_fitted = False
        self._set(view)

    def zoom_to(self, scale: float, *, at: tuple[float, float] | None = None) -> None:
        """Change the zoom; the screen point ``at`` stays where it is, the middle if none is given."""
        x, y = at if at is not None else (self._viewport[0] / 2, self._viewport[1] / 2)
        self._is_fitted = False
        self._set(self._view.zoomed_at(x, y, scale=scale))

    def zoom_steps(self, steps: int, *, at: tuple[float, float] | None = None) -> None:
        """Change the zoom by steps of the ladder of scales."""
        self.zoom_to(stepped(self._view.scale, steps), at=at)

    def move(self, dx: float, dy: float) -> None:
        """Shift the image by screen pixels; a strip of it stays in view."""
        self._is_fitted = False
        self._set(self._view.moved(dx, dy))

    def _set(self, view: ViewTransform) -> None:
        self._view = view.kept_in_view(self._image, self._viewport)
