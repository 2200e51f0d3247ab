"""Segmenting from the session with a real network, real files and the real thread."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.jobs.segment_job import WrittenMask
from segtool.gui.session import Session
from segtool.gui.session_state import JobState, Level, Overwrite
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from segtool.project.lock import Claim, FolderLock, look_at_lock
from segtool.project.status import Status
from tests.model_fixtures import texture

Messages = list[tuple[str, Level]]
MODEL = "0001-tiny"
BOX = Rect(10, 20, 30, 15)


@pytest.fixture
def folder(image_folder: Path, tiny_model_folder: Path) -> Path:
    """The folder of drawn images with a model trained in it, and its classes under other ids than the model's."""
    shutil.copytree(tiny_model_folder, image_folder / "models" / MODEL)
    for number, name in enumerate(("a.png", "b.png", "c.tif")):
        assert cv2.imwrite(str(image_folder / name), texture(90, 120, seed=number))
    classes = [{"id": 0, "name": "background"}, {"id": 1, "name": "debris"}, {"id": 5, "name": "nucleus"}]
    (image_folder / "classes.json").write_text(json.dumps(classes), encoding="utf-8")
    return image_folder


@pytest.fixture
def opened(session: Session, folder: Path) -> Session:
    """The session with a.png shown and the small model active."""
    assert session.open_folder(folder)
    assert session.set_active_model(MODEL)
    assert session.open_image("a.png")
    return session


@pytest.fixture(scope="module")
def runtime(tiny_model_folder: Path) -> Runtime:
    return Runtime.load(tiny_model_folder)


def expected(path: Path, runtime: Runtime) -> np.ndarray:
    """What the network says of an image, in the ids of the folder."""
    ids = segment_to_end(read_image(path).pixels, runtime).class_ids
    assert set(np.unique(ids)) == {0, 1}
    return np.where(ids == 1, 5, 0).astype(np.uint8)


def paint(session: Session, *, value: int = 1, rect: Rect = BOX) -> None:
    """Paint one stroke that fills a box."""
    assert session.begin_stroke("Brush stroke")
    session.paint(rect, np.full((rect.height, rect.width), True), value)
    session.end_stroke()


def mask_of(session: Session) -> np.ndarray:
    assert session.document is not None
    return session.document.mask


def status(session: Session, key: str) -> Status:
    assert session.project is not None
    return session.project.status(key)


def finish(session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)


def test_the_open_image_is_segmented_in_one_step_of_undo(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot, messages: Messages
) -> None:
    states: list[JobState | None] = []
    opened.job_changed.connect(lambda: states.append(opened.job))
    assert opened.segment(["a.png"])
    assert (mask_of(opened) == VOID).all()
    finish(opened, qtbot)
    prediction = expected(folder / "a.png", runtime)
    assert np.array_equal(mask_of(opened), prediction)
    assert status(opened, "a.png") is Status.PREDICTED
    assert [state.text for state in states if state is not None][1:] == ["Loading the model", "a.png", "a.png"]
    assert messages[-1] == ("Segmented a.png.", Level.INFO)
    assert opened.wait_until_saved()
    assert np.array_equal(read_mask(folder / "masks" / "a.png"), prediction)
    opened.undo()
    assert (mask_of(opened) == VOID).all()
    assert status(opened, "a.png") is Status.UNTOUCHED


def test_ids_without_a_class_are_kept_by_filling_and_not_replaced_unseen(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot, messages: Messages
) -> None:
    mask = np.full((90, 120), VOID, np.uint8)
    mask[:30] = 37
    write_mask(folder / "masks" / "b.png", mask)
    assert opened.segment(["b.png"], policy=Overwrite.REPLACE)
    finish(opened, qtbot)
    assert "37 without a class" in opened.entry_reason("b.png")
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), mask)
    opened.set_status("b.png", Status.CORRECTED)
    assert opened.segment(["b.png"], policy=Overwrite.FILL_VOID)
    finish(opened, qtbot)
    filled = np.where(mask == VOID, expected(folder / "b.png", runtime), mask)
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), filled)


