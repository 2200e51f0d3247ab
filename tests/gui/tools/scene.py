"""A canvas that shows an image with something to find in it, and a mouse over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from tests.gui.canvas.conftest import make_mask

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, SHIFT, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier

GROUND, BRIGHT, DIM = 0, 255, 195
BIG, SMALL, OTHER = (70.0, 60.0, 30.0), (130.0, 30.0, 15.0), (130.0, 85.0, 12.0)
"""Centres and radii of the discs: a big and a small bright one, a dim one."""

Places = Sequence[tuple[float, float]]


def disc(circle: tuple[float, float, float]) -> npt.NDArray[np.bool_]:
    """Return the pixels of a disc."""
    rows, columns = np.ogrid[:120, :160]
    return (columns + 0.5 - circle[0]) ** 2 + (rows + 0.5 - circle[1]) ** 2 <= circle[2] ** 2


def scene() -> npt.NDArray[np.uint8]:
    """Return an image of 120×160 pixels with three discs."""
    pixels = np.full((120, 160), GROUND, dtype=np.uint8)
    pixels[disc(BIG) | disc(SMALL)] = BRIGHT
    pixels[disc(OTHER)] = DIM
    return pixels


@pytest.fixture
def scene_canvas(session: Session, image_folder: Path, qtbot: QtBot) -> Canvas:
    """A canvas of 400×300 pixels that shows the discs at 200 %, with class 2 in hand."""
    PillowImage.fromarray(scene()).save(image_folder / "a.png")
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    session.set_active_class(2)
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.zoom_to(2.0)
    return canvas


def at(canvas: Canvas, place: tuple[float, float]) -> QPoint:
    """Return the pixel of the widget that is nearest to an image position."""
    return canvas.image_to_widget(*place).toPoint()


def positions(canvas: Canvas, places: Places) -> list[tuple[float, float]]:
    """Return the image positions of the widget's pixels that are nearest to some places."""
    return [canvas.widget_to_image(QPointF(at(canvas, place))) for place in places]


def click(
    canvas: Canvas, *places: tuple[float, float], button: Qt.MouseButton = LEFT, modifier: Qt.KeyboardModifier = NONE
) -> None:
    """Click at some places."""
    for place in places:
        QTest.mouseClick(canvas, button, modifier, at(canvas, place))


def drag(
    canvas: Canvas, way: Places, *, button: Qt.MouseButton = LEFT, release: bool = True, press: bool = True
) -> None:
    """Drag along some places."""
    if press:
        QTest.mousePress(canvas, button, NONE, at(canvas, way[0]))
    for place in way[1:]:
        QTest.mouseMove(canvas, at(canvas, place))
    if release:
        QTest.mouseRelease(canvas, button, NONE, at(canvas, way[-1]))


def mask_of(session: Session) -> npt.NDArray[np.uint8]:
    """Return the shown mask."""
    assert session.document is not None
    return session.document.mask


def painted(region: npt.NDArray[np.bool_], value: int) -> npt.NDArray[np.uint8]:
    """Return the mask with a region of the whole image painted."""
    mask = make_mask()
    mask[region] = value
    return mask


def settle(session: Session, qtbot: QtBot) -> None:
    """Wait for what is being found."""
    qtbot.waitUntil(lambda: not session.regions.is_busy)


def expect_one_step(session: Session, expected: npt.NDArray[np.uint8], *, name: str) -> None:
    """Check the mask, that one step of undo takes all of it back, and that redo brings it again."""
    document = session.document
    assert document is not None
    assert np.array_equal(document.mask, expected)
    assert document.history.undo_name == name
    session.undo()
    assert np.array_equal(document.mask, make_mask())
    assert not document.history.can_undo
    session.redo()
    assert np.array_equal(document.mask, expected)
