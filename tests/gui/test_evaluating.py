"""Measuring a model from the window: the real network, the real report, and what opens it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from segtool.formats.mask_png import write_mask
from segtool.gui.actions import ActionId
from segtool.gui.main_window import MainWindow
from segtool.gui.preferences import Preferences
from segtool.gui.session_state import Overwrite
from segtool.project.layout import REPORTS_FOLDER
from segtool.project.project import Project


class Desktop(QObject):
    """Stands in for the program that shows pages."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Path] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.pages.append(Path(url.toLocalFile()))


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    desktop = Desktop()
    QDesktopServices.setUrlHandler("file", desktop, "open")
    yield desktop
    QDesktopServices.unsetUrlHandler("file")


@pytest.fixture
def folder(image_folder: Path, tiny_model_folder: Path) -> Path:
    """The folder of drawn images with a small model, which was trained on a.png, and three masks."""
    shutil.copytree(tiny_model_folder, image_folder / "models" / "0001-tiny")
    mask = np.zeros((90, 120), dtype=np.uint8)
    mask[20:40, 30:60] = 1
    # Two images of one stem, of which only one was trained on.
    (image_folder / "sub").mkdir()
    shutil.copy(image_folder / "a.png", image_folder / "sub" / "a.png")
    for name in ("a.png", "c.png", "sub/a.png"):
        (image_folder / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        write_mask(image_folder / "masks" / name, mask)
    state = {"format": 1, "active_model": "0001-tiny", "known": ["a.png"]}
    (image_folder / "segtool.json").write_text(json.dumps(state), encoding="utf-8")
    (image_folder / "classes.json").write_text(
        json.dumps([{"id": 0, "name": "background"}, {"id": 1, "name": "nucleus"}]), encoding="utf-8"
    )
    return image_folder


def reports(folder: Path) -> list[Path]:
    place = folder / REPORTS_FOLDER
    return sorted(place.iterdir()) if place.is_dir() else []


def test_a_report_on_the_persons_masks_is_written_and_opened(
    window: MainWindow, folder: Path, desktop: Desktop, qtbot: QtBot
) -> None:
    assert window.opener.open(folder)
    evaluate = window.action_set[ActionId.EVALUATE]
    assert evaluate.isEnabled()
    evaluate.trigger()
    assert not evaluate.isEnabled()
    assert window.status.job.isVisible()
    qtbot.waitUntil(lambda: desktop.pages != [], timeout=60_000)
    (report,) = reports(folder)
    assert report.name.startswith("0001-tiny-")
    assert desktop.pages == [report / "index.html"]
    assert desktop.pages[0].is_file()
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    kinds = {row["image"]: row["kind"] for row in data["images"]}
    assert kinds == {"a.png": "may have been trained on", "c.tif": "not trained on", "sub/a.png": "not trained on"}
    assert window._session.job is None
    # The pictures of a report are not taken for images of the folder.
    assert [entry.key for entry in Project.open(folder).entries] == [
        "a.png",
        "b.png",
        "broken.png",
        "c.tif",
        "sub/a.png",
    ]


def test_what_could_not_be_segmented_or_read_is_no_secret(
    window: MainWindow, folder: Path, desktop: Desktop, qtbot: QtBot
) -> None:
    # Its id without a class keeps it from being replaced, and says nothing in an evaluation.
    mask = np.zeros((90, 120), dtype=np.uint8)
    mask[20:40, 30:60], mask[:9] = 1, 37
    write_mask(folder / "masks" / "c.png", mask)
    write_mask(folder / "masks" / "broken.png", mask)
    session = window._session
    assert window.opener.open(folder)
    assert session.segment(["broken.png", "c.tif"], policy=Overwrite.REPLACE)
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    assert "without a class" in session.entry_reason("c.tif")
    assert session.evaluate()
    qtbot.waitUntil(lambda: desktop.pages != [], timeout=60_000)
    (report,) = reports(folder)
    data = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert {row["image"] for row in data["images"]} == {"a.png", "c.tif", "sub/a.png"}
    assert [row["image"] for row in data["left_out"]] == ["broken.png"]


def test_a_page_that_nothing_can_show_is_named(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    assert window.opener.open(folder)
    window.action_set[ActionId.EVALUATE].trigger()
    qtbot.waitUntil(lambda: window.messages.texts != [], timeout=60_000)
    (report,) = reports(folder)
    assert window.messages.texts == [f"The report is in {report / 'index.html'}. Open it in a browser."]


def test_an_evaluation_that_is_cancelled_leaves_nothing(
    window: MainWindow, folder: Path, desktop: Desktop, qtbot: QtBot
) -> None:
    assert window.opener.open(folder)
    assert window._session.evaluate()
    window._session.cancel_job()
    qtbot.waitUntil(lambda: window._session.job is None, timeout=60_000)
    assert reports(folder) == []
    assert desktop.pages == []
    assert "no report was written" in window.status.currentMessage()


def test_a_failure_is_told_and_leaves_nothing(window: MainWindow, folder: Path, desktop: Desktop, qtbot: QtBot) -> None:
    (folder / REPORTS_FOLDER).write_text("a file where the folder should be")
    assert window.opener.open(folder)
    assert window._session.evaluate()
    qtbot.waitUntil(lambda: window._session.job is None, timeout=60_000)
    assert any(REPORTS_FOLDER in text for text in window.messages.texts)
    assert desktop.pages == []


def test_without_a_persons_mask_the_menu_says_what_is_missing(opened: MainWindow) -> None:
    evaluate = opened.action_set[ActionId.EVALUATE]
    assert not evaluate.isEnabled()
    assert evaluate.statusTip() == "Correct or approve the mask of at least one image first"


def test_averaging_is_switched_in_the_menu_and_remembered(opened: MainWindow) -> None:
    average = opened.action_set[ActionId.AVERAGE_TURNS]
    assert not average.isChecked()
    assert "8 times as long" in average.statusTip()
    average.trigger()
    assert average.isChecked()
    assert opened._session.averages_turns
    assert Preferences().averages_turns
    average.trigger()
    assert not opened._session.averages_turns
    assert not Preferences().averages_turns