def test_images_are_segmented_into_their_files_and_what_cannot_be_read_is_listed(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot, messages: Messages
) -> None:
    assert opened.segment(["a.png", "b.png", "broken.png", "c.tif"])
    finish(opened, qtbot)
    assert messages[-1] == ("Segmented 3 of 4 images, 1 could not be read.", Level.WARNING)
    assert "broken.png" in opened.entry_reason("broken.png")
    assert np.array_equal(mask_of(opened), expected(folder / "a.png", runtime))
    for image, mask in (("b.png", "b.png"), ("c.tif", "c.png")):
        assert np.array_equal(read_mask(folder / "masks" / mask), expected(folder / image, runtime))
        assert status(opened, image) is Status.PREDICTED
    assert opened.wait_until_saved()
    state = json.loads((folder / "segtool.json").read_text(encoding="utf-8"))
    assert state["statuses"] == {"a.png": "predicted", "b.png": "predicted", "c.tif": "predicted"}


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("policy", list(Overwrite))
def test_a_persons_work_is_kept_unless_it_is_to_be_replaced(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot, policy: Overwrite, in_memory: bool
) -> None:
    work = np.full((90, 120), VOID, dtype=np.uint8)
    work[BOX.slices] = 1
    prediction = expected(folder / "b.png", runtime)
    write_mask(folder / "masks" / "b.png", work)
    assert opened.open_folder(folder)
    if in_memory:
        assert opened.open_image("b.png")
    assert opened.segment_needs_question(["a.png", "b.png"]) == ["b.png"]
    assert opened.segment(["a.png", "b.png"], policy=policy)
    finish(opened, qtbot)
    wanted, state = {
        Overwrite.FILL_VOID: (np.where(work == VOID, prediction, work), Status.CORRECTED),
        Overwrite.REPLACE: (prediction, Status.PREDICTED),
        Overwrite.SKIP: (work, Status.CORRECTED),
        Overwrite.REFRESH: (work, Status.CORRECTED),
    }[policy]
    assert opened.wait_until_saved()
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), wanted)
    assert status(opened, "b.png") is state
    assert opened.open_image("b.png")
    assert np.array_equal(mask_of(opened), wanted)


def test_a_mask_that_another_program_changed_is_shown_with_its_prediction_and_goes_on_being_saved(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot
) -> None:
    paint(opened)
    assert opened.wait_until_saved()
    other = np.full((90, 120), VOID, dtype=np.uint8)
    other[:10] = 1
    write_mask(folder / "masks" / "a.png", other)
    assert opened.segment(["a.png"])
    finish(opened, qtbot)
    wanted = np.where(other == VOID, expected(folder / "a.png", runtime), other)
    assert np.array_equal(mask_of(opened), wanted)
    paint(opened, value=1)
    wanted[BOX.slices] = 1
    assert opened.wait_until_saved()
    assert np.array_equal(read_mask(folder / "masks" / "a.png"), wanted)


def test_what_is_painted_while_the_image_is_segmented_is_kept(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot, messages: Messages
) -> None:
    assert opened.segment(["a.png"], policy=Overwrite.REPLACE)
    paint(opened)
    finish(opened, qtbot)
    prediction = expected(folder / "a.png", runtime)
    prediction[BOX.slices] = 1
    assert np.array_equal(mask_of(opened), prediction)
    assert status(opened, "a.png") is Status.CORRECTED
    assert "a.png was changed" in messages[-1][0]


def test_a_prediction_waits_for_the_end_of_a_stroke(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot
) -> None:
    assert opened.segment(["a.png"])
    assert opened.begin_stroke("Brush stroke")
    opened.paint(BOX, np.full((BOX.height, BOX.width), True), 1)
    finish(opened, qtbot)
    assert np.count_nonzero(mask_of(opened) != VOID) == BOX.width * BOX.height
    opened.cancel_stroke()
    assert np.array_equal(mask_of(opened), expected(folder / "a.png", runtime))
    assert status(opened, "a.png") is Status.PREDICTED


