from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.ask import SaveAnswer
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import LockAnswer, SaveKind
from segtool.project.holder import Holder
from segtool.project.lock import LOCK_FILE, Claim, FolderLock, FolderLostError, LockFound, look_at_lock
from segtool.project.project import Project
from segtool.project.recovery import journal_paths
from segtool.project.status import Status

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from segtool.project.lock import FolderLock
lock = FolderLock.take(Path(sys.argv[1]), doing="window")
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.readline()
"""


@pytest.fixture
def other_window(image_folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, os.fspath(image_folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def break_lock(folder: Path, **changes: str) -> None:
    value = {**json.loads(Holder.here(folder, doing="window").to_bytes()), "host": "attic", "user": "anna", **changes}
    (folder / LOCK_FILE).parent.mkdir(exist_ok=True)
    (folder / LOCK_FILE).write_text(json.dumps(value), encoding="utf-8")


def paint(session: Session, x: int, *, value: int = 1) -> bool:
    if not session.begin_stroke("Stroke"):
        return False
    session.paint(Rect(x, 0, 1, 1), np.array([[True]]), value)
    session.end_stroke()
    return True


def button(window: MainWindow, text: str) -> QPushButton:
    """Return the button of that text in the messages, which must be there once."""
    (found,) = [item for row in window.messages._rows for item in row.buttons if item.text().startswith(text)]
    return found


def test_a_folder_that_another_window_has_is_read_only_until_that_has_ended(
    window: MainWindow, other_window: subprocess.Popen[bytes], image_folder: Path, qtbot: QtBot
):
    session = window._session
    # What the other one does before it ends is read before anything can be painted here.
    assert window.opener.open(image_folder)
    (text,) = window.messages.texts
    assert text.startswith(f"photos is read-only here: it is open in another window (process {other_window.pid})")
    assert "read-only" in window.windowTitle()
    assert window.status.saved_label.text() == "Read-only"
    assert not paint(session, 0)
    assert not session.add_class("scratch")
    button(window, "Edit here").click()
    assert window.messages.texts == [text]
    assert window.status.currentMessage() == "photos cannot be edited here yet."
    theirs = Project.open(image_folder)
    theirs.set_status("b.png", Status.CORRECTED)
    theirs.save_state()
    kill(other_window)
    assert session.navigation.open_image("b.png")
    button(window, "Edit here").click()
    assert window.messages.texts == []
    assert "read-only" not in window.windowTitle()
    assert session.document.entry.key == "b.png"
    assert session.project.state.statuses["b.png"] is Status.CORRECTED
    assert paint(session, 0)
    assert session.wait_until_saved()
    assert read_mask(image_folder / "masks" / "b.png")[0, 0] == 1


def test_the_way_out_is_offered_again_when_the_reason_is_told_again(window: MainWindow, image_folder: Path):
    FolderLock.take(image_folder, doing="window")
    assert window.opener.open(image_folder)
    window.messages.clear()
    assert not paint(window._session, 0)
    assert button(window, "Edit here").isEnabled()


def test_a_folder_is_given_back_when_another_is_opened_and_at_the_end(
    session: Session, image_folder: Path, tmp_path: Path
):
    other = Path(shutil.copytree(image_folder, tmp_path / "other"))
    assert session.open_folder(image_folder)
    assert session.open_folder(other)
    assert not (image_folder / ".segtool").exists()
    assert look_at_lock(other).claim is Claim.HERE
    # Opened again, it stays ours throughout.
    lock = (other / LOCK_FILE).read_bytes()
    assert session.open_folder(other)
    assert (other / LOCK_FILE).read_bytes() == lock
    assert session.project.writable_reason == ""
    session.close()
    assert not (other / ".segtool").exists()


def test_the_open_folder_is_ours_under_its_other_names_too(session: Session, image_folder: Path, tmp_path: Path):
    link = tmp_path / "link"
    try:
        link.symlink_to(image_folder, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert session.open_folder(image_folder)
    assert session.open_folder(link)
    assert session.project.writable_reason == ""
    assert session.open_folder(image_folder)
    assert session.project.writable_reason == ""
    session.close()
    assert look_at_lock(image_folder).claim is Claim.FREE


def test_a_folder_that_cannot_be_opened_is_not_held(session: Session, image_folder: Path, tmp_path: Path):
    place = tmp_path / "masks of others"
    Project.open(image_folder, data_root=place).save_state()
    assert not session.open_folder(tmp_path, data_root=place)
    assert look_at_lock(place).claim is Claim.FREE


@pytest.mark.parametrize(
    ("answer", "is_open", "is_editable"),
    [(None, False, False), (LockAnswer.VIEW, True, False), (LockAnswer.EDIT, True, True)],
)
def test_a_lock_of_another_computer_is_asked_about(
    opened: MainWindow,
    image_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: LockAnswer | None,
    is_open: bool,
    is_editable: bool,
):
    other = Path(shutil.copytree(image_folder, tmp_path / "other"))
    break_lock(other)
    asked: list[LockFound] = []
    monkeypatch.setattr(ask, "ask_lock", lambda parent, *, found: asked.append(found) or answer)
    assert opened.opener.open(other) is is_open
    assert [found.claim for found in asked] == [Claim.ELSEWHERE]
    assert opened._session.project.root == (other if is_open else image_folder)
    # What was open is still ours if it stays open, and was given back if it does not.
    assert (image_folder / LOCK_FILE).exists() is not is_open
    assert paint(opened._session, 0) is (is_editable or not is_open)
    assert opened.messages.texts == ([opened._session.project.writable_reason] if is_open and not is_editable else [])


def test_a_folder_that_was_taken_over_is_not_saved_into_and_can_be_taken_back(
    opened: MainWindow, image_folder: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    session = opened._session
    assert paint(session, 0)
    assert session.wait_until_saved()
    files = [image_folder / "masks" / "a.png", image_folder / "segtool.json"]
    before = [path.read_bytes() for path in files]
    assert paint(session, 1)
    break_lock(image_folder)
    assert paint(session, 2)
    session.save()
    qtbot.waitUntil(lambda: session.save_state.kind is SaveKind.FAILED)
    assert not session.wait_until_saved()
    assert not paint(session, 3)
    assert "attic" in session.project.writable_reason
    assert session.document.mask[0, 2] == 1
    assert session.is_dirty
    assert [path.read_bytes() for path in files] == before
    assert "Save elsewhere…" in [item.text() for row in opened.messages._rows for item in row.buttons]
    theirs = Project.open(image_folder)
    theirs.set_status("b.png", Status.APPROVED)
    theirs.save_state()
    monkeypatch.setattr(ask, "ask_lock", lambda parent, *, found: LockAnswer.EDIT)
    button(opened, "Edit here").click()
    qtbot.waitUntil(lambda: session.project.writable_reason == "")
    assert read_mask(image_folder / "masks" / "a.png")[0, :3].tolist() == [1, 1, 1]
    assert session.project.state.statuses["b.png"] is Status.APPROVED
    assert opened.messages.texts == []
    assert paint(session, 3)
    assert session.wait_until_saved()


def test_what_is_unsaved_when_the_folder_is_taken_over_can_be_saved_elsewhere_and_left(
    opened: MainWindow, image_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
):
    session = opened._session
    assert paint(session, 0)
    assert session.wait_until_saved()
    assert paint(session, 1)
    qtbot.waitUntil(lambda: session.save_state.is_journalled, timeout=20_000)
    break_lock(image_folder)
    theirs = (image_folder / LOCK_FILE).read_bytes()
    assert not session.wait_until_saved()
    mask = session.document.mask.copy()
    (journal,) = journal_paths(session.project)
    kept = journal.read_bytes()
    session.undo()
    session.go_to_edit(0)
    assert (session.document.mask == mask).all()
    assert not session.begin_stroke("Stroke")
    place = tmp_path / "elsewhere"
    place.mkdir()
    session.troubles.ask_place = lambda: place
    button(opened, "Save elsewhere").click()
    qtbot.waitUntil(lambda: (place / "a.png").exists())
    assert (read_mask(place / "a.png") == mask).all()
    assert journal.read_bytes().startswith(kept)
    answers = [SaveAnswer.SAVE, SaveAnswer.DISCARD]
    monkeypatch.setattr(ask, "ask_save", lambda parent, images: answers.pop(0))
    assert not opened.close()
    assert opened.close()
    assert not answers
    assert not journal.exists()
    session.close()
    assert (image_folder / LOCK_FILE).read_bytes() == theirs
    assert read_mask(image_folder / "masks" / "a.png")[0, 1] == 255


def test_jobs_write_no_mask_into_a_folder_that_was_taken_over(session: Session, image_folder: Path):
    assert session.open_folder(image_folder)
    with session._documents.claims.unclaimed("b.png") as is_free:
        assert is_free
    break_lock(image_folder)
    with pytest.raises(FolderLostError), session._documents.claims.unclaimed("b.png"):
        pass


def test_the_private_folder_may_be_deleted_at_any_time(opened: MainWindow, image_folder: Path):
    session = opened._session
    shutil.rmtree(image_folder / ".segtool")
    assert paint(session, 0)
    assert session.wait_until_saved()
    assert look_at_lock(image_folder).claim is Claim.HERE
    # Nobody else has come in between.
    with pytest.raises(Exception, match="in another window"):
        FolderLock.take(image_folder, doing="window")


def test_a_damaged_project_file_is_looked_at_and_replaced_by_the_last_backup(opened: MainWindow, image_folder: Path):
    session, path = opened._session, image_folder / "segtool.json"
    assert session.add_class("scratch")
    assert paint(session, 0)
    assert session.wait_until_saved()
    damaged = path.read_bytes().replace(b'"statuses"', b'"statuses')
    path.write_bytes(damaged)
    # Deleted with all of .segtool/ the backups would be gone.
    assert opened.opener.open(image_folder)
    (text,) = opened.messages.texts
    assert text.startswith(f"{path}: line ")
    assert session.project.writable_reason == text
    assert "read-only" in opened.windowTitle()
    # The class is known from the backup: else the mask would be blank.
    assert session.document.mask[0, 0] == 1
    assert [item.name for item in session.classes][-1] == "scratch"
    assert not paint(session, 1)
    assert path.read_bytes() == damaged
    button(opened, "Use the backup of").click()
    (aside,) = image_folder.glob("segtool.json.damaged-*")
    assert aside.read_bytes() == damaged
    assert opened.messages.texts == []
    assert session.project.state.statuses == {"a.png": Status.CORRECTED}
    assert paint(session, 1)
    assert session.wait_until_saved()


def test_without_a_backup_one_can_start_anew_and_nothing_is_lost(opened: MainWindow, image_folder: Path):
    session, path = opened._session, image_folder / "segtool.json"
    assert paint(session, 0)
    assert session.wait_until_saved()
    shutil.rmtree(image_folder / ".segtool")
    mask = (image_folder / "masks" / "a.png").read_bytes()
    path.write_bytes(b'{"format": 99, "written_by": "SegTool 9.0"}')
    assert opened.opener.open(image_folder)
    (text,) = opened.messages.texts
    assert "written by SegTool 9.0 in format 99" in text
    button(opened, "Start anew").click()
    (aside,) = image_folder.glob("segtool.json.newer-*")
    assert aside.read_bytes() == b'{"format": 99, "written_by": "SegTool 9.0"}'
    assert session.project.writable_reason == ""
    assert session.project.status("a.png") is Status.CORRECTED
    assert (image_folder / "masks" / "a.png").read_bytes() == mask


def test_a_project_file_that_was_corrected_by_hand_is_not_put_aside(opened: MainWindow, image_folder: Path):
    session, path = opened._session, image_folder / "segtool.json"
    session.set_status("b.png", Status.APPROVED)
    assert session.wait_until_saved()
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert opened.opener.open(image_folder)
    path.write_bytes(whole)
    button(opened, "Start anew").click()
    assert list(image_folder.glob("segtool.json.*")) == []
    assert session.project.state.statuses["b.png"] is Status.APPROVED


def test_where_nothing_can_be_written_there_is_no_lock_and_no_word_of_it(
    make_window: Callable[[], MainWindow], image_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("segtool.gui.folder_hold.why_not_writable", lambda folder: "no")
    monkeypatch.setattr("segtool.project.project.why_not_writable", lambda folder: "Nothing can be written here.")
    monkeypatch.setattr(ask, "ask_read_only", lambda parent, *, root, reason: ask.ReadOnlyAnswer.VIEW)
    window = make_window()
    assert window.opener.open(image_folder)
    assert not (image_folder / ".segtool").exists()
    assert window.messages.texts == ["Nothing can be written here."]
