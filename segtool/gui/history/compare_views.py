"""The three ways to look at two predictions of one image: side by side, wiping between them, and their difference."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.difference import Difference
from segtool.core.display import Display, MaskStyle
from segtool.gui.canvas.difference_layer import DIFFERENCE_COLOURS
from segtool.gui.history.compare_job import Compared
from segtool.gui.history.linked_view import LinkedView, Look
from segtool.gui.history.wipe_view import WipeView

_DIFFERENCE_CLASSES = ClassSet(
    (
        ClassInfo(Difference.NONE, "same", (0, 0, 0)),
        *(ClassInfo(kind, kind.name.lower(), colour) for kind, colour in DIFFERENCE_COLOURS.items()),
    )
)
_DIFFERENCE_OPACITY = 0.65
_GAP = 2


class CompareMode(IntEnum):
    """A way to look at them, in the order of the buttons."""

    SIDE_BY_SIDE = 0
    WIPE = 1
    DIFFERENCE = 2


class CompareViews(QStackedWidget):
    """Shows a comparison in one of three ways; all of them show the same part of the image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.left, self.right = LinkedView(), LinkedView()
        self.wipe = WipeView()
        self.difference = LinkedView()
        side_by_side = QWidget()
        across = QHBoxLayout(side_by_side)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(_GAP)
        across.addWidget(self.left, 1)
        across.addWidget(self.right, 1)
        for page in (side_by_side, self.wipe, self.difference):
            self.addWidget(page)
        self.left.moved.connect(lambda: self.right.show_look(self.left.look()))
        self.right.moved.connect(lambda: self.left.show_look(self.right.look()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Comparison")

    @property
    def mode(self) -> CompareMode:
        """The way in which they are shown."""
        return CompareMode(self.currentIndex())

    @property
    def main_view(self) -> LinkedView:
        """The view whose part of the image counts."""
        return (self.left, self.wipe.first, self.difference)[self.mode]

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size for the first time that it is shown."""
        return QSize(900, 560)

    def set_mode(self, mode: CompareMode) -> None:
        """Show them in another way."""
        look = self.main_view.look()
        self.setCurrentIndex(mode)
        self._show_look(look)

    def show_compared(self, compared: Compared, *, key: str, tags: tuple[str, str]) -> None:
        """Show a comparison.

        Parameters
        ----------
        compared : Compared
        key : str
            The image: under it, its part in view is remembered.
        tags : tuple of two str
            What the two sides are called.
        """
        for views, mask, tag in zip(self._pairs(), compared.masks, tags, strict=True):
            for view in views:
                view.set_tag(tag)
                view.show_pyramid(key, compared.pyramid, mask)
        self.difference.show_style(_DIFFERENCE_CLASSES, opacity=_DIFFERENCE_OPACITY)
        self.difference.show_pyramid(key, compared.pyramid, compared.difference)
        self._show_look(self.main_view.look())

    def show_style(self, classes: ClassSet, *, opacity: float, style: MaskStyle) -> None:
        """Draw the masks in that way and that strongly."""
        for views in self._pairs():
            for view in views:
                view.show_style(classes, opacity=opacity, style=style)

    def show_display(self, display: Display) -> None:
        """Show the image with these adjustments."""
        for view in self._all():
            view.show_display(display)

    def show_nothing(self) -> None:
        """Let go of the images."""
        for view in self._all():
            view.show_nothing()

    def fit(self) -> None:
        """Show the whole image."""
        for view in self._all():
            view.fit()

    def zoom(self, steps: int) -> None:
        """Go closer by steps of the ladder, or back if negative."""
        self.main_view.zoom_at(None, steps=steps)
        self._show_look(self.main_view.look())

    def actual_size(self) -> None:
        """Show one pixel of the image on one of the screen."""
        self.main_view.zoom_to(1.0)
        self._show_look(self.main_view.look())

    def _pairs(self) -> tuple[tuple[LinkedView, LinkedView], tuple[LinkedView, LinkedView]]:
        return (self.left, self.wipe.first), (self.right, self.wipe.second)

    def _all(self) -> Sequence[LinkedView]:
        return (self.left, self.right, self.wipe.first, self.wipe.second, self.difference)

    def _show_look(self, look: Look) -> None:
        for view in self._all():
            view.show_look(look)
