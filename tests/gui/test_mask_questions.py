"""Masks of other kinds in the real window: asked about, mapped by an edit, kept as a copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID, ClassSet
from segtool.core.geometry import Rect
from segtool.formats.mask_kinds import Fit, MaskKind
from segtool.formats.mask_png import encode_mask, read_mask
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.mask_mapping_dialog import MaskMappingDialog
from segtool.gui.main_window import MainWindow
from segtool.gui.mask_questions import ValuesAnswer
from segtool.gui.session import Session
from segtool.project.document import Document
from segtool.project.lock import LOCK_FILE, FolderLock
from segtool.project.mask_answers import ANSWERS_FILE, MaskAnswers, write_answers
from segtool.project.mask_question import MaskQuestion
from tests.faults.odd_masks import SHAPE, MaskFile, asked_kinds, make_folder, plain_kinds
from tests.formats.file_makers import png_of

ODD = {file.kind: file for file in asked_kinds(np.random.default_rng(1))}


@pytest.fixture
def open_masks(make_window: Callable[[], MainWindow], tmp_path: Path) -> Callable[..., tuple[MainWindow, Session]]:
    """Opens a folder with such masks in a window, at the first of its images."""

    def open_them(*files: MaskFile) -> tuple[MainWindow, Session]:
        make_folder(tmp_path / "photos", list(files))
        window = make_window()
        assert window.opener.open(tmp_path / "photos")
        return window, window._session

    return open_them


def open_mask(session: Session, tmp_path: Path, file: MaskFile) -> None:
    """Open a folder with one image that has such a mask."""
    make_folder(tmp_path / "photos", [file])
    assert session.open_folder(tmp_path / "photos")
    assert session.open_image("0000.png")


def shown(session: Session) -> Document:
    assert session.document is not None
    return session.document


def take_guess(question: MaskQuestion, classes: ClassSet) -> ValuesAnswer:
    return ValuesAnswer(question.table, classes, for_all=True)


def mask_file(tmp_path: Path, number: int = 0) -> Path:
    return tmp_path / "photos" / "masks" / f"{number:04}.png"


def click(window: MainWindow) -> None:
    QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=window.canvas.rect().center())


def test_the_question_comes_with_the_first_stroke_and_not_before(
    open_masks: Callable[..., tuple[MainWindow, Session]], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(dialog: QDialog) -> int:
        asked.append(dialog.windowTitle())
        return QDialog.DialogCode.Rejected

    monkeypatch.setattr(MaskMappingDialog, "exec", answer)
    window, session = open_masks(ODD["RGB"], ODD["16 bits"])
    session.step_image(1)
    session.step_image(-1)
    (text,) = window.messages.texts
    assert "0000.png: the mask holds 3 colours" in text
    assert asked == []
    click(window)
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert shown(session).question is not None
    # The row has gone with the answer of its button; a person who has cancelled is not asked twice.
    row = window.messages._rows[0]
    row.buttons[0].click()
    assert len(asked) == 2
    np.testing.assert_array_equal(shown(session).mask, ODD["RGB"].mask)


def test_an_answer_holds_for_the_folder_and_writes_nothing_by_itself(
    open_masks: Callable[..., tuple[MainWindow, Session]], tmp_path: Path, qtbot: QtBot
) -> None:
    second = {file.kind: file for file in asked_kinds(np.random.default_rng(2))}["RGB"]
    window, session = open_masks(ODD["RGB"], second, ODD["16 bits"])
    session.mask_questions.ask_values = take_guess
    session.mask_questions.decide()
    assert "the mask holds" not in " ".join(window.messages.texts)
    assert session.wait_until_saved()
    np.testing.assert_array_equal(read_mask(mask_file(tmp_path)), ODD["RGB"].mask)
    assert mask_file(tmp_path).with_suffix(".png.bak").read_bytes() == ODD["RGB"].data
    session.step_image(1)
    assert shown(session).read_only_reason == ""
    np.testing.assert_array_equal(shown(session).mask, second.mask)
    assert "mapped as before" in window.messages.texts[-1]
    assert not shown(session).is_dirty
    assert session.wait_until_saved()
    assert mask_file(tmp_path, 1).read_bytes() == second.data
    # It is saved, and its original kept, once it is painted in.
    click(window)
    assert session.wait_until_saved()
    assert mask_file(tmp_path, 1).with_suffix(".png.bak").read_bytes() == second.data
    session.undo()
    np.testing.assert_array_equal(shown(session).mask, second.mask)
    session.step_image(1)
    assert shown(session).question is not None
    assert (tmp_path / "photos" / ANSWERS_FILE).is_file()


def test_an_answer_about_a_file_that_is_another_one_by_now_is_not_taken(session: Session, tmp_path: Path) -> None:
    open_mask(session, tmp_path, ODD["RGB"])

    def answer_late(question: MaskQuestion, classes: ClassSet) -> ValuesAnswer:
        mask_file(tmp_path).write_bytes(ODD["16 bits"].data)
        return ValuesAnswer(question.table, classes, for_all=False)

    session.mask_questions.ask_values = answer_late
    session.mask_questions.decide()
    assert session.wait_until_saved()
    assert mask_file(tmp_path).read_bytes() == ODD["16 bits"].data
    assert "16-bit numbers" in shown(session).read_only_reason


def test_nothing_is_answered_or_converted_in_a_folder_that_another_window_has(
    make_window: Callable[[], MainWindow], tmp_path: Path, qtbot: QtBot
) -> None:
    second = {file.kind: file for file in asked_kinds(np.random.default_rng(2))}["RGB"]
    folder = tmp_path / "photos"
    make_folder(folder, [ODD["RGB"], second])
    table = {"#000000": 0, "#800000": 1, "#008000": 2}
    write_answers(folder, MaskAnswers().with_table(MaskKind.COLOURS, table))
    lock = FolderLock.take(folder, doing="window")
    window = make_window()
    assert window.opener.open(folder)
    session = window._session
    assert shown(session).mapped is not None
    assert [button.text() for row in window.messages._rows for button in row.buttons] == ["Edit here"]
    session.mask_questions.ask_values = take_guess
    session.mask_questions.keep()
    session.mask_questions.decide()
    session.mask_questions.convert_all()
    qtbot.waitUntil(lambda: session.job is None)
    assert not session.has_unsaved()
    assert session.wait_until_saved()
    assert mask_file(tmp_path).read_bytes() == ODD["RGB"].data
    assert mask_file(tmp_path, 1).read_bytes() == second.data
    # Whatever might try it all the same.
    shown(session).note_change()
    assert not session.wait_until_saved()
    assert mask_file(tmp_path).read_bytes() == ODD["RGB"].data
    lock.release()
    window._session.holding.edit_here()
    assert session.wait_until_saved()


def test_nothing_is_left_in_a_folder_that_was_taken_over(session: Session, tmp_path: Path) -> None:
    open_mask(session, tmp_path, ODD["RGB"])
    session.mask_questions.ask_values = take_guess
    session.mask_questions.decide()
    (tmp_path / "photos" / LOCK_FILE).write_bytes(b"{}")
    assert not session.wait_until_saved()
    assert [path.name for path in mask_file(tmp_path).parent.iterdir()] == ["0000.png"]
    assert mask_file(tmp_path).read_bytes() == ODD["RGB"].data


def test_all_masks_of_the_folder_can_be_saved_as_class_ids(
    open_masks: Callable[..., tuple[MainWindow, Session]], tmp_path: Path, qtbot: QtBot
) -> None:
    more = [{file.kind: file for file in asked_kinds(np.random.default_rng(seed))}["RGB"] for seed in (3, 4)]
    window, session = open_masks(ODD["RGB"], *more, ODD["16 bits"], plain_kinds(np.random.default_rng(1))[0])
    session.mask_questions.ask_values = take_guess
    session.mask_questions.decide()
    assert session.wait_until_saved()
    session.mask_questions.convert_all()
    qtbot.waitUntil(lambda: session.job is None)
    for number, file in enumerate(more, start=1):
        np.testing.assert_array_equal(read_mask(mask_file(tmp_path, number)), file.mask)
        assert mask_file(tmp_path, number).with_suffix(".png.bak").read_bytes() == file.data
    assert "Not those of 0003.png" in window.messages.texts[-1]
    assert mask_file(tmp_path, 3).read_bytes() == ODD["16 bits"].data


def test_undoing_the_answer_brings_the_question_back_before_it_is_saved(session: Session, tmp_path: Path) -> None:
    told: list[str] = []
    session.question.connect(lambda text, level, choices: told.append(text))
    open_mask(session, tmp_path, ODD["0 and 255"])
    session.mask_questions.ask_values = lambda question, classes: ValuesAnswer(
        {"0": 0, "255": VOID}, classes, for_all=False
    )
    session.mask_questions.decide()
    document = shown(session)
    np.testing.assert_array_equal(document.mask, np.where(ODD["0 and 255"].mask == 1, VOID, 0))
    session.undo()
    assert document.question is not None
    assert not document.is_dirty
    assert len(told) == 2
    assert told[0] == told[1]
    assert session.wait_until_saved()
    assert mask_file(tmp_path).read_bytes() == ODD["0 and 255"].data
    session.redo()
    assert document.read_only_reason == ""
    assert session.wait_until_saved()
    np.testing.assert_array_equal(read_mask(mask_file(tmp_path)), document.mask)
    assert mask_file(tmp_path).with_suffix(".png.bak").read_bytes() == ODD["0 and 255"].data


def test_a_mask_of_another_size_becomes_what_is_answered(
    open_masks: Callable[..., tuple[MainWindow, Session]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buttons = ["Crop or pad", "Resize", "Start blank", "View only"]
    _, session = open_masks(*[ODD["other size"]] * len(buttons))
    texts = []

    def press(box: QMessageBox) -> QAbstractButton:
        texts.append(box.text())
        return next(item for item in box.buttons() if item.text() == buttons[len(texts) - 1])

    monkeypatch.setattr(ask, "_run", press)
    for number, button in enumerate(buttons):
        assert session.open_image(f"{number:04}.png")
        session.mask_questions.decide()
        assert f"{SHAPE[1] + 7} × {SHAPE[0] + 10}" in texts[-1]
        document = shown(session)
        assert (document.question is not None) == (button == "View only")
        assert session.wait_until_saved()
        is_written = button in ("Crop or pad", "Resize")
        assert (mask_file(tmp_path, number).read_bytes() != ODD["other size"].data) == is_written
        assert mask_file(tmp_path, number).with_suffix(".png.bak").exists() == is_written
        if button == "Crop or pad":
            np.testing.assert_array_equal(document.mask, ODD["other size"].mask)
        elif button == "Start blank":
            assert (document.mask == VOID).all()
    # What was laid aside is kept as soon as something takes its place.
    assert session.open_image("0002.png")
    monkeypatch.setattr(session.mask_questions, "ask_size", lambda question: Fit.BLANK)
    session.mask_questions.decide()
    assert session.apply_pixels("Paint", Rect(0, 0, 2, 2), np.ones((2, 2), np.uint8))
    assert session.wait_until_saved()
    assert mask_file(tmp_path, 2).with_suffix(".png.bak").read_bytes() == ODD["other size"].data


def test_new_classes_of_an_answer_get_ids_of_the_folder(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    open_mask(session, tmp_path, ODD["RGB"])
    question = shown(session).question
    assert question is not None
    dialog = MaskMappingDialog(question, session.classes)
    qtbot.addWidget(dialog)
    dialog.choose(1, -1)
    assert not dialog.apply_button.isEnabled()
    dialog.new_button.click()
    assert dialog.apply_button.isEnabled()
    answer = dialog.answer()
    assert len(answer.classes) == 4
    session.mask_questions.ask_values = lambda question, classes: answer
    session.mask_questions.decide()
    key = question.odd.values[1].key if question.odd is not None else ""
    assert session.classes.named(f"colour {key}") is not None
    counts = {value.key: value.pixels for value in question.odd.values} if question.odd is not None else {}
    added = session.classes.named(f"colour {key}")
    assert added is not None
    assert int((shown(session).mask == added.id).sum()) == counts[key]


def test_an_id_without_a_class_is_named_kept_and_given_a_class_by_one_click(
    open_masks: Callable[..., tuple[MainWindow, Session]], tmp_path: Path
) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[:10] = 37
    image = PillowImage.fromarray(mask)
    image.save(tmp_path / "grey.png")
    window, session = open_masks(MaskFile("grey", (tmp_path / "grey.png").read_bytes(), mask, asks=False))
    assert shown(session).read_only_reason == ""
    assert session.add_class("new")
    assert session.classes.ids == (0, 1, 2, 3)
    panel = window.classes.unknown_ids
    assert list(panel.buttons) == [37]
    assert not panel.isHidden()
    QTest.mouseMove(window.canvas, window.canvas.image_to_widget(30.5, 4.5).toPoint())
    assert window.status.hover_label.text().endswith("id 37 (no class)")
    panel.buttons[37].click()
    assert session.classes.label(37) == "class 37"
    assert panel.isHidden()
    assert (shown(session).mask == mask).all()


def test_a_new_class_never_takes_an_id_that_a_mask_holds_without_a_class(session: Session, tmp_path: Path) -> None:
    mask = np.full(SHAPE, 3, np.uint8)
    open_mask(session, tmp_path, MaskFile("own", encode_mask(mask), mask, asks=False))
    assert session.add_class("new")
    assert session.classes.ids == (0, 1, 2, 4)


def test_size_and_values_are_asked_about_together(session: Session, tmp_path: Path) -> None:
    coloured = np.zeros((SHAPE[0] * 2, SHAPE[1] * 2, 3), np.uint8)
    coloured[:20, :20, 0] = 128
    open_mask(session, tmp_path, MaskFile("RGB", png_of(coloured, colour_type=2), None, asks=True))
    session.mask_questions.ask_size = lambda question: Fit.RESIZE
    session.mask_questions.ask_values = take_guess
    session.mask_questions.decide()
    expected = np.zeros(SHAPE, np.uint8)
    expected[:10, :10] = 1
    np.testing.assert_array_equal(shown(session).mask, expected)
