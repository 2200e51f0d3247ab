"""The list of edits in the real window: a click brings back exactly what the mask was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.edit_list_model import BEFORE, Role, icon_of
from segtool.gui.panels.edits_panel import EditsPanel, memory_text
from segtool.gui.session_state import Work, WorkKind
from segtool.gui.tools.tool_id import ToolId
from segtool.project.status import Status

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
Mask = npt.NDArray[np.uint8]


def dock_of(window: MainWindow) -> QDockWidget:
    return next(dock for dock in window.docks if dock.widget() is window.edits)


@pytest.fixture
def shown(opened: MainWindow) -> MainWindow:
    """The window with the list of edits in front."""
    opened.resize(1400, 900)
    dock_of(opened).raise_()
    opened.activateWindow()
    opened.canvas.setFocus()
    QApplication.processEvents()
    assert not opened.edits.visibleRegion().isEmpty()
    return opened


def mask(window: MainWindow) -> Mask:
    document = window._session.document
    assert document is not None
    return document.mask


def stroke(window: MainWindow, rng: np.random.Generator) -> None:
    """Drag the mouse over the canvas at random."""
    canvas, session = window.canvas, window._session
    session.set_active_class(int(rng.choice([0, 1, VOID])))
    session.set_brush_size(int(rng.integers(1, 30)))
    height, width = mask(window).shape
    places = [canvas.image_to_widget(*rng.uniform((0, 0), (width, height))).toPoint() for _ in range(3)]
    QTest.mousePress(canvas, LEFT, NONE, places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, LEFT, NONE, places[-1])


def paint_states(window: MainWindow, count: int, *, seed: int = 0) -> list[Mask]:
    """Make that many edits; return the mask before the first and after each of them."""
    rng = np.random.default_rng(seed)
    states = [mask(window).copy()]
    while len(states) <= count:
        stroke(window, rng)
        if not np.array_equal(mask(window), states[-1]):
            states.append(mask(window).copy())
    return states


def rows(panel: EditsPanel) -> list[str]:
    return [str(panel.model.index(row, 0).data()) for row in range(panel.model.rowCount())]


def click(panel: EditsPanel, row: int) -> None:
    index = panel.model.index(row, 0)
    panel.view.scrollTo(index)
    QTest.mouseClick(panel.view.viewport(), LEFT, NONE, panel.view.visualRect(index).center())


def test_a_click_goes_to_any_state(shown: MainWindow) -> None:
    panel, session = shown.edits, shown._session
    states = paint_states(shown, 12)
    assert len(rows(panel)) == 13
    assert rows(panel)[0] == BEFORE
    assert panel.view.currentIndex().row() == 12
    worked: list[Work] = []
    session.worked.connect(worked.append)
    rng = np.random.default_rng(5)
    present = 12
    for row in [0, 12, *rng.integers(0, 13, 25).tolist()]:
        worked.clear()
        click(panel, row)
        np.testing.assert_array_equal(mask(shown), states[row])
        assert panel.view.currentIndex().row() == row
        assert [bool(panel.model.index(at, 0).data(Role.IS_DONE)) for at in range(13)] == [
            at <= row for at in range(13)
        ]
        kinds = [WorkKind.UNDO] if row < present else [WorkKind.REDO] if row > present else []
        assert [work.kind for work in worked] == kinds
        present = row
    click(panel, 0)
    assert session.project is not None
    assert session.project.status("a.png") is Status.UNTOUCHED
    click(panel, 1)
    assert session.project.status("a.png") is Status.CORRECTED


def test_keys_go_through_the_states(shown: MainWindow) -> None:
    panel = shown.edits
    states = paint_states(shown, 4)
    panel.view.setFocus()
    for key, row in ((Qt.Key.Key_Up, 3), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 1), (Qt.Key.Key_End, 4)):
        QTest.keyClick(panel.view, key)
        np.testing.assert_array_equal(mask(shown), states[row])
        assert panel.view.currentIndex().row() == row


def test_it_follows_undo_redo_and_new_edits(shown: MainWindow, qtbot: QtBot) -> None:
    panel, session = shown.edits, shown._session
    paint_states(shown, 5)
    session.undo()
    session.undo()
    assert panel.view.currentIndex().row() == 3
    assert len(rows(panel)) == 6
    # A new edit takes the place of what was undone.
    session.set_tool(ToolId.RECTANGLE)
    session.set_active_class(1)
    assert session.apply_pixels("Rectangle", Rect(2, 3, 4, 5), np.where(mask(shown)[3:8, 2:6] == 1, 0, 1).astype("u1"))
    assert rows(panel) == [BEFORE, "Brush stroke", "Brush stroke", "Brush stroke", "Rectangle"]
    assert panel.model.index(4, 0).data(Role.PIXELS) == "20 px"
    assert panel.model.index(4, 0).data(Role.ICON) == "rectangle"
    assert panel.view.currentIndex().row() == 4
    session.step_image(1)
    assert rows(panel) == []
    assert panel.empty.isVisible()
    assert not panel.view.isVisible()
    session.step_image(-1)
    assert len(rows(panel)) == 5
    assert panel.view.isVisible()


def test_edits_that_the_history_forgets_leave_the_list(shown: MainWindow) -> None:
    panel, session = shown.edits, shown._session
    states = paint_states(shown, 6)
    assert session.document is not None
    history = session.document.history
    sizes = [edit.size for edit in history.edits]
    history.limit = sum(sizes[2:])
    kept = len(history.edits)
    rng = np.random.default_rng(9)
    while len(history.edits) >= kept:
        states.append(mask(shown).copy())
        stroke(shown, rng)
    assert len(rows(panel)) == len(history.edits) + 1
    click(panel, len(history.edits) - 1)
    np.testing.assert_array_equal(mask(shown), states[-1])
    assert panel.model.edits == list(history.edits)


def test_it_says_what_the_edits_take(shown: MainWindow) -> None:
    panel, session = shown.edits, shown._session
    paint_states(shown, 3)
    assert session.document is not None
    size = sum(edit.size for edit in session.document.history.edits)
    assert size > 0
    assert panel.total.text() == f"3 edits, {memory_text(size)}"
    assert [memory_text(value) for value in (0, 999, 12_400, 3_440_000)] == ["0 bytes", "999 bytes", "12 kB", "3.4 MB"]


def test_a_row_can_be_heard(shown: MainWindow) -> None:
    panel, session = shown.edits, shown._session
    session.set_active_class(1)
    assert session.apply_pixels("Fill holes", Rect(0, 0, 1, 1), np.ones((1, 1), np.uint8))
    session.undo()

    def heard(row: int) -> str:
        return str(panel.model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole))

    assert heard(0) == f"{BEFORE}, the present state"
    assert heard(1) == "Fill holes: 1 pixel changed, undone"


def test_going_on_ends_a_stroke_that_is_under_way(shown: MainWindow) -> None:
    panel = shown.edits
    states = paint_states(shown, 2)
    QTest.mousePress(shown.canvas, LEFT, NONE, QPoint(100, 100))
    shown._session.go_to_edit(1)
    QTest.mouseRelease(shown.canvas, LEFT, NONE, QPoint(100, 100))
    np.testing.assert_array_equal(mask(shown), states[1])
    assert len(rows(panel)) == 3


def test_hidden_it_holds_no_edit(shown: MainWindow) -> None:
    paint_states(shown, 3)
    dock_of(shown).hide()
    paint_states(shown, 2, seed=3)
    assert shown.edits.model.edits == []
    dock_of(shown).show()
    dock_of(shown).raise_()
    assert len(rows(shown.edits)) == 6


@pytest.mark.parametrize(
    ("name", "icon"),
    [
        ("Brush stroke", "brush"),
        ("Prediction brush stroke", "prediction_brush"),
        ("Polygon", "polygon"),
        ("Segment", "segment"),
        ("Remove class x", ""),
    ],
)
def test_an_edit_has_the_icon_of_its_tool(name: str, icon: str) -> None:
    assert icon_of(name) == icon


def test_letters_typed_in_the_list_and_clicks_beside_the_rows_go_nowhere(shown: MainWindow, qtbot: QtBot) -> None:
    session = shown._session
    for number, name in enumerate(("Keep", "Test", "Test")):
        assert session.apply_pixels(name, Rect(number, 0, 1, 1), np.ones((1, 1), dtype=np.uint8))
    before = mask(shown).copy()
    shown.edits.view.setFocus()
    QTest.keyClick(shown.edits.view, Qt.Key.Key_K)
    assert shown.edits.view.currentIndex().row() == 3
    np.testing.assert_array_equal(mask(shown), before)
    session.operations.begin("Test")
    viewport = shown.edits.view.viewport()
    QTest.mouseClick(viewport, LEFT, NONE, QPoint(5, viewport.height() - 2))
    assert session.operations.is_under_way
    click(shown.edits, 1)
    assert not session.operations.is_under_way
    assert shown.edits.view.currentIndex().row() == 1
