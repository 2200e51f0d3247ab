"""The prediction brush in the real window: strokes of the mouse paint exactly what a real network says."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.brush import stroke_region
from segtool.core.classes import BACKGROUND, VOID, ids_in
from segtool.core.paint_rules import PaintRules
from segtool.formats.image import read_image
from segtool.gui.main_window import MainWindow
from segtool.gui.prediction_map import PredictionUse
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.tools.tool_id import ToolId
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from tests.gui import conftest as gui
from tests.model_fixtures import texture

FIVE, TWO = "0001-ground", "0002-tiny"
SIZE = (90, 120)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier

image_folder, make_window, window = gui.image_folder, gui.make_window, gui.window


@pytest.fixture
def shown(window: MainWindow, image_folder: Path, tiny_ground_folder: Path, tiny_model_folder: Path) -> MainWindow:
    """The window with a.png and a model of five classes, all of which the folder has but "road"."""
    shutil.copytree(tiny_ground_folder, image_folder / "models" / FIVE)
    shutil.copytree(tiny_model_folder, image_folder / "models" / TWO)
    for number, name in enumerate(("a.png", "b.png", "c.tif")):
        assert cv2.imwrite(str(image_folder / name), texture(*SIZE, seed=number))
    assert window.opener.open(image_folder)
    session = window._session
    # Ids of the folder are not those of the model.
    for name in ("tree", "roof", "water"):
        assert session.add_class(name)
    assert session.set_active_model(FIVE)
    window.activateWindow()
    window.canvas.setFocus()
    # The panels find their places now, not in the middle of a stroke.
    QApplication.processEvents()
    return window


def take(window: MainWindow, qtbot: QtBot) -> None:
    """Take the brush by its key and wait for the prediction."""
    qtbot.keyClick(window.canvas, Qt.Key.Key_Q)
    assert window._session.tool is ToolId.PREDICTION_BRUSH
    predictions = window._session.guidance.prediction
    qtbot.waitUntil(lambda: predictions.known is not None, timeout=30_000)


def predicted(window: MainWindow, folder: Path, model: str = FIVE) -> npt.NDArray[np.uint8]:
    """Return what the model says of the open image, as ids of the folder; void where it has no such class."""
    session = window._session
    assert session.document is not None
    runtime = Runtime.load(folder / "models" / model)
    class_ids = segment_to_end(read_image(session.document.entry.path).pixels, runtime).class_ids
    return ids_in(runtime.card.classes, session.classes)[class_ids]


def way(window: MainWindow) -> list[QPoint]:
    places = ((20.5, 20.5), (60.2, 31.7), (100.4, 70.1), (-4.0, 80.0))
    return [window.canvas.image_to_widget(x, y).toPoint() for x, y in places]


def drag(window: MainWindow, points: Sequence[QPoint], *, button: Qt.MouseButton = LEFT, release: bool = True) -> None:
    QTest.mousePress(window.canvas, button, NONE, points[0])
    for pos in points[1:]:
        QTest.mouseMove(window.canvas, pos)
    if release:
        QTest.mouseRelease(window.canvas, button, NONE, points[-1])


def under(window: MainWindow, points: Sequence[QPoint]) -> npt.NDArray[np.bool_]:
    """Return the region that a stroke along some points of the canvas covers."""
    region = np.zeros(SIZE, dtype=bool)
    places = [window.canvas.widget_to_image(QPointF(pos)) for pos in points]
    for start, end in zip([places[0], *places], places, strict=False):
        rect, part = stroke_region(start, end, diameter=window._session.brush_size, shape=SIZE)
        region[rect.slices] |= part
    return region


def mask(session: Session) -> npt.NDArray[np.uint8]:
    assert session.document is not None
    return session.document.mask


def test_a_stroke_accepts_the_prediction_under_it(shown: MainWindow, image_folder: Path, qtbot: QtBot) -> None:
    session = shown._session
    session.set_brush_size(17)
    told: list[str] = []
    session.message.connect(lambda text, _level: told.append(text))
    before = mask(session).copy()
    before[40:60] = mask(session)[40:60] = 1
    take(shown, qtbot)
    ids, points = predicted(shown, image_folder), way(shown)
    covered = under(shown, points)
    assert len(set(ids[covered].tolist()) - {VOID}) == 4
    assert (ids[covered] == VOID).any()
    drag(shown, points)
    expected = np.where(covered & (ids != VOID), ids, before)
    np.testing.assert_array_equal(mask(session), expected)
    assert told == ["Not painted, as this folder has no such class: road."]
    assert session.document is not None
    assert session.document.history.undo_name == "Prediction brush stroke"
    session.undo()
    np.testing.assert_array_equal(mask(session), before)
    session.redo()
    np.testing.assert_array_equal(mask(session), expected)


def test_it_takes_the_place_of_an_operation_that_is_only_shown(
    shown: MainWindow, image_folder: Path, qtbot: QtBot
) -> None:
    session, before = shown._session, mask(shown._session).copy()
    take(shown, qtbot)
    assert session.operations.begin("Grow")
    drag(shown, way(shown))
    ids, covered = predicted(shown, image_folder), under(shown, way(shown))
    np.testing.assert_array_equal(mask(session), np.where(covered & (ids != VOID), ids, before))


def test_the_right_button_paints_background_and_esc_takes_back(
    shown: MainWindow, image_folder: Path, qtbot: QtBot
) -> None:
    session, points = shown._session, way(shown)
    take(shown, qtbot)
    before = mask(session).copy()
    drag(shown, points, button=RIGHT)
    np.testing.assert_array_equal(mask(session), np.where(under(shown, points), BACKGROUND, before))
    session.undo()
    drag(shown, points[:3], release=False)
    assert not np.array_equal(mask(session), before)
    QTest.keyClick(shown.canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(shown.canvas, LEFT, NONE, points[2])
    np.testing.assert_array_equal(mask(session), before)


def test_locked_classes_stay(shown: MainWindow, image_folder: Path, qtbot: QtBot) -> None:
    session, points = shown._session, way(shown)
    mask(session)[:, :60] = 1
    before = mask(session).copy()
    session.set_rules(PaintRules(locked=frozenset((1,))))
    take(shown, qtbot)
    drag(shown, points)
    ids = predicted(shown, image_folder)
    np.testing.assert_array_equal(
        mask(session), np.where(under(shown, points) & (ids != VOID) & (before != 1), ids, before)
    )
    assert not np.array_equal(mask(session), before)


def test_while_there_is_no_prediction_it_says_so_and_paints_nothing(shown: MainWindow, qtbot: QtBot) -> None:
    session, points = shown._session, way(shown)
    predictions = session.guidance.prediction
    told: list[tuple[str, Level]] = []
    session.message.connect(lambda text, level: told.append((text, level)))
    before = mask(session).copy()
    qtbot.keyClick(shown.canvas, Qt.Key.Key_Q)
    assert shown.status.prediction.isVisible()
    # Given up, it starts again when it is needed.
    qtbot.mouseClick(shown.status.prediction.button, LEFT)
    assert not predictions.is_wanted(PredictionUse.BRUSH)
    drag(shown, points)
    assert predictions.is_wanted(PredictionUse.BRUSH)
    assert len(told) == 1
    assert "still looking" in told[0][0]
    assert told[0][1] is Level.INFO
    np.testing.assert_array_equal(mask(session), before)
    qtbot.waitUntil(lambda: predictions.known is not None, timeout=30_000)
    drag(shown, points)
    assert not np.array_equal(mask(session), before)
    session.set_tool(ToolId.BRUSH)
    assert predictions.known is None


@pytest.mark.parametrize("change", ["model", "image"])
def test_it_follows_the_model_and_the_image(shown: MainWindow, image_folder: Path, qtbot: QtBot, change: str) -> None:
    session, points = shown._session, way(shown)
    take(shown, qtbot)
    if change == "model":
        assert session.set_active_model(TWO)
    else:
        assert session.open_image("b.png")
    predictions = session.guidance.prediction
    assert predictions.known is None
    qtbot.waitUntil(lambda: predictions.known is not None, timeout=30_000)
    before = mask(session).copy()
    drag(shown, points)
    ids = predicted(shown, image_folder, TWO if change == "model" else FIVE)
    np.testing.assert_array_equal(mask(session), np.where(under(shown, points) & (ids != VOID), ids, before))


def test_the_outline_has_the_colour_of_what_would_be_painted(
    shown: MainWindow, image_folder: Path, qtbot: QtBot
) -> None:
    take(shown, qtbot)
    ids = predicted(shown, image_folder)
    for value in (0, 2, VOID):
        y, x = np.argwhere(ids == value)[len(np.argwhere(ids == value)) // 2].tolist()
        QTest.mouseMove(shown.canvas, shown.canvas.image_to_widget(x + 0.5, y + 0.5).toPoint())
        outline = shown.canvas._input.outline()
        assert outline is not None
        assert outline.value == value
        assert outline.diameter == shown._session.brush_size
