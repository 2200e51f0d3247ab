from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.errors import MaskError
from segtool.core.geometry import Rect
from segtool.core.operations.borders import Smoothing, grow, shrink, smooth
from segtool.core.operations.change import Mask, MaskChange, Scope, Tick
from segtool.core.operations.pieces import fill_holes, keep_largest, remove_islands
from segtool.core.operations.recode import swap
from segtool.core.operations.separate import separate
from segtool.core.paint_rules import PaintRules
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.actions import ActionId
from segtool.gui.dialogs.operation_dialog import OperationDialog
from segtool.gui.main_window import MainWindow
from segtool.gui.operations.operating import Operating
from segtool.gui.operations.table import OPERATIONS, OperationOptions, Where
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.tools.tool_id import ToolId
from segtool.project.document import Document

SIZE = (90, 120)
OPTIONS = OperationOptions()


def cells() -> Mask:
    """Two pairs of cells that touch, with holes, a speck, another class and a strip that nobody has labelled."""
    mask = np.zeros(SIZE, dtype=np.uint8)
    for x, radius in ((25, 14), (49, 14), (84, 11), (104, 11)):
        cv2.circle(mask, (x, 40), radius, 1, -1)
    mask[36:41, 20:25] = mask[42, 55] = BACKGROUND
    mask[38, 50] = 2
    mask[80:83, 5:8] = 1
    mask[60:80, 80:110] = 2
    mask[:6] = VOID
    return mask


@pytest.fixture
def at_cells(opened: MainWindow) -> MainWindow:
    """The window with that mask on the first image, and three classes."""
    session = opened._session
    session.add_class("debris")
    session.set_active_class(1)
    document = session.document
    assert document is not None
    document.mask[:] = cells()
    session.mask_changed.emit(_whole(document))
    return opened


def _whole(document: Document) -> Rect:
    return Rect.of_shape(document.mask.shape)


def document_of(window: MainWindow) -> Document:
    document = window._session.document
    assert document is not None
    return document


def open_dialogs(window: MainWindow) -> list[OperationDialog]:
    return [item for item in window.findChildren(OperationDialog) if item.isVisible()]


def dialog_of(window: MainWindow) -> OperationDialog:
    (dialog,) = open_dialogs(window)
    return dialog


def wait_until_shown(qtbot: QtBot, operations: Operating) -> None:
    qtbot.waitUntil(lambda: operations.is_under_way and not operations.is_busy)


def wait_until_over(qtbot: QtBot, operations: Operating) -> None:
    qtbot.waitUntil(lambda: not operations.is_under_way)


def expected(change: MaskChange | None, mask: Mask) -> Mask:
    assert change is not None
    return change.applied_to(mask)


RESULTS: dict[ActionId, Callable[[Mask], MaskChange | None]] = {
    ActionId.FILL_HOLES: lambda m: fill_holes(m, 1),
    ActionId.REMOVE_ISLANDS: lambda m: remove_islands(m, 1, smaller_than=OPTIONS.smaller_than),
    ActionId.KEEP_LARGEST: lambda m: keep_largest(m, 1),
    ActionId.SEPARATE: lambda m: separate(m, 1, distance=OPTIONS.distance),
    ActionId.SMOOTH: lambda m: smooth(m, 1, how=Smoothing.MEDIAN, radius=OPTIONS.radius),
    ActionId.GROW: lambda m: grow(m, 1, by=OPTIONS.by),
    ActionId.SHRINK: lambda m: shrink(m, 1, by=OPTIONS.by),
    ActionId.SWAP_CLASSES: lambda m: swap(m, 1, BACKGROUND),
}


@pytest.mark.parametrize("which", list(RESULTS))
def test_from_the_menu_to_one_step_of_undo(at_cells: MainWindow, qtbot: QtBot, which: ActionId) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    after = expected(RESULTS[which](before), before)
    at_cells.action_set[which].trigger()
    dialog = dialog_of(at_cells)
    wait_until_shown(qtbot, session.operations)
    assert np.array_equal(document.mask, after)
    assert session.operations.count == (after != before).sum()
    assert dialog.outcome.text() == f"{session.operations.count:,} pixels change."
    assert not document.history.can_undo
    name = dialog.windowTitle()
    qtbot.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    wait_until_over(qtbot, session.operations)
    assert open_dialogs(at_cells) == []
    assert np.array_equal(document.mask, after)
    assert document.history.undo_name == name
    session.undo()
    assert np.array_equal(document.mask, before)
    assert not document.history.can_undo


