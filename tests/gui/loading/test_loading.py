"""Opening images while the window goes on: with a real thread, real files and, where it shows, the real window."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.decoder_pool import POOL, Lane
from segtool.formats.mask_png import write_mask
from segtool.gui.actions import ActionId
from segtool.gui.canvas.empty_state import empty_text
from segtool.gui.dialogs import ask
from segtool.gui.documents import MAX_CLEAN
from segtool.gui.loading import memory
from segtool.gui.loading.load_job import TooLarge
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.project.document import Document
from segtool.project.status import Status
from segtool.sample import draw_nuclei

Messages = list[tuple[str, Level]]
SIZE = (90, 120)
BOX = Rect(10, 20, 30, 15)
COUNT = 12


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no image be waited for: what is asked for is shown by the event loop."""
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 0)


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Twelve drawn images and, after the third, a file that only claims to be one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(COUNT):
        assert cv2.imwrite(os.fspath(folder / f"n{number}.png"), draw_nuclei(number, size=SIZE)[0])
    (folder / "n2z.png").write_bytes(b"not an image at all")
    return folder


@pytest.fixture
def opened(session: Session, image_folder: Path) -> Session:
    """The session with n0.png shown."""
    assert session.open_folder(image_folder)
    assert session.open_image("n0.png")
    return session


@pytest.fixture
def shown(session: Session) -> list[str]:
    """The images that were shown, oldest first."""
    keys: list[str] = []
    session.document_changed.connect(lambda: keys.append("" if session.document is None else document(session)))
    return keys


def document(session: Session) -> str:
    assert session.document is not None
    return session.document.entry.key


def current(session: Session) -> Document:
    assert session.document is not None
    return session.document


def paint(session: Session, value: int = 1) -> None:
    assert session.begin_stroke("Brush stroke")
    session.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), value)
    session.end_stroke()


def is_claimed(session: Session, key: str) -> bool:
    with session._documents.claims.unclaimed(key) as is_free:
        return not is_free


# While an image is being loaded ----------------------------------------------------------------


def test_the_shown_image_stays_usable(opened: Session, impatient: None, qtbot: QtBot, shown: list[str]) -> None:
    assert opened.open_image("n5.png")
    assert document(opened) == "n0.png"
    assert opened.navigation.opening is not None
    assert opened.navigation.opening.text == "n5.png"
    paint(opened)
    qtbot.waitUntil(lambda: document(opened) == "n5.png")
    assert shown == ["n5.png"]
    assert opened.navigation.opening is None
    assert opened.project is not None
    assert opened.project.status("n0.png") is Status.CORRECTED
    assert is_claimed(opened, "n5.png")


def test_a_stroke_is_not_broken_off(opened: Session, impatient: None, qtbot: QtBot) -> None:
    assert opened.open_image("n5.png")
    assert opened.begin_stroke("Brush stroke")
    loader = opened.navigation.loader
    with qtbot.waitSignal(loader.loaded):
        pass
    assert document(opened) == "n0.png"
    opened.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), 1)
    opened.end_stroke()
    assert document(opened) == "n5.png"


def test_the_newest_wish_counts_and_a_key_held_down_goes_on_through_the_list(
    opened: Session, impatient: None, qtbot: QtBot, shown: list[str]
) -> None:
    opened.navigation.loader.forget()
    for _ in range(20):
        opened.step_image(1)
    # n0, n1, n2, n2z, …: twenty steps end at the last image.
    assert opened.navigation.opening is not None
    assert opened.navigation.opening.text == f"n{COUNT - 1}.png"
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    assert shown == [f"n{COUNT - 1}.png"]
    assert opened.open_image("n3.png")
    assert opened.open_image("n4.png")
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    assert shown[1:] == ["n4.png"]


def test_the_image_in_memory_is_shown_at_once_and_takes_the_wish_back(
    opened: Session, impatient: None, qtbot: QtBot, shown: list[str]
) -> None:
    assert opened.open_image("n5.png")
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    # No neighbour of the shown one, which may have been loaded ahead.
    assert opened.open_image("n10.png")
    assert opened.open_image("n0.png")
    assert document(opened) == "n0.png"
    assert opened.open_image("n8.png")
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    assert shown == ["n5.png", "n0.png", "n8.png"]


