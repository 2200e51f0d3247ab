from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.core.run_settings import RunSettings
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui import theme
from segtool.gui.actions import ActionId
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.ask import ReadOnlyAnswer, SaveAnswer
from segtool.gui.main_window import MainWindow
from segtool.gui.preferences import Preferences, RecentFolder
from segtool.gui.session_state import ChangedMaskAnswer, Level, Overwrite, SaveKind
from segtool.gui.theme import Appearance
from segtool.gui.training_state import Phase
from segtool.project.document import Document
from segtool.project.status import Status

Answer = Callable[..., object]


def _document(window: MainWindow) -> Document:
    document = window._session.document
    assert document is not None
    return document


def _paint(window: MainWindow, value: int = 1) -> None:
    session = window._session
    assert session.apply_pixels("Stroke", Rect(10, 10, 20, 5), np.full((5, 20), value, dtype=np.uint8))


def _drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(os.fspath(path))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)


def test_it_starts_with_nothing_but_an_offer_to_open(window: MainWindow) -> None:
    assert window.windowTitle() == "SegTool"
    assert window.start_page.isVisible()
    assert not window.canvas.isVisible()
    assert not window.panels_visible()


def test_opening_a_folder_shows_its_first_image(opened: MainWindow, image_folder: Path) -> None:
    assert opened.windowTitle() == "photos · a.png · untouched[*] — SegTool"
    assert opened.canvas.isVisible()
    assert all(dock.isVisible() for dock in opened.docks)
    assert opened.images.counts.text() == "0 of 4 approved"
    assert Preferences().recent()[0] == RecentFolder(str(image_folder), image="a.png")


def test_an_edit_shows_in_title_list_and_status_bar_until_it_is_saved(opened: MainWindow, qtbot: QtBot) -> None:
    assert not opened.isWindowModified()
    _paint(opened)
    assert opened.isWindowModified()
    assert "corrected" in opened.windowTitle()
    assert opened.status.saved_label.text() == "Unsaved changes"
    opened.action_set[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: opened.status.saved_label.text().startswith("Saved "))
    assert not opened.isWindowModified()
    assert not opened.action_set[ActionId.SAVE].isEnabled()
    assert read_mask(_document(opened).entry.mask_path)[12, 15] == 1


def test_undo_is_named_after_the_edit(opened: MainWindow) -> None:
    undo = opened.action_set[ActionId.UNDO]
    assert not undo.isEnabled()
    _paint(opened)
    assert undo.text() == "&Undo stroke"
    undo.trigger()
    assert _document(opened).mask[12, 15] == VOID
    assert not undo.isEnabled()
    opened.action_set[ActionId.REDO].trigger()
    assert _document(opened).mask[12, 15] == 1


def test_a_save_that_fails_is_said_in_red_and_can_be_repeated(
    opened: MainWindow, image_folder: Path, qtbot: QtBot
) -> None:
    (image_folder / "masks").write_text("a file where the folder should be")
    _paint(opened)
    opened.action_set[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: opened.status.saved_label.text().startswith("Not saved: "))
    assert "color" in opened.status.saved_label.styleSheet()
    assert opened.messages.isVisible()
    assert opened.isWindowModified()
    (image_folder / "masks").unlink()
    opened.action_set[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: opened._session.save_state.kind is SaveKind.SAVED)
    assert opened.status.saved_label.styleSheet() == ""


