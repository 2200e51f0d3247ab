"""What a person does with the mouse in the real window, and what is kept of it on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.actions import ActionId
from segtool.gui.documents import Documents
from segtool.gui.effort_tracker import EffortTracker
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import Level, Overwrite, Work, WorkKind
from segtool.project.document import open_document
from segtool.project.effort import EffortLog, EffortRecord
from segtool.project.project import Project
from segtool.project.status import Status

LEFT = Qt.MouseButton.LeftButton
MODEL = "0001-tiny"
SHAPE = (90, 120)
BOX = Rect(10, 20, 30, 15)


def predicted_mask() -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[30:60, 40:80] = 1
    return mask


@pytest.fixture
def folder(image_folder: Path) -> Path:
    """The folder of drawn images, each with a mask that a model has predicted."""
    for name in ("a", "b", "c"):
        write_mask(image_folder / "masks" / f"{name}.png", predicted_mask())
    keys = ("a.png", "b.png", "c.tif")
    state = {
        "format": 1,
        "statuses": dict.fromkeys(keys, "predicted"),
        "predicted_by": dict.fromkeys(keys, "0007-cells"),
    }
    (image_folder / "segtool.json").write_text(json.dumps(state), encoding="utf-8")
    return image_folder


def records_in(folder: Path) -> list[EffortRecord]:
    return list(EffortLog(folder / "effort.jsonl").records())


def shown_in(folder: Path, name: str = "a.png") -> Path:
    return folder / ".segtool" / "shown" / name


def stroke(window: MainWindow, start: tuple[float, float], end: tuple[float, float]) -> None:
    canvas = window.canvas
    places = [canvas.image_to_widget(*point).toPoint() for point in (start, end)]
    QTest.mousePress(canvas, LEFT, pos=places[0])
    QTest.mouseMove(canvas, QPoint(places[1]))
    QTest.mouseRelease(canvas, LEFT, pos=places[1])


def edit(session: Session, value: int, box: Rect = BOX) -> None:
    assert session.begin_stroke("Brush")
    session.paint(box, np.ones((box.height, box.width), dtype=bool), value)
    session.end_stroke()


def leave_and_wait(qtbot: QtBot, session: Session, key: str, *, records: int) -> EffortRecord:
    """Go to another image; return the newest record once there are so many."""
    with qtbot.waitSignal(session.effort_changed, timeout=10_000):
        assert session.open_image(key)
        assert session.wait_until_saved()
    assert len(session.effort.records) == records
    return session.effort.records[-1]


def test_a_stroke_and_an_approval_leave_the_prediction_and_the_exact_cost(
    make_window: Callable[[], MainWindow], qtbot: QtBot, folder: Path
) -> None:
    window = make_window()
    assert window.opener.open(folder)
    session = window._session
    assert session.document is not None
    session.set_active_class(1)
    stroke(window, (20, 20), (60, 25))
    corrected = session.document.mask.copy()
    changed = int(np.count_nonzero(corrected != predicted_mask()))
    assert changed > 0
    window.action_set[ActionId.APPROVE].trigger()
    with qtbot.waitSignal(session.effort_changed, timeout=10_000):
        session.save()
    (record,) = session.effort.records
    assert np.array_equal(read_mask(shown_in(folder)), predicted_mask())
    assert np.array_equal(read_mask(folder / "masks" / "a.png"), corrected)
    assert (record.key, record.status, record.model) == ("a.png", Status.APPROVED, "0007-cells")
    assert (record.strokes, record.undos, record.pixels_changed) == (1, 0, changed)
    truth = int((corrected == 1).sum())
    assert record.shown_f1 == pytest.approx(2 * 1200 / (1200 + truth), abs=1e-6)
    assert records_in(folder) == [record]


def test_an_approval_without_an_edit_is_a_perfect_score(qtbot: QtBot, session: Session, folder: Path) -> None:
    session.open_folder(folder)
    session.open_image("a.png")
    with qtbot.waitSignal(session.effort_changed, timeout=10_000):
        session.approve()
    (record,) = session.effort.records
    assert (record.strokes, record.pixels_changed, record.shown_f1) == (0, 0, 1.0)
    assert np.array_equal(read_mask(shown_in(folder)), predicted_mask())


def test_later_strokes_visits_and_undos_leave_what_was_shown(qtbot: QtBot, session: Session, folder: Path) -> None:
    session.open_folder(folder)
    session.open_image("a.png")
    edit(session, 1)
    first = leave_and_wait(qtbot, session, "b.png", records=1)
    assert (first.status, first.strokes, first.pixels_changed) == (Status.CORRECTED, 1, 450)
    written = shown_in(folder).stat().st_mtime_ns
    session.open_image("a.png")
    edit(session, VOID, Rect(0, 0, 5, 4))
    edit(session, 1, Rect(80, 80, 5, 5))
    session.undo()
    second = leave_and_wait(qtbot, session, "b.png", records=1)
    assert (second.strokes, second.undos, second.pixels_changed) == (3, 1, 470)
    assert second.shown == first.shown
    assert shown_in(folder).stat().st_mtime_ns == written
    assert np.array_equal(read_mask(shown_in(folder)), predicted_mask())
    assert records_in(folder) == [second]


def test_looking_and_edits_that_were_all_taken_back_are_no_record(qtbot: QtBot, session: Session, folder: Path) -> None:
    session.open_folder(folder)
    session.open_image("a.png")
    session.open_image("b.png")
    edit(session, 1)
    session.undo()
    session.open_image("c.tif")
    edit(session, 1)
    record = leave_and_wait(qtbot, session, "a.png", records=1)
    assert record.key == "c.tif"
    assert [item.key for item in records_in(folder)] == ["c.tif"]


def test_another_prediction_takes_the_place_of_the_one_shown_before(
    qtbot: QtBot, session: Session, folder: Path, tiny_model_folder: Path
) -> None:
    shutil.copytree(tiny_model_folder, folder / "models" / MODEL)
    session.open_folder(folder)
    session.set_active_model(MODEL)
    session.open_image("a.png")
    edit(session, 1)
    leave_and_wait(qtbot, session, "b.png", records=1)
    session.open_image("a.png")
    assert session.segment(["a.png", "c.tif"], policy=Overwrite.REPLACE)
    qtbot.waitUntil(lambda: session.job is None, timeout=30_000)
    assert session.document is not None
    assert session.project is not None
    assert [session.project.predicted_by(key) for key in ("a.png", "b.png", "c.tif")] == [MODEL, "0007-cells", MODEL]
    prediction = session.document.mask.copy()
    assert np.array_equal(read_mask(shown_in(folder)), predicted_mask())
    edit(session, 1, Rect(0, 0, 9, 9))
    changed = int(np.count_nonzero(session.document.mask != prediction))
    record = leave_and_wait(qtbot, session, "b.png", records=2)
    assert np.array_equal(read_mask(shown_in(folder)), prediction)
    assert (record.model, record.strokes, record.pixels_changed) == (MODEL, 1, changed)


def test_without_a_prediction_nothing_is_shown_and_an_old_one_is_forgotten(
    qtbot: QtBot, session: Session, folder: Path
) -> None:
    (folder / "masks" / "a.png").unlink()
    write_mask(shown_in(folder), predicted_mask())
    session.open_folder(folder)
    session.open_image("a.png")
    edit(session, 1)
    record = leave_and_wait(qtbot, session, "b.png", records=1)
    assert (record.strokes, record.model, record.pixels_changed) == (1, "", None)
    assert not shown_in(folder).exists()


def test_the_record_comes_back_with_the_folder_and_outlives_the_hidden_one(
    qtbot: QtBot, session: Session, folder: Path
) -> None:
    session.open_folder(folder)
    session.open_image("a.png")
    edit(session, 1)
    record = leave_and_wait(qtbot, session, "b.png", records=1)
    shutil.rmtree(folder / ".segtool")
    assert session.open_folder(folder)
    assert session.effort.records == ()
    qtbot.waitUntil(lambda: session.effort.records == (record,), timeout=10_000)


def test_the_open_image_is_recorded_when_the_window_closes(qapp: QApplication, folder: Path) -> None:
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    try:
        session.open_folder(folder)
        session.open_image("a.png")
        edit(session, 1)
        assert session.wait_until_saved()
    finally:
        session.close()
    (record,) = records_in(folder)
    assert (record.strokes, record.pixels_changed) == (1, 450)


def test_work_that_is_not_saved_is_not_recorded(qapp: QApplication, folder: Path) -> None:
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    try:
        session.open_folder(folder)
        session.open_image("a.png")
        edit(session, 1)
    finally:
        session.close()
    assert records_in(folder) == []


def test_a_record_that_cannot_be_written_is_told_once_and_the_work_goes_on(
    session: Session, folder: Path, messages: list[tuple[str, Level]]
) -> None:
    (folder / "effort.jsonl").mkdir()
    session.open_folder(folder)
    for key, other in (("a.png", "b.png"), ("b.png", "c.tif"), ("c.tif", "a.png")):
        session.open_image(key)
        edit(session, 1)
        session.open_image(other)
        assert session.wait_until_saved()
    session.effort.close()
    assert session.project is not None
    assert [session.project.status(key) for key in ("a.png", "b.png", "c.tif")] == [Status.CORRECTED] * 3
    told = [level for text, level in messages if "is not recorded" in text]
    assert told == [Level.INFO]


def test_predictions_with_a_removed_class_are_let_go_of(qtbot: QtBot, session: Session, folder: Path) -> None:
    session.open_folder(folder)
    session.open_image("a.png")
    edit(session, 1)
    assert session.wait_until_saved()
    session.add_class("other")
    qtbot.waitUntil(shown_in(folder).exists, timeout=10_000)
    session.class_edits.remove(1, replacement=0)
    qtbot.waitUntil(lambda: session.job is None and 1 not in session.classes, timeout=10_000)
    qtbot.waitUntil(lambda: not shown_in(folder).exists(), timeout=10_000)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_seconds_at_work_are_counted_and_breaks_are_not(qtbot: QtBot, folder: Path) -> None:
    clock, session, documents = Clock(), SessionSignals(), Documents()
    tracker = EffortTracker(session, documents, now=clock)
    project = Project.open(folder)
    documents.reset(project)
    session.project_changed.emit()
    documents.current = open_document(project.entry("a.png"), project.classes)
    session.document_changed.emit()
    # Seven seconds of looking, ten of choosing a class, an hour's break, two and a half of painting.
    clock.now += 7
    session.mask_changed.emit(BOX)
    clock.now += 10
    session.active_class_changed.emit(1)
    clock.now += 3600
    tracker.note_activity()
    clock.now += 2
    project.set_status("a.png", Status.CORRECTED)
    session.worked.emit(Work(WorkKind.EDIT, Status.CORRECTED))
    clock.now += 0.5
    session.worked.emit(Work(WorkKind.APPROVAL, Status.CORRECTED))
    tracker.close()
    assert [record.seconds for record in tracker.records] == [19.5]
