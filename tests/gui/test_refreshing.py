"""What is segmented again after a run, in a real window with a real network; the run itself is a script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui import refreshing
from segtool.gui.actions import ActionId
from segtool.gui.jobs.claims import MaskClaims
from segtool.gui.jobs.segment_job import (
    REFRESH_TITLE,
    RuntimeCache,
    SegmentRequest,
    SparedMask,
    WrittenMask,
    segment_images,
)
from segtool.gui.main_window import MainWindow
from segtool.gui.message_bar import MessageRow
from segtool.gui.refreshing import RefreshScope, images_to_refresh, remember_scope
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from segtool.models.versions import annotate
from segtool.project.project import Project
from segtool.project.status import Status
from tests.gui.history.conftest import write_history
from tests.gui.training_fixtures import STARTED, add_version, child, deliver, done, say
from tests.model_fixtures import texture

SIZE = (90, 120)
BOX = Rect(10, 20, 30, 15)
SETTINGS = RunSettings(augmentation=AugmentationSettings.none())
STATUSES = {
    "a.png": Status.PREDICTED,
    "b.png": Status.PREDICTED,
    "c.png": Status.CORRECTED,
    "d.png": Status.APPROVED,
    "e.png": Status.PREDICTED,
}
OLDER = {key: "0001-old" for key, status in STATUSES.items() if status is Status.PREDICTED}
UNTOUCHED = "f.png"
Start = Callable[..., tuple[MainWindow, list[str]]]


@pytest.fixture
def folder(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """A folder with images of every status; its older predictions say what no network would say."""
    root = tmp_path / "photos"
    root.mkdir()
    for number, key in enumerate((*STATUSES, UNTOUCHED)):
        assert cv2.imwrite(str(root / key), texture(*SIZE, seed=number))
        if key in STATUSES:
            mask = np.zeros(SIZE, dtype=np.uint8)
            mask[:5, :7] = 1
            write_mask(root / "masks" / key, mask)
    add_version(root, tiny_model_folder, "0001-old")
    state = {"format": 1, "active_model": "0001-old", "statuses": STATUSES, "predicted_by": OLDER}
    (root / "segtool.json").write_text(json.dumps(state), encoding="utf-8")
    (root / "classes.json").write_text(
        json.dumps([{"id": 0, "name": "background"}, {"id": 1, "name": "nucleus"}]), encoding="utf-8"
    )
    return root


@pytest.fixture
def start(make_window, qtbot: QtBot, folder: Path, tmp_path: Path, tiny_model_folder: Path) -> Start:
    """Opens the folder at an image, lets a run come to its end there, and lists what each job then does."""

    def start(
        *, image: str = "b.png", accepted: bool = True, work: Callable[[Session], None] | None = None
    ) -> tuple[MainWindow, list[str]]:
        end = say(done(0.9, 0.8, accepted=accepted, why="So it is."))
        window = make_window(training_program=child(tmp_path, say(STARTED), deliver(tiny_model_folder), end))
        assert window.opener.open(folder / image)
        session, seen = _session(window), list[str]()
        if work is not None:
            work(session)
        session.job_changed.connect(lambda: seen.append("" if session.job is None else session.job.text))
        assert _training(window).start(SETTINGS, base="0001-old", name="0002-new")
        qtbot.waitUntil(lambda: not _training(window).is_running, timeout=20_000)
        return window, seen

    return start


def _session(window: MainWindow) -> Session:
    return window._session


def _training(window: MainWindow) -> TrainingControl:
    return window._training


def _status(window: MainWindow, key: str) -> Status:
    project = _session(window).project
    assert project is not None
    return project.status(key)


def _paint(session: Session) -> None:
    assert session.apply_pixels("Stroke", BOX, np.full((BOX.height, BOX.width), 1, dtype=np.uint8))


def _wait_for_refresh(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.status.currentMessage().startswith(("Segmented", "Stopped")), timeout=30_000)
    assert _session(window).wait_until_saved()


def _is_new(folder: Path, key: str, model: Path) -> bool:
    prediction = segment_to_end(read_image(folder / key).pixels, Runtime.load(model)).class_ids
    return bool(np.array_equal(read_mask(folder / "masks" / key), prediction))


def test_predicted_images_are_segmented_again_and_no_others(
    start: Start, folder: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    before = {key: (folder / "masks" / key).read_bytes() for key in STATUSES}
    window, seen = start()
    _wait_for_refresh(window, qtbot)
    assert window.status.currentMessage() == "Segmented 3 of 3 images again with 0002-new."
    # The shown one first, then those that follow it.
    assert [text.rpartition(" ")[2] for text in dict.fromkeys(seen) if "of 3" in text] == ["b.png", "e.png", "a.png"]
    assert all(_is_new(folder, key, tiny_model_folder) for key in ("a.png", "b.png", "e.png"))
    assert {key: (folder / "masks" / key).read_bytes() for key in ("c.png", "d.png")} == {
        key: before[key] for key in ("c.png", "d.png")
    }
    assert not (folder / "masks" / UNTOUCHED).exists()
    assert {key: _status(window, key) for key in STATUSES} == STATUSES
    # The shown one has changed by an edit like any other.
    assert _session(window).document is not None
    window.action_set[ActionId.UNDO].trigger()
    assert int(_session(window).document.mask.sum()) == 35
    assert not window.messages.texts


def test_untouched_images_are_segmented_too_if_that_was_chosen(
    start: Start, folder: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    remember_scope(RefreshScope.UNTOUCHED)
    window, _ = start()
    _wait_for_refresh(window, qtbot)
    assert _status(window, UNTOUCHED) is Status.PREDICTED
    assert _is_new(folder, UNTOUCHED, tiny_model_folder)


def test_nothing_is_segmented_if_that_was_chosen_or_the_version_was_refused(start: Start, qtbot: QtBot) -> None:
    remember_scope(RefreshScope.NONE)
    window, seen = start()
    # One that a person asks for comes to its end, and nothing has come before it.
    assert _session(window).segment(["a.png"])
    _wait_for_refresh(window, qtbot)
    assert window.status.currentMessage() == "Segmented a.png."
    assert not [text for text in seen if "of 3" in text]


def test_a_refused_version_is_answered_in_the_message_bar(
    start: Start, folder: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    window, _ = start(accepted=False)
    text = "0002-new is kept as a candidate, 0001-old stays active. So it is."
    assert window.messages.texts == [text]
    (row,) = window.messages.findChildren(MessageRow)
    (button,) = row.buttons
    assert button.text() == "Activate anyway"
    button.click()
    assert window.messages.texts == []
    assert _session(window).model is not None
    assert _session(window).model.name == "0002-new"
    _wait_for_refresh(window, qtbot)
    assert _is_new(folder, "a.png", tiny_model_folder)


def test_what_is_corrected_or_approved_meanwhile_is_left_alone(start: Start, folder: Path, qtbot: QtBot) -> None:
    window, _ = start(image="c.png")
    session = _session(window)
    # The other images are in memory, so that their predictions come back to this thread, which is busy here.
    for key in ("a.png", "b.png", "e.png"):
        assert session.open_image(key)

    def work() -> None:
        if session.job is None or "of 3" not in session.job.text:
            return
        session.job_changed.disconnect(work)
        assert session.open_image("a.png")
        _paint(session)
        assert session.open_image("b.png")
        session.approve()

    session.job_changed.connect(work)
    _wait_for_refresh(window, qtbot)
    assert _status(window, "a.png") is Status.CORRECTED
    assert _status(window, "b.png") is Status.APPROVED
    painted = np.zeros(SIZE, dtype=np.uint8)
    painted[:5, :7] = 1
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), painted)
    painted[BOX.slices] = 1
    assert np.array_equal(read_mask(folder / "masks" / "a.png"), painted)
    assert window.status.currentMessage() == ("Segmented 1 of 3 images again with 0002-new, 2 changed meanwhile.")
    assert not window.messages.texts


def test_a_mask_that_something_else_changes_meanwhile_is_left_alone(start: Start, folder: Path, qtbot: QtBot) -> None:
    window, _ = start(image="a.png")
    session, other = _session(window), np.full(SIZE, 1, dtype=np.uint8)
    assert session.open_image("b.png")

    def work() -> None:
        if session.job is None or "of 3" not in session.job.text:
            return
        session.job_changed.disconnect(work)
        for key in ("a.png", "b.png"):
            write_mask(folder / "masks" / key, other)
        # Read again, as it is now.
        assert session.open_image("a.png")

    session.job_changed.connect(work)
    _wait_for_refresh(window, qtbot)
    assert window.status.currentMessage() == "Segmented 1 of 3 images again with 0002-new, 2 changed meanwhile."
    assert all(np.array_equal(read_mask(folder / "masks" / key), other) for key in ("a.png", "b.png"))


def test_the_file_of_a_mask_that_is_not_in_memory_is_left_alone_too(folder: Path, tiny_model_folder: Path) -> None:
    project, other = Project.open(folder), np.full(SIZE, 1, dtype=np.uint8)
    entries = [project.entry(key) for key in ("a.png", "b.png")]
    job = segment_images(
        [SegmentRequest(e.key, e.path, e.mask_path, None, False, spares_work=True) for e in entries],
        model_folder=tiny_model_folder,
        runtimes=RuntimeCache(),
        classes=project.classes,
        id_table=np.arange(256, dtype=np.uint8),
        claims=MaskClaims(),
    )
    next(job)
    write_mask(folder / "masks" / "a.png", other)
    results = [item for item in job if isinstance(item, WrittenMask | SparedMask)]
    assert results == [SparedMask("a.png"), WrittenMask("b.png", changed=True, filled=False, demoted=False)]
    assert np.array_equal(read_mask(folder / "masks" / "a.png"), other)


def test_what_can_be_redone_stays_so(start: Start, folder: Path, qtbot: QtBot) -> None:
    def work(session: Session) -> None:
        _paint(session)
        session.undo()

    window, _ = start(work=work)
    session = _session(window)
    assert _status(window, "b.png") is Status.PREDICTED
    _wait_for_refresh(window, qtbot)
    assert window.status.currentMessage() == "Segmented 2 of 3 images again with 0002-new, 1 changed meanwhile."
    session.redo()
    assert session.document is not None
    assert int(session.document.mask.sum()) == 35 + BOX.width * BOX.height
    assert _status(window, "b.png") is Status.CORRECTED


def test_undo_tells_again_which_model_has_predicted(start: Start, folder: Path, qtbot: QtBot) -> None:
    window, _ = start()
    session = _session(window)
    _wait_for_refresh(window, qtbot)
    project = session.project
    assert project is not None
    assert project.predicted_by("b.png") == "0002-new"
    session.undo()
    assert project.predicted_by("b.png") == "0001-old"
    session.redo()
    assert project.predicted_by("b.png") == "0002-new"


def test_a_stroke_that_is_under_way_goes_on(start: Start, folder: Path, qtbot: QtBot) -> None:
    window, seen = start()
    session = _session(window)
    assert session.begin_stroke("Brush stroke")
    region = np.full((BOX.height, BOX.width), True)
    session.paint(BOX, region, 1)
    qtbot.waitUntil(lambda: "" in seen, timeout=30_000)
    session.paint(Rect(50, 50, BOX.width, BOX.height), region, 1)
    session.end_stroke()
    _wait_for_refresh(window, qtbot)
    painted = np.zeros(SIZE, dtype=np.uint8)
    painted[:5, :7] = painted[BOX.slices] = painted[50 : 50 + BOX.height, 50 : 50 + BOX.width] = 1
    assert np.array_equal(read_mask(folder / "masks" / "b.png"), painted)
    assert _status(window, "b.png") is Status.CORRECTED


def test_it_waits_for_the_job_that_is_under_way(
    make_window, folder: Path, qtbot: QtBot, tmp_path: Path, tiny_model_folder: Path
) -> None:
    window = make_window()
    session = _session(window)
    assert window.opener.open(folder / "a.png")
    annotate(add_version(folder, tiny_model_folder, "0002-new"), title="Second try")
    titles: list[str] = []
    session.job_changed.connect(lambda: titles.append("" if session.job is None else session.job.title))
    assert session.segment(["a.png"])
    assert session.set_active_model("0002-new")
    _training(window).version_activated.emit("0002-new")
    qtbot.waitUntil(lambda: titles.count("") == 2, timeout=30_000)
    assert list(dict.fromkeys(titles)) == ["Segment", "", REFRESH_TITLE]
    assert window.status.currentMessage() == "Segmented 3 of 3 images again with Second try."


def test_it_can_be_cancelled_and_ends_if_the_person_goes_back(start: Start, folder: Path, qtbot: QtBot) -> None:
    window, seen = start()
    session = _session(window)
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    window.status.job.button.click()
    _wait_for_refresh(window, qtbot)
    assert window.status.currentMessage().startswith("Stopped: segmented")
    assert session.job is None
    window.learning.other_button.click()
    assert session.model is not None
    assert session.model.name == "0001-old"
    qtbot.waitUntil(lambda: "again with 0001-old" in window.status.currentMessage(), timeout=30_000)
    assert seen[-1] == ""


def test_rolling_back_makes_the_predictions_of_that_model_again(
    make_window, folder: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    write_history(add_version(folder, tiny_model_folder, "0002-new", f1=0.9), base="0001-old")
    window = make_window()
    assert window.opener.open(folder)
    assert _session(window).set_active_model("0002-new")
    window.action_set[ActionId.ROLL_BACK].trigger()
    qtbot.waitUntil(
        lambda: window.status.currentMessage() == "Segmented 3 of 3 images again with 0001-old.", timeout=30_000
    )


def test_it_makes_way_for_what_a_person_segments_and_goes_on(
    start: Start, folder: Path, qtbot: QtBot, tiny_model_folder: Path
) -> None:
    window, seen = start(image="f.png")
    session = _session(window)
    titles: list[str] = []
    session.job_changed.connect(lambda: titles.append("" if session.job is None else session.job.title))
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert window.refreshing.is_running
    action = window.action_set[ActionId.SEGMENT_IMAGE]
    assert action.isEnabled()
    action.trigger()
    qtbot.waitUntil(lambda: titles.count("") == 3, timeout=30_000)
    asked = titles.index("Segment")
    assert "" in titles[:asked]
    assert [title for title in dict.fromkeys(titles[asked:]) if title] == ["Segment", REFRESH_TITLE]
    assert _status(window, UNTOUCHED) is Status.PREDICTED
    assert session.wait_until_saved()
    assert all(_is_new(folder, key, tiny_model_folder) for key in ("a.png", "b.png", "e.png", UNTOUCHED))


def test_it_is_forgotten_with_its_folder(start: Start, folder: Path, tmp_path: Path, qtbot: QtBot) -> None:
    window, seen = start(image="f.png")
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    session = _session(window)
    qtbot.waitUntil(lambda: bool(seen), timeout=20_000)
    assert window.opener.open(other)
    assert not window.refreshing.is_running
    qtbot.waitUntil(lambda: session.job is None, timeout=20_000)
    assert session.set_active_model("0002-new")
    seen.clear()
    window.refreshing.make_way(lambda: session.segment([UNTOUCHED]))
    _wait_for_refresh(window, qtbot)
    assert not [text for text in seen if "of 3" in text]


def test_a_large_folder_is_not_segmented_as_a_whole(
    start: Start, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "MAX_IMAGES", 2)
    window, _ = start()
    _wait_for_refresh(window, qtbot)
    assert "Segmented 2 of 2 images again" in window.status.currentMessage()
    assert window.messages.texts == [
        "0002-new segments 2 images again, from the shown one on. The others keep their older predictions: "
        "“Segment all images” replaces those too."
    ]


def test_a_mask_that_came_from_elsewhere_is_no_prediction(folder: Path) -> None:
    project = Project.open(folder)
    scope = RefreshScope.UNTOUCHED
    assert list(images_to_refresh(project, current=UNTOUCHED, scope=scope)) == [UNTOUCHED, "a.png", "b.png", "e.png"]
    shutil.copy(folder / "masks" / "a.png", folder / "masks" / UNTOUCHED)
    assert list(images_to_refresh(project, current="", scope=scope)) == ["a.png", "b.png", "e.png"]