def test_a_mask_that_something_else_changed_is_asked_about(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    answers = [None, ChangedMaskAnswer.KEEP]
    monkeypatch.setattr(ask, "ask_changed_mask", lambda *_, **__: answers.pop(0))
    path, theirs = _document(opened).entry.mask_path, np.zeros((90, 120), dtype=np.uint8)
    _paint(opened)
    write_mask(path, theirs)
    opened.action_set[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: opened._session.save_state.can_force)
    opened.action_set[ActionId.SAVE].trigger()
    assert np.array_equal(read_mask(path), theirs)
    opened.action_set[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: opened._session.save_state.kind is SaveKind.SAVED)
    assert read_mask(path)[12, 15] == 1
    assert answers == []


@pytest.mark.parametrize("answer", list(SaveAnswer))
def test_closing_with_unsaved_work_asks(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: SaveAnswer
) -> None:
    monkeypatch.setattr(ask, "ask_save", lambda *_, images: answer if images == 1 else None)
    mask_path = _document(opened).entry.mask_path
    _paint(opened)
    closed = opened.close()
    assert closed is (answer is not SaveAnswer.CANCEL)
    assert mask_path.exists() is (answer is SaveAnswer.SAVE)
    assert opened.isVisible() is (answer is SaveAnswer.CANCEL)


def test_a_save_that_fails_keeps_the_window_open(
    opened: MainWindow, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "ask_save", lambda *_, **__: SaveAnswer.SAVE)
    (image_folder / "masks").write_text("a file where the folder should be")
    _paint(opened)
    assert not opened.close()
    assert opened.isVisible()
    assert _document(opened).mask[12, 15] == 1


def test_closing_without_changes_asks_nothing(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ask, "ask_save")
    assert opened.close()


def test_geometry_and_hidden_panels_come_back(make_window: Callable[[], MainWindow], image_folder: Path) -> None:
    first = make_window()
    first.opener.open(image_folder)
    first.resize(780, 700)
    first.docks[1].hide()
    assert first.close()
    second = make_window()
    second.opener.open(image_folder)
    assert (second.width(), second.height()) == (first.width(), 700)
    assert [dock.windowTitle() for dock in second.docks if not dock.isVisible()] == ["Classes"]


def test_the_image_that_was_open_last_is_opened_again(
    make_window: Callable[[], MainWindow], image_folder: Path
) -> None:
    first = make_window()
    first.opener.open(image_folder)
    first._session.open_image("b.png")
    assert first.close()
    second = make_window()
    second.opener.open(image_folder)
    assert _document(second).entry.key == "b.png"


def test_dropping_a_folder_or_an_image_opens_it(window: MainWindow, image_folder: Path) -> None:
    _drop(window, image_folder)
    assert _document(window).entry.key == "a.png"
    _drop(window, image_folder / "c.tif")
    assert _document(window).entry.key == "c.tif"


def test_an_image_that_cannot_be_read_leaves_the_open_one(opened: MainWindow) -> None:
    assert not opened._session.open_image("broken.png")
    assert _document(opened).entry.key == "a.png"
    assert any("broken.png" in text for text in opened.messages.texts)


def test_what_was_said_of_an_image_that_could_not_be_read_goes_with_the_next_one(
    opened: MainWindow, image_folder: Path
) -> None:
    (image_folder / "empty.png").touch()
    opened.opener.open(image_folder)
    opened._session.open_image("broken.png")
    opened._session.open_image("empty.png")
    assert [text.partition(": ")[0] for text in opened.messages.texts] == [str(image_folder / "empty.png")]
    # The one that is still shown is clicked at again.
    opened._session.open_image("a.png")
    assert opened.messages.texts == []


def test_a_folder_that_is_gone_is_said_and_forgotten(opened: MainWindow, tmp_path: Path) -> None:
    Preferences().remember(RecentFolder(str(tmp_path / "gone")))
    assert not opened.opener.open(tmp_path / "gone")
    assert _document(opened).entry.key == "a.png"
    assert any("gone" in text for text in opened.messages.texts)
    assert str(tmp_path / "gone") not in [item.root for item in Preferences().recent()]


def test_masks_of_a_folder_that_cannot_be_written_go_elsewhere(
    window: MainWindow, image_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    # A file in the place of masks/ stops every user, even the one whom permissions do not stop.
    (image_folder / "masks").write_text("in the way")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    asked: list[Path] = []
    monkeypatch.setattr(ask, "ask_read_only", lambda *_, root, **__: asked.append(root) or ReadOnlyAnswer.OTHER_PLACE)
    monkeypatch.setattr(ask, "ask_folder", lambda *_, **__: elsewhere)
    window.opener.open(image_folder)
    assert asked == [image_folder]
    _paint(window)
    window.action_set[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: window._session.save_state.kind is SaveKind.SAVED)
    assert (elsewhere / "masks" / "a.png").is_file()
    window.opener.open(image_folder)
    assert asked == [image_folder]


def test_a_folder_can_be_looked_at_without_a_place_for_masks(
    window: MainWindow, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (image_folder / "masks").write_text("in the way")
    monkeypatch.setattr(ask, "ask_read_only", lambda *_, **__: ReadOnlyAnswer.VIEW)
    window.opener.open(image_folder)
    assert _document(window).read_only_reason
    assert window.status.saved_label.text() == "Read-only"
    assert not window.action_set[ActionId.APPROVE].isEnabled()
    # A place can be chosen later too: the row that says why nothing can be changed leads there.
    assert ["nothing can be saved here" in text for text in window.messages.texts] == [True]
    elsewhere = image_folder.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(ask, "ask_folder", lambda *_, **__: None)
    window.messages._rows[0].buttons[0].click()
    assert len(window.messages.texts) == 1
    window._session.open_image("b.png")
    monkeypatch.setattr(ask, "ask_folder", lambda *_, **__: elsewhere)
    window.messages._rows[0].buttons[0].click()
    assert window.messages.texts == []
    assert _document(window).entry.key == "b.png"
    assert not _document(window).read_only_reason


def test_approving_and_going_on_to_the_next_image_to_do(opened: MainWindow) -> None:
    approve, onwards = opened.action_set[ActionId.APPROVE], opened.action_set[ActionId.NEXT_TO_DO]
    approve.trigger()
    assert not approve.isChecked()
    assert any("Nothing in a.png is labelled" in text for text in opened.messages.texts)
    _paint(opened)
    approve.trigger()
    assert approve.isChecked()
    assert opened.images.counts.text() == "1 of 4 approved"
    onwards.trigger()
    assert _document(opened).entry.key == "b.png"
    assert not approve.isChecked()
    _paint(opened)
    approve.trigger()
    onwards.trigger()
    assert _document(opened).entry.key == "c.tif"
    _paint(opened)
    approve.trigger()
    onwards.trigger()
    assert _document(opened).entry.key == "c.tif"
    assert "Every other image is approved" in opened.status.currentMessage()


def test_messages_go_to_the_bar_or_pass_by(opened: MainWindow) -> None:
    opened._session.message.emit("in passing", Level.INFO)
    assert opened.status.currentMessage() == "in passing"
    opened._session.message.emit("to act on", Level.WARNING)
    assert opened.messages.texts == ["to act on"]


def test_the_pointer_and_the_zoom_are_shown(opened: MainWindow, qtbot: QtBot) -> None:
    opened.action_set[ActionId.ACTUAL_SIZE].trigger()
    assert opened.status.zoom_label.text() == "100 %"
    spot = opened.canvas.image_to_widget(30.5, 40.5).toPoint()
    x, y = (int(v) for v in opened.canvas.widget_to_image(QPointF(spot)))
    QTest.mouseMove(opened.canvas, spot)
    expected = f"x {x}  y {y}  ·  value {_document(opened).image.pixels[y, x]}  ·  void"
    qtbot.waitUntil(lambda: opened.status.hover_label.text() == expected)


def test_segmenting_corrected_images_asks_and_may_be_refused(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened._session
    assert session.model is not None
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(ask, "ask_overwrite", lambda *_, worked_on, total: asked.append((worked_on, total)))
    _paint(opened)
    before = _document(opened).mask.copy()
    opened.action_set[ActionId.SEGMENT_IMAGE].trigger()
    assert asked == [(1, 1)]
    assert session.job is None
    assert np.array_equal(_document(opened).mask, before)


def test_segmenting_fills_what_is_unlabelled(opened: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    session = opened._session
    assert session.model is not None
    monkeypatch.setattr(ask, "ask_overwrite", lambda *_, **__: Overwrite.FILL_VOID)
    _paint(opened, value=0)
    opened.action_set[ActionId.SEGMENT_IMAGE].trigger()
    assert opened.status.job.isVisible()
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    mask = _document(opened).mask
    assert np.all(mask[10:15, 10:30] == 0)
    assert not np.any(mask == VOID)
    assert not opened.status.job.isVisible()
    assert session.project is not None
    assert session.project.status("a.png") is Status.CORRECTED


def test_the_look_changes_at_once_and_is_remembered(opened: MainWindow, qapp: QApplication) -> None:
    opened._session.message.emit("to act on", Level.WARNING)
    light = opened.action_set[ActionId.BRUSH].icon().pixmap(20, 20).toImage()
    swatch = opened.classes.model.index(1, 0).data(Qt.ItemDataRole.DecorationRole).pixmap(16, 16).toImage()
    try:
        opened.set_appearance(Appearance.DARK)
        qapp.processEvents()
        assert theme.is_dark()
        assert opened.action_set[ActionId.BRUSH].icon().pixmap(20, 20).toImage() != light
        assert theme.DARK.warning_ground in opened.messages._rows[0].styleSheet()
        assert Preferences().appearance is Appearance.DARK
        after = opened.classes.model.index(1, 0).data(Qt.ItemDataRole.DecorationRole).pixmap(16, 16).toImage()
        assert after.pixelColor(8, 8) == swatch.pixelColor(8, 8)
    finally:
        opened.set_appearance(Appearance.LIGHT)


def test_closing_while_a_training_runs_asks(opened: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    session, training = opened._session, opened._training
    for key in ("a.png", "b.png"):
        session.open_image(key)
        _paint(opened)
        assert session.apply_pixels("Rest", Rect(0, 20, 120, 70), np.zeros((70, 120), dtype=np.uint8))
    assert session.wait_until_saved()
    assert training.start(RunSettings(minutes=1.0), base="nuclei", name="0001-nuclei")
    qtbot.waitUntil(lambda: training.state.phase is Phase.TRAINING)
    assert opened.status.training.isVisible()
    assert opened.action_set[ActionId.STOP_TRAINING].isEnabled()
    assert not opened.action_set[ActionId.RETRAIN].isEnabled()
    answers = [False, True]
    monkeypatch.setattr(ask, "ask_stop_training", lambda *_, **__: answers.pop(0))
    assert not opened.close()
    assert training.is_running
    assert opened.close()
    assert not training.is_running


def test_a_save_that_works_takes_the_message_of_the_failed_one_away(
    opened: MainWindow, image_folder: Path, qtbot: QtBot
) -> None:
    in_the_way = image_folder / "masks"
    in_the_way.write_text("a file in place of the folder")
    _paint(opened)
    opened._session.save()
    label = opened.status.saved_label
    qtbot.waitUntil(lambda: label.text().startswith("Not saved: "))
    # The status bar has no room for a path: the message above the canvas has it.
    assert str(image_folder) not in label.text()
    assert str(image_folder) in label.toolTip()
    assert any("a.png" in text for text in opened.messages.texts)
    in_the_way.unlink()
    opened._session.save()
    qtbot.waitUntil(lambda: label.text().startswith("Saved "))
    assert opened.messages.texts == []


def test_what_is_wrong_with_a_mask_is_said_while_its_image_is_shown(
    window: MainWindow, image_folder: Path, qtbot: QtBot
) -> None:
    write_mask(image_folder / "masks" / "a.png", np.zeros((5, 5), dtype=np.uint8))
    assert window.opener.open(image_folder)
    (text,) = window.messages.texts
    assert str(image_folder / "masks" / "a.png") in text
    assert "read-only" in text
    window._session.step_image(1)
    assert window.messages.texts == []


def test_what_could_not_be_opened_is_said_until_something_else_is_opened(opened: MainWindow) -> None:
    assert not opened._session.open_image("broken.png")
    assert len(opened.messages.texts) == 1
    assert opened._session.open_image("b.png")
    assert opened.messages.texts == []


def test_a_folder_that_was_never_there_is_not_called_gone(window: MainWindow, tmp_path: Path) -> None:
    assert not window.opener.open(tmp_path / "mistyped")
    assert "there is no such folder" in window.messages.texts[-1]
    Preferences().remember(RecentFolder(str(tmp_path / "moved")))
    assert not window.opener.open(tmp_path / "moved")
    assert "not there any more" in window.messages.texts[-1]


def test_closing_the_start_page_keeps_the_sizes_that_a_person_starts_with(
    make_window: Callable[..., MainWindow], image_folder: Path, qapp: QApplication
) -> None:
    fresh = make_window()
    assert fresh.opener.open(image_folder)
    qapp.processEvents()
    sizes = [dock.size() for dock in fresh.docks]
    make_window().close()
    again = make_window()
    assert again.opener.open(image_folder)
    qapp.processEvents()
    assert [dock.size() for dock in again.docks] == sizes
