"""After a crash the folder is opened, and what was not saved comes back, or stays where it is."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.recovery_choice import Answer, FoundChanges
from segtool.gui.session import Session
from segtool.project import journal_writer
from segtool.project.journal import FORMAT_VERSION
from segtool.project.layout import STATE_FILE
from segtool.project.lock import FolderLock
from segtool.project.project import Project
from segtool.project.recovery import Fit, journal_paths
from segtool.project.status import Status
from segtool.sample import draw_nuclei

Crash = Callable[..., npt.NDArray[np.uint8]]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_writer, "SYNC_WITHIN_S", 0.001)


@pytest.fixture
def crash(qapp: QApplication, image_folder: Path) -> Crash:
    """Ends the program with unsaved changes in an image, and returns its mask."""

    def end(key: str = "a.png", *, x: int = 0, saved_first: bool = False) -> npt.NDArray[np.uint8]:
        session = Session(autosave_ms=3_600_000, suggest_models=False)
        assert session.open_folder(image_folder)
        assert session.open_image(key)
        if saved_first:
            assert session.apply_pixels("Fill", Rect(0, 60, 20, 20), np.ones((20, 20), np.uint8))
            assert session.wait_until_saved()
        for start in (x, x + 30):
            assert session.apply_pixels("Fill", Rect(start, 0, 20, 30), np.ones((30, 20), np.uint8))
        assert session.document is not None
        mask = session.document.mask.copy()
        session.close()
        return mask

    return end


class Asked:
    """Answers in a person's place, and keeps what was shown."""

    def __init__(self) -> None:
        self.answer = Answer.RESTORE
        self.found: list[FoundChanges] = []

    def __call__(self, parent: object, *, found: list[FoundChanges]) -> list[Answer]:
        self.found = list(found)
        return [self.answer] * len(found)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    monkeypatch.setattr(ask, "ask_recovery", asked)
    return asked


def paths(folder: Path) -> list[Path]:
    return journal_paths(Project.open(folder))


def settled(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window._session.has_unsaved() and paths(folder) == [], timeout=20_000)


