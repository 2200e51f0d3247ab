"""The history in the real window: what it lists, and what its buttons do."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMessageBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from segtool.gui.actions import ActionId
from segtool.gui.adapting import find_choice
from segtool.gui.commands import Commands
from segtool.gui.history.ask_versions import FieldDialog
from segtool.gui.history.history_dialog import HistoryDialog
from segtool.gui.history.version_detail import ImageUsed, images_used, verdict_text
from segtool.gui.history.version_table import VersionColumn
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.run_plots import RunPlots
from segtool.models.card import MAX_NOTE, read_card
from segtool.models.store import ModelStore
from segtool.models.versions import annotate
from tests.gui.training_fixtures import child


def dialog_of(window: MainWindow) -> HistoryDialog:
    (commands,) = window.findChildren(Commands)
    dialog = commands.history.history
    assert dialog is not None
    return dialog


@pytest.fixture
def dialog(versions_window: MainWindow, qtbot: QtBot) -> HistoryDialog:
    versions_window.action_set[ActionId.HISTORY].trigger()
    dialog = dialog_of(versions_window)
    qtbot.waitExposed(dialog)
    return dialog


def rows(dialog: HistoryDialog) -> dict[str, list[str]]:
    items = [dialog.table.topLevelItem(row) for row in range(dialog.table.topLevelItemCount())]
    return {item.text(0): [item.text(column) for column in VersionColumn] for item in items if item is not None}


def answer(qtbot: QtBot, act: object) -> None:
    """Let ``act`` deal with the next question, as a person would."""

    def look() -> None:
        question = QApplication.activeModalWidget()
        if question is None:
            QTimer.singleShot(10, look)
        else:
            act(question)  # type: ignore[operator]

    QTimer.singleShot(0, look)


def test_every_model_is_listed_with_what_is_known(dialog: HistoryDialog) -> None:
    listed = rows(dialog)
    assert list(listed) == ["aerial (bundled)", "nuclei (bundled)", "0001-a", "0002-b"]
    assert listed["0001-a"] == ["0001-a", "nuclei", "01 Jan 2026", "5", "0.500", "1:05", ""]
    assert listed["nuclei (bundled)"][VersionColumn.PARENT] == "–"
    entry = dialog.table.entry
    assert entry is not None
    assert entry.name == "0002-b"
    item = dialog.table.currentItem()
    assert item is not None
    assert not item.icon(0).isNull()
    assert item.font(0).bold()


def test_the_details_tell_where_a_version_came_from(dialog: HistoryDialog, qtbot: QtBot) -> None:
    texts = dialog.detail.texts()
    facts = dict(zip(texts, texts[1:], strict=False))
    assert facts["Came from"] == "nuclei  →  0001-a  →  0002-b"
    assert facts["Verdict"] == "Accepted: F1 0.750, 0001-a has 0.500."
    assert facts["Started from"] == "0001-a"
    listing = dialog.detail.findChild(QPlainTextEdit)
    assert listing is not None
    assert listing.toPlainText() == "01234567  a.png\nb.png"
    dialog.table.pick("0001-a")
    texts = dialog.detail.texts()
    assert dict(zip(texts, texts[1:], strict=False))["Led to"] == "0002-b"
    dialog.table.pick("nuclei")
    assert dialog.detail.findChild(RunPlots) is not None


def test_one_click_rolls_back(dialog: HistoryDialog, versions_window: MainWindow, qtbot: QtBot) -> None:
    session = versions_window._session
    dialog.back_action.trigger()
    assert session.model is not None
    assert session.model.name == "0001-a"
    assert dialog.table.entry is not None
    assert dialog.table.entry.name == "0001-a"
    assert not dialog.activate_action.isEnabled()
    dialog.table.pick("0002-b")
    dialog.activate_action.trigger()
    assert session.model.name == "0002-b"


def test_return_makes_a_version_active_and_keeps_the_window(dialog: HistoryDialog, versions_window: MainWindow) -> None:
    dialog.table.pick("0001-a")
    dialog.table.setFocus()
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert versions_window._session.model is not None
    assert versions_window._session.model.name == "0001-a"
    assert dialog.isVisible()


def test_rolling_back_is_in_the_menu_too(versions_window: MainWindow) -> None:
    action, session = versions_window.action_set[ActionId.ROLL_BACK], versions_window._session
    assert action.isEnabled()
    action.trigger()
    assert session.model is not None
    assert session.model.name == "0001-a"
    action.trigger()
    assert session.model.name == "nuclei"
    assert not action.isEnabled()
    assert action.statusTip() == "There was no model before nuclei"
    assert versions_window.model.combo.currentData() == "nuclei"


def test_renaming_and_noting_go_through_their_questions(
    dialog: HistoryDialog, versions_window: MainWindow, versions_folder: Path, qtbot: QtBot
) -> None:
    def type_title(question: QDialog) -> None:
        field = question.findChild(QLineEdit)
        assert field is not None
        assert field.selectedText() == "0002-b"
        QTest.keyClicks(field, "Second <b>try</b>")
        QTest.keyClick(field, Qt.Key.Key_Return)

    answer(qtbot, type_title)
    dialog.rename_action.trigger()
    qtbot.waitUntil(lambda: "Second <b>try</b>" in rows(dialog))
    assert versions_window.model.combo.currentText() == "Second <b>try</b>"
    assert read_card(versions_folder / "models" / "0002-b").title == "Second <b>try</b>"

    def type_note(question: FieldDialog) -> None:
        field = question.findChild(QPlainTextEdit)
        assert field is not None
        field.setPlainText("x" * (MAX_NOTE + 1))
        ok = question.buttons.buttons()[0]
        assert not ok.isEnabled()
        assert question.problem.text() == "Too long by 1."
        field.setPlainText("first line\nsecond line")
        assert ok.isEnabled()
        ok.click()

    answer(qtbot, type_note)
    dialog.note_action.trigger()
    qtbot.waitUntil(lambda: rows(dialog)["Second <b>try</b>"][VersionColumn.NOTE] == "first line second line")
    assert "first line\nsecond line" in dialog.detail.texts()


def test_deleting_asks_and_names_what_came_of_the_version(
    dialog: HistoryDialog, versions_window: MainWindow, versions_folder: Path, qtbot: QtBot
) -> None:
    assert not dialog.delete_action.isEnabled()
    assert dialog.delete_action.toolTip() == "Make another model active first"
    dialog.table.pick("0001-a")
    assert dialog.delete_action.isEnabled()
    asked: list[str] = []

    def cancel(question: QMessageBox) -> None:
        asked.append(question.informativeText())
        question.button(QMessageBox.StandardButton.Cancel).click()

    def delete(question: QMessageBox) -> None:
        next(button for button in question.buttons() if button.text() == "Delete").click()

    answer(qtbot, cancel)
    dialog.delete_action.trigger()
    assert asked[0].startswith("0002-b was trained from it")
    assert (versions_folder / "models" / "0001-a").is_dir()
    answer(qtbot, delete)
    dialog.delete_action.trigger()
    qtbot.waitUntil(lambda: "0001-a" not in rows(dialog))
    assert not (versions_folder / "models" / "0001-a").exists()
    # The row is gone, so the active version is shown, whose parent is named all the same.
    texts = dialog.detail.texts()
    assert dict(zip(texts, texts[1:], strict=False))["Came from"] == "0001-a (gone)  →  0002-b"
    assert not dialog.back_action.isEnabled()


def test_a_version_that_may_be_in_a_mix_is_not_deleted(
    dialog: HistoryDialog, versions_window: MainWindow, versions_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    adapting, session = versions_window.adapting, versions_window._session
    adapting._program = child(tmp_path, "sys.stdin.readline()")
    dialog.table.pick("0001-a")

    def mix_and_delete(question: QMessageBox) -> None:
        # Another window starts it while the question is open.
        assert session.model is not None
        assert adapting.start(find_choice(session.models, session.model), 0.5)
        next(button for button in question.buttons() if button.text() == "Delete").click()

    answer(qtbot, mix_and_delete)
    dialog.delete_action.trigger()
    assert versions_window.messages.texts == ["0001-a was not deleted. Wait until the new version is made."]
    assert not dialog.delete_action.isEnabled()
    assert dialog.delete_action.toolTip() == "Wait until the new version is made"
    adapting.cancel()
    qtbot.waitUntil(lambda: not adapting.state.is_running, timeout=10_000)
    assert dialog.delete_action.isEnabled()
    assert (versions_folder / "models" / "0001-a").is_dir()


def test_an_export_goes_where_the_person_says(
    dialog: HistoryDialog,
    versions_window: MainWindow,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The desktop's own dialog stands outside of the window.
    monkeypatch.setattr(
        "segtool.gui.history.ask_versions.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "out")
    )
    (tmp_path / "out").mkdir()
    dialog.export_action.trigger()
    target = tmp_path / "out" / "0002-b"
    qtbot.waitUntil(lambda: versions_window.status.currentMessage() == f"0002-b was exported to {target}.")
    assert ModelStore().resolve(str(target)) == target


def test_bundled_models_cannot_be_changed(dialog: HistoryDialog) -> None:
    dialog.table.pick("nuclei")
    for action in (dialog.rename_action, dialog.note_action, dialog.delete_action):
        assert not action.isEnabled()
        assert action.toolTip() == "nuclei comes with the program"
    assert dialog.export_action.isEnabled()
    assert dialog.activate_action.isEnabled()


def test_comparing_starts_from_the_chosen_version(
    dialog: HistoryDialog, versions_window: MainWindow, qtbot: QtBot
) -> None:
    dialog.table.pick("0001-a")
    dialog.compare_action.trigger()
    (commands,) = versions_window.findChildren(Commands)
    comparison = commands.history.comparison
    assert comparison is not None
    assert (comparison.first.currentData(), comparison.second.currentData()) == ("0001-a", "0002-b")
    comparison.reject()


def test_titles_are_shown_in_the_panels(versions_window: MainWindow, versions_folder: Path) -> None:
    annotate(versions_folder / "models" / "0001-a", title="First")
    versions_window._session.refresh_models()
    combo, versions = versions_window.model.combo, versions_window.learning.versions.list
    assert combo.itemText(combo.findData("0001-a")) == "First"
    item = versions.topLevelItem(2)
    assert item is not None
    assert item.text(0) == "First"
    assert "0001-a" in item.toolTip(0)


@pytest.mark.parametrize(
    ("training", "used"),
    [
        ({"images_used": [{"key": "a", "sha256": "ff"}], "image_keys": ["b"]}, (ImageUsed("a", "ff"),)),
        ({"images_used": "x", "image_keys": ["b", 3]}, (ImageUsed("b"),)),
        ({"images_used": [{"key": 1}, {"key": "c", "sha256": 5}]}, (ImageUsed("c"),)),
        ({"image_keys": 5}, ()),
        ({}, ()),
    ],
)
def test_a_card_may_say_anything_about_its_images(training: dict[str, object], used: tuple[ImageUsed, ...]) -> None:
    assert images_used(training) == used


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        ({"accepted": False, "why": "It is worse."}, "Not accepted: It is worse."),
        ({"accepted": True}, "Accepted."),
        ({"accepted": "yes"}, ""),
        ("accepted", ""),
        (None, ""),
    ],
)
def test_a_verdict_is_told_where_there_is_one(verdict: object, text: str) -> None:
    assert verdict_text({"verdict": verdict}) == text
