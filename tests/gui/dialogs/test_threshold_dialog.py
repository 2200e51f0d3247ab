"""The dialog of the prediction threshold in the real window: what it previews, applies and takes back is exact."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QDialogButtonBox, QSpinBox
from pytestqt.qtbot import QtBot

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.operations.threshold import level_of
from segtool.core.paint_rules import PaintRules
from segtool.formats.image import read_image
from segtool.gui.actions import ActionId
from segtool.gui.dialogs.threshold_dialog import ThresholdDialog
from segtool.gui.main_window import MainWindow
from segtool.gui.prediction_map import PredictionUse
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from tests.model_fixtures import texture

TWO, FIVE = "0001-tiny", "0002-ground"
SIZE = (90, 120)
LEFT = Qt.MouseButton.LeftButton
Mask = npt.NDArray[np.uint8]


@pytest.fixture
def shown(opened: MainWindow, image_folder: Path, tiny_model_folder: Path, tiny_ground_folder: Path) -> MainWindow:
    """The window with a.png, the model of two classes and a mask that a person has begun."""
    for name, source in ((TWO, tiny_model_folder), (FIVE, tiny_ground_folder)):
        shutil.copytree(source, image_folder / "models" / name)
    for number, name in enumerate(("a.png", "b.png", "c.tif")):
        assert cv2.imwrite(str(image_folder / name), texture(*SIZE, seed=number))
    assert opened.opener.open(image_folder)
    session = opened._session
    assert session.add_class("debris")
    assert session.add_class("Roof")
    assert session.set_active_model(TWO)
    session.set_active_class(1)
    rng = np.random.default_rng(2)
    mask_of(opened)[20:70] = rng.choice(np.array([0, 1, 2, VOID], np.uint8), (50, 120))
    QApplication.processEvents()
    return opened


def mask_of(window: MainWindow) -> Mask:
    document = window._session.document
    assert document is not None
    return document.mask


def open_dialog(window: MainWindow) -> ThresholdDialog:
    window.action_set[ActionId.PREDICTION_THRESHOLD].trigger()
    (dialog,) = [item for item in window.findChildren(ThresholdDialog) if item.isVisible()]
    return dialog


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the mask shows what the dialog says."""
    operations = window._session.operations
    qtbot.waitUntil(lambda: operations.count is not None and not operations.is_busy, timeout=30_000)


def field(dialog: ThresholdDialog, name: str) -> QSpinBox:
    widget = dialog.fields[name]
    assert isinstance(widget, QSpinBox)
    return widget


def levels(window: MainWindow, model: str, class_id: int) -> Mask:
    """Return the probability of a class of the model's card as the network says it, 0…255."""
    document, project = window._session.document, window._session.project
    assert document is not None
    assert project is not None
    runtime = Runtime.load(project.root / "models" / model)
    found = segment_to_end(read_image(document.entry.path).pixels, runtime, probability_of=class_id)
    if len(runtime.card.classes) > 2:
        assert found.probability is not None
        return found.probability
    return np.where(found.class_ids == class_id, found.confidence, 255 - found.confidence)


def ruled(mask: Mask, probability: Mask, class_id: int, percent: int, *, only_fill: bool = False) -> Mask:
    reaches = probability >= level_of(percent)
    if only_fill:
        return np.where(reaches & ((mask == BACKGROUND) | (mask == VOID)), class_id, mask).astype(np.uint8)
    return np.where(reaches, class_id, np.where(mask == class_id, BACKGROUND, mask)).astype(np.uint8)


def test_it_previews_every_threshold_and_applies_one_in_one_step(shown: MainWindow, qtbot: QtBot) -> None:
    session, before = shown._session, mask_of(shown).copy()
    dialog = open_dialog(shown)
    assert dialog.outcome.text() == "The model is looking at the image…"
    assert shown.status.prediction.isVisible()
    settle(shown, qtbot)
    probability = levels(shown, TWO, 1)
    for percent in (50, 0, 37, 100, 80):
        field(dialog, "least_probability").setValue(percent)
        settle(shown, qtbot)
        np.testing.assert_array_equal(mask_of(shown), ruled(before, probability, 1, percent))
    qtbot.mouseClick(dialog.apply_button, LEFT)
    qtbot.waitUntil(lambda: not session.operations.is_under_way)
    expected = ruled(before, probability, 1, 80)
    assert not np.array_equal(expected, before)
    np.testing.assert_array_equal(mask_of(shown), expected)
    assert session.document is not None
    assert session.document.history.undo_name == "Prediction threshold"
    assert not session.guidance.prediction.is_wanted(PredictionUse.THRESHOLD)
    session.undo()
    np.testing.assert_array_equal(mask_of(shown), before)
    assert not session.document.history.can_undo


