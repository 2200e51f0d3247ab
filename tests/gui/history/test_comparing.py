"""Comparing two real models on the open image, and following what the person does meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.image import read_image
from segtool.gui.history.compare_job import Compared
from segtool.gui.history.comparing import CompareStage
from segtool.gui.session import Session
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from segtool.project.status import Status


@pytest.fixture
def opened_session(session: Session, versions_folder: Path) -> Session:
    assert session.open_folder(versions_folder)
    assert session.open_image("a.png")
    return session


def wait(session: Session, qtbot: QtBot) -> Compared:
    qtbot.waitUntil(lambda: session.comparing.state.stage is not CompareStage.RUNNING, timeout=60_000)
    assert session.comparing.state.reason == ""
    compared = session.comparing.state.compared
    assert compared is not None
    return compared


def test_both_models_say_what_segmenting_says(opened_session: Session, versions_folder: Path, qtbot: QtBot):
    session = opened_session
    before = session.document.mask.copy()  # type: ignore[union-attr]
    session.comparing.start("0002-b", "0001-a", tta=False)
    assert session.comparing.state.stage is CompareStage.RUNNING
    compared = wait(session, qtbot)
    pixels = read_image(versions_folder / "a.png").pixels
    for side, mask in zip(compared.sides, compared.masks, strict=True):
        expected = segment_to_end(pixels, Runtime.load(versions_folder / "models" / side.name))
        assert np.array_equal(mask, expected.class_ids)
    assert [side.name for side in compared.sides] == ["0002-b", "0001-a"]
    differing = int(np.count_nonzero(compared.masks[0] != compared.masks[1]))
    assert 0 < differing == compared.differing < compared.pixels == pixels.shape[0] * pixels.shape[1]
    assert compared.scores is None
    # The person's mask, its status and the models are as they were.
    assert session.document is not None
    assert np.array_equal(session.document.mask, before)
    assert session.project is not None
    assert session.project.status("a.png") is Status.UNTOUCHED
    assert session.model is not None
    assert session.model.name == "0002-b"


def test_classes_that_the_folder_lacks_are_shown_but_not_added(
    opened_session: Session, versions_folder: Path, tiny_ground_folder: Path, qtbot: QtBot
):
    import shutil

    shutil.copytree(tiny_ground_folder, versions_folder / "models" / "0003-ground")
    opened_session.refresh_models()
    classes = opened_session.classes
    opened_session.comparing.start("0003-ground", "0001-a", tta=False)
    compared = wait(opened_session, qtbot)
    assert {"nucleus", "road", "roof"} <= {item.name for item in compared.classes}
    assert opened_session.classes == classes
    found = {compared.classes.get(int(value)).name for value in np.unique(compared.masks[0])}
    assert found <= {"background", "water", "road", "roof", "tree"}
    assert len(found) > 2


def test_it_follows_the_open_image_and_the_mask(opened_session: Session, qtbot: QtBot):
    session = opened_session
    session.comparing.start("0002-b", "0001-a", tta=False)
    compared = wait(session, qtbot)
    # A person's mask that is what the first model says.
    assert session.apply_pixels("Paint", Rect.of_shape(compared.masks[0].shape), compared.masks[0])
    qtbot.waitUntil(lambda: session.comparing.state.compared.scores is not None)  # type: ignore[union-attr]
    scores = session.comparing.state.compared.scores  # type: ignore[union-attr]
    assert scores is not None
    assert scores[0].f1 == scores[0].iou == 1.0
    assert scores[1].f1 < 1.0
    session.undo()
    qtbot.waitUntil(lambda: session.comparing.state.compared.scores is None)  # type: ignore[union-attr]
    session.redo()
    assert session.open_image("b.png")
    assert session.comparing.state.stage is CompareStage.RUNNING
    other = wait(session, qtbot)
    assert other.pyramid is not compared.pyramid
    assert not np.array_equal(other.masks[0], compared.masks[0])
    assert other.scores is None
    session.comparing.stop()
    assert session.comparing.state.stage is CompareStage.IDLE
    assert session.open_image("a.png")
    assert session.comparing.state.stage is CompareStage.IDLE


def test_what_is_known_already_is_not_predicted_again(opened_session: Session, qtbot: QtBot):
    session = opened_session
    session.comparing.start("0002-b", "0001-a", tta=False)
    before = wait(session, qtbot)
    session.comparing.start("0001-a", "0002-b", tta=False)
    after = wait(session, qtbot)
    assert after.masks[0] is before.masks[1]
    assert after.masks[1] is before.masks[0]
    assert after.pyramid is before.pyramid
    session.comparing.start("0001-a", "0002-b", tta=True)
    averaged = wait(session, qtbot)
    assert not np.array_equal(averaged.masks[0], after.masks[0])


def test_it_can_be_stopped_and_started_again(opened_session: Session, versions_folder: Path, qtbot: QtBot):
    session = opened_session
    wide = np.random.default_rng(0).integers(0, 255, size=(300, 2500), dtype=np.uint8)
    assert cv2.imwrite(str(versions_folder / "wide.png"), wide)
    assert session.open_folder(versions_folder)
    assert session.open_image("wide.png")
    seen: list[int] = []
    session.comparing.changed.connect(lambda: seen.append(session.comparing.state.job.done))
    session.comparing.start("0002-b", "0001-a", tta=True)
    qtbot.waitUntil(lambda: any(seen), timeout=60_000)
    session.comparing.cancel()
    assert session.comparing.state.stage is CompareStage.STOPPED
    assert session.comparing.state.reason == "The comparison was stopped."
    session.comparing.start("0002-b", "0001-a", tta=False)
    assert wait(session, qtbot).pixels == wide.size


def test_a_damaged_model_is_told(opened_session: Session, versions_folder: Path, qtbot: QtBot):
    network = versions_folder / "models" / "0001-a" / "network.xml"
    network.write_bytes(network.read_bytes() + b" ")
    opened_session.comparing.start("0002-b", "0001-a", tta=False)
    qtbot.waitUntil(lambda: opened_session.comparing.state.stage is CompareStage.STOPPED, timeout=60_000)
    assert "network.xml" in opened_session.comparing.state.reason
    opened_session.refresh_models()
    opened_session.comparing.start("0002-b", "0001-a", tta=False)
    assert opened_session.comparing.state.reason == "One of the two models is not there any more."


def test_one_that_was_given_up_may_fail_late(opened_session: Session, versions_folder: Path, qtbot: QtBot):
    network = versions_folder / "models" / "0001-a" / "network.xml"
    network.write_bytes(network.read_bytes() + b" ")
    comparing, has_failed = opened_session.comparing, threading.Event()
    comparing._thread.worker.failed.connect(lambda _: has_failed.set(), Qt.ConnectionType.DirectConnection)
    comparing.start("0002-b", "0001-a", tta=False)
    # This thread has not heard of it yet.
    assert has_failed.wait(60)
    comparing.start("0002-b", "nuclei", tta=False)
    assert wait(opened_session, qtbot).sides[1].name == "nuclei"


def test_what_is_proposed_is_a_model_and_the_one_it_came_from(opened_session: Session):
    comparing = opened_session.comparing
    assert comparing.proposed() == ("0002-b", "0001-a")
    assert comparing.proposed("0001-a") == ("0001-a", "0002-b")
    assert comparing.proposed("0002-b") == ("0002-b", "0001-a")
    opened_session.set_active_model("nuclei")
    assert comparing.proposed() == ("nuclei", "aerial")
    assert comparing.why_not() == ""