def test_an_image_that_is_opened_and_painted_meanwhile_keeps_its_strokes(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot
) -> None:
    assert opened.segment(["a.png", "b.png"])
    # The job has not come to b.png yet: it is still loading the model.
    assert opened.open_image("b.png")
    paint(opened)
    finish(opened, qtbot)
    prediction = expected(folder / "b.png", runtime)
    prediction[BOX.slices] = 1
    assert np.array_equal(mask_of(opened), prediction)
    assert opened.wait_until_saved()
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), prediction)
    # The image that was left gets its prediction all the same.
    assert opened.open_image("a.png")
    assert np.array_equal(mask_of(opened), expected(folder / "a.png", runtime))


def test_a_job_that_is_cancelled_changes_nothing_more(opened: Session, folder: Path, qtbot: QtBot) -> None:
    assert opened.segment(["b.png", "c.tif"])
    opened.cancel_job()
    finish(opened, qtbot)
    assert not (folder / "masks" / "c.png").exists()
    assert status(opened, "c.tif") is Status.UNTOUCHED
    # The next one starts as if nothing had been.
    assert opened.segment(["c.tif"])
    finish(opened, qtbot)
    assert status(opened, "c.tif") is Status.PREDICTED


def test_one_job_at_a_time(opened: Session, qtbot: QtBot, messages: Messages) -> None:
    assert opened.segment(["a.png"])
    assert not opened.segment(["b.png"])
    assert not opened.class_edits.remove(1, replacement=VOID)
    assert [level for _, level in messages] == [Level.WARNING] * 2
    finish(opened, qtbot)


def test_a_mask_of_another_size_is_left_as_it_is(opened: Session, folder: Path, qtbot: QtBot) -> None:
    path = folder / "masks" / "b.png"
    write_mask(path, np.zeros((5, 5), dtype=np.uint8))
    before = path.read_bytes()
    assert opened.open_folder(folder)
    assert opened.segment(["b.png"], policy=Overwrite.REPLACE)
    finish(opened, qtbot)
    assert path.read_bytes() == before
    assert "5×5" in opened.entry_reason("b.png")


def test_a_model_that_cannot_be_loaded_ends_the_job_with_its_reason(
    opened: Session, folder: Path, qtbot: QtBot, messages: Messages
) -> None:
    (folder / "models" / MODEL / "network.bin").write_bytes(b"damaged")
    assert opened.segment(["a.png"])
    finish(opened, qtbot)
    assert (mask_of(opened) == VOID).all()
    assert any(level is Level.ERROR and "network.bin" in text for text, level in messages)
    assert opened.model is not None
    assert opened.model.name == "nuclei"


def test_a_mask_with_ids_that_have_no_class_is_left_as_it_is(
    opened: Session, folder: Path, qtbot: QtBot, messages: Messages
) -> None:
    path = folder / "masks" / "b.png"
    write_mask(path, np.where(np.arange(90 * 120).reshape(90, 120) % 2, 9, VOID).astype(np.uint8))
    before = path.read_bytes()
    for policy in (Overwrite.FILL_VOID, Overwrite.REPLACE):
        assert opened.segment(["b.png"], policy=policy)
        finish(opened, qtbot)
        assert path.read_bytes() == before
        assert "id 9" in messages[-1][0]


def test_classes_that_only_the_model_has_are_added(
    session: Session, folder: Path, qtbot: QtBot, messages: Messages
) -> None:
    (folder / "classes.json").write_text(json.dumps([{"id": 0, "name": "background"}, {"id": 1, "name": "debris"}]))
    assert session.open_folder(folder)
    assert session.set_active_model(MODEL)
    assert session.open_image("a.png")
    assert session.segment(["a.png"])
    added = session.classes.named("nucleus")
    assert added is not None
    assert added.id == 2
    assert messages[-1][1] is Level.WARNING
    assert "nucleus" in messages[-1][0]
    finish(session, qtbot)
    assert set(np.unique(mask_of(session))) == {0, 2}