def test_what_was_not_saved_comes_back_as_an_edit_and_is_saved(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    mask = crash("c.tif")
    assert window.opener.open(image_folder)
    (found,) = asked.found
    assert (found.item.key, found.item.fit, found.item.count) == ("c.tif", Fit.FITS, 2)
    assert found.picture.shape[2] == 3
    session = window._session
    assert session.document is not None
    assert session.document.entry.key == "c.tif"
    assert np.array_equal(session.document.mask, mask)
    assert [edit.name for edit in session.document.history.edits] == ["Recovered changes"]
    assert session.project is not None
    assert session.project.status("c.tif") is Status.CORRECTED
    settled(window, image_folder, qtbot)
    assert np.array_equal(read_mask(session.document.entry.mask_path), mask)
    session.undo()
    assert (session.document.mask == 255).all()
    assert Project.open(image_folder).status("c.tif") is Status.CORRECTED


def test_several_images_come_back(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    masks = {"a.png": crash("a.png"), "b.png": crash("b.png", saved_first=True)}
    asked.answer = Answer.LATER
    # Two starts of the program that ended in a crash; nothing was answered in between.
    assert window.opener.open(image_folder)
    assert len(asked.found) == len(paths(image_folder)) == 2
    asked.answer = Answer.RESTORE
    assert window.opener.open(image_folder)
    settled(window, image_folder, qtbot)
    for key, mask in masks.items():
        assert np.array_equal(read_mask(Project.open(image_folder).entry(key).mask_path), mask)


def test_two_journals_of_one_image_bring_back_what_each_of_them_has_changed(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    first, second = crash("a.png", x=0), crash("a.png", x=60)
    assert window.opener.open(image_folder)
    assert [found.item.fit for found in asked.found] == [Fit.FITS, Fit.FITS]
    settled(window, image_folder, qtbot)
    saved = read_mask(image_folder / "masks" / "a.png")
    assert np.array_equal(saved, np.where(second == 255, first, second))


def test_later_keeps_the_journal_whatever_is_done_to_its_image_meanwhile(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    mask = crash("a.png")
    (kept,) = paths(image_folder)
    data = kept.read_bytes()
    asked.answer = Answer.LATER
    assert window.opener.open(image_folder)
    assert "you are asked again" in window.status.currentMessage()
    session = window._session
    assert session.apply_pixels("Fill", Rect(80, 50, 9, 9), np.zeros((9, 9), np.uint8))
    qtbot.waitUntil(lambda: session.save_state.is_journalled, timeout=20_000)
    assert len(paths(image_folder)) == 2
    assert session.wait_until_saved()
    assert window.opener.open(image_folder)
    assert paths(image_folder) == [kept]
    assert kept.read_bytes() == data
    (found,) = asked.found
    assert found.item.fit is Fit.MASK_CHANGED
    assert np.array_equal(found.item.mask(), mask)


def test_over_a_mask_that_something_else_has_changed_only_a_copy_is_proposed(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    mask = crash("a.png", saved_first=True)
    path = image_folder / "masks" / "a.png"
    write_mask(path, np.zeros((90, 120), np.uint8))
    before = path.read_bytes()
    (image_folder / "masks" / "a.recovered.png").write_bytes(b"taken")
    asked.answer = Answer.COPY
    assert window.opener.open(image_folder)
    assert asked.found[0].item.fit is Fit.MASK_CHANGED
    copy = read_mask(image_folder / "masks" / "a.recovered-2.png")
    assert np.array_equal(copy, mask)
    assert path.read_bytes() == before
    assert paths(image_folder) == []
    assert any("a.recovered-2.png" in text for text in window.messages.texts)


def test_an_image_that_is_gone_keeps_its_journal_until_it_is_exported(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = crash("a.png")
    (image_folder / "a.png").unlink()
    target = tmp_path / "out.png"
    asked.answer = Answer.EXPORT
    for chosen in (None, tmp_path / "no" / "folder\0", target):
        monkeypatch.setattr(ask, "ask_mask_file", lambda *args, chosen=chosen, **named: chosen)
        assert len(paths(image_folder)) == 1
        assert window.opener.open(image_folder)
        assert asked.found[0].item.fit is Fit.IMAGE_GONE
    assert np.array_equal(read_mask(target), mask)
    assert paths(image_folder) == []


def test_an_image_of_another_size_is_not_given_the_mask(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path
) -> None:
    crash("a.png")
    assert cv2.imwrite(os.fspath(image_folder / "a.png"), np.zeros((50, 60), np.uint8))
    assert window.opener.open(image_folder)
    assert asked.found[0].item.fit is Fit.IMAGE_CHANGED
    assert asked.found[0].item.reason == "it has 60 × 50 pixels now, and had 120 × 90"
    # Even if it is asked for.
    assert len(paths(image_folder)) == 1
    assert any("stay in the journal" in text for text in window.messages.texts)


def test_journals_of_two_sizes_of_an_image_are_both_offered(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path
) -> None:
    crash("a.png")
    assert cv2.imwrite(os.fspath(image_folder / "a.png"), np.zeros((90, 45), np.uint8))
    asked.answer = Answer.LATER
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    assert session.apply_pixels("Fill", Rect(0, 0, 20, 30), np.ones((30, 20), np.uint8))
    session.close()
    assert window.opener.open(image_folder)
    assert [found.item.fit for found in asked.found] == [Fit.IMAGE_CHANGED, Fit.FITS]


def test_the_mask_of_an_image_that_is_cut_short_comes_back(
    window: MainWindow, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    path = image_folder / "cut.jpg"
    assert cv2.imwrite(os.fspath(path), draw_nuclei(5, size=(200, 160))[0])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    assert session.open_folder(image_folder)
    session._documents.damage_accepted.add("cut.jpg")
    assert session.open_image("cut.jpg")
    assert session.apply_pixels("Fill", Rect(0, 0, 20, 30), np.ones((30, 20), np.uint8))
    session.close()
    assert window.opener.open(image_folder)
    assert asked.found[0].item.fit is Fit.FITS
    settled(window, image_folder, qtbot)
    assert (read_mask(image_folder / "masks" / "cut.png")[:30, :20] == 1).all()
    assert window._session.document is not None
    assert window._session.document.read_only_reason == ""


def test_pixels_of_a_class_that_is_gone_are_named_and_no_new_class_gets_them(
    window: MainWindow, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    assert session.add_class("gone")
    assert session.active_class == 2
    assert session.apply_pixels("Fill", Rect(0, 0, 20, 30), np.full((30, 20), 2, np.uint8))
    session.close()
    asked.answer = Answer.LATER
    assert window.opener.open(image_folder)
    assert window._session.class_edits.remove(2, replacement=0)
    qtbot.waitUntil(lambda: window._session.job is None)
    assert window._session.wait_until_saved()
    # The one that removed it has ended since.
    window._session.class_edits.forget_project()
    asked.answer = Answer.RESTORE
    assert window.opener.open(image_folder)
    settled(window, image_folder, qtbot)
    assert list(window.classes.unknown_ids.buttons) == [2]
    assert window._session.add_class("new")
    assert window._session.active_class == 3


def test_what_is_discarded_is_gone(window: MainWindow, crash: Crash, asked: Asked, image_folder: Path) -> None:
    crash("a.png")
    asked.answer = Answer.DISCARD
    assert window.opener.open(image_folder)
    assert paths(image_folder) == []
    assert window._session.document is not None
    assert (window._session.document.mask == 255).all()


def test_a_journal_of_which_nothing_can_be_used_is_kept_aside(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path
) -> None:
    crash("a.png")
    (path,) = paths(image_folder)
    path.write_bytes(path.read_bytes()[40:])
    assert window.opener.open(image_folder)
    assert asked.found == []
    assert paths(image_folder) == []
    assert path.with_name(f"{path.name}.damaged").exists()
    assert any("could not be recovered" in text for text in window.messages.texts)


def test_a_journal_of_a_newer_version_is_left_to_that(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path
) -> None:
    crash("a.png")
    (path,) = paths(image_folder)
    data = path.read_bytes()
    payload = json.dumps({"format": FORMAT_VERSION + 1}).encode()
    newer = data[:16] + struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    path.write_bytes(newer)
    assert window.opener.open(image_folder)
    assert asked.found == []
    assert path.read_bytes() == newer
    assert any("Open the folder with the newer version" in text for text in window.messages.texts)


def test_killed_again_before_the_save_it_is_offered_once(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = crash("a.png")
    session = window._session
    monkeypatch.setattr(session._saving, "save", lambda document, force=False: None)
    assert window.opener.open(image_folder)
    qtbot.waitUntil(lambda: session.save_state.is_journalled, timeout=20_000)
    assert len(paths(image_folder)) == 2, "the old one goes when its changes are saved"
    # What is painted over it in between counts more than what it was.
    assert session.apply_pixels("Erase", Rect(5, 5, 50, 5), np.full((5, 50), 255, np.uint8))
    mask[5:10, 5:55] = 255
    qtbot.waitUntil(lambda: session.save_state.is_journalled, timeout=20_000)
    asked.found = []
    # The one that was killed holds the folder no more.
    session.holding.close()
    session._documents.reset(None)
    assert window.opener.open(image_folder)
    (found,) = asked.found
    assert np.array_equal(found.item.mask(), mask)
    assert [record.what for record in found.item.changes] == ["Recovered changes", "Erase"]


def test_what_a_killed_window_has_left_is_offered_once_the_folder_is_taken(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    mask = crash("a.png")
    other = FolderLock.take(image_folder, doing="window")
    journals = {path: path.read_bytes() for path in paths(image_folder)}
    assert window.opener.open(image_folder)
    window._session.holding.edit_here()
    QApplication.processEvents()
    assert asked.found == [], "the other window is at work"
    assert {path: path.read_bytes() for path in paths(image_folder)} == journals
    other.release()
    window._session.holding.edit_here()
    qtbot.waitUntil(lambda: len(asked.found) == 1, timeout=20_000)
    settled(window, image_folder, qtbot)
    assert np.array_equal(read_mask(image_folder / "masks" / "a.png"), mask)


def test_what_was_left_is_offered_once_a_damaged_project_file_is_mended(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    mask = crash("a.png")
    (image_folder / STATE_FILE).write_bytes(b"damaged")
    assert window.opener.open(image_folder)
    assert asked.found == []
    project = window._session.project
    assert project is not None
    choices = window._session.holding.answers_to(project.writable_reason)
    dict(choices)["Start anew"]()
    qtbot.waitUntil(lambda: len(asked.found) == 1, timeout=20_000)
    settled(window, image_folder, qtbot)
    assert np.array_equal(read_mask(image_folder / "masks" / "a.png"), mask)


def test_nothing_is_offered_where_nothing_can_be_saved(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash("a.png")
    monkeypatch.setattr(Project, "writable_reason", "Another window has this folder open.")
    monkeypatch.setattr(ask, "ask_read_only", lambda *args, **named: ask.ReadOnlyAnswer.VIEW)
    assert window.opener.open(image_folder)
    assert asked.found == []
    assert len(paths(image_folder)) == 1


def test_a_correction_that_was_saved_just_before_the_end_does_not_pass_for_a_prediction(
    window: MainWindow, asked: Asked, image_folder: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.open(image_folder)
    write_mask(project.entry("a.png").mask_path, np.zeros((90, 120), np.uint8))
    project.set_status("a.png", Status.PREDICTED)
    project.save_state()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    # Killed after the mask was written, and before segtool.json.
    monkeypatch.setattr(session._saving, "save_project", lambda *args: True)
    session.saved_changed.disconnect(session.journal._note_saves)
    assert session.apply_pixels("Fill", Rect(0, 0, 20, 30), np.ones((30, 20), np.uint8))
    assert session.wait_until_saved()
    session.close()
    assert Project.open(image_folder).status("a.png") is Status.PREDICTED
    assert window.opener.open(image_folder)
    assert asked.found == []
    assert window._session.project is not None
    assert window._session.project.status("a.png") is Status.CORRECTED
    assert paths(image_folder) == []


def test_the_changes_of_a_damaged_image_come_back(
    window: MainWindow, crash: Crash, asked: Asked, image_folder: Path, qtbot: QtBot
) -> None:
    mask = crash("a.png")
    path = image_folder / "a.png"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert window.opener.open(image_folder)
    (found,) = asked.found
    assert found.item.fit is Fit.FITS
    assert (found.picture[0, 0] != found.picture[0, -1]).any()
    settled(window, image_folder, qtbot)
    assert np.array_equal(read_mask(image_folder / "masks" / "a.png"), mask)
