"""Whatever comes in the middle of whatever, nothing breaks, no stroke is left open and undo is exact."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.operations.recode import invert
from segtool.formats.mask_png import write_mask
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.options import BrushShape
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import is_painted, make_mask

ACTIONS, ACTIONS_UNTIL_REST = 180, 45

BUTTONS = [Qt.MouseButton.LeftButton] * 3 + [Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton]
NONE, SHIFT, ALT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)
KEYS = [
    (Qt.Key.Key_Escape, NONE),
    (Qt.Key.Key_Return, NONE),
    (Qt.Key.Key_Backspace, NONE),
    (Qt.Key.Key_Z, CONTROL),
]
# They use the pointer only while a button is held.
DRAGGED = [
    ToolId.BRUSH,
    ToolId.ERASER,
    ToolId.THRESHOLD_BRUSH,
    ToolId.PREDICTION_BRUSH,
    ToolId.LASSO,
    ToolId.RECTANGLE,
    ToolId.ELLIPSE,
    ToolId.PICKER,
    ToolId.RULER,
]
HELD = [Qt.Key.Key_Space, Qt.Key.Key_H, Qt.Key.Key_J]


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Images of all depths, one of a single pixel, one with a mask that does not fit, and one that cannot be read."""
    folder, rng = tmp_path / "photos", np.random.default_rng(0)
    folder.mkdir()
    grey = np.full((120, 160), 40, dtype=np.uint8)
    grey[30:70, 30:70], grey[80:100, 100:150] = 200, 120
    grey += rng.integers(0, 10, grey.shape, dtype=np.uint8)
    decimal = grey.astype(np.float32) / 255
    decimal[5:9, 5:9] = np.nan
    PillowImage.fromarray(grey).save(folder / "a.png")
    PillowImage.fromarray(np.dstack([grey, grey[::-1], grey // 2])).save(folder / "b.png")
    assert cv2.imwrite(os.fspath(folder / "c.tif"), grey.astype(np.uint16) * 200)
    assert cv2.imwrite(os.fspath(folder / "d.tif"), decimal)
    PillowImage.fromarray(grey[:1, :1]).save(folder / "e.png")
    PillowImage.fromarray(grey).save(folder / "f.png")
    (folder / "g.png").write_bytes(b"no image")
    write_mask(folder / "masks" / "a.png", make_mask())
    write_mask(folder / "masks" / "f.png", make_mask()[:3, :3])
    classes = [{"id": number, "name": name} for number, name in enumerate(("background", "cell", "wall"))]
    (folder / "classes.json").write_text(json.dumps(classes), encoding="utf-8")
    return folder


class Monkey:
    """Does things at random, whatever is under way."""

    patience_ms = 20_000

    def __init__(self, canvas: Canvas, session: Session, qtbot: QtBot, seed: int) -> None:
        self.canvas, self.session, self.qtbot = canvas, session, qtbot
        self.rng = np.random.default_rng(seed)
        self.pos = QPoint(50, 50)
        self.held: set[Qt.Key] = set()
        self.buttons: list[Qt.MouseButton] = []
        self.done: list[str] = []

    def act(self) -> None:
        actions: list[tuple[Callable[[], object], int]] = [
            (self.press, 12),
            (self.move, 16),
            (self.release, 12),
            (self.drag, 25),
            (self.double_click, 2),
            (self.take_tool, 12),
            (self.key, 16),
            (self.hold, 3),
            (self.wheel, 3),
            (QApplication.processEvents, 16),
            (self.settle, 8),
            (self.lose_focus, 1),
            (self.set_options, 3),
            (self.set_limits, 2),
            (self.operate, 2),
            (self.change_classes, 2),
            (self.command, 8),
        ]
        weights = np.array([weight for _, weight in actions], dtype=float)
        action = actions[self.rng.choice(len(actions), p=weights / weights.sum())][0]
        self.done.append(action.__name__)
        action()

    def expect_nothing_is_held(self) -> None:
        """Check that without a button nothing follows the pointer."""
        if not self.buttons:
            given = self.canvas._input
            assert not given.is_panning, self.done
            assert not [tool for tool in DRAGGED if given._tools[tool].is_active], self.done

    def press(self) -> None:
        self.move()
        button = BUTTONS[self.rng.integers(len(BUTTONS))]
        if button not in self.buttons:
            self.buttons.append(button)
            modifier = [NONE, NONE, NONE, SHIFT, ALT][self.rng.integers(5)]
            QTest.mousePress(self.canvas, button, modifier, self.pos)

    def move(self) -> None:
        width, height = self.canvas.width(), self.canvas.height()
        self.pos = QPoint(int(self.rng.integers(-20, width + 20)), int(self.rng.integers(-20, height + 20)))
        QTest.mouseMove(self.canvas, self.pos)

    def release(self) -> None:
        if self.buttons:
            button = self.buttons.pop(int(self.rng.integers(len(self.buttons))))
            QTest.mouseRelease(self.canvas, button, NONE, self.pos)

    def drag(self) -> None:
        self.press()
        for _ in range(int(self.rng.integers(3))):
            self.move()
        self.release()

    def double_click(self) -> None:
        self.press()
        self.release()
        QTest.mouseDClick(self.canvas, BUTTONS[0], NONE, self.pos)
        self.buttons.append(BUTTONS[0])
        self.release()

    def take_tool(self) -> None:
        self.session.set_tool(ToolId(self.rng.choice(list(ToolId))))

    def key(self) -> None:
        key, modifier = KEYS[self.rng.integers(len(KEYS))]
        QTest.keyClick(self.canvas, key, modifier)

    def hold(self) -> None:
        key = HELD[self.rng.integers(len(HELD))]
        (QTest.keyRelease if key in self.held else QTest.keyPress)(self.canvas, key)
        self.held ^= {key}

    def wheel(self) -> None:
        pos, turn = QPointF(self.pos), QPoint(0, int(self.rng.choice([-120, 120])))
        place, phase = self.canvas.mapToGlobal(pos), Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(pos, place, QPoint(), turn, Qt.MouseButton.NoButton, NONE, phase, False)
        QApplication.sendEvent(self.canvas, event)

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.session.regions.is_busy, timeout=self.patience_ms)

    def lose_focus(self) -> None:
        self.canvas.clearFocus()
        self.canvas.setFocus()

    def set_options(self) -> None:
        self.session.set_options(
            brush_size=int(self.rng.choice([1, 2, 7, 30, 200])),
            brush_shape=BrushShape(self.rng.choice(list(BrushShape))),
            tolerance=int(self.rng.integers(256)),
            contiguous=bool(self.rng.random() < 0.7),
            smoothing=int(self.rng.integers(4)),
        )

    def set_limits(self) -> None:
        limits = self.session.limits
        match int(self.rng.integers(3)):
            case 0:
                limits.toggle_lock(int(self.rng.choice([0, 1, 2, VOID])))
            case 1:
                limits.set_only_over(None if self.rng.random() < 0.7 else frozenset({0, VOID}))
            case _:
                limits.set_intensity(None if self.rng.random() < 0.7 else (60.0, 300.0))

    def operate(self) -> None:
        """Begin to show an operation, or do one."""
        operations, class_id = self.session.operations, self.session.active_class
        if self.rng.random() < 0.5:
            operations.run("Invert", lambda mask, tick: invert(mask, class_id, tick=tick))
        elif operations.begin("Invert"):
            operations.show(lambda mask, tick: invert(mask, class_id, tick=tick))

    def change_classes(self) -> None:
        ids = self.session.classes.ids
        if len(ids) < 3 or self.rng.random() < 0.5:
            self.session.add_class(f"class {len(self.done)}")
        else:
            self.session.class_edits.remove(int(self.rng.choice(ids[1:])), replacement=int(self.rng.choice([0, VOID])))

    def command(self) -> None:
        session = self.session
        commands: list[Callable[[], object]] = [
            session.undo,
            session.redo,
            session.save,
            session.approve,
            session.swap_with_background,
            lambda: session.step_image(1),
            lambda: session.step_image(-1),
            lambda: session.set_active_class(int(self.rng.choice([*session.classes.ids, VOID]))),
        ]
        commands[self.rng.integers(len(commands))]()

    def rest(self) -> None:
        """Let go of everything, give up what is in progress and wait for the rest."""
        while self.buttons:
            self.release()
        for key in tuple(self.held):
            QTest.keyRelease(self.canvas, key)
        self.held.clear()
        session = self.session
        for _ in range(3):
            QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        session.operations.cancel()
        self.settle()
        # An image that has been loaded, and a class that is being removed, wait for the end of a stroke.
        self.qtbot.waitUntil(
            lambda: session.navigation.opening is None and session.job is None, timeout=self.patience_ms
        )
        QTest.keyClick(self.canvas, Qt.Key.Key_Escape)


def expect_exact_history(session: Session, originals: dict[str, npt.NDArray[np.uint8]]) -> None:
    """Check that the original is as many steps of undo away as there are, and the latest as many of redo."""
    document = session.document
    assert document is not None
    latest, position = document.mask.copy(), document.history.position
    while document.history.can_undo:
        session.undo()
    assert np.array_equal(document.mask, originals[document.entry.key])
    while document.history.position < position:
        session.redo()
    assert np.array_equal(document.mask, latest)
    assert set(np.unique(latest).tolist()) <= {*session.classes.ids, VOID}


@pytest.mark.parametrize("seed", [0, 1, 88])
def test_random_interruptions(
    canvas: Canvas, open_session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # Images arrive while things go on.
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 0)
    session, originals = open_session, {"a.png": make_mask()}

    def note() -> None:
        assert session.document is not None
        originals.setdefault(session.document.entry.key, session.document.mask.copy())

    session.document_changed.connect(note)
    monkey = Monkey(canvas, session, qtbot, seed)
    for number in range(ACTIONS):
        monkey.act()
        monkey.expect_nothing_is_held()
        if number % ACTIONS_UNTIL_REST == ACTIONS_UNTIL_REST - 1:
            monkey.rest()
            assert session._edits.stroke_number == 0, monkey.done
            assert canvas._input.sketch() is None, monkey.done
            expect_exact_history(session, originals)
            qtbot.waitUntil(lambda: is_painted(canvas))