def test_it_can_be_cancelled(opened: Session, impatient: None, qtbot: QtBot, shown: list[str]) -> None:
    assert opened.open_image("n5.png")
    opened.navigation.cancel()
    assert opened.navigation.opening is None
    assert opened.open_image("n6.png")
    qtbot.waitUntil(lambda: document(opened) == "n6.png")
    assert shown == ["n6.png"]
    assert not is_claimed(opened, "n5.png")


def test_what_cannot_be_read_is_passed_over_and_told(
    opened: Session, impatient: None, qtbot: QtBot, messages: Messages, shown: list[str]
) -> None:
    assert opened.open_image("n2z.png")
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    assert document(opened) == "n0.png"
    assert "n2z.png" in messages[-1][0]
    assert opened.entry_reason("n2z.png")
    opened.step_image(3)
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    assert shown == ["n3.png"]
    assert not is_claimed(opened, "n2z.png")


def test_a_class_that_is_removed_meanwhile_is_none_of_the_image(
    opened: Session, image_folder: Path, impatient: None, qtbot: QtBot
) -> None:
    assert opened.add_class("third")
    third, loader = opened.active_class, opened.navigation.loader
    assert opened.open_image("n9.png")
    task = loader._wanted
    assert task is not None
    assert task.wait(20)
    write_mask(image_folder / "masks" / "n9.png", np.full(SIZE, third, dtype=np.uint8))
    with qtbot.waitSignal(loader.loaded):
        pass
    # Loaded once more by now, and claimed, so that the job passes its mask over.
    task = loader._wanted
    assert task is not None
    loader.blockSignals(True)
    assert opened.class_edits.remove(third, replacement=0)
    qtbot.waitUntil(lambda: third not in opened.classes and task.is_taken)
    loader.blockSignals(False)
    loader.loaded.emit(task)
    qtbot.waitUntil(lambda: document(opened) == "n9.png")
    assert current(opened).unknown_ids == (third,)


