"""The filter over the list of images, against a plain look at every image, for any order of changes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester

from segtool.gui.main_window import MainWindow
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
