"""What becomes of images that are damaged, or deleted, renamed or replaced while they are open."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.actions import ActionId
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.image_list_model import Role
from segtool.gui.session import Session
from segtool.gui.session_state import Level, Overwrite, SaveKind
from segtool.project.document import Document
from segtool.sample import draw_nuclei
from tests.formats.file_makers import noise, tiff

BOX = Rect(10, 20, 30, 15)
Messages = list[tuple[str, Level]]


def paint(session: Session) -> None:
    assert session.begin_stroke("Brush stroke")
    session.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), 1)
    session.end_stroke()


def replace(path: Path, *, size: tuple[int, int], seed: int = 77) -> None:
    """Put another image in a file's place as most programs do."""
    other = path.with_name("coming.tmp.png")
    assert cv2.imwrite(os.fspath(other), draw_nuclei(seed, size=size)[0])
    other.replace(path)


def shown(session: Session) -> Document:
    assert session.document is not None
    return session.document


@pytest.fixture
def at_a(session: Session, image_folder: Path) -> Session:
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    return session


class TestChangedOnDisk:
    def test_a_deleted_image_stays_and_its_row_says_so(
        self, at_a: Session, image_folder: Path, messages: Messages, qtbot: QtBot
    ) -> None:
        over: list[str] = []
        at_a.message_over.connect(over.append)
        paint(at_a)
        (image_folder / "a.png").rename(image_folder / "elsewhere.txt")
        qtbot.waitUntil(lambda: "no such file any more" in at_a.entry_reason("a.png"))
        assert shown(at_a).entry.key == "a.png"
        assert "mask can be saved" in messages[-1][0]
        assert at_a.wait_until_saved()
        assert (read_mask(image_folder / "masks" / "a.png")[BOX.slices] == 1).all()
        (image_folder / "elsewhere.txt").rename(image_folder / "a.png")
        qtbot.waitUntil(lambda: not at_a.entry_reason("a.png"))
        assert over[-1] == messages[-1][0]

    def test_it_can_be_come_back_to(self, at_a: Session, image_folder: Path, qtbot: QtBot) -> None:
        pixels = shown(at_a).image.pixels
        (image_folder / "a.png").unlink()
        assert at_a.open_image("b.png")
        assert at_a.open_image("a.png")
        assert shown(at_a).image.pixels is pixels
        qtbot.waitUntil(lambda: "no such file any more" in at_a.entry_reason("a.png"))

    def test_a_replaced_image_is_read_again(self, at_a: Session, image_folder: Path, qtbot: QtBot) -> None:
        replace(image_folder / "a.png", size=(70, 110))
        qtbot.waitUntil(lambda: shown(at_a).image.pixels.shape[:2] == (70, 110))
        assert shown(at_a).mask.shape == (70, 110)

    def test_one_that_is_not_shown_is_read_again_when_it_is(self, at_a: Session, image_folder: Path) -> None:
        assert at_a.open_image("b.png")
        replace(image_folder / "a.png", size=(90, 120))
        assert at_a.open_image("a.png")
        assert (shown(at_a).image.pixels == draw_nuclei(77, size=(90, 120))[0]).all()

    def test_an_unsaved_mask_waits_for_its_image_of_the_same_size(
        self, at_a: Session, image_folder: Path, qtbot: QtBot
    ) -> None:
        paint(at_a)
        before = shown(at_a)
        replace(image_folder / "a.png", size=(90, 120))
        at_a._image_watch.look()
        assert shown(at_a) is before
        assert at_a.wait_until_saved()
        qtbot.waitUntil(lambda: shown(at_a) is not before)
        assert (shown(at_a).mask[BOX.slices] == 1).all()

    def test_a_mask_is_not_given_to_an_image_of_another_size(
        self, at_a: Session, image_folder: Path, messages: Messages
    ) -> None:
        paint(at_a)
        replace(image_folder / "a.png", size=(70, 110))
        assert not at_a.wait_until_saved()
        assert "replaced by one of 110×70 pixels" in messages[-1][0]
        assert at_a.save_state.kind is SaveKind.FAILED
        assert not (image_folder / "masks" / "a.png").exists()
        assert (shown(at_a).mask[BOX.slices] == 1).all()


@pytest.fixture
def cut(image_folder: Path) -> Path:
    """The folder with a JPEG that lacks its end."""
    path = image_folder / "cut.jpg"
    assert cv2.imwrite(os.fspath(path), draw_nuclei(5, size=(200, 160))[0])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return image_folder


