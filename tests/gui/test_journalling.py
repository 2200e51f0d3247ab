"""Whatever changes a mask in memory stands in the journal soon after, and only as long as it is not saved."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import write_mask
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.ask import SaveAnswer
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.project import journal_writer
from segtool.project.journal import JOURNAL_FOLDER
from segtool.project.project import Project
from segtool.project.recovery import Fit, Recoverable, find_recoverable, journal_paths
from segtool.project.status import Status


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_writer, "SYNC_WITHIN_S", 0.001)


@pytest.fixture
def opened_session(session: Session, image_folder: Path) -> Session:
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    return session


@pytest.fixture
def after_a_crash(image_folder: Path, tmp_path: Path) -> Callable[[], list[Recoverable]]:
    """What a program finds that opens the folder as it is on the disk now."""

    def find() -> list[Recoverable]:
        copy = tmp_path / "crashed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(image_folder, copy)
        return find_recoverable(Project.open(copy)).items

    return find


def mask_of(session: Session) -> npt.NDArray[np.uint8]:
    assert session.document is not None
    return session.document.mask


def fill(session: Session, x: int, value: int, *, name: str = "Fill") -> None:
    assert session.apply_pixels(name, Rect(x, 0, 20, 30), np.full((30, 20), value, np.uint8))


def journalled(session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: session.save_state.is_journalled, timeout=20_000)


def paths(session: Session) -> list[Path]:
    assert session.project is not None
    return journal_paths(session.project)


def test_edits_undo_and_redo_are_journalled_as_they_are_made(
    opened_session: Session, after_a_crash: Callable[[], list[Recoverable]], qtbot: QtBot
) -> None:
    session = opened_session
    steps: list[tuple[Callable[[], object], int, str]] = [
        (lambda: fill(session, 0, 1), 1, "Fill"),
        (lambda: fill(session, 10, 0), 2, "Fill"),
        (session.undo, 3, "Undo Fill"),
        (session.redo, 4, "Redo Fill"),
        (lambda: session.go_to_edit(0), 5, "Undo Fill"),
        (lambda: fill(session, 50, 1, name="Stroke"), 6, "Stroke"),
    ]
    for step, count, what in steps:
        step()
        journalled(session, qtbot)
        found = after_a_crash()
        if (mask_of(session) == 255).all():
            # Nothing was ever saved, and nothing is painted: there is nothing to bring back.
            assert [item.count for item in found] in ([], [count])
            continue
        (item,) = found
        assert (item.count, item.last.what, item.last.status) == (count, what, session.project.status("a.png"))
        assert np.array_equal(item.mask(), mask_of(session))


def test_an_unfinished_stroke_is_journalled_and_taken_back(
    opened_session: Session, after_a_crash: Callable[[], list[Recoverable]], qtbot: QtBot
) -> None:
    session = opened_session
    assert session.begin_stroke("Stroke")
    session.paint(Rect(5, 5, 10, 10), np.ones((10, 10), bool), 1)
    qtbot.waitUntil(lambda: len(after_a_crash()) == 1, timeout=20_000)
    (item,) = after_a_crash()
    assert item.is_painting
    assert item.last.status is Status.CORRECTED
    assert np.array_equal(item.mask(), mask_of(session))
    session.cancel_stroke()
    qtbot.waitUntil(lambda: paths(session) == [], timeout=20_000)
    fill(session, 0, 1)
    journalled(session, qtbot)
    assert session.begin_stroke("Stroke")
    session.paint(Rect(50, 5, 10, 10), np.ones((10, 10), bool), 1)
    qtbot.waitUntil(lambda: after_a_crash()[0].is_painting, timeout=20_000)
    session.cancel_stroke()
    qtbot.waitUntil(lambda: not after_a_crash()[0].is_painting, timeout=20_000)
    assert np.array_equal(after_a_crash()[0].mask(), mask_of(session))


@pytest.mark.parametrize("is_preview", [True, False])
def test_what_may_be_taken_back_is_not_journalled(opened_session: Session, is_preview: bool) -> None:
    session = opened_session
    assert session._edits.begin_stroke("Grow", is_preview=is_preview)
    session.paint(Rect(5, 5, 10, 10), np.ones((10, 10), bool), 1)
    if not is_preview:
        session.revert_stroke()
        session.paint(Rect(5, 5, 12, 10), np.ones((10, 12), bool), 1)
    session.journal._write_painted()
    session.journal.close()
    assert paths(session) == []


def test_a_save_ends_the_journal_and_later_edits_begin_another(
    opened_session: Session, after_a_crash: Callable[[], list[Recoverable]], image_folder: Path, qtbot: QtBot
) -> None:
    session = opened_session
    fill(session, 0, 1)
    journalled(session, qtbot)
    session.save()
    qtbot.waitUntil(lambda: not session.has_unsaved() and paths(session) == [], timeout=20_000)
    assert not session.save_state.is_journalled
    fill(session, 50, 1)
    journalled(session, qtbot)
    (item,) = after_a_crash()
    assert item.count == 1
    assert np.array_equal(item.mask(), mask_of(session))
    session.undo()
    journalled(session, qtbot)
    # The file holds what the mask is.
    assert after_a_crash() == []


def test_killed_between_a_save_and_the_end_of_its_journal_nothing_is_offered(
    opened_session: Session,
    after_a_crash: Callable[[], list[Recoverable]],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = opened_session
    session.saved_changed.disconnect(session.journal._note_saves)
    fill(session, 0, 1)
    fill(session, 30, 0)
    session.save()
    qtbot.waitUntil(lambda: not session.has_unsaved(), timeout=20_000)
    assert len(paths(session)) == 1
    assert after_a_crash() == []
    fill(session, 60, 1)
    qtbot.waitUntil(lambda: len(after_a_crash()) == 1, timeout=20_000)
    (item,) = after_a_crash()
    # Only what came after that save.
    assert item.count == 1
    assert np.array_equal(item.mask(), mask_of(session))


def test_a_mask_that_is_reloaded_takes_its_journal_along(
    opened_session: Session, after_a_crash: Callable[[], list[Recoverable]], qtbot: QtBot
) -> None:
    session = opened_session
    fill(session, 0, 1)
    journalled(session, qtbot)
    other = np.zeros_like(mask_of(session))
    write_mask(session.document.entry.mask_path, other)
    session.troubles.reload("a.png")
    qtbot.waitUntil(lambda: not session.is_dirty and paths(session) == [], timeout=20_000)
    assert np.array_equal(mask_of(session), other)
    # Undo brings the work back, upon the file of the other program.
    session.undo()
    journalled(session, qtbot)
    (item,) = after_a_crash()
    assert item.fit is Fit.FITS
    assert np.array_equal(item.mask(), mask_of(session))


def test_what_a_closed_window_leaves_is_what_was_chosen(
    opened: MainWindow, image_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened._session
    fill(session, 0, 1)
    assert opened.status.saved_label.text() == "Unsaved changes"
    journalled(session, qtbot)
    assert opened.status.saved_label.text() == "Unsaved, backed up"
    assert "after a crash" in opened.status.saved_label.toolTip()
    monkeypatch.setattr(ask, "ask_save", lambda parent, images: SaveAnswer.DISCARD)
    assert opened.close()
    assert paths(session) == []
    assert not (image_folder / ".segtool" / "journal").exists()


def test_without_an_answer_the_journal_stays(opened_session: Session) -> None:
    fill(opened_session, 0, 1)
    opened_session.close()
    assert len(paths(opened_session)) == 1


def test_a_journal_that_cannot_be_written_is_told_once_and_in_the_way_of_nothing(
    opened_session: Session, image_folder: Path, messages: list[tuple[str, Level]], qtbot: QtBot
) -> None:
    session = opened_session
    (image_folder / JOURNAL_FOLDER).write_bytes(b"a file of that name")
    over: list[str] = []
    session.message_over.connect(over.append)
    for x in (0, 20, 40):
        fill(session, x, 1)
    qtbot.waitUntil(lambda: len(messages) == 1, timeout=20_000)
    assert messages[0][0].startswith("The journal of unsaved changes cannot be written (")
    assert messages[0][1] is Level.WARNING
    assert not session.save_state.is_journalled
    assert session.wait_until_saved()
    qtbot.waitUntil(lambda: over == [messages[0][0]], timeout=20_000)
    assert len(messages) == 1
    assert session.project.status("a.png") is Status.CORRECTED


def test_of_a_long_way_only_the_tiles_that_were_painted_in_are_journalled(
    session: Session, image_folder: Path, after_a_crash: Callable[[], list[Recoverable]], qtbot: QtBot
) -> None:
    assert cv2.imwrite(str(image_folder / "a.png"), np.zeros((2000, 2000), np.uint8))
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    assert session.begin_stroke("Stroke")
    session.paint(Rect(0, 0, 2000, 2000), np.eye(2000, dtype=bool), 1)
    qtbot.waitUntil(lambda: len(after_a_crash()) == 1, timeout=20_000)
    session.paint(Rect(1900, 0, 20, 20), np.ones((20, 20), bool), 1)
    qtbot.waitUntil(lambda: len(after_a_crash()[0].changes) == 2, timeout=20_000)
    (item,) = after_a_crash()
    assert [len(record.tiles) for record in item.changes] == [8, 1]
    assert np.array_equal(item.mask(), mask_of(session))
    session.cancel_stroke()
