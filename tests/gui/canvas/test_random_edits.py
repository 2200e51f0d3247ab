"""Whatever is done in whatever order, the mask is what plain NumPy says, one step of undo after the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from scipy import ndimage

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
ACTIONS = 110

Region = npt.NDArray[np.bool_]


def make_pixels() -> npt.NDArray[np.uint8]:
    """Return an image of some brightnesses, speckled so that what is alike has holes and islands."""
    bands = np.array([30, 80, 150, 220])[(COLUMNS // 23 + ROWS // 31).astype(int) % 4]
    return (bands + np.random.default_rng(0).integers(-12, 12, bands.shape)).astype(np.uint8)


PIXELS = make_pixels()


@pytest.fixture
def image_folder(image_folder: Path) -> Path:
    """The folder, its first image one with something to find in it."""
    PillowImage.fromarray(PIXELS).save(image_folder / "a.png")
    return image_folder


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

    def __init__(self, canvas: Canvas, session: Session, seed: int, qtbot: QtBot) -> None:
        self.canvas, self.session, self.oracle, self.qtbot = canvas, session, Oracle(), qtbot
        self.rng = np.random.default_rng(seed)

    def act(self) -> str:
        """Do something and return what it was."""
        actions: list[tuple[Callable[[], None], int]] = [
            (self.dab, 4),
            (self.line, 3),
            (self.box, 4),
            (self.polygon, 3),
            (self.fill, 3),
            (self.wand, 3),
            (self.threshold_dab, 3),
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
        self.qtbot.waitUntil(lambda: not self.session.regions.is_busy)
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
        diameter, button, place = int(self.rng.integers(1, 30)), self.take_class(), self.place()
        self.session.set_tool(ToolId.BRUSH)
        self.session.set_options(brush_shape=shape, brush_size=diameter)
        self.drag(place, button=button)
        self.oracle.paint(_dab(place, diameter, shape), self.value(button))

    def fill(self) -> None:
        """Click twice without waiting: the second click is meant for the mask that the first one leaves."""
        button, contiguous = self.take_class(), bool(self.rng.random() < 0.7)
        places = [self.place(), self.place()]
        self.session.set_tool(ToolId.FILL)
        self.session.set_options(contiguous=contiguous)
        for place in places:
            self.drag(place, button=button)
        for x, y in places:
            if 0 <= x < WIDTH and 0 <= y < HEIGHT:
                same = self.oracle.mask == self.oracle.mask[y, x]
                self.oracle.paint(_joined(same, (x, y)) if contiguous else same, self.value(button))

    def wand(self) -> None:
        button, place, contiguous = self.take_class(), self.place(), bool(self.rng.random() < 0.7)
        tolerance = int(self.rng.integers(0, 40))
        self.session.set_tool(ToolId.WAND)
        self.session.set_options(contiguous=contiguous, tolerance=tolerance, smoothing=0)
        self.drag(place, button=button)
        if 0 <= place[0] < WIDTH and 0 <= place[1] < HEIGHT:
            alike = _alike(place, tolerance)
            self.oracle.paint(_joined(alike, place) if contiguous else alike, self.value(button))

    def threshold_dab(self) -> None:
        shape, tolerance = BrushShape(self.rng.choice(list(BrushShape))), int(self.rng.integers(0, 40))
        diameter, button, place = int(self.rng.integers(1, 60)), self.take_class(), self.place()
        self.session.set_tool(ToolId.THRESHOLD_BRUSH)
        self.session.set_options(brush_shape=shape, brush_size=diameter, tolerance=tolerance, smoothing=0)
        self.drag(place, button=button)
        if 0 <= place[0] < WIDTH and 0 <= place[1] < HEIGHT:
            self.oracle.paint(_dab(place, diameter, BrushShape.ROUND) & _alike(place, tolerance), self.value(button))

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
        tools = sorted(
            set(ToolId) - {ToolId.PICKER, ToolId.RULER, ToolId.PAN, ToolId.PREDICTION_BRUSH, ToolId.SCISSORS}
        )
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


def _dab(place: tuple[int, int], diameter: int, shape: BrushShape) -> Region:
    left, top = (np.floor(side - (diameter - 1) / 2) for side in place)
    across, down = COLUMNS - left - diameter / 2, ROWS - top - diameter / 2
    if shape is BrushShape.SQUARE:
        return (np.abs(across) < diameter / 2) & (np.abs(down) < diameter / 2)
    return np.asarray(across**2 + down**2 <= (diameter / 2) ** 2)


def _alike(seed: tuple[int, int], tolerance: int) -> Region:
    """Return the pixels within so many 255ths of the contrast from the mean of the pixels about a seed."""
    x, y = seed
    middle = PIXELS[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean()
    low, high = np.percentile(PIXELS, (0.5, 99.8))
    return np.asarray(np.abs(PIXELS - middle) <= tolerance * (high - low) / 255)


def _joined(region: Region, seed: tuple[int, int]) -> Region:
    """Return the piece of a region that a seed, which always belongs to it, lies in."""
    region = region.copy()
    region[seed[1], seed[0]] = True
    pieces, _ = ndimage.label(region)
    return np.asarray(pieces == pieces[seed[1], seed[0]])


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
def test_random_work_gives_the_mask_that_numpy_gives(
    canvas: Canvas, open_session: Session, qtbot: QtBot, seed: int
) -> None:
    # One pixel of the image on one of the screen: a click is on the corner of the pixel that it is meant for.
    canvas.zoom_to(1.0)
    person = Person(canvas, open_session, seed, qtbot)
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
