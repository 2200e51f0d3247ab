"""Saving masks from the session, with real files and the real thread."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.session import Session
from segtool.gui.session_state import Level, SaveKind

Messages = list[tuple[str, Level]]
SHAPE = (90, 120)
BOX = Rect(10, 20, 30, 15)


def paint(session: Session, *, value: int = 1, rect: Rect = BOX) -> None:
    """Paint one stroke that fills a box."""
    assert session.begin_stroke("Brush stroke")
    session.paint(rect, np.full((rect.height, rect.width), True), value)
    session.end_stroke()


def mask_of(session: Session) -> np.ndarray:
    assert session.document is not None
    return session.document.mask


def kind(session: Session) -> SaveKind:
    return session.save_state.kind


@pytest.fixture
def opened(session: Session, image_folder: Path) -> Session:
    """The session with a.png shown."""
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    return session


@pytest.fixture
def mask_path(image_folder: Path) -> Path:
    return image_folder / "masks" / "a.png"


@pytest.fixture
def autosaving(qapp: QApplication, image_folder: Path) -> Iterator[Session]:
    """A session that saves a moment after each edit, with a.png shown."""
    session = Session(autosave_ms=20)
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    yield session
    session.close()


def test_an_edit_is_saved_by_itself(autosaving: Session, mask_path: Path, qtbot: QtBot) -> None:
    paint(autosaving)
    assert kind(autosaving) is SaveKind.UNSAVED
    qtbot.waitUntil(lambda: kind(autosaving) is SaveKind.SAVED)
    assert autosaving.save_state.when is not None
    assert np.array_equal(read_mask(mask_path), mask_of(autosaving))
    state = json.loads((mask_path.parent.parent / "segtool.json").read_text())
    assert state["statuses"] == {"a.png": "corrected"}


def test_a_stroke_under_way_is_not_saved(autosaving: Session, mask_path: Path, qtbot: QtBot) -> None:
    paint(autosaving)
    assert autosaving.begin_stroke("Brush stroke")
    autosaving.paint(Rect(0, 0, 5, 5), np.full((5, 5), True), 1)
    # The timer that the first stroke has started fires twice: it puts the save off until the second one has ended.
    for _ in range(2):
        with qtbot.waitSignal(autosaving._saving._timer.timeout):
            pass
    assert not mask_path.exists()
    autosaving.cancel_stroke()
    qtbot.waitUntil(lambda: kind(autosaving) is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mask_of(autosaving))
    assert read_mask(mask_path)[0, 0] == 255


def test_what_is_painted_while_a_mask_is_saved_stays_unsaved(opened: Session, mask_path: Path, qtbot: QtBot) -> None:
    paint(opened)
    opened.save()
    assert kind(opened) is SaveKind.SAVING
    paint(opened, value=0)
    with qtbot.waitSignal(opened.entries_changed):
        pass
    assert opened.is_dirty
    assert kind(opened) is SaveKind.UNSAVED
    assert (read_mask(mask_path)[BOX.slices] == 1).all()
    assert opened.wait_until_saved()
    assert (read_mask(mask_path)[BOX.slices] == 0).all()


def test_a_stroke_that_is_taken_back_while_a_second_save_waits_is_not_saved(
    opened: Session, mask_path: Path, qtbot: QtBot
) -> None:
    paint(opened)
    opened.save()
    paint(opened, value=0)
    opened.save()
    assert opened.begin_stroke("Brush stroke")
    opened.paint(Rect(0, 0, 5, 5), np.full((5, 5), True), 1)
    qtbot.waitUntil(lambda: not opened._saving._under_way)
    opened.cancel_stroke()
    assert opened.wait_until_saved()
    assert np.array_equal(read_mask(mask_path), mask_of(opened))


def test_saving_twice_in_a_row_ends_with_the_newest_pixels(opened: Session, mask_path: Path) -> None:
    paint(opened)
    opened.save()
    paint(opened, value=0)
    opened.save()
    assert opened.wait_until_saved()
    assert (read_mask(mask_path)[BOX.slices] == 0).all()


def test_undoing_after_a_save_is_a_change_to_save(opened: Session, mask_path: Path) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    opened.undo()
    assert opened.is_dirty
    assert opened.wait_until_saved()
    assert (read_mask(mask_path) == 255).all()


def test_masks_of_images_that_were_left_are_saved_too(opened: Session, image_folder: Path) -> None:
    paint(opened)
    assert opened.open_image("b.png")
    paint(opened)
    assert opened.is_unsaved("b.png")
    assert opened.wait_until_saved()
    assert not opened.has_unsaved()
    for name in ("a.png", "b.png"):
        assert (read_mask(image_folder / "masks" / name)[BOX.slices] == 1).all()


def test_a_save_that_fails_says_why_keeps_the_mask_and_can_be_repeated(
    opened: Session, image_folder: Path, mask_path: Path, messages: Messages
) -> None:
    paint(opened)
    # The folder of the masks cannot be made while a file has its name.
    (image_folder / "masks").write_bytes(b"in the way")
    assert not opened.wait_until_saved()
    assert opened.is_dirty
    assert opened.unsaved_keys() == {"a.png"}
    assert kind(opened) is SaveKind.FAILED
    assert not opened.save_state.can_force
    assert "a.png" in opened.save_state.reason
    assert messages[-1] == (opened.save_state.reason, Level.ERROR)
    (image_folder / "masks").unlink()
    assert opened.wait_until_saved()
    assert kind(opened) is SaveKind.SAVED
    assert (read_mask(mask_path)[BOX.slices] == 1).all()


def test_a_failed_save_of_an_image_that_was_left_is_still_shown(
    opened: Session, image_folder: Path, messages: Messages
) -> None:
    paint(opened)
    (image_folder / "masks").write_bytes(b"in the way")
    assert opened.open_image("b.png")
    assert not opened.wait_until_saved()
    assert kind(opened) is SaveKind.FAILED
    assert "a.png" in opened.save_state.reason
    # Its strokes are still there.
    assert opened.open_image("a.png")
    assert (mask_of(opened)[BOX.slices] == 1).all()


def test_another_folder_is_not_opened_over_masks_that_cannot_be_saved(
    opened: Session, image_folder: Path, tmp_path: Path, messages: Messages
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    paint(opened)
    (image_folder / "masks").write_bytes(b"in the way")
    project = opened.project
    assert not opened.open_folder(other)
    assert opened.project is project
    (image_folder / "masks").unlink()
    assert opened.open_folder(other)
    assert (read_mask(image_folder / "masks" / "a.png")[BOX.slices] == 1).all()


@pytest.mark.parametrize("removed", [False, True])
def test_a_mask_that_something_else_has_changed_is_only_overwritten_by_force(
    opened: Session, mask_path: Path, messages: Messages, qtbot: QtBot, removed: bool
) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    theirs = np.full(SHAPE, 0, dtype=np.uint8)
    if removed:
        mask_path.unlink()
    else:
        write_mask(mask_path, theirs)
    paint(opened, rect=Rect(50, 50, 4, 4))
    assert not opened.wait_until_saved()
    assert mask_path.exists() is not removed
    if not removed:
        assert np.array_equal(read_mask(mask_path), theirs)
    assert kind(opened) is SaveKind.FAILED
    assert opened.save_state.can_force
    assert messages[-1][1] is Level.ERROR
    opened.troubles.keep_mine("a.png")
    qtbot.waitUntil(lambda: kind(opened) is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mask_of(opened))


def test_what_something_else_writes_right_after_a_save_is_noticed(opened: Session, mask_path: Path) -> None:
    other, is_written = np.full(SHAPE, 1, dtype=np.uint8), threading.Event()

    def write_other(_last: object) -> None:
        write_mask(mask_path, other)
        is_written.set()

    # In the thread, which waits for nobody: the window has not heard of the save yet.
    worker = opened._saving._thread.worker
    worker.finished.connect(write_other, Qt.ConnectionType.DirectConnection)
    paint(opened, value=0)
    opened.save()
    assert is_written.wait(20)
    worker.finished.disconnect(write_other)
    paint(opened)
    assert not opened.wait_until_saved()
    assert kind(opened) is SaveKind.FAILED
    assert np.array_equal(read_mask(mask_path), other)


def test_a_saved_mask_that_something_else_has_changed_is_read_again(opened: Session, mask_path: Path) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    assert opened.open_image("b.png")
    theirs = np.full(SHAPE, 1, dtype=np.uint8)
    write_mask(mask_path, theirs)
    assert opened.open_image("a.png")
    assert np.array_equal(mask_of(opened), theirs)


def test_closing_finishes_the_saves_that_have_begun(session: Session, image_folder: Path) -> None:
    assert session.open_folder(image_folder)
    for name in ("a.png", "b.png"):
        assert session.open_image(name)
        paint(session)
    session.save_all()
    session.close()
    assert not session.has_unsaved()
    for name in ("a.png", "b.png"):
        assert (read_mask(image_folder / "masks" / name)[BOX.slices] == 1).all()


def test_a_folder_that_cannot_be_written_is_not_painted_in(
    session: Session, image_folder: Path, tmp_path: Path, messages: Messages
) -> None:
    # A place for the masks that no folder can be made in, whoever runs the test.
    place = tmp_path / "place"
    place.mkdir()
    (place / "masks").write_bytes(b"in the way")
    assert session.open_folder(image_folder, data_root=place)
    assert session.open_image("a.png")
    assert messages[-1][1] is Level.WARNING
    assert kind(session) is SaveKind.READ_ONLY
    assert not session.begin_stroke("Brush stroke")
    assert not session.add_class("cell")
    assert session.wait_until_saved()
    assert sorted(path.name for path in place.iterdir()) == ["masks"]