def test_another_folder_is_opened_meanwhile(
    opened: Session, impatient: None, qtbot: QtBot, tmp_path: Path, shown: list[str], messages: Messages
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert cv2.imwrite(os.fspath(other / "z.png"), draw_nuclei(1, size=SIZE)[0])
    assert opened.open_image("n5.png")
    assert opened.open_folder(other)
    assert opened.navigation.opening is None
    assert opened.open_image("z.png")
    qtbot.waitUntil(lambda: opened.document is not None)
    assert shown == ["", "z.png"]
    assert not messages


def test_closing_does_not_wait_for_the_event_loop(opened: Session, impatient: None, shown: list[str]) -> None:
    assert opened.open_image("n5.png")
    opened.close()
    assert opened.navigation.opening is None
    assert shown == []


# Ahead -----------------------------------------------------------------------------------------


def wait_ahead(session: Session, qtbot: QtBot, *keys: str) -> None:
    qtbot.waitUntil(lambda: set(session.navigation.loader.keys_ahead) == set(keys))


def test_neighbours_are_loaded_ahead_and_shown_without_waiting(opened: Session, impatient: None, qtbot: QtBot) -> None:
    wait_ahead(opened, qtbot, "n1.png", "n2.png")
    assert not is_claimed(opened, "n1.png")
    opened.step_image(1)
    assert document(opened) == "n1.png"
    assert is_claimed(opened, "n1.png")
    # n0 is in memory; n2z cannot be read, which nobody is told before it is asked for.
    wait_ahead(opened, qtbot, "n2.png")
    assert not opened.entry_reason("n2z.png")
    assert opened.open_image("n6.png")
    wait_ahead(opened, qtbot, "n5.png", "n7.png", "n8.png")
    assert opened.open_image("n4.png")
    wait_ahead(opened, qtbot, "n3.png", "n5.png")


@pytest.mark.parametrize("what", ["mask", "image"])
def test_what_has_changed_since_is_loaded_again(opened: Session, image_folder: Path, qtbot: QtBot, what: str) -> None:
    wait_ahead(opened, qtbot, "n1.png", "n2.png")
    pixels = np.full(SIZE, 1, dtype=np.uint8)
    if what == "mask":
        write_mask(image_folder / "masks" / "n1.png", pixels)
    else:
        assert cv2.imwrite(os.fspath(image_folder / "n1.png"), pixels)
    opened.step_image(1)
    assert document(opened) == "n1.png"
    found = current(opened).mask if what == "mask" else current(opened).image.pixels
    np.testing.assert_array_equal(found, pixels)


def test_a_mask_that_changes_while_it_is_loaded_is_claimed_and_loaded_again(
    opened: Session, image_folder: Path, impatient: None, qtbot: QtBot
) -> None:
    assert opened.open_image("n9.png")
    task = opened.navigation.loader._wanted
    assert task is not None
    assert task.wait(20)
    write_mask(image_folder / "masks" / "n9.png", np.full(SIZE, 1, dtype=np.uint8))
    with qtbot.waitSignal(opened.navigation.loader.loaded):
        pass
    assert document(opened) == "n0.png"
    assert is_claimed(opened, "n9.png")
    qtbot.waitUntil(lambda: document(opened) == "n9.png")
    assert (current(opened).mask == 1).all()


def test_other_classes_make_it_be_loaded_again(opened: Session, image_folder: Path, qtbot: QtBot) -> None:
    write_mask(image_folder / "masks" / "n1.png", np.full(SIZE, 7, dtype=np.uint8))
    wait_ahead(opened, qtbot, "n1.png", "n2.png")
    while 7 not in opened.classes:
        assert opened.add_class(f"class {len(opened.classes)}")
    opened.step_image(1)
    assert document(opened) == "n1.png"
    assert not current(opened).read_only_reason


def test_nothing_is_loaded_ahead_without_memory_for_it(
    session: Session, image_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = int(SIZE[0] * SIZE[1] * 2.4)
    monkeypatch.setattr(memory, "PREFETCH_BYTES", 2 * one + 100)
    assert session.open_folder(image_folder)
    assert session.open_image("n6.png")
    loader = session.navigation.loader
    wait_ahead(session, qtbot, "n7.png", "n5.png")
    qtbot.waitUntil(lambda: not loader.is_busy)
    assert set(loader.keys_ahead) == {"n7.png", "n5.png"}
    assert loader.bytes_ahead <= 2 * one + 100


def test_whatever_a_person_does_the_masks_in_memory_are_claimed_and_no_others(
    opened: Session, image_folder: Path, impatient: None, qtbot: QtBot
) -> None:
    rng = np.random.default_rng(0)
    assert opened.project is not None
    keys = [entry.key for entry in opened.project.entries]
    painted: dict[str, int] = {}
    for number in range(150):
        key = str(rng.choice(keys))
        match rng.integers(7):
            case 0 | 1:
                opened.open_image(key)
            case 2:
                opened.step_image(int(rng.choice([-2, -1, 1, 2])))
            case 3:
                opened.navigation.cancel()
            case 4:
                value = int(rng.integers(2))
                painted[document(opened)] = value
                paint(opened, value)
                assert opened.wait_until_saved()
            case 5:
                # Another program's work, which is only found where the mask is not in memory.
                if opened._documents.get(key) is None and key != "n2z.png":
                    painted[key] = number % 2
                    write_mask(image_folder / "masks" / key, np.full(SIZE, number % 2, dtype=np.uint8))
            case _:
                QApplication.processEvents()
        if number % 10 == 9:
            qtbot.waitUntil(lambda: opened.navigation.opening is None)
            held = {item.entry.key for item in opened._documents}
            assert {key for key in keys if is_claimed(opened, key)} == held
            if document(opened) in painted:
                assert (current(opened).mask[BOX.slices] == painted[document(opened)]).all()


def test_a_large_image_is_broken_off_when_another_one_is_asked_for(
    opened: Session, impatient: None, qtbot: QtBot, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segtool.formats.isolated.BREAK_OFF_PIXELS", SIZE[0] * SIZE[1])
    pixels = np.zeros((6000, 6000), dtype=np.uint16)
    assert cv2.imwrite(os.fspath(image_folder / "n2z.png"), pixels)
    POOL.start(Lane.FRONT)
    before = POOL._decoders[Lane.FRONT]
    opened.open_image("n2z.png")
    qtbot.waitUntil(lambda: POOL._locks[Lane.FRONT].locked())
    opened.open_image("n5.png")
    qtbot.waitUntil(lambda: document(opened) == "n5.png")
    assert before.has_ended


# Memory ----------------------------------------------------------------------------------------


@pytest.fixture
def questions(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every image is large; the person is asked and says no."""
    monkeypatch.setattr(memory, "LARGE_SHARE", 0.0)
    asked: list[str] = []

    def no(key: str, found: TooLarge) -> bool:
        assert found.needs > SIZE[0] * SIZE[1]
        asked.append(key)
        return False

    session.navigation.ask_large = no
    return asked


@pytest.mark.parametrize("is_patient", [True, False])
def test_a_large_image_is_opened_after_a_question_only(
    opened: Session, questions: list[str], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, is_patient: bool
) -> None:
    if not is_patient:
        monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 0)
    opened.navigation.loader.forget()
    opened.open_image("n5.png")
    qtbot.waitUntil(lambda: opened.navigation.opening is None)
    assert questions == ["n5.png"]
    assert document(opened) == "n0.png"
    opened.navigation.ask_large = lambda key, found: True
    assert opened.open_image("n5.png")
    qtbot.waitUntil(lambda: document(opened) == "n5.png")


def test_a_large_image_in_a_very_small_file_is_asked_about_whatever_memory_there_is(
    opened: Session, questions: list[str], image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LARGE_SHARE", 0.5)
    monkeypatch.setattr(memory, "_SWOLLEN_BYTES", SIZE[0] * SIZE[1])
    assert cv2.imwrite(os.fspath(image_folder / "n2z.png"), np.zeros((600, 600), dtype=np.uint8))
    assert opened.open_image("n5.png")
    assert questions == []
    opened.open_image("n2z.png")
    assert questions == ["n2z.png"]
    assert document(opened) == "n5.png"


def test_stepping_on_passes_over_a_large_image_that_was_declined(opened: Session, questions: list[str]) -> None:
    opened.navigation.loader.forget()
    opened.step_image(1)
    assert document(opened) == "n0.png"
    opened.step_image(1)
    assert document(opened) == "n0.png"
    assert questions == ["n1.png", "n2.png"]
    opened.navigation.ask_large = lambda key, found: True
    opened.step_image(1)
    # n2z comes next and cannot be read.
    assert document(opened) == "n3.png"


def test_one_that_was_opened_after_all_is_not_passed_over_any_more(opened: Session, questions: list[str]) -> None:
    opened.navigation.loader.forget()
    opened.step_image(1)
    assert questions == ["n1.png"]
    opened.navigation.ask_large = lambda key, found: True
    assert opened.open_image("n1.png")
    assert opened.open_image("n0.png")
    opened.step_image(1)
    assert document(opened) == "n1.png"


def test_images_in_memory_are_bounded_by_bytes_too(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    one = int(SIZE[0] * SIZE[1] * 2.4)
    monkeypatch.setattr(memory, "KEPT_BYTES", 2 * one + 100)
    for key in ("n4.png", "n5.png", "n6.png"):
        assert opened.open_image(key)
    assert [item.entry.key for item in opened._documents] == ["n4.png", "n5.png", "n6.png"]


# What can be undone ----------------------------------------------------------------------------


def leave(session: Session) -> None:
    """Go through so many images that n0 leaves memory."""
    assert session.wait_until_saved()
    for number in range(3, MAX_CLEAN + 5):
        assert session.open_image(f"n{number}.png")
    assert session._documents.get("n0.png") is None


def test_what_can_be_undone_survives_leaving_memory(opened: Session) -> None:
    paint(opened)
    paint(opened, 0)
    opened.undo()
    leave(opened)
    assert opened.open_image("n0.png")
    history = current(opened).history
    assert history.can_undo
    assert history.can_redo
    opened.redo()
    assert (current(opened).mask[BOX.slices] == 0).all()
    opened.undo()
    opened.undo()
    assert (current(opened).mask == 255).all()
    assert opened.project is not None
    assert opened.project.status("n0.png") is Status.UNTOUCHED
    assert opened.is_dirty


def test_it_is_forgotten_if_the_mask_is_another_one(opened: Session, image_folder: Path) -> None:
    paint(opened)
    leave(opened)
    write_mask(image_folder / "masks" / "n0.png", np.zeros(SIZE, dtype=np.uint8))
    assert opened.open_image("n0.png")
    assert not current(opened).history.can_undo
    assert not current(opened).mask.any()


@pytest.mark.parametrize("size", [(60, 50), (300, 280)])
def test_it_waits_while_the_image_is_read_only(opened: Session, image_folder: Path, size: tuple[int, int]) -> None:
    paint(opened)
    leave(opened)
    image, mask_path = image_folder / "n0.png", image_folder / "masks" / "n0.png"
    pixels, mask = image.read_bytes(), mask_path.read_bytes()
    assert cv2.imwrite(os.fspath(image), np.zeros(size, dtype=np.uint8))
    assert opened.open_image("n0.png")
    assert current(opened).read_only_reason
    # The blank mask that is shown is not what the edits led to.
    opened.undo()
    assert not opened.is_dirty
    leave(opened)
    assert mask_path.read_bytes() == mask
    image.write_bytes(pixels)
    assert opened.open_image("n0.png")
    opened.undo()
    assert (current(opened).mask == 255).all()


# The window ------------------------------------------------------------------------------------


@pytest.fixture
def shown_window(make_window: Callable[[], MainWindow], image_folder: Path) -> MainWindow:
    window = make_window()
    assert window.opener.open(image_folder)
    return window


def test_the_window_says_what_is_being_opened_and_can_be_told_not_to(
    shown_window: MainWindow, impatient: None, qtbot: QtBot
) -> None:
    window, session = shown_window, shown_window._session
    indicator = window.status.loading
    images = window.images
    for way_out in ("button", "key"):
        assert indicator.isHidden()
        index = images.filter.index(9, 0)
        assert session.open_image("n8.png")
        images.view.setCurrentIndex(index)
        # The thread's word waits in the event loop; the indicator is asked for first.
        indicator._delay.stop()
        indicator.show()
        assert indicator.label.text() == "Opening n8.png…"
        if way_out == "button":
            qtbot.mouseClick(indicator.button, Qt.MouseButton.LeftButton)
        else:
            window.activateWindow()
            window.canvas.setFocus()
            qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
        assert session.navigation.opening is None
        assert indicator.isHidden()
        assert images.view.currentIndex().data() == "n0.png"
        assert document(session) == "n0.png"


def test_the_first_image_is_announced_on_the_canvas(
    make_window: Callable[[], MainWindow], image_folder: Path, impatient: None, qtbot: QtBot
) -> None:
    window = make_window()
    assert window.opener.open(image_folder)
    assert empty_text(window._session, failed_key="")[0] == "Opening n0.png…"
    qtbot.waitUntil(lambda: window._session.document is not None)
    assert window.canvas.has_image


def test_next_shows_what_was_loaded_ahead(shown_window: MainWindow, impatient: None, qtbot: QtBot) -> None:
    wait_ahead(shown_window._session, qtbot, "n1.png", "n2.png")
    shown_window.action_set[ActionId.NEXT_IMAGE].trigger()
    assert document(shown_window._session) == "n1.png"


def test_the_window_asks_before_it_opens_a_large_image(
    shown_window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "LARGE_SHARE", 0.0)
    asked: list[str] = []

    def answer(parent: object, key: str, *, needs: int, free: int, is_swollen: bool) -> bool:
        asked.append(key)
        return needs < free

    monkeypatch.setattr(ask, "ask_large_image", answer)
    # What is in memory already needs no question.
    shown_window._session.navigation.loader.forget()
    shown_window._session.step_image(1)
    assert asked == ["n1.png"]
    assert document(shown_window._session) == "n1.png"
