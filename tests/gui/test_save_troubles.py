"""Ways out of a failed save, with real files: once more, somewhere else, or whose mask it shall be."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui import saving
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import ChangedMaskAnswer, Level, SaveKind
from segtool.project.status import Status

SHAPE = (90, 120)
BOX = Rect(10, 20, 30, 15)
Choices = dict[str, Callable[[], object]]


def paint(session: Session, *, value: int = 1, rect: Rect = BOX) -> None:
    assert session.begin_stroke("Stroke")
    session.paint(rect, np.full((rect.height, rect.width), True), value)
    session.end_stroke()


def mask_of(session: Session) -> np.ndarray:
    assert session.document is not None
    return session.document.mask


class Asked:
    """The questions that a session has asked and not taken back, by their texts."""

    def __init__(self, session: Session) -> None:
        self.open: dict[str, Choices] = {}
        session.question.connect(self._add)
        session.message_over.connect(lambda text: self.open.pop(text, None))

    def _add(self, text: str, level: Level, choices: list[tuple[str, Callable[[], object]]]) -> None:
        assert level is Level.ERROR
        self.open[text] = dict(choices)

    def answer(self, button: str) -> None:
        """Click a button of the only question; the message goes, as it does in the window."""
        ((text, choices),) = self.open.items()
        del self.open[text]
        choices[button]()


@pytest.fixture
def opened(session: Session, image_folder: Path) -> Session:
    """The session with a.png shown."""
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    return session


@pytest.fixture
def asked(opened: Session) -> Asked:
    return Asked(opened)


@pytest.fixture
def mask_path(image_folder: Path) -> Path:
    return image_folder / "masks" / "a.png"


@pytest.fixture
def theirs(opened: Session, asked: Asked, mask_path: Path, qtbot: QtBot) -> np.ndarray:
    """What another program has put into the mask's file while the mask in memory was painted in."""
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[40:50] = 1
    paint(opened)
    write_mask(mask_path, mask)
    opened.save()
    qtbot.waitUntil(lambda: bool(asked.open))
    assert np.array_equal(read_mask(mask_path), mask)
    return mask


def test_reload_takes_theirs_and_undo_brings_mine_back(
    opened: Session, asked: Asked, mask_path: Path, theirs: np.ndarray, qtbot: QtBot
) -> None:
    mine = mask_of(opened).copy()
    asked.answer("Reload")
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(mask_of(opened), theirs)
    assert not opened.is_dirty
    assert asked.open == {}
    opened.undo()
    assert np.array_equal(mask_of(opened), mine)
    assert opened.wait_until_saved()
    assert np.array_equal(read_mask(mask_path), mine)


def test_keep_mine_overwrites_and_the_question_goes(
    opened: Session, asked: Asked, mask_path: Path, theirs: np.ndarray, qtbot: QtBot
) -> None:
    asked.answer("Keep mine")
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mask_of(opened))
    assert not np.array_equal(read_mask(mask_path), theirs)


def test_a_copy_keeps_both(
    opened: Session, asked: Asked, mask_path: Path, theirs: np.ndarray, tmp_path: Path, qtbot: QtBot
) -> None:
    mine = mask_of(opened).copy()
    opened.troubles.ask_place = lambda: tmp_path
    asked.answer("Save a copy…")
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(read_mask(tmp_path / "a (mine).png"), mine)
    assert np.array_equal(read_mask(mask_path), theirs)
    assert np.array_equal(mask_of(opened), theirs)


def test_a_question_that_was_not_answered_after_all_is_still_there(
    opened: Session, asked: Asked, mask_path: Path, theirs: np.ndarray
) -> None:
    opened.troubles.ask_place = lambda: None
    asked.answer("Save a copy…")
    assert len(asked.open) == 1
    assert np.array_equal(read_mask(mask_path), theirs)
    assert opened.is_dirty


@pytest.mark.parametrize("answer", list(ChangedMaskAnswer))
def test_saving_by_hand_asks_whose_it_shall_be(
    opened: Session,
    mask_path: Path,
    theirs: np.ndarray,
    tmp_path: Path,
    qtbot: QtBot,
    answer: ChangedMaskAnswer,
) -> None:
    mine = mask_of(opened).copy()
    opened.troubles.ask_whose = lambda key: answer
    opened.troubles.ask_place = lambda: tmp_path
    opened.save()
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mine if answer is ChangedMaskAnswer.KEEP else theirs)


