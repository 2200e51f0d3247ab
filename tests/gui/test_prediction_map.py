"""One computation of what the model says serves everything that needs it, and is given up when nothing does."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.formats.image import read_image
from segtool.gui import prediction_map
from segtool.gui.jobs.known_prediction import KnownPrediction
from segtool.gui.prediction_map import PredictionMap, PredictionUse
from segtool.gui.session import Session
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from tests.model_fixtures import GROUND, texture

TWO, FIVE = "0001-tiny", "0002-ground"
SIZE = (90, 120)
BRUSH, THRESHOLD, UNCERTAINTY = PredictionUse.BRUSH, PredictionUse.THRESHOLD, PredictionUse.UNCERTAINTY


@pytest.fixture
def folder(image_folder: Path, tiny_model_folder: Path, tiny_ground_folder: Path) -> Path:
    for name, source in ((TWO, tiny_model_folder), (FIVE, tiny_ground_folder)):
        shutil.copytree(source, image_folder / "models" / name)
    for number, name in enumerate(("a.png", "b.png", "c.tif")):
        assert cv2.imwrite(str(image_folder / name), texture(*SIZE, seed=number))
    return image_folder


@pytest.fixture
def opened(session: Session, folder: Path) -> Session:
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    return session


def wait(session: Session, qtbot: QtBot) -> KnownPrediction:
    predictions = session.guidance.prediction
    qtbot.waitUntil(lambda: predictions.known is not None and predictions.progress is None, timeout=30_000)
    assert predictions.known is not None
    return predictions.known


def submitted(predictions: PredictionMap) -> int:
    return predictions._thread.worker._last_number


def test_everything_that_needs_it_shares_one_computation(
    opened: Session, folder: Path, tiny_model_folder: Path, qtbot: QtBot
) -> None:
    assert opened.set_active_model(TWO)
    predictions = opened.guidance.prediction
    predictions.want(BRUSH)
    opened.guidance.uncertainty.set_on(True)
    predictions.want(THRESHOLD, probability_of=1)
    known = wait(opened, qtbot)
    assert submitted(predictions) == 1
    assert opened.guidance.uncertainty.shown is known
    expected = segment_to_end(read_image(folder / "a.png").pixels, Runtime.load(tiny_model_folder), probability_of=1)
    np.testing.assert_array_equal(known.class_ids, expected.class_ids)
    np.testing.assert_array_equal(known.confidence, expected.confidence)
    assert expected.probability is not None
    # 1 - p is rounded as p is, but for what lies in the middle.
    difference = known.probability(1).astype(int) - expected.probability
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.01
    np.testing.assert_array_equal(known.probability(0), 255 - known.probability(1))
    predictions.drop(BRUSH)
    predictions.drop(THRESHOLD)
    assert predictions.known is known
    opened.guidance.uncertainty.set_on(False)
    assert predictions.known is None
    # Not forgotten: it is there again at once.
    predictions.want(BRUSH)
    assert predictions.known is known


def test_the_probability_of_one_of_many_classes_is_found_out_beside_what_is_known(
    opened: Session, folder: Path, tiny_ground_folder: Path, qtbot: QtBot
) -> None:
    assert opened.set_active_model(FIVE)
    predictions = opened.guidance.prediction
    predictions.want(BRUSH)
    known = wait(opened, qtbot)
    assert not any(known.tells_probability(class_id) for class_id in GROUND.ids)
    runtime, pixels = Runtime.load(tiny_ground_folder), read_image(folder / "a.png").pixels
    for class_id in (7, 12):
        predictions.want(THRESHOLD, probability_of=class_id)
        # The brush can go on meanwhile.
        assert predictions.known is not None
        known = wait(opened, qtbot)
        expected = segment_to_end(pixels, runtime, probability_of=class_id)
        np.testing.assert_array_equal(known.probability(class_id), expected.probability)
        np.testing.assert_array_equal(known.class_ids, expected.class_ids)
    assert known.tells_probability(7)
    assert submitted(predictions) == 3
    predictions.want(THRESHOLD, probability_of=7)
    assert predictions.progress is None


def test_what_segmenting_finds_out_keeps_the_probabilities(opened: Session, qtbot: QtBot) -> None:
    assert opened.set_active_model(FIVE)
    predictions = opened.guidance.prediction
    predictions.want(THRESHOLD, probability_of=9)
    before = wait(opened, qtbot)
    assert opened.segment(["a.png"])
    qtbot.waitUntil(lambda: opened.job is None, timeout=30_000)
    after = wait(opened, qtbot)
    assert after is not before
    np.testing.assert_array_equal(after.probability(9), before.probability(9))
    assert submitted(predictions) == 1


def test_cancelling_gives_up_everything_that_needs_it(opened: Session, qtbot: QtBot) -> None:
    assert opened.set_active_model(TWO)
    predictions = opened.guidance.prediction
    changes: list[bool] = []
    opened.prediction_changed.connect(lambda: changes.append(predictions.is_wanted(BRUSH)))
    predictions.want(BRUSH)
    opened.guidance.uncertainty.set_on(True)
    assert predictions.progress is not None
    predictions.cancel()
    assert predictions.progress is None
    assert not opened.guidance.uncertainty.is_on
    assert not predictions.is_wanted(BRUSH)
    assert changes[0]
    assert not changes[-1]
    qtbot.waitUntil(lambda: predictions._under_way == 0, timeout=30_000)
    assert predictions.known is None


def test_only_so_much_is_kept_of_what_is_not_needed(
    opened: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction_map, "_MOST_BYTES", 2 * SIZE[0] * SIZE[1])
    assert opened.set_active_model(TWO)
    predictions = opened.guidance.prediction
    predictions.want(BRUSH)
    known = {}
    for key in ("a.png", "b.png", "c.tif"):
        assert opened.open_image(key)
        known[key] = wait(opened, qtbot)
    # The open image's and one more.
    assert list(predictions._kept) == [known["c.tif"], known["b.png"]]
    monkeypatch.setattr(prediction_map, "_MOST_BYTES", 1)
    predictions.drop(BRUSH)
    assert list(predictions._kept) == []


def test_class_ids_are_those_of_the_folder(opened: Session) -> None:
    # A folder that has classes of its own keeps them.
    assert opened.add_class("Road")
    assert opened.set_active_model(FIVE)
    assert [item.name for item in opened.classes] == ["background", "nucleus", "Road"]
    table = opened.guidance.prediction.project_ids()
    assert table[[0, 7]].tolist() == [0, 2]
    assert set(np.delete(table, [0, 7]).tolist()) == {VOID}
