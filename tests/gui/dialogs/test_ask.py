"""The questions themselves: shown for real, and answered by clicking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from segtool.gui.dialogs import ask
from segtool.gui.dialogs.ask import ReadOnlyAnswer, SaveAnswer
from segtool.gui.session_state import ChangedMaskAnswer, Overwrite


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def click(qtbot: QtBot) -> Callable[[str], list[str]]:
    """Arranges a click on the button of that text in the next box; the box's texts land in the list returned."""

    def arrange(text: str) -> list[str]:
        said: list[str] = []

        def act() -> None:
            box = QApplication.activeModalWidget()
            assert isinstance(box, QMessageBox)
            said.extend((box.text(), box.informativeText()))
            button = next((b for b in box.buttons() if b.text().replace("&", "") == text), None)
            if button is None:
                qtbot.keyClick(box, Qt.Key.Key_Escape)
            else:
                qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

        QTimer.singleShot(0, act)
        return said

    return arrange


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ("Save", SaveAnswer.SAVE),
        ("Discard", SaveAnswer.DISCARD),
        ("Cancel", SaveAnswer.CANCEL),
        ("(Esc)", SaveAnswer.CANCEL),
    ],
)
def test_save(parent: QWidget, click: Callable[[str], list[str]], button: str, answer: SaveAnswer) -> None:
    said = click(button)
    assert ask.ask_save(parent, images=3) is answer
    assert "3 images" in said[0]


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ("Fill unlabelled", Overwrite.FILL_VOID),
        ("Skip", Overwrite.SKIP),
        ("Replace", Overwrite.REPLACE),
        ("Cancel", None),
    ],
)
def test_overwrite(parent: QWidget, click: Callable[[str], list[str]], button: str, answer: Overwrite | None) -> None:
    said = click(button)
    assert ask.ask_overwrite(parent, worked_on=2, total=6) is answer
    assert "2 of 6 masks" in said[0]


def test_one_image_alone_cannot_be_skipped(parent: QWidget, click: Callable[[str], list[str]]) -> None:
    click("Skip")
    assert ask.ask_overwrite(parent, worked_on=1, total=1) is None


@pytest.mark.parametrize(("button", "answer"), [("Stop training", True), ("Keep training", False), ("(Esc)", False)])
def test_stop_training(parent: QWidget, click: Callable[[str], list[str]], button: str, answer: bool) -> None:
    click(button)
    assert ask.ask_stop_training(parent, epochs=2) is answer


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ("Reload", ChangedMaskAnswer.RELOAD),
        ("Keep mine", ChangedMaskAnswer.KEEP),
        ("Save a copy…", ChangedMaskAnswer.COPY),
        ("Cancel", None),
    ],
)
def test_changed_mask(
    parent: QWidget, click: Callable[[str], list[str]], button: str, answer: ChangedMaskAnswer | None
) -> None:
    said = click(button)
    assert ask.ask_changed_mask(parent, key="a.png") is answer
    assert "a.png" in said[0]


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ("Choose a folder…", ReadOnlyAnswer.OTHER_PLACE),
        ("View only", ReadOnlyAnswer.VIEW),
        ("(Esc)", ReadOnlyAnswer.VIEW),
    ],
)
def test_read_only(
    parent: QWidget, click: Callable[[str], list[str]], button: str, answer: ReadOnlyAnswer, tmp_path: Path
) -> None:
    said = click(button)
    reason = "There is no room. Choose another folder for the masks."
    assert ask.ask_read_only(parent, root=tmp_path / "photos", reason=reason) is answer
    assert "photos" in said[0]
    assert said[1].startswith(reason)


def test_errors_are_shown_with_their_details(parent: QWidget, click: Callable[[str], list[str]]) -> None:
    said = click("Close")
    ask.show_error(parent, title="Something went wrong", text="It broke.", details="The log is there.")
    assert said == ["It broke.", "The log is there."]


@pytest.mark.parametrize(("button", "answer"), [("Open", True), ("Do not open", False), ("(Esc)", False)])
def test_large_image(parent: QWidget, click: Callable[[str], list[str]], button: str, answer: bool) -> None:
    said = click(button)
    needs, free = 5_100_000_000, 3_200_000_000
    assert ask.ask_large_image(parent, "large.tif", needs=needs, free=free) is answer
    assert said[0] == "large.tif needs about 5.1 GB, 3.2 GB are free. Open it all the same?"
    assert "becomes slow" in said[1]


def test_large_image_of_a_very_small_file(parent: QWidget, click: Callable[[str], list[str]]) -> None:
    said = click("Do not open")
    assert not ask.ask_large_image(parent, "large.tif", needs=2_100_000_000, free=9_000_000_000, is_swollen=True)
    assert "very small for that" in said[1]
