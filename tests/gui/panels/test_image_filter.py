"""The filter over the list of images, against a plain look at every image, for any order of changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.gui.main_window import MainWindow
from segtool.gui.panels.image_filter import ImageFilter
from segtool.gui.panels.image_list_model import Role
from segtool.project.status import Status


def test_rows_come_and_go_with_statuses_and_texts(opened: MainWindow) -> None:
    images, session = opened.images, opened._session
    tester = QAbstractItemModelTester(images.filter, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert session.project is not None
    rng = np.random.default_rng(0)
    keys = [entry.key for entry in session.project.entries]
    statuses, texts = (None, *Status), ("", "B", "png", "nothing")
    text, status = "", None
    for _ in range(120):
        match rng.integers(4):
            case 0:
                text = str(rng.choice(texts))
                images.filter.set_text(text)
            case 1:
                status = statuses[rng.integers(len(statuses))]
                images.filter.set_status(status)
            case _:
                kept = [QPersistentModelIndex(images.filter.index(row, 0)) for row in range(images.filter.rowCount())]
                before = [index.data(Role.KEY) for index in kept]
                session.set_status(str(rng.choice(keys)), list(Status)[rng.integers(len(Status))])
                assert all(index.data(Role.KEY) in (key, None) for index, key in zip(kept, before, strict=True))
        project = session.project
        wanted = [key for key in keys if text.lower() in key and status in (None, project.status(key))]
        found = [images.filter.index(row, 0).data(Role.KEY) for row in range(images.filter.rowCount())]
        assert found == wanted
        places = [images.filter.index_of(key).row() for key in keys]
        assert places == [wanted.index(key) if key in wanted else -1 for key in keys]
    del tester


def test_a_change_of_one_row_costs_the_same_in_a_long_list(
    make_window: Callable[[], MainWindow], image_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    count_rows = ImageFilter.rowCount

    def counted(images: ImageFilter, parent: QModelIndex | None = None) -> int:
        asked.append(1)
        return count_rows(images, parent or QModelIndex())

    monkeypatch.setattr(ImageFilter, "rowCount", counted)
    for number in range(1000):
        (image_folder / f"empty {number}.png").touch()
    window = make_window()
    assert window.opener.open(image_folder)
    view = window.images.view
    qtbot.waitUntil(lambda: view.visualRect(window.images.filter.index(0, 0)).isValid() and len(asked) > 1000)
    asked.clear()
    window._session.set_status("a.png", Status.CORRECTED)
    QApplication.processEvents()
    assert 0 < len(asked) < 1000
