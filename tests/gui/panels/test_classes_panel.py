from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QIcon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.class_dialogs import NewClass
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.classes_panel import Column
from segtool.gui.session_state import ClassUsage
from segtool.gui.tools.tool_id import ToolId


def _cell(window: MainWindow, row: int, column: Column) -> QPoint:
    return window.classes.view.visualRect(window.classes.model.index(row, column)).center()


def _names(window: MainWindow) -> list[str]:
    model = window.classes.model
    return [str(model.index(row, Column.NAME).data()) for row in range(model.rowCount())]


def test_rows_are_the_classes_and_void_with_their_keys(opened: MainWindow) -> None:
    model = opened.classes.model
    names = [item.name for item in opened._session.classes]
    assert _names(opened) == [*names, "void (unlabelled)"]
    keys = [model.index(row, Column.KEY).data() for row in range(model.rowCount())]
    assert keys == [*(str(i) for i in opened._session.classes.ids), "V"]


def test_clicking_a_row_paints_with_that_class(opened: MainWindow, qtbot: QtBot) -> None:
    view = opened.classes.view
    last = opened.classes.model.rowCount() - 1
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=_cell(opened, last, Column.NAME))
    assert opened._session.active_class == VOID
    assert not opened.classes.remove_button.isEnabled()
    opened._session.set_active_class(0)
    assert view.currentIndex().row() == 0
    assert not opened.classes.remove_button.isEnabled()
    assert opened.classes.rename_button.isEnabled()


def test_a_double_click_renames_and_keys_stay_letters(opened: MainWindow, qtbot: QtBot) -> None:
    view, session = opened.classes.view, opened._session
    opened.activateWindow()
    spot = _cell(opened, 1, Column.NAME)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    editor = view.findChild(QLineEdit)
    assert editor is not None
    QTest.keyClicks(editor, "beed 1")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.classes.get(1).name == "beed 1")
    assert session.tool is ToolId.BRUSH
    assert _names(opened)[1] == "beed 1"


def test_a_name_that_is_taken_changes_nothing(opened: MainWindow) -> None:
    model, before = opened.classes.model, opened._session.classes
    assert not model.setData(model.index(1, Column.NAME), before.get(0).name.upper())
    assert not model.setData(model.index(1, Column.NAME), "   ")
    assert opened._session.classes == before


def test_adding_and_recolouring(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened._session
    monkeypatch.setattr(ask, "ask_new_class", lambda *_, **__: NewClass("debris", (1, 2, 3)))
    opened.classes.add_button.click()
    added = session.classes.named("debris")
    assert added is not None
    assert session.active_class == added.id
    monkeypatch.setattr(ask, "ask_colour", lambda *_, **__: (200, 10, 20))
    opened.classes.colour_button.click()
    assert session.classes.get(added.id).colour == (200, 10, 20)
    icon = opened.classes.model.index(added.id, Column.SWATCH).data(Qt.ItemDataRole.DecorationRole)
    assert isinstance(icon, QIcon)
    assert icon.pixmap(16, 16).toImage().pixelColor(8, 8).getRgb()[:3] == (200, 10, 20)


def test_removing_asks_what_the_pixels_become(
    opened: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    session = opened._session
    assert session.apply_pixels("Stroke", Rect(0, 0, 10, 10), np.ones((10, 10), dtype=np.uint8))
    asked: list[ClassUsage] = []
    monkeypatch.setattr(ask, "ask_replacement", lambda *_, usage, **__: asked.append(usage) or 0)
    session.set_active_class(1)
    opened.classes.remove_button.click()
    qtbot.waitUntil(lambda: 1 not in session.classes)
    assert asked[0].pixels_here == 100
    assert session.document is not None
    assert np.all(session.document.mask[:10, :10] == 0)
    assert len(_names(opened)) == 2


def test_cancelling_the_question_keeps_the_class(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "ask_replacement", lambda *_, **__: None)
    before = opened._session.classes
    opened.classes.remove_button.click()
    assert opened._session.classes == before
    assert opened._session.job is None