def test_every_operation_of_the_table_is_tested() -> None:
    assert {spec.id.value for spec in OPERATIONS} == {action.value for action in RESULTS}


def test_the_preview_follows_the_parameters_and_goes_with_escape(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    at_cells.action_set[ActionId.GROW].trigger()
    dialog, operations = dialog_of(at_cells), session.operations
    for by in (3, 7, 1):
        dialog.fields["by"].setValue(by)  # type: ignore[attr-defined]
        wait_until_shown(qtbot, operations)
        assert np.array_equal(document.mask, expected(grow(before, 1, by=by), before))
    dialog.preview.setChecked(False)
    qtbot.waitUntil(lambda: not session.regions.is_busy)
    assert document.mask.tobytes() == before.tobytes()
    assert operations.count is None
    dialog.preview.setChecked(True)
    dialog.fields["over_classes"].setChecked(True)  # type: ignore[attr-defined]
    dialog.class_box.setCurrentIndex(dialog.class_box.findText("debris"))
    wait_until_shown(qtbot, operations)
    assert np.array_equal(document.mask, expected(grow(before, 2, by=1, over_classes=True), before))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not operations.is_under_way
    assert document.mask.tobytes() == before.tobytes()
    assert not document.history.can_undo
    assert not document.is_dirty
    # The next dialog begins with what was chosen.
    at_cells.action_set[ActionId.SHRINK].trigger()
    assert dialog_of(at_cells).options.by == 1


def test_what_is_applied_without_a_preview_is_the_same(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    at_cells.action_set[ActionId.FILL_HOLES].trigger()
    dialog = dialog_of(at_cells)
    dialog.preview.setChecked(False)
    dialog.fields["up_to"].setValue(2)  # type: ignore[attr-defined]
    qtbot.waitUntil(dialog.class_box.hasFocus)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    wait_until_over(qtbot, session.operations)
    assert np.array_equal(document.mask, expected(fill_holes(before, 1, up_to=2), before))


def test_one_region_is_the_one_that_is_clicked(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document, canvas = at_cells._session, document_of(at_cells), at_cells.canvas
    before = document.mask.copy()
    at_cells.action_set[ActionId.GROW].trigger()
    dialog = dialog_of(at_cells)
    dialog.place_box.setCurrentIndex(2)
    dialog.place_box.activated.emit(2)
    assert dialog.outcome.text() == "Click a region on the image."
    assert not dialog.apply_button.isEnabled()
    # It does not look as if a click painted.
    qtbot.mouseMove(canvas, QPoint(300, 300))
    assert canvas.cursor().shape() == Qt.CursorShape.PointingHandCursor
    assert canvas._outline is None
    left = canvas.image_to_widget(0, 0).x()
    qtbot.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=QPoint(300, 300))
    qtbot.mouseMove(canvas, QPoint(320, 310))
    qtbot.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=QPoint(320, 310))
    assert canvas.image_to_widget(0, 0).x() > left
    place = canvas.image_to_widget(90.5, 70.5).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    wait_until_shown(qtbot, session.operations)
    grown = expected(grow(before, 2, by=2, scope=Scope(point=(90, 70))), before)
    assert np.array_equal(document.mask, grown)
    place = canvas.image_to_widget(6.5, 81.5).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    wait_until_shown(qtbot, session.operations)
    grown = expected(grow(before, 1, by=2, scope=Scope(point=(6, 81))), before)
    assert np.array_equal(document.mask, grown)
    assert dialog.class_box.currentText() == "nucleus"
    assert not dialog.class_box.isEnabled()
    dialog.reject()
    assert np.array_equal(document.mask, before)
    qtbot.mouseMove(canvas, QPoint(310, 300))
    assert canvas._outline is not None


def test_what_cannot_be_done_with_a_region_says_so(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document, canvas = at_cells._session, document_of(at_cells), at_cells.canvas
    before = document.mask.copy()
    at_cells.action_set[ActionId.SMOOTH].trigger()
    dialog = dialog_of(at_cells)
    dialog.place_box.setCurrentIndex(2)
    dialog.place_box.activated.emit(2)
    place = canvas.image_to_widget(115.5, 20.5).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert dialog.outcome.text() == "This cannot be done with what you clicked. Click another region."
    assert not dialog.apply_button.isEnabled()
    qtbot.waitUntil(lambda: not session.regions.is_busy)
    assert np.array_equal(document.mask, before)


def test_fields_that_mean_nothing_for_every_class_are_off(at_cells: MainWindow) -> None:
    at_cells.action_set[ActionId.FILL_HOLES].trigger()
    dialog = dialog_of(at_cells)
    assert dialog.fields["over_classes"].isEnabled()
    dialog.class_box.setCurrentIndex(0)
    assert dialog.class_box.currentText() == "Every class"
    assert not dialog.fields["over_classes"].isEnabled()


def test_what_was_done_before_is_saved_before_a_dialog_stays_open(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    at_cells.action_set[ActionId.CLEAR_TO_VOID].trigger()
    wait_until_over(qtbot, session.operations)
    assert document.is_dirty
    session.undo()
    saved = document.mask.copy()
    at_cells.action_set[ActionId.GROW].trigger()
    wait_until_shown(qtbot, session.operations)
    qtbot.waitUntil(lambda: not document.is_dirty)
    assert np.array_equal(read_mask(document.entry.mask_path), saved)
    assert not np.array_equal(document.mask, saved)


def test_the_window_closes_while_something_is_being_computed(opened: MainWindow, qtbot: QtBot) -> None:
    started = threading.Event()

    def endless(mask: Mask, tick: Tick) -> MaskChange | None:
        started.set()
        while True:
            tick()

    assert opened._session.operations.begin("Endless")
    opened._session.operations.show(endless)
    qtbot.waitUntil(started.is_set)
    # Ends the thread and waits for it.
    opened._session.close()
    assert not opened._session.regions._thread.is_running


def test_what_is_in_view_is_all_that_changes(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document, canvas = at_cells._session, document_of(at_cells), at_cells.canvas
    before = document.mask.copy()
    canvas.zoom_to(16.0)
    at_cells.action_set[ActionId.SWAP_CLASSES].trigger()
    dialog = dialog_of(at_cells)
    index = dialog.place_box.findText(Where.VIEW.value)
    dialog.place_box.setCurrentIndex(index)
    dialog.place_box.activated.emit(index)
    wait_until_shown(qtbot, session.operations)
    left, top = canvas.widget_to_image(QPoint(0, 0).toPointF())
    right, bottom = canvas.widget_to_image(QPoint(canvas.width(), canvas.height()).toPointF())
    inside = np.zeros(SIZE, dtype=bool)
    inside[max(0, int(top)) : int(np.ceil(bottom)), max(0, int(left)) : int(np.ceil(right))] = True
    assert 0 < inside.sum() < inside.size
    assert np.array_equal(document.mask, np.where(inside, expected(swap(before, 1, 0), before), before))
    # Looking around meanwhile changes nothing.
    canvas.pan_by(60, 40)
    canvas.zoom_in()
    assert session.operations.is_under_way
    dialog.close()
    assert np.array_equal(document.mask, before)


@pytest.mark.parametrize("how", ["brush", "undo", "image", "save", "tool", "other operation"])
def test_whatever_else_ends_it_leaves_the_mask_as_it_was(at_cells: MainWindow, qtbot: QtBot, how: str) -> None:
    session, document, canvas = at_cells._session, document_of(at_cells), at_cells.canvas
    before = document.mask.copy()
    at_cells.action_set[ActionId.FILL_HOLES].trigger()
    wait_until_shown(qtbot, session.operations)
    assert len(open_dialogs(at_cells)) == 1
    assert not np.array_equal(document.mask, before)
    match how:
        case "brush":
            session.set_options(brush_size=1)
            place = canvas.image_to_widget(100.5, 20.5).toPoint()
            qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
            before[20, 100] = 1
        case "undo":
            at_cells.action_set[ActionId.UNDO].setEnabled(True)
            at_cells.action_set[ActionId.UNDO].trigger()
        case "image":
            session.open_image("b.png")
        case "save":
            session.save()
        case "tool":
            session.set_tool(ToolId.ERASER)
        case "other operation":
            at_cells.action_set[ActionId.CLEAR_TO_VOID].trigger()
            wait_until_over(qtbot, session.operations)
            before[:] = VOID
    assert open_dialogs(at_cells) == []
    assert np.array_equal(document.mask, before)
    assert document.history.can_undo is (how in ("brush", "other operation"))
    # And nothing of it comes later.
    qtbot.waitUntil(lambda: not session.regions.is_busy)
    assert np.array_equal(document.mask, before)


def test_locks_hold_and_are_counted(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    at_cells.action_set[ActionId.GROW].trigger()
    wait_until_shown(qtbot, session.operations)
    free = session.operations.count
    grown = expected(grow(before, 1, by=OPTIONS.by), before)
    assert np.array_equal(document.mask, grown)
    session.set_rules(PaintRules(locked=frozenset((BACKGROUND,))))
    wait_until_shown(qtbot, session.operations)
    held = np.where(before == BACKGROUND, before, grown)
    assert np.array_equal(document.mask, held)
    assert session.operations.count == (held != before).sum() < (free or 0)


def test_done_at_once_and_undone(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    inverted = np.where(before == 1, 0, np.where(before == 0, 1, before))
    for which, after in (
        (ActionId.INVERT, inverted),
        (ActionId.CLEAR_TO_BACKGROUND, np.zeros_like(before)),
        (ActionId.CLEAR_TO_VOID, np.full_like(before, VOID)),
    ):
        at_cells.action_set[which].trigger()
        wait_until_over(qtbot, session.operations)
        assert np.array_equal(document.mask, after)
        session.undo()
        assert np.array_equal(document.mask, before)
        assert not document.history.can_undo


def test_an_operation_that_changes_nothing_says_so(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    told: list[str] = []
    session.message.connect(lambda text, level: told.append(text))
    document.mask[:] = BACKGROUND
    at_cells.action_set[ActionId.CLEAR_TO_BACKGROUND].trigger()
    wait_until_over(qtbot, session.operations)
    assert told == ["Clear to background: nothing changes."]
    assert not document.history.can_undo


def test_the_menu_of_a_class_offers_what_can_be_done_with_it(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    texts = {}
    for class_id in (BACKGROUND, 2, VOID):
        menu = QMenu()
        at_cells.classes.menu_opened.emit(menu, class_id)
        texts[class_id] = {action.text().replace("&", "") for action in menu.actions()}
        if class_id == 2:
            (clear,) = (a for a in menu.actions() if a.text() == "Turn into voi&d")
            clear.trigger()
            wait_until_over(qtbot, session.operations)
            assert np.array_equal(document.mask, np.where(before == 2, VOID, before))
            (grow_it,) = (a for a in menu.actions() if a.text() == "&Grow…")
            grow_it.trigger()
            assert dialog_of(at_cells).class_box.currentData() == 2
    assert texts[VOID] == {"", "Remove islands…", "Turn into background"}
    assert "Invert" in texts[2] - texts[BACKGROUND]
    assert "Smooth…" in texts[2] - texts[BACKGROUND]


def test_what_takes_long_is_given_up_when_it_is_cancelled(opened: MainWindow, qtbot: QtBot) -> None:
    operations = opened._session.operations
    started, over = threading.Event(), threading.Event()

    def endless(mask: Mask, tick: Tick) -> MaskChange | None:
        started.set()
        try:
            while True:
                tick()
        finally:
            over.set()

    assert operations.begin("Endless")
    operations.show(endless)
    qtbot.waitUntil(started.is_set)
    operations.cancel()
    qtbot.waitUntil(over.is_set)
    assert not operations.is_under_way


def test_a_newer_value_does_not_wait_for_what_takes_long(opened: MainWindow, qtbot: QtBot) -> None:
    operations, document = opened._session.operations, document_of(opened)
    over = threading.Event()

    def endless(mask: Mask, tick: Tick) -> MaskChange | None:
        try:
            while True:
                tick()
        finally:
            over.set()

    assert operations.begin("Grow")
    operations.show(endless)
    document_mask = document.mask.copy()
    document_mask[3:9, 3:9] = 1
    operations.show(lambda mask, tick: MaskChange(_whole(document), document_mask, 36))
    wait_until_shown(qtbot, operations)
    assert over.is_set()
    assert np.array_equal(document.mask, document_mask)
    operations.cancel()


# The mask of the previous image --------------------------------------------------------------------


@pytest.fixture
def told(opened: MainWindow) -> list[tuple[str, Level]]:
    found: list[tuple[str, Level]] = []
    opened._session.message.connect(lambda text, level: found.append((text, level)))
    return found


def copy_to_b(window: MainWindow, qtbot: QtBot, which: ActionId = ActionId.COPY_PREVIOUS) -> Mask:
    session: Session = window._session
    assert session.open_image("b.png")
    window.action_set[which].trigger()
    wait_until_over(qtbot, session.operations)
    return document_of(window).mask


def test_a_copy_fills_what_is_void_from_memory(at_cells: MainWindow, qtbot: QtBot) -> None:
    session = at_cells._session
    source = document_of(at_cells).mask.copy()
    assert session.open_image("b.png")
    document = document_of(at_cells)
    document.mask[50:] = 2
    mask = copy_to_b(at_cells, qtbot)
    assert np.array_equal(mask[:50], source[:50])
    assert (mask[50:] == 2).all()
    session.undo()
    assert (mask[:50] == VOID).all()
    mask = copy_to_b(at_cells, qtbot, ActionId.REPLACE_BY_PREVIOUS)
    assert np.array_equal(mask, source)
    # The strip that is void there stays void here.
    told: list[str] = []
    session.message.connect(lambda text, level: told.append(text))
    copy_to_b(at_cells, qtbot)
    assert np.array_equal(mask, source)
    assert [text for text in told if text.startswith("Nothing here is unlabelled")] == told


def test_a_copy_is_read_from_disk(opened: MainWindow, qtbot: QtBot, image_folder: Path) -> None:
    session, source = opened._session, np.where(cells() == 2, 1, cells()).astype(np.uint8)
    # The mask of an image that is not in memory.
    write_mask(image_folder / "masks" / "b.png", source)
    assert not session.open_image("broken.png")
    assert session.open_image("c.tif")
    opened.action_set[ActionId.COPY_PREVIOUS].trigger()
    wait_until_over(qtbot, session.operations)
    assert document_of(opened).entry.key == "c.tif"
    assert np.array_equal(document_of(opened).mask, source)


def test_without_a_fitting_mask_nothing_is_copied(
    opened: MainWindow,
    qtbot: QtBot,
    image_folder: Path,
    told: list[tuple[str, Level]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The first one has none before it.
    assert not opened.action_set[ActionId.COPY_PREVIOUS].isEnabled()
    other = image_folder / "aa.png"
    assert cv2.imwrite(os.fspath(other), np.zeros((30, 40), dtype=np.uint8))
    write_mask(image_folder / "masks" / "aa.png", np.ones((30, 40), dtype=np.uint8))
    assert opened.opener.open(image_folder)
    mask = copy_to_b(opened, qtbot)
    assert (mask == VOID).all()
    assert any("has 40 × 30 pixels and this image 120 × 90. Nothing was copied." in text for text, _ in told)
    os.remove(image_folder / "masks" / "aa.png")
    mask = copy_to_b(opened, qtbot)
    assert (mask == VOID).all()
    assert any("aa.png has no mask yet" in text for text, _ in told)
    # What is explained to a person is no fault of the program.
    assert not caplog.records


@pytest.mark.parametrize("how", ["save", "image", "undo"])
def test_what_is_applied_is_never_dropped_in_silence(opened: MainWindow, qtbot: QtBot, how: str) -> None:
    session, told = opened._session, list[tuple[str, Level]]()
    started = threading.Event()

    def endless(mask: Mask, tick: Tick) -> MaskChange | None:
        started.set()
        while True:
            tick()

    session.message.connect(lambda text, level: told.append((text, level)))
    assert session.operations.run("Endless", endless)
    qtbot.waitUntil(started.is_set)
    match how:
        case "save":
            session.save()
        case "image":
            assert session.open_image("b.png")
        case "undo":
            session.undo()
    assert not session.operations.is_under_way
    assert ("Endless was stopped before it was done, so nothing has changed.", Level.WARNING) in told


def test_a_failure_is_told_once(opened: MainWindow, qtbot: QtBot) -> None:
    session, told = opened._session, list[str]()

    def fail(mask: Mask, tick: Tick) -> MaskChange | None:
        raise MaskError("There is no such mask", remedy="Make one.")

    session.message.connect(lambda text, level: told.append(text))
    assert session.operations.run("Failing", fail)
    wait_until_over(qtbot, session.operations)
    assert told == ["There is no such mask. Make one."]


def test_the_dialog_goes_with_the_window(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    at_cells.action_set[ActionId.GROW].trigger()
    dialog = dialog_of(at_cells)
    wait_until_shown(qtbot, session.operations)
    assert not np.array_equal(document.mask, before)
    with qtbot.waitSignal(dialog.finished):
        assert at_cells.close()
    assert open_dialogs(at_cells) == []
    np.testing.assert_array_equal(document.mask, before)


def test_a_dialog_that_stays_open_follows_the_classes(at_cells: MainWindow, qtbot: QtBot) -> None:
    session, document = at_cells._session, document_of(at_cells)
    before = document.mask.copy()
    at_cells.action_set[ActionId.SWAP_CLASSES].trigger()
    dialog = dialog_of(at_cells)
    dialog.class_box.setCurrentIndex(dialog.class_box.findData(2))
    assert session.class_edits.rename(2, "dirt")
    assert session.add_class("late")
    assert dialog.class_box.currentText() == "dirt"
    dialog.other_box.setCurrentIndex(dialog.other_box.findText("late"))
    late = dialog.other_box.currentData()
    wait_until_shown(qtbot, session.operations)
    assert np.array_equal(document.mask, np.where(before == 2, late, before))