class TestDamage:
    def test_it_can_be_looked_at_and_edited_after_a_word(self, window: MainWindow, cut: Path, qtbot: QtBot) -> None:
        session = window._session
        assert window.opener.open(cut)
        assert session.open_image("cut.jpg")
        assert "cut short: the lower" in shown(session).read_only_reason
        assert session.save_state.kind is SaveKind.READ_ONLY
        assert not session.begin_stroke("Brush stroke")
        row = next(row for row in window.messages._rows if "cut short" in row.text)
        assert [button.text() for button in row.buttons] == ["Edit it all the same"]
        row.buttons[0].click()
        assert shown(session).read_only_reason == ""
        assert "the lower" in shown(session).image.damage
        paint(session)
        assert session.wait_until_saved()
        assert (read_mask(cut / "masks" / "cut.png")[BOX.slices] == 1).all()
        assert not [text for text in window.messages.texts if "cut short" in text]

    def test_its_row_its_status_line_and_its_tag_say_it(self, window: MainWindow, cut: Path, qtbot: QtBot) -> None:
        session = window._session
        assert window.opener.open(cut)
        assert session.open_image("cut.jpg")
        index = window.images.model.index(window.images.model.row_of("cut.jpg"))
        window.images.thumbnails.get(cut / "cut.jpg")
        qtbot.waitUntil(lambda: "cut short" in str(index.data(Role.NOTES)))
        assert index.data(Role.REASON) == ""
        assert "Cut short: the lower" in window.status.notes_label.toolTip()
        assert window.status.notes_label.isVisible()
        window.canvas.follow_pointer(None)
        tagged = window.canvas.grab().toImage()
        window.canvas.hold_mask_back(True)
        assert window.canvas.grab().toImage() != tagged

    @pytest.mark.parametrize("is_shown", [True, False])
    def test_segmenting_leaves_it_out(
        self, session: Session, cut: Path, messages: Messages, qtbot: QtBot, is_shown: bool
    ) -> None:
        mask = np.zeros((200, 160), np.uint8)
        mask[:20] = 1
        path = cut / "masks" / "cut.png"
        write_mask(path, mask)
        assert session.open_folder(cut)
        assert session.open_image("cut.jpg" if is_shown else "a.png")
        assert session.segment(["cut.jpg"], policy=Overwrite.REPLACE)
        qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
        assert "cut short" in messages[-1][0]
        assert np.array_equal(read_mask(path), mask)


class TestPages:
    def test_pages_become_files(
        self, window: MainWindow, image_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pixels = noise((40, 50), "u2", high=65535)
        (image_folder / "a stack.tif").write_bytes(tiff(pixels, pages=3))
        session = window._session
        assert window.opener.open(image_folder)
        assert not window.action_set[ActionId.SPLIT_PAGES].isEnabled() or shown(session).image.pages > 1
        assert session.open_image("a stack.tif")
        assert window.status.notes_label.text() == "page 1 of 3"
        monkeypatch.setattr(ask, "ask_folder", lambda *args, **kwargs: image_folder)
        (image_folder / "a stack-pages").mkdir()
        window.action_set[ActionId.SPLIT_PAGES].trigger()
        qtbot.waitUntil(lambda: any("3 pages of a stack.tif" in text for text in window.messages.texts))
        made = image_folder / "a stack-pages-2"
        assert sorted(item.name for item in made.iterdir()) == [f"a stack-p{n}.png" for n in (1, 2, 3)]
        row = next(row for row in window.messages._rows if "3 pages" in row.text)
        row.buttons[0].click()
        assert session.project is not None
        assert session.project.root == made
        assert [entry.key for entry in session.project.entries] == [f"a stack-p{n}.png" for n in (1, 2, 3)]
        np.testing.assert_array_equal(shown(session).image.pixels, pixels)

    def test_an_image_of_one_page_has_none_to_split(self, opened: MainWindow) -> None:
        assert not opened.action_set[ActionId.SPLIT_PAGES].isEnabled()
        assert not opened.status.notes_label.isVisible()


def test_what_has_no_value_stays_unlabelled(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "floats"
    folder.mkdir()
    values = draw_nuclei(1, size=(96, 96))[0].astype(np.float32) / 255
    values[:20, :30] = np.nan
    (folder / "a.tif").write_bytes(tiff(values))
    assert session.open_folder(folder)
    assert session.open_image("a.tif")
    assert session.segment(["a.tif"])
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    mask = shown(session).mask
    assert (mask[:20, :30] == VOID).all()
    assert (mask[20:] != VOID).all()
