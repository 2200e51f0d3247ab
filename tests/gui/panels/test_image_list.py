from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from segtool.gui.main_window import MainWindow
from segtool.gui.panels.image_list_model import Role, status_of
from segtool.project.status import Status


def _shown(window: MainWindow) -> list[str]:
    rows = window.images.filter
    return [str(rows.index(row, 0).data(Role.KEY)) for row in range(rows.rowCount())]


def _open_key(window: MainWindow) -> str:
    document = window._session.document
    return "" if document is None else document.entry.key


def test_clicking_a_row_opens_its_image_and_gives_the_canvas_the_keyboard(opened: MainWindow, qtbot: QtBot) -> None:
    view = opened.images.view
    opened.activateWindow()
    spot = view.visualRect(opened.images.filter.index(1, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert _open_key(opened) == "b.png"
    assert opened.canvas.hasFocus()


def test_arrow_keys_walk_through_the_list(opened: MainWindow, qtbot: QtBot) -> None:
    opened.activateWindow()
    opened.images.view.setFocus()
    qtbot.keyClick(opened.images.view, Qt.Key.Key_Down)
    assert _open_key(opened) == "b.png"
    assert opened.images.view.hasFocus()


def test_an_image_that_was_repaired_loses_its_mark(opened: MainWindow, image_folder: Path, qtbot: QtBot) -> None:
    index = opened.images.filter.index(2, 0)
    qtbot.waitUntil(lambda: bool(index.data(Role.REASON)))
    shutil.copyfile(image_folder / "a.png", image_folder / "broken.png")
    assert opened._session.open_image("broken.png")
    assert index.data(Role.REASON) == ""


def test_the_row_follows_the_open_image(opened: MainWindow) -> None:
    opened._session.step_image(2)
    assert opened.images.view.currentIndex().data(Role.KEY) == _open_key(opened) != "a.png"


def test_a_row_that_cannot_be_opened_is_greyed_with_the_reason(opened: MainWindow, qtbot: QtBot) -> None:
    images = opened.images
    index = images.filter.index(2, 0)
    assert index.data(Role.KEY) == "broken.png"
    spot = images.view.visualRect(index).center()
    qtbot.mouseClick(images.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert _open_key(opened) == "a.png"
    assert images.view.currentIndex().data(Role.KEY) == "a.png"
    reason = str(index.data(Role.REASON))
    assert reason
    assert not reason.startswith("/")
    assert reason in str(index.data(Qt.ItemDataRole.ToolTipRole))
    images.status_combo.setCurrentIndex(images.status_combo.count() - 1)
    assert _shown(opened) == ["broken.png"]
    assert _open_key(opened) == "a.png"


def test_filters_by_name_and_status_never_change_the_open_image(opened: MainWindow) -> None:
    images, session = opened.images, opened._session
    session.set_status("b.png", Status.PREDICTED)
    images.filter_edit.setText("PNG")
    assert _shown(opened) == ["a.png", "b.png", "broken.png"]
    assert images.counts.text() == "0 of 4 approved  ·  3 shown"
    images.status_combo.setCurrentIndex(images.status_combo.findText("Predicted"))
    assert _shown(opened) == ["b.png"]
    assert _open_key(opened) == "a.png"
    session.set_status("b.png", Status.CORRECTED)
    assert _shown(opened) == []
    images.filter_edit.clear()
    images.status_combo.setCurrentIndex(0)
    assert len(_shown(opened)) == 4
    assert images.view.currentIndex().data(Role.KEY) == "a.png"


def test_status_and_unsaved_changes_show_in_the_row(opened: MainWindow) -> None:
    index = opened.images.filter.index(0, 0)
    opened._session.set_status("a.png", Status.CORRECTED)
    assert status_of(index) is Status.CORRECTED
    assert index.data(Role.UNSAVED) is False
    assert "Corrected" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))


def test_thumbnails_appear_and_are_drawn(opened: MainWindow, qtbot: QtBot) -> None:
    images = opened.images
    path = images.filter.index(1, 0).data(Role.PATH)
    # Painting the rows asked for them.
    qtbot.waitUntil(lambda: images.thumbnails.get(path) is not None)
    thumbnail = images.thumbnails.get(path)
    assert thumbnail is not None
    assert thumbnail.width() == 80
    broken = images.filter.index(2, 0).data(Role.PATH)
    qtbot.waitUntil(lambda: (found := images.thumbnails.get(broken)) is not None and found.isNull())
    assert images.filter.index(2, 0).data(Role.REASON)
    assert not opened._session.entry_reason("broken.png")
    rect = images.view.visualRect(images.filter.index(1, 0))
    row = images.view.viewport().grab(rect).toImage()
    drawn = {QColor(row.pixel(x, rect.height() // 2)).name() for x in range(6, 42)}
    assert len(drawn) > 5


def test_what_is_wrong_with_a_mask_is_said_without_its_path(opened: MainWindow, image_folder: Path) -> None:
    session, index = opened._session, opened.images.filter.index(1, 0)
    path = image_folder / "masks" / "b.png"
    session._documents.reasons["b.png"] = f"{path}: is not a PNG. Save it as a PNG."
    session.entries_changed.emit(frozenset(("b.png",)))
    assert index.data(Role.REASON) == "Its mask is not a PNG. Save it as a PNG."
    assert "Cannot be opened" not in str(index.data(Qt.ItemDataRole.ToolTipRole))
