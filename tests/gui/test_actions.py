from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.gui.action_table import GESTURES
from segtool.gui.actions import ActionId, Menu, plain_text
from segtool.gui.dialogs.shortcuts import columns_of, key_sections
from segtool.gui.main_window import MainWindow
from segtool.gui.tools.tool_id import ToolId
from segtool.resources import resource_path


def test_the_table_has_each_action_once_and_each_key_once(window: MainWindow) -> None:
    specs = window.action_set.specs
    assert Counter(spec.id for spec in specs) == Counter(ActionId)
    keys = Counter(QKeySequence(keys).toString() for spec in specs for keys in spec.shortcuts)
    assert "" not in keys
    assert [key for key, count in keys.items() if count > 1] == []
    assert [spec.icon for spec in specs if spec.icon and not resource_path("icons", f"{spec.icon}.svg").is_file()] == []


def test_menu_keys_differ_within_a_menu(window: MainWindow) -> None:
    for menu in Menu:
        texts = [item.text for item in window.action_set.table if item.menu is menu]
        marks = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(marks) == len(set(marks)), (menu, texts)


def test_without_a_folder_only_opening_and_help_are_possible(window: MainWindow) -> None:
    enabled = {spec.id for spec in window.action_set.specs if window.action_set[spec.id].isEnabled()}
    assert enabled == {
        ActionId.OPEN_FOLDER,
        ActionId.OPEN_SAMPLE,
        ActionId.QUIT,
        ActionId.SHORTCUTS,
        ActionId.EXPORT_LOGS,
        ActionId.ABOUT,
        ActionId.FULL_SCREEN,
    }


def test_keys_choose_tools_and_classes(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened._session
    opened.activateWindow()
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_E)
    assert session.tool is ToolId.ERASER
    assert opened.action_set[ActionId.ERASER].isChecked()
    assert not opened.action_set[ActionId.BRUSH].isChecked()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_E)
    assert opened.action_set[ActionId.ERASER].isChecked()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_0)
    assert session.active_class == 0
    qtbot.keyClick(opened.canvas, Qt.Key.Key_V)
    assert session.active_class == VOID
    size = session.brush_size
    qtbot.keyClick(opened.canvas, Qt.Key.Key_BracketRight)
    assert session.brush_size > size
    qtbot.keyClick(opened.canvas, Qt.Key.Key_T)
    assert not session.overlay_visible


def test_letters_typed_into_a_field_are_no_shortcuts(opened: MainWindow, qtbot: QtBot) -> None:
    session, field = opened._session, opened.images.filter_edit
    opened.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    key = session.document.entry.key if session.document is not None else ""
    QTest.keyClicks(field, "bed0v")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "bed0v"
    assert opened.messages.texts == []
    assert session.tool is ToolId.BRUSH
    assert session.active_class == 1
    assert session.document is not None
    assert session.document.entry.key == key


def test_tab_hides_the_panels_only_from_the_canvas(opened: MainWindow, qtbot: QtBot) -> None:
    opened.activateWindow()
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Tab)
    assert not opened.panels_visible()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Tab)
    assert all(dock.isVisible() for dock in opened.docks)
    opened.images.filter_edit.setFocus()
    qtbot.keyClick(opened.images.filter_edit, Qt.Key.Key_Tab)
    assert opened.panels_visible()
    assert not opened.images.filter_edit.hasFocus()


def test_the_sheet_lists_every_key(window: MainWindow) -> None:
    specs = window.action_set.specs
    listed = {text for _, rows in key_sections(specs, GESTURES) for _, text in rows}
    assert listed >= {plain_text(spec.text) for spec in specs if spec.shortcuts and "class_" not in spec.id}
    assert {"Class with that id", "Void (unlabelled)"} <= listed
    assert listed >= {text for _, text in GESTURES}


def test_the_sheet_of_keys_fits_a_small_screen() -> None:
    lengths = [6, 10, 17, 20, 6, 8, 3, 4, 14]
    columns = columns_of(lengths, count=3)
    heights = [sum(length for length, of in zip(lengths, columns, strict=True) if of == column) for column in range(3)]
    assert max(heights) <= 31
    assert sum(heights) == sum(lengths)