def test_a_mask_of_another_size_is_not_reloaded(
    opened: Session, asked: Asked, mask_path: Path, theirs: np.ndarray, messages: list[tuple[str, Level]], qtbot: QtBot
) -> None:
    mine = mask_of(opened).copy()
    write_mask(mask_path, np.zeros((5, 5), dtype=np.uint8))
    asked.answer("Reload")
    qtbot.waitUntil(lambda: any("another size" in text for text, _ in messages))
    assert np.array_equal(mask_of(opened), mine)
    assert opened.is_dirty
    assert len(asked.open) == 1


def test_a_mask_that_was_removed_is_only_written_again_if_the_person_wants_it(
    opened: Session, asked: Asked, mask_path: Path, qtbot: QtBot
) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    mask_path.unlink()
    paint(opened, value=0)
    opened.save()
    qtbot.waitUntil(lambda: bool(asked.open))
    assert not mask_path.exists()
    assert list(*asked.open.values()) == ["Save anew", "Save elsewhere…"]
    asked.answer("Save anew")
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mask_of(opened))


def test_a_folder_that_is_gone_is_not_made_again(
    opened: Session, asked: Asked, image_folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened)
    image_folder.rename(tmp_path / "renamed")
    assert not opened.wait_until_saved()
    assert not image_folder.exists()
    (tmp_path / "renamed").rename(image_folder)
    asked.answer("Retry")
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)