def test_opening_another_folder_drops_what_was_asked_of_the_first(
    opened: Session, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "a.png", other / "a.png")
    assert opened.segment(["a.png", "b.png", "c.tif"])
    assert opened.open_folder(other)
    assert opened.open_image("a.png")
    finish(opened, qtbot)
    assert (mask_of(opened) == VOID).all()
    assert status(opened, "a.png") is Status.UNTOUCHED


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_folder_that_is_left_in_the_middle_of_a_job_is_given_back(
    opened: Session, folder: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, is_taken: bool
) -> None:
    # The job is so slow that it is not waited for.
    monkeypatch.setattr("segtool.gui.session.JOB_ENDS_WITHIN_S", 0.01)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(folder / "a.png", other / "a.png")
    written, go_on = threading.Event(), threading.Event()

    def hold(item: object) -> None:
        if isinstance(item, WrittenMask):
            written.set()
            assert go_on.wait(30)

    # Heard in the job's thread, which stands still meanwhile.
    opened._jobs._thread.worker.progressed.connect(hold, Qt.ConnectionType.DirectConnection)
    assert opened.segment(["b.png", "c.tif"])
    assert written.wait(30)
    assert opened.open_folder(other)
    assert look_at_lock(folder).claim is Claim.FREE
    theirs = FolderLock.take(folder, doing="window") if is_taken else None
    go_on.set()
    finish(opened, qtbot)
    assert opened.project.writable_reason == ""
    assert not (folder / "masks" / "c.png").exists()
    if theirs is None:
        assert look_at_lock(folder).claim is Claim.FREE
        state = json.loads((folder / "segtool.json").read_text(encoding="utf-8"))
        assert state["statuses"]["b.png"] == "predicted"
    else:
        theirs.confirm()
        theirs.release()


def test_closing_in_the_middle_of_a_job_records_what_is_done(session: Session, folder: Path, runtime: Runtime) -> None:
    assert session.open_folder(folder)
    assert session.set_active_model(MODEL)
    written = threading.Event()

    def note(item: object) -> None:
        if isinstance(item, WrittenMask):
            written.set()

    # Heard in the job's thread: the window's has not got round to it when it closes.
    session._jobs._thread.worker.progressed.connect(note, Qt.ConnectionType.DirectConnection)
    assert session.segment(["b.png", "c.tif"])
    assert written.wait(30)
    session.close()
    state = json.loads((folder / "segtool.json").read_text(encoding="utf-8"))
    assert state["statuses"]["b.png"] == "predicted"
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), expected(folder / "b.png", runtime))


def test_each_image_of_several_is_counted(opened: Session, qtbot: QtBot) -> None:
    shown: list[str] = []
    opened.job_changed.connect(lambda: shown.append("" if opened.job is None else opened.job.text))
    assert opened.segment(["a.png", "b.png", "c.tif"])
    finish(opened, qtbot)
    assert {"1 of 3  ·  a.png", "2 of 3  ·  b.png", "3 of 3  ·  c.tif"} <= set(shown)
    shown.clear()
    assert opened.segment(["b.png"], policy=Overwrite.REPLACE)
    finish(opened, qtbot)
    assert "b.png" in shown


def test_predictions_can_be_averaged_over_flips_and_turns(
    opened: Session, folder: Path, runtime: Runtime, qtbot: QtBot
) -> None:
    opened.set_averages_turns(True)
    assert opened.segment(["a.png"])
    finish(opened, qtbot)
    averaged = segment_to_end(read_image(folder / "a.png").pixels, runtime, tta=True).class_ids
    assert np.array_equal(mask_of(opened), np.where(averaged == 1, 5, 0))
    assert not np.array_equal(mask_of(opened), expected(folder / "a.png", runtime))
