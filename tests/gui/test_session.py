"""The session on a real folder: opening, editing, statuses and classes."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.edits import TILE
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.documents import MAX_CLEAN
from segtool.gui.session import Session
from segtool.gui.session_state import ClassUsage, Level, SaveKind
from segtool.gui.tools.tool_id import ToolId
from segtool.project.lock import Claim, look_at_lock
from segtool.project.project import Project
from segtool.project.status import Status

Messages = list[tuple[str, Level]]
SHAPE = (90, 120)
BOX = Rect(10, 20, 30, 15)
CLASSES = [
    {"id": 0, "name": "background"},
    {"id": 1, "name": "nucleus"},
    {"id": 2, "name": "debris", "colour": [1, 2, 3]},
]


def paint(session: Session, *, rect: Rect = BOX, value: int = 1) -> None:
    """Paint one stroke that fills a box."""
    assert session.begin_stroke("Brush stroke")
    session.paint(rect, np.ones((rect.height, rect.width), dtype=bool), value)
    session.end_stroke()


def mask_of(session: Session) -> np.ndarray:
    assert session.document is not None
    return session.document.mask


def status(session: Session, key: str) -> Status:
    assert session.project is not None
    return session.project.status(key)


def saved_state(folder: Path) -> dict:
    return json.loads((folder / "segtool.json").read_text(encoding="utf-8"))


@pytest.fixture
def opened(session: Session, image_folder: Path) -> Session:
    """The session with a.png shown, three classes and no mask."""
    (image_folder / "classes.json").write_text(json.dumps(CLASSES), encoding="utf-8")
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    return session


# Opening -------------------------------------------------------------------------------------


def test_looking_at_a_folder_writes_nothing_into_it(session: Session, image_folder: Path) -> None:
    before = sorted(image_folder.rglob("*"))
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    session.step_image(1)
    assert session.wait_until_saved()
    session.close()
    assert sorted(image_folder.rglob("*")) == before


def test_a_folder_that_cannot_be_opened_leaves_the_open_one(
    opened: Session, tmp_path: Path, messages: Messages, image_folder: Path
) -> None:
    project, document = opened.project, opened.document
    assert not opened.open_folder(tmp_path / "nowhere")
    assert opened.project is project
    assert opened.document is document
    assert [level for _, level in messages] == [Level.ERROR]
    assert "nowhere" in messages[0][0]


def test_views_hear_of_a_folder_before_its_problems(session: Session, image_folder: Path, qtbot: QtBot) -> None:
    (image_folder / "segtool.json").write_text(json.dumps({"format": 1, "active_model": "0009-gone"}))
    heard: list[str] = []
    session.project_changed.connect(lambda: heard.append("project"))
    session.message.connect(lambda text, level: heard.append(text))
    assert session.open_folder(image_folder)
    assert heard[0] == "project"
    assert any("0009-gone" in text for text in heard[1:])


def test_several_models_that_cannot_be_used_are_told_in_one_sentence_and_once(
    session: Session, image_folder: Path, messages: Messages
) -> None:
    for name in ("0001-a", "0002-b"):
        (image_folder / "models" / name).mkdir(parents=True)
        (image_folder / "models" / name / "model.json").write_text("{", encoding="utf-8")
    assert session.open_folder(image_folder)
    session.refresh_models()
    (text,) = [text for text, _ in messages if "0001-a" in text]
    assert text.endswith("Nor can 0002-b/model.json be used.")


def test_a_folder_without_classes_gets_those_of_the_model(session: Session, image_folder: Path) -> None:
    assert session.open_folder(image_folder)
    assert session.model is not None
    assert session.classes == session.model.card.classes


def test_an_image_that_cannot_be_read_leaves_the_shown_one(opened: Session, messages: Messages) -> None:
    document = opened.document
    assert not opened.open_image("broken.png")
    assert opened.document is document
    assert "broken.png" in messages[-1][0]
    assert opened.entry_reason("broken.png")
    assert not opened.entry_reason("a.png")


def test_stepping_passes_over_what_cannot_be_read_and_stops_at_the_ends(opened: Session) -> None:
    def shown() -> str:
        assert opened.document is not None
        return opened.document.entry.key

    opened.step_image(1)
    assert shown() == "b.png"
    opened.step_image(1)
    assert shown() == "c.tif"
    opened.step_image(1)
    assert shown() == "c.tif"
    opened.step_image(-2)
    assert shown() == "b.png"
    opened.step_image(-5)
    assert shown() == "b.png"


# Editing -------------------------------------------------------------------------------------


def test_a_new_mask_is_void_and_a_stroke_is_one_step_of_undo(opened: Session, qtbot: QtBot) -> None:
    assert (mask_of(opened) == VOID).all()
    with qtbot.waitSignals([opened.history_changed, opened.saved_changed, opened.entries_changed]):
        paint(opened)
    assert (mask_of(opened)[BOX.slices] == 1).all()
    assert np.count_nonzero(mask_of(opened) != VOID) == BOX.width * BOX.height
    assert status(opened, "a.png") is Status.CORRECTED
    assert opened.is_dirty
    opened.undo()
    assert (mask_of(opened) == VOID).all()
    assert status(opened, "a.png") is Status.UNTOUCHED
    opened.undo()
    opened.redo()
    assert (mask_of(opened)[BOX.slices] == 1).all()
    assert status(opened, "a.png") is Status.CORRECTED


def test_painting_says_which_pixels_have_changed(opened: Session) -> None:
    rects: list[Rect] = []
    opened.mask_changed.connect(rects.append)
    paint(opened)
    assert rects == [BOX]


def test_a_cancelled_stroke_leaves_no_trace(opened: Session) -> None:
    assert opened.begin_stroke("Brush stroke")
    opened.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), 1)
    opened.cancel_stroke()
    assert (mask_of(opened) == VOID).all()
    assert opened.document is not None
    assert not opened.document.history.can_undo
    assert not opened.is_dirty


def test_pixels_are_only_painted_inside_a_stroke(opened: Session) -> None:
    opened.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), 1)
    assert (mask_of(opened) == VOID).all()


def test_leaving_an_image_in_the_middle_of_a_stroke_keeps_the_stroke(opened: Session) -> None:
    assert opened.begin_stroke("Brush stroke")
    opened.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), 1)
    assert opened.open_image("b.png")
    opened.paint(BOX, np.ones((BOX.height, BOX.width), dtype=bool), 1)
    assert (mask_of(opened) == VOID).all()
    assert opened.open_image("a.png")
    assert (mask_of(opened)[BOX.slices] == 1).all()


def test_pixels_can_be_replaced_in_one_step(opened: Session) -> None:
    pixels = np.arange(BOX.width * BOX.height, dtype=np.uint8).reshape(BOX.height, BOX.width) % 3
    assert opened.apply_pixels("Fill", BOX, pixels)
    assert np.array_equal(mask_of(opened)[BOX.slices], pixels)
    opened.undo()
    assert (mask_of(opened) == VOID).all()


def test_a_mask_that_does_not_fit_is_shown_but_not_painted_in(
    session: Session, image_folder: Path, messages: Messages
) -> None:
    path = image_folder / "masks" / "a.png"
    write_mask(path, np.zeros((5, 5), dtype=np.uint8))
    before = path.read_bytes()
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    assert session.save_state.kind is SaveKind.READ_ONLY
    assert not session.begin_stroke("Brush stroke")
    assert not session.apply_pixels("Fill", BOX, np.zeros((BOX.height, BOX.width), dtype=np.uint8))
    session.save()
    assert session.wait_until_saved()
    assert messages[-1][1] is Level.WARNING
    assert "a.png" in messages[-1][0]
    assert path.read_bytes() == before
    path.unlink()
    assert session.open_image("a.png")
    assert session.begin_stroke("Brush stroke")


def test_histories_stay_with_their_images(opened: Session, qtbot: QtBot) -> None:
    paint(opened)
    assert opened.open_image("b.png")
    paint(opened, value=2)
    assert opened.open_image("a.png")
    opened.undo()
    assert (mask_of(opened) == VOID).all()
    assert opened.open_image("b.png")
    assert (mask_of(opened)[BOX.slices] == 2).all()
    opened.undo()
    assert (mask_of(opened) == VOID).all()


def test_only_a_few_saved_images_stay_in_memory(session: Session, image_folder: Path) -> None:
    for number in range(MAX_CLEAN + 3):
        (image_folder / f"n{number}.png").write_bytes((image_folder / "a.png").read_bytes())
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    first = session.document
    for number in range(MAX_CLEAN):
        assert session.open_image(f"n{number}.png")
    assert session.open_image("a.png")
    assert session.document is first
    for number in range(MAX_CLEAN + 3):
        assert session.open_image(f"n{number}.png")
    assert session.open_image("a.png")
    assert session.document is not first


# Statuses ------------------------------------------------------------------------------------


def test_approving_is_taken_back_by_approving_again_or_by_painting(opened: Session, image_folder: Path) -> None:
    paint(opened)
    opened.approve()
    assert status(opened, "a.png") is Status.APPROVED
    opened.approve()
    assert status(opened, "a.png") is Status.CORRECTED
    opened.approve()
    paint(opened, value=2)
    assert status(opened, "a.png") is Status.CORRECTED
    opened.undo()
    assert status(opened, "a.png") is Status.APPROVED
    assert opened.wait_until_saved()
    assert saved_state(image_folder)["statuses"] == {"a.png": "approved"}


def test_nothing_labelled_is_nothing_to_approve(opened: Session, messages: Messages) -> None:
    opened.approve()
    assert status(opened, "a.png") is Status.UNTOUCHED
    assert messages[-1][1] is Level.WARNING


# Tools ---------------------------------------------------------------------------------------


def test_tool_and_overlay_settings_stay_in_range_and_tell_of_changes(session: Session) -> None:
    changes: list[int] = []
    session.tool_changed.connect(lambda: changes.append(1))
    session.set_brush_size(9999)
    session.set_brush_size(500)
    session.set_overlay_opacity(-1.0)
    session.set_overlay_visible(False)
    session.set_tool(ToolId.ERASER)
    session.set_tool(ToolId.ERASER)
    assert (session.brush_size, session.overlay_opacity, session.overlay_visible) == (500, 0.0, False)
    assert session.tool is ToolId.ERASER
    assert len(changes) == 4


def test_swapping_with_background_goes_there_and_back(opened: Session) -> None:
    opened.set_active_class(2)
    opened.swap_with_background()
    assert opened.active_class == 0
    opened.swap_with_background()
    assert opened.active_class == 2
    opened.set_active_class(77)
    assert opened.active_class == 2
    opened.set_active_class(VOID)
    assert opened.active_class == VOID


# Classes -------------------------------------------------------------------------------------


def test_classes_are_added_renamed_and_recoloured_on_disk(opened: Session, image_folder: Path) -> None:
    assert opened.add_class("cell", (9, 8, 7))
    assert opened.active_class == 3
    assert opened.class_edits.rename(3, "big cell")
    assert opened.class_edits.recolour(3, (7, 8, 9))
    assert saved_state(image_folder)["classes"][3] == {"id": 3, "name": "big cell", "colour": [7, 8, 9]}


def test_a_name_that_is_taken_changes_nothing(opened: Session, messages: Messages) -> None:
    before = opened.classes
    assert not opened.add_class("Nucleus")
    assert not opened.class_edits.rename(2, "nucleus")
    assert opened.classes == before
    assert [level for _, level in messages] == [Level.ERROR, Level.ERROR]


def test_usage_counts_masks_in_memory_and_on_disk(opened: Session, image_folder: Path) -> None:
    write_mask(image_folder / "masks" / "b.png", np.full(SHAPE, 2, dtype=np.uint8))
    paint(opened, value=2)
    assert opened.class_edits.usage(2) == ClassUsage(BOX.width * BOX.height, 2)
    write_mask(image_folder / "masks" / "b.png", np.full(SHAPE, 1, dtype=np.uint8))
    assert opened.class_edits.usage(2) == ClassUsage(BOX.width * BOX.height, 1)
    assert opened.class_edits.usage(0) == ClassUsage(0, 0)


def remove(session: Session, class_id: int, *, replacement: int, qtbot: QtBot) -> None:
    assert session.class_edits.remove(class_id, replacement=replacement)
    qtbot.waitUntil(lambda: session.job is None, timeout=10_000)


def test_a_large_edit_is_packed_behind_the_window_and_can_be_undone_meanwhile(
    session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    assert cv2.imwrite(str(tmp_path / "large.png"), np.zeros((1300, 1300), dtype=np.uint8))
    assert session.open_folder(tmp_path)
    assert session.open_image("large.png")
    document = session.document
    assert document is not None
    assert session.apply_pixels("Fill", Rect(0, 0, 1300, 1300), np.ones((1300, 1300), dtype=np.uint8))
    session.undo()
    assert (document.mask == VOID).all()
    session.redo()
    assert (document.mask == 1).all()
    (edit,) = document.history._done
    qtbot.waitUntil(lambda: all(isinstance(tile.after, bytes) for tile in edit.tiles))
    session.undo()
    assert (document.mask == VOID).all()


def test_going_back_tells_of_the_tiles_that_change_and_not_of_the_box_around_them(
    session: Session, image_folder: Path
) -> None:
    assert cv2.imwrite(os.fspath(image_folder / "a.png"), np.zeros((5 * TILE, 6 * TILE), np.uint8))
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    before = mask_of(session).copy()
    for place in range(5):
        paint(session, rect=Rect(place * TILE, place * TILE, 9, 9))
    paint(session, rect=Rect(0, 0, 5, 5), value=0)
    told: list[Rect] = []
    session.mask_changed.connect(told.append)
    after = mask_of(session).copy()
    session.go_to_edit(0)
    np.testing.assert_array_equal(mask_of(session), before)
    assert sorted(told, key=lambda rect: rect.y) == [Rect(at * TILE, at * TILE, TILE, TILE) for at in range(5)]
    session.go_to_edit(6)
    np.testing.assert_array_equal(mask_of(session), after)


def test_removing_a_class_changes_every_mask_and_can_be_undone_in_memory(
    opened: Session, image_folder: Path, qtbot: QtBot
) -> None:
    on_disk = np.full(SHAPE, 2, dtype=np.uint8)
    on_disk[:10] = VOID
    write_mask(image_folder / "masks" / "b.png", on_disk)
    paint(opened, value=2)
    opened.set_active_class(2)
    remove(opened, 2, replacement=1, qtbot=qtbot)
    assert opened.classes.ids == (0, 1)
    assert opened.active_class != 2
    assert [item["id"] for item in saved_state(image_folder)["classes"]] == [0, 1]
    expected = np.where(on_disk == 2, 1, on_disk)
    assert np.array_equal(read_mask(image_folder / "masks" / "b.png"), expected)
    assert (mask_of(opened)[BOX.slices] == 1).all()
    assert np.array_equal(read_mask(image_folder / "masks" / "a.png"), mask_of(opened))

    opened.undo()
    assert (mask_of(opened)[BOX.slices] == 2).all()
    assert opened.classes.get(2).name == "debris"
    assert opened.wait_until_saved()
    assert 2 in [item["id"] for item in saved_state(image_folder)["classes"]]


def test_the_id_of_a_removed_class_is_not_given_to_the_next_one(opened: Session, qtbot: QtBot) -> None:
    remove(opened, 2, replacement=VOID, qtbot=qtbot)
    assert opened.add_class("other")
    assert opened.classes.ids == (0, 1, 3)


def test_a_class_stays_if_a_mask_cannot_be_read(
    opened: Session, image_folder: Path, qtbot: QtBot, messages: Messages
) -> None:
    write_mask(image_folder / "masks" / "b.png", np.full(SHAPE, 2, dtype=np.uint8))
    before = (image_folder / "masks" / "b.png").read_bytes()
    (image_folder / "masks" / "c.png").write_bytes(b"no mask")
    remove(opened, 2, replacement=1, qtbot=qtbot)
    assert 2 in opened.classes
    assert (image_folder / "masks" / "b.png").read_bytes() == before
    assert any("c.png" in text and level is Level.ERROR for text, level in messages)


def test_a_class_stays_if_a_mask_cannot_be_written_and_the_others_get_their_pixels_back(
    opened: Session, image_folder: Path, qtbot: QtBot, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = image_folder / "masks" / "b.png", image_folder / "masks" / "c.png"
    write_mask(first, np.full(SHAPE, 2, dtype=np.uint8))
    write_mask(second, np.full(SHAPE, 2, dtype=np.uint8))
    before = first.read_bytes()
    real = os.replace

    def full_disk(source: str, target: str) -> None:
        if os.fspath(target) == os.fspath(second):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", full_disk)
    remove(opened, 2, replacement=1, qtbot=qtbot)
    assert 2 in opened.classes
    assert first.read_bytes() == before
    assert any("c.png" in text for text, _ in messages)


def test_background_stays_and_pixels_need_a_class_to_go_to(opened: Session, messages: Messages) -> None:
    assert not opened.class_edits.remove(0, replacement=1)
    assert not opened.class_edits.remove(1, replacement=1)
    assert not opened.class_edits.remove(1, replacement=77)
    assert opened.job is None
    assert [level for _, level in messages] == [Level.WARNING] * 3


def test_a_class_that_is_being_removed_when_another_folder_is_opened_is_back_in_all_masks(
    session: Session, image_folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(image_folder, tmp_path / "other"))
    assert session.open_folder(image_folder)
    paths = [session.project.entry(key).mask_path for key in ("a.png", "b.png", "c.tif")]
    mask = np.ones((90, 120), np.uint8)
    for path in paths:
        write_mask(path, mask)
    rewritten, is_left = threading.Event(), threading.Event()

    def hold(item: object) -> None:
        if not rewritten.is_set() and (read_mask(paths[0]) == 0).all():
            rewritten.set()
            assert is_left.wait(30)

    # Heard in the job's thread, which stands still meanwhile.
    session._jobs._thread.worker.progressed.connect(hold, Qt.ConnectionType.DirectConnection)
    assert session.open_folder(image_folder)
    assert session.class_edits.remove(1, replacement=0)
    assert rewritten.wait(30)
    QTimer.singleShot(100, is_left.set)
    assert session.open_folder(other)
    for path in paths:
        np.testing.assert_array_equal(read_mask(path), mask)
    assert 1 in Project.open(image_folder).classes
    assert look_at_lock(image_folder).claim is Claim.FREE
