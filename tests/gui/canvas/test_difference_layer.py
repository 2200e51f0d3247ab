"""What differs between two masks, drawn over an image: by its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from segtool.core.difference import Difference, difference_map
from segtool.core.geometry import Rect
from segtool.gui.canvas.difference_layer import DIFFERENCE_COLOURS, draw_difference, paint_difference_legend
from segtool.gui.canvas.view_transform import ViewTransform

SIZE = (90, 70)


def drawn(first: np.ndarray, second: np.ndarray, *, view: ViewTransform, rect: Rect) -> np.ndarray:
    """Return blue, green, red and opacity of what is drawn over nothing."""
    image = QImage(*SIZE, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw_difference(painter, first, second, view=view, rect=rect)
    painter.end()
    return np.frombuffer(image.constBits(), dtype=np.uint8).reshape(SIZE[1], SIZE[0], 4).copy()


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.7])
def test_each_screen_pixel_shows_how_the_two_differ_under_its_centre(qapp: QApplication, scale: float) -> None:
    rng = np.random.default_rng(3)
    first, second = (rng.choice(np.array([0, 1, 2, 255], dtype=np.uint8), size=(40, 50)) for _ in range(2))
    view = ViewTransform(scale, 4, -3)
    whole = Rect(0, 0, *SIZE)
    pixels = drawn(first, second, view=view, rect=whole)
    found = difference_map(first, second)
    for y in range(SIZE[1]):
        for x in range(SIZE[0]):
            column, row = (int(np.floor(place)) for place in view.to_image(x + 0.5, y + 0.5))
            inside = 0 <= column < 50 and 0 <= row < 40
            kind = Difference(int(found[row, column])) if inside else Difference.NONE
            blue, green, red, opacity = (int(value) for value in pixels[y, x])
            if kind is Difference.NONE:
                assert opacity == 0
            else:
                assert (red, green, blue) == pytest.approx(DIFFERENCE_COLOURS[kind], abs=2)
                assert opacity > 150
    part = Rect(11, 7, 30, 22)
    partly = drawn(first, second, view=view, rect=part)
    assert np.array_equal(partly[part.slices], pixels[part.slices])
    partly[part.slices] = 0
    assert not partly.any()


def test_the_legend_has_a_square_in_each_colour(qapp: QApplication) -> None:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor(110, 110, 110))
    painter = QPainter(image)
    counts = {Difference.ONLY_FIRST: 12_345_678, Difference.ONLY_SECOND: 2, Difference.OTHER_CLASS: 0}
    paint_difference_legend(painter, QRectF(image.rect()), font=QFont(), title="Since the last save", counts=counts)
    painter.end()
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(300, 400, 4)[..., 2::-1]
    changed = np.argwhere((pixels != 110).any(axis=-1))
    assert changed[:, 0].min() > 180
    assert changed[:, 1].max() < 210
    tops = {kind: np.argwhere((pixels == colour).all(axis=-1))[:, 0] for kind, colour in DIFFERENCE_COLOURS.items()}
    assert all(len(rows) > 30 for rows in tops.values())
    assert tops[Difference.ONLY_SECOND].max() < tops[Difference.ONLY_FIRST].min()
    assert tops[Difference.ONLY_FIRST].max() < tops[Difference.OTHER_CLASS].min()