@pytest.mark.parametrize("way", ["cancel", "escape", "stop", "model", "image"])
def test_whatever_ends_it_leaves_the_mask_as_it_was(shown: MainWindow, qtbot: QtBot, way: str) -> None:
    session, before = shown._session, mask_of(shown).copy()
    document = session.document
    assert document is not None
    dialog = open_dialog(shown)
    if way == "stop":
        qtbot.mouseClick(shown.status.prediction.button, LEFT)
    else:
        settle(shown, qtbot)
        assert not np.array_equal(mask_of(shown), before)
    match way:
        case "cancel":
            qtbot.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel), LEFT)
        case "escape":
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        case "model":
            assert session.set_active_model(FIVE)
        case "image":
            assert session.open_image("b.png")
    assert [item for item in shown.findChildren(ThresholdDialog) if item.isVisible()] == []
    np.testing.assert_array_equal(document.mask, before)
    assert not document.history.can_undo
    assert not document.is_dirty
    assert not session.guidance.prediction.is_wanted(PredictionUse.THRESHOLD)


def test_of_many_classes_each_is_asked_for(shown: MainWindow, qtbot: QtBot) -> None:
    session = shown._session
    assert session.set_active_model(FIVE)
    before = mask_of(shown).copy()
    roof = session.classes.named("roof")
    assert roof is not None
    session.set_active_class(roof.id)
    dialog = open_dialog(shown)
    # Only what both know: ids of the folder, "Roof" is 9 on the model's card.
    assert [dialog.class_box.itemText(row) for row in range(dialog.class_box.count())] == ["background", "Roof"]
    assert dialog.class_box.currentData() == roof.id
    settle(shown, qtbot)
    field(dialog, "least_probability").setValue(20)
    settle(shown, qtbot)
    expected = ruled(before, levels(shown, FIVE, 9), roof.id, 20)
    assert 0.05 < (expected == roof.id).mean() < 0.95
    np.testing.assert_array_equal(mask_of(shown), expected)
    dialog.class_box.setCurrentIndex(0)
    settle(shown, qtbot)
    np.testing.assert_array_equal(mask_of(shown), ruled(before, levels(shown, FIVE, 0), BACKGROUND, 20))


def test_filling_only_and_locks_spare_what_is_there(shown: MainWindow, qtbot: QtBot) -> None:
    session, before = shown._session, mask_of(shown).copy()
    dialog = open_dialog(shown)
    settle(shown, qtbot)
    probability = levels(shown, TWO, 1)
    only_fill = dialog.fields["only_fill"]
    assert isinstance(only_fill, QCheckBox)
    only_fill.click()
    settle(shown, qtbot)
    np.testing.assert_array_equal(mask_of(shown), ruled(before, probability, 1, 50, only_fill=True))
    only_fill.click()
    session.set_rules(PaintRules(locked=frozenset((2,))))
    settle(shown, qtbot)
    qtbot.mouseClick(dialog.apply_button, LEFT)
    qtbot.waitUntil(lambda: not session.operations.is_under_way)
    np.testing.assert_array_equal(mask_of(shown), np.where(before == 2, 2, ruled(before, probability, 1, 50)))


def test_it_can_be_held_to_what_is_in_view(shown: MainWindow, qtbot: QtBot) -> None:
    before = mask_of(shown).copy()
    shown.canvas.zoom_to(12.0)
    dialog = open_dialog(shown)
    settle(shown, qtbot)
    dialog.place_box.setCurrentIndex(1)
    dialog.place_box.activated.emit(1)
    settle(shown, qtbot)
    expected = ruled(before, levels(shown, TWO, 1), 1, 50)
    inside = np.zeros(SIZE, dtype=bool)
    assert dialog._scope is not None
    assert dialog._scope.box is not None
    inside[dialog._scope.box.slices] = True
    assert 0 < inside.mean() < 1
    np.testing.assert_array_equal(mask_of(shown), np.where(inside, expected, before))


def test_it_follows_the_classes_of_the_folder(shown: MainWindow, qtbot: QtBot) -> None:
    session, before = shown._session, mask_of(shown).copy()
    dialog = open_dialog(shown)
    settle(shown, qtbot)
    assert dialog.class_box.currentText() == "nucleus"
    # The model does not know it by that name; of background it still tells.
    assert session.class_edits.rename(1, "something else")
    assert [dialog.class_box.itemText(row) for row in range(dialog.class_box.count())] == ["background"]
    settle(shown, qtbot)
    np.testing.assert_array_equal(mask_of(shown), ruled(before, levels(shown, TWO, 0), BACKGROUND, 50))
    assert session.class_edits.rename(1, "Nucleus")
    dialog.class_box.setCurrentIndex(1)
    settle(shown, qtbot)
    np.testing.assert_array_equal(mask_of(shown), ruled(before, levels(shown, TWO, 1), 1, 50))
