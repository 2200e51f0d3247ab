"""Whatever is done in whatever order, the mask is what plain NumPy says, one step of undo after the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from segtool.core.classes import BACKGROUND, VOID
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.options import BrushShape
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import make_mask

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
HEIGHT, WIDTH = make_mask().shape
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH] + 0.5
ACTIONS = 90

Region = npt.NDArray[np.bool_]


@dataclass
class Oracle:
    """The mask as it ought to be, and every state that undo or redo can reach."""

    mask: npt.NDArray[np.uint8] = field(default_factory=make_mask)
    done: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    undone: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    locked: set[int] = field(default_factory=set)
    only_over: frozenset[int] | None = None

    def paint(self, region: Region, value: int) -> None:
        allowed = ~np.isin(self.mask, sorted(self.locked))
        if self.only_over is not None:
            allowed &= np.isin(self.mask, sorted(self.only_over))
        after = np.where(region & allowed, np.uint8(value), self.mask)
        if not np.array_equal(after, self.mask):
            self.done.append(self.mask)
            self.undone.clear()
            self.mask = after

    def undo(self) -> None:
        if self.done:
            self.undone.append(self.mask)
            self.mask = self.done.pop()

    def redo(self) -> None:
        if self.undone:
            self.done.append(self.mask)
            self.mask = self.undone.pop()


class Person:
    """Does things at random with the real mouse and tells the oracle what it has done."""

    def __init__(self, canvas: Canvas, session: Session, seed: int) -> None:
        self.canvas, self.session, self.oracle = canvas, session, Oracle()
        self.rng = np.random.default_rng(seed)

    def act(self) -> str:
        """Do something and return what it was."""
        actions: list[tuple[Callable[[], None], int]] = [
            (self.dab, 4),
            (self.line, 3),
            (self.box, 4),
            (self.polygon, 3),
            (self.give_up, 2),
            (self.undo, 6),
            (self.redo, 4),
            (self.lock, 1),
            (self.limit, 1),
            (self.go_and_come_back, 1),
        ]
        weights = np.array([weight for _, weight in actions], dtype=float)
        action = actions[self.rng.choice(len(actions), p=weights / weights.sum())][0]
        action()
        return action.__name__

    def value(self, button: Qt.MouseButton) -> int:
        return BACKGROUND if button == RIGHT else self.session.active_class

    def take_class(self) -> Qt.MouseButton:
        self.session.set_active_class(int(self.rng.choice([0, 1, 2, VOID])))
        return RIGHT if self.rng.random() < 0.2 else LEFT

    def place(self) -> tuple[int, int]:
        """Return a pixel of the image, or one just beside it."""
        return int(self.rng.integers(-6, WIDTH + 6)), int(self.rng.integers(-6, HEIGHT + 6))

    def at(self, place: tuple[int, int]) -> QPoint:
        return self.canvas.image_to_widget(*place).toPoint()

    def drag(self, *way: tuple[int, int], button: Qt.MouseButton, release: bool = True) -> None:
        QTest.mousePress(self.canvas, button, NONE, self.at(way[0]))
        for place in way[1:]:
            QTest.mouseMove(self.canvas, self.at(place))
        if release:
            QTest.mouseRelease(self.canvas, button, NONE, self.at(way[-1]))

    def dab(self) -> None:
        shape = BrushShape(self.rng.choice(list(BrushShape)))
        diameter, button, (x, y) = int(self.rng.integers(1, 30)), self.take_class(), self.place()
        self.session.set_tool(ToolId.BRUSH)
        self.session.set_options(brush_shape=shape, brush_size=diameter)
        self.drag((x, y), button=button)
        left, top = np.floor(x - (diameter - 1) / 2), np.floor(y - (diameter - 1) / 2)
        across, down = COLUMNS - left - diameter / 2, ROWS - top - diameter / 2
        square = (np.abs(across) < diameter / 2) & (np.abs(down) < diameter / 2)
        disc = across**2 + down**2 <= (diameter / 2) ** 2
        self.oracle.paint(square if shape is BrushShape.SQUARE else disc, self.value(button))

    def line(self) -> None:
        """Drag a square brush along an axis: what it covers is a box."""
        diameter, button = int(self.rng.integers(1, 12)), self.take_class()
        (x, y), length = self.place(), int(self.rng.integers(1, 50))
        is_across = self.rng.random() < 0.5
        self.session.set_tool(ToolId.ERASER if self.rng.random() < 0.3 else ToolId.BRUSH)
        self.session.set_options(brush_shape=BrushShape.SQUARE, brush_size=diameter)
        end = (x + length, y) if is_across else (x, y + length)
        self.drag((x, y), ((x + end[0]) // 2, (y + end[1]) // 2), end, button=button)
        left, top = int(np.floor(x - (diameter - 1) / 2)), int(np.floor(y - (diameter - 1) / 2))
        region = (left < COLUMNS) & (end[0] - x + left + diameter > COLUMNS)
        region &= (top < ROWS) & (end[1] - y + top + diameter > ROWS)
        self.oracle.paint(region, BACKGROUND if self.session.tool is ToolId.ERASER else self.value(button))

    def box(self) -> None:
        tool = ToolId.RECTANGLE if self.rng.random() < 0.5 else ToolId.ELLIPSE
        button, start, end = self.take_class(), self.place(), self.place()
        self.session.set_tool(tool)
        self.drag(start, end, button=button)
        (left, right), (top, bottom) = (sorted(pair) for pair in zip(start, end, strict=True))
        across = (COLUMNS - left) / (right + 1 - left) * 2 - 1
        down = (ROWS - top) / (bottom + 1 - top) * 2 - 1
        inside = (np.abs(across) < 1) & (np.abs(down) < 1)
        self.oracle.paint(inside if tool is ToolId.RECTANGLE else across**2 + down**2 <= 1, self.value(button))

    def polygon(self) -> None:
        button, corners = self.take_class(), [self.place() for _ in range(int(self.rng.integers(3, 7)))]
        if self.rng.random() < 0.5:
            self.session.set_tool(ToolId.LASSO)
            self.drag(*corners, button=button)
        else:
            self.session.set_tool(ToolId.POLYGON)
            # A click near the first corner would close it.
            corners = [corner for corner in corners if corner == corners[0] or math.dist(corner, corners[0]) > 9]
            for number, corner in enumerate(corners):
                QTest.mouseClick(self.canvas, LEFT if number else button, NONE, self.at(corner))
            QTest.keyClick(self.canvas, Qt.Key.Key_Return)
        self.oracle.paint(_inside(corners), self.value(button))

    def give_up(self) -> None:
        tools = (ToolId.BRUSH, ToolId.LASSO, ToolId.RECTANGLE, ToolId.ELLIPSE, ToolId.ERASER, ToolId.POLYGON)
        button = self.take_class()
        self.session.set_tool(ToolId(self.rng.choice(tools)))
        way = [self.place() for _ in range(3)]
        self.drag(*way, button=button, release=False)
        QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        QTest.mouseRelease(self.canvas, button, NONE, self.at(way[-1]))

    def undo(self) -> None:
        self.session.undo()
        self.oracle.undo()

    def redo(self) -> None:
        self.session.redo()
        self.oracle.redo()

    def lock(self) -> None:
        class_id = int(self.rng.choice([0, 1, 2, VOID]))
        self.session.limits.toggle_lock(class_id)
        self.oracle.locked ^= {class_id}

    def limit(self) -> None:
        ids = None if self.rng.random() < 0.6 else frozenset(map(int, self.rng.choice([0, 1, 2, VOID], 2)))
        self.session.limits.set_only_over(ids)
        self.oracle.only_over = ids

    def go_and_come_back(self) -> None:
        assert self.session.open_image("b.png")
        assert self.session.open_image("a.png")


def _inside(corners: list[tuple[int, int]]) -> Region:
    """Return the pixels that a polygon goes around: edges crossed to the right of a centre, up less down."""
    winding = np.zeros((HEIGHT, WIDTH), dtype=int)
    for (x, y), (next_x, next_y) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y == next_y:
            continue
        crossed = (min(y, next_y) < ROWS) & (max(y, next_y) > ROWS)
        crossing = x + (ROWS - y) * (next_x - x) / (next_y - y)
        winding += np.where(crossed & (crossing > COLUMNS), 1 if next_y > y else -1, 0)
    return winding != 0


@pytest.mark.parametrize("seed", range(4))
def test_random_work_gives_the_mask_that_numpy_gives(canvas: Canvas, open_session: Session, seed: int) -> None:
    # One pixel of the image on one of the screen: a click is on the corner of the pixel that it is meant for.
    canvas.zoom_to(1.0)
    person = Person(canvas, open_session, seed)
    done: list[str] = []
    for _ in range(ACTIONS):
        done.append(person.act())
        document = open_session.document
        assert document is not None
        assert np.array_equal(document.mask, person.oracle.mask), done
    while person.oracle.done:
        person.undo()
        assert open_session.document is not None
        assert np.array_equal(open_session.document.mask, person.oracle.mask)
    assert np.array_equal(person.oracle.mask, make_mask())
    assert open_session.document is not None
    assert not open_session.document.history.can_undo