def test_one_question_for_all_that_could_not_be_saved(
    opened: Session, asked: Asked, image_folder: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(opened)
    assert opened.open_image("b.png")
    paint(opened)
    assert opened.wait_until_saved()
    # Their files are there, but cannot be replaced.
    real_replace = os.replace

    def full(source: Path, destination: Path) -> None:
        if image_folder in destination.parents:
            raise OSError(errno.ENOSPC, "No space left on device")
        real_replace(source, destination)

    monkeypatch.setattr(os, "replace", full)
    opened.project.set_status("c.tif", Status.CORRECTED)
    assert not opened.wait_until_saved()
    for key in ("a.png", "b.png"):
        assert opened.open_image(key)
        paint(opened, value=0)
    assert not opened.wait_until_saved()
    (text,) = asked.open
    assert text.startswith("3 files could not be saved")
    # The masks are what a person thinks of.
    assert "masks" in text.partition("open. ")[2].partition(":")[0]
    # Somewhere else, where something of that name is already.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.png").write_text("not ours")
    opened.troubles.ask_place = lambda: elsewhere
    asked.answer("Save elsewhere…")
    qtbot.waitUntil(lambda: (elsewhere / "b.png").exists())
    assert (read_mask(elsewhere / "a 2.png")[BOX.slices] == 0).all()
    assert (elsewhere / "a.png").read_text() == "not ours"
    # They still belong where they cannot be saved, and that is still said.
    assert opened.unsaved_keys() == {"a.png", "b.png"}
    qtbot.waitUntil(lambda: len(asked.open) == 1)
    monkeypatch.setattr(os, "replace", real_replace)
    asked.answer("Retry")
    qtbot.waitUntil(lambda: opened.unsaved_keys() == set())
    assert asked.open == {}
    assert (read_mask(image_folder / "masks" / "b.png")[BOX.slices] == 0).all()


def test_a_failed_save_is_tried_again_by_itself(
    monkeypatch: pytest.MonkeyPatch, image_folder: Path, mask_path: Path, qtbot: QtBot
) -> None:
    monkeypatch.setattr(saving, "_RETRY_MS", 30)
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    asked = Asked(session)
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    paint(session)
    mask_path.parent.write_text("a file in place of the folder")
    session.save()
    qtbot.waitUntil(lambda: session.save_state.kind is SaveKind.FAILED)
    mask_path.parent.unlink()
    qtbot.waitUntil(lambda: session.save_state.kind is SaveKind.SAVED)
    assert asked.open == {}
    assert (read_mask(mask_path)[BOX.slices] == 1).all()
    session.close()


def test_an_answer_is_not_lost_while_a_save_is_under_way(
    opened: Session, mask_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(opened)
    write_mask(mask_path, np.zeros(SHAPE, dtype=np.uint8))
    is_begun, may_go_on = threading.Event(), threading.Event()
    document = opened.document
    assert document is not None
    check = type(document).mask_changed_on_disk

    def wait_and_check(this: object) -> bool:
        is_begun.set()
        assert may_go_on.wait(20)
        return check(this)

    monkeypatch.setattr(type(document), "mask_changed_on_disk", wait_and_check)
    opened.save()
    assert is_begun.wait(20)
    opened.troubles.keep_mine("a.png")
    may_go_on.set()
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mask_of(opened))


def test_what_something_else_writes_before_a_file_is_replaced_is_noticed(
    opened: Session, asked: Asked, mask_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first look and the replacement lies the encoding, which takes seconds for a large mask."""
    paint(opened)
    other, real_write = np.full(SHAPE, 1, dtype=np.uint8), os.write
    other[5] = 0

    def write_both(descriptor: int, data: memoryview) -> int:
        if threading.current_thread().name.startswith("segtool-journal"):
            return real_write(descriptor, data)
        monkeypatch.setattr(os, "write", real_write)
        write_mask(mask_path, other)
        return real_write(descriptor, data)

    mask_path.parent.mkdir()
    monkeypatch.setattr(os, "write", write_both)
    opened.save()
    qtbot.waitUntil(lambda: bool(asked.open))
    assert np.array_equal(read_mask(mask_path), other)
    assert opened.is_dirty


def test_the_same_content_with_another_time_is_not_a_change(opened: Session, mask_path: Path) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    os.utime(mask_path, ns=(1, 1))
    paint(opened, value=0)
    assert opened.wait_until_saved()
    assert (read_mask(mask_path)[BOX.slices] == 0).all()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such call")
def test_a_folder_that_could_not_be_synced_is_not_taken_for_somebody_else(
    opened: Session, asked: Asked, mask_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real_fsync(descriptor)

    paint(opened)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        opened.save()
        qtbot.waitUntil(lambda: bool(asked.open))
    assert opened.is_dirty
    asked.answer("Retry")
    qtbot.waitUntil(lambda: opened.save_state.kind is SaveKind.SAVED)
    assert np.array_equal(read_mask(mask_path), mask_of(opened))


@pytest.mark.parametrize("is_dirty", [False, True])
def test_turning_to_the_window_again_finds_a_mask_that_was_changed(
    opened: Session, asked: Asked, mask_path: Path, qtbot: QtBot, is_dirty: bool
) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    if is_dirty:
        paint(opened, value=0)
    theirs = np.zeros(SHAPE, dtype=np.uint8)
    write_mask(mask_path, theirs)
    opened.troubles.look_again()
    if is_dirty:
        assert len(asked.open) == 1
        assert opened.save_state.can_force
    else:
        qtbot.waitUntil(lambda: np.array_equal(mask_of(opened), theirs))
        assert asked.open == {}


def test_what_a_killed_program_has_left_is_removed(session: Session, image_folder: Path, qtbot: QtBot) -> None:
    deep = image_folder / "masks" / "sub"
    deep.mkdir(parents=True)
    old, new, foreign = (deep / name for name in (".a.png.1.ab.segtmp", ".a.png.2.cd.segtmp", ".other.tmp"))
    beside = image_folder / ".segtool.json.1.ab.segtmp"
    for path in (old, new, foreign, beside):
        path.write_bytes(b"left over")
        if path is not new:
            os.utime(path, (time.time() - 7200,) * 2)
    assert session.open_folder(image_folder)
    qtbot.waitUntil(lambda: not old.exists() and not beside.exists())
    assert new.exists()
    assert foreign.exists()


def test_the_window_offers_retry_and_goes_on(opened_window: MainWindow, image_folder: Path, qtbot: QtBot) -> None:
    session = opened_window._session
    (image_folder / "masks").write_text("a file in place of the folder")
    paint(session)
    session.save()
    qtbot.waitUntil(lambda: len(opened_window.messages._rows) == 1)
    row = opened_window.messages._rows[0]
    assert [button.text() for button in row.buttons] == ["Retry", "Save elsewhere…"]
    # It fails once more, and is said once more.
    qtbot.mouseClick(row.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(opened_window.messages._rows) == 1)
    (image_folder / "masks").unlink()
    qtbot.mouseClick(opened_window.messages._rows[0].buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.save_state.kind is SaveKind.SAVED)
    assert opened_window.messages.texts == []


@pytest.fixture
def opened_window(window: MainWindow, image_folder: Path) -> MainWindow:
    assert window.opener.open(image_folder)
    return window
