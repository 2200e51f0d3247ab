"""The whole journey through the real window, the real network, the real child process and files on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.brush import stroke_region
from segtool.core.run_settings import RunSettings
from segtool.gui.actions import ActionId
from segtool.gui.dialogs.retrain_dialog import RetrainDialog
from segtool.gui.dialogs.retrain_jobs import remember_settings
from segtool.gui.main_window import MainWindow
from segtool.gui.session_state import SaveKind
from segtool.project.status import Status
from segtool.sample import sample_images

LEFT = Qt.MouseButton.LeftButton


def mask_on_disk(folder: Path, key: str) -> np.ndarray:
    with Image.open(folder / "masks" / key) as mask:
        assert mask.mode == "P"
        return np.array(mask)


def pixel_on_canvas(window: MainWindow, x: float, y: float) -> QPoint:
    return window.canvas.image_to_widget(x, y).toPoint()


def paint(window: MainWindow, start: tuple[float, float], end: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Drag the mouse over the canvas; return the image coordinates of the events as the canvas saw them."""
    canvas = window.canvas
    points = [pixel_on_canvas(window, *start), pixel_on_canvas(window, *end)]
    QTest.mousePress(canvas, LEFT, pos=points[0])
    QTest.mouseMove(canvas, points[1])
    QTest.mouseRelease(canvas, LEFT, pos=points[1])
    return tuple(canvas.widget_to_image(point.toPointF()) for point in points)


def answer_retrain_dialog(qtbot: QtBot, window: MainWindow) -> None:
    """Press Start as soon as the dialog says that a training can work."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, RetrainDialog) and dialog.start_button.isEnabled():
            poll.stop()
            qtbot.mouseClick(dialog.start_button, LEFT)

    poll = QTimer(window, interval=20)
    poll.timeout.connect(look)
    poll.start()


def test_open_segment_correct_save_undo_retrain_and_segment_again(
    make_window: Callable[[], MainWindow], qtbot: QtBot, sample_folder: Path
) -> None:
    window = make_window()
    window.resize(1400, 900)
    session, actions = window._session, window.action_set
    assert window.opener.open(sample_folder)
    first = session.project.entries[0].key

    # Segment: a worker thread, one undoable edit, close to the truth that the generator knows.
    actions[ActionId.SEGMENT_IMAGE].trigger()
    qtbot.waitUntil(lambda: session.job is None and session.project.status(first) is Status.PREDICTED, timeout=60_000)
    predicted = session.document.mask.copy()
    truth = sample_images()[0].mask
    both = np.sum((predicted == 1) & (truth == 1))
    assert 2 * both / (np.sum(predicted == 1) + np.sum(truth == 1)) > 0.85

    # Paint with mouse events: exactly the pixels that the brush covers.
    session.set_active_class(1)
    session.set_brush_size(15)
    start, end = paint(window, (200.5, 200.5), (260.5, 230.5))
    expected = predicted.copy()
    for a, b in ((start, start), (start, end)):
        rect, region = stroke_region(a, b, diameter=15, shape=expected.shape)
        expected[rect.slices][region] = 1
    assert (expected != predicted).any()
    np.testing.assert_array_equal(session.document.mask, expected)
    assert session.project.status(first) is Status.CORRECTED

    # Save: Pillow reads back exactly those pixels.
    actions[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: session.save_state.kind is SaveKind.SAVED, timeout=20_000)
    np.testing.assert_array_equal(mask_on_disk(sample_folder, first), expected)

    # Undo and redo, and the history outlives a visit to another image.
    actions[ActionId.UNDO].trigger()
    np.testing.assert_array_equal(session.document.mask, predicted)
    actions[ActionId.NEXT_IMAGE].trigger()
    actions[ActionId.PREVIOUS_IMAGE].trigger()
    assert session.document.entry.key == first
    actions[ActionId.REDO].trigger()
    np.testing.assert_array_equal(session.document.mask, expected)

    # Retrain for a few steps in the child process: the new version becomes active.
    session.set_status(first, Status.APPROVED)
    settings = RunSettings(minutes=None, epochs=1, steps_per_epoch=3, batch=1, crop=128, learning_rate=1e-5)
    remember_settings(settings)
    answer_retrain_dialog(qtbot, window)
    actions[ActionId.RETRAIN].trigger()
    qtbot.waitUntil(lambda: not window._training.is_running, timeout=150_000)
    assert session.model.name == "0001-nuclei", window._training.state
    assert (sample_folder / "models" / "0001-nuclei" / "model.json").is_file()
    assert [entry.name for entry in session.models] == ["aerial", "nuclei", "0001-nuclei"]

    # Segment another image with the version that was trained here.
    actions[ActionId.NEXT_IMAGE].trigger()
    second = session.document.entry.key
    actions[ActionId.SEGMENT_IMAGE].trigger()
    qtbot.waitUntil(lambda: session.job is None and session.project.status(second) is Status.PREDICTED, timeout=60_000)
    actions[ActionId.SAVE].trigger()
    qtbot.waitUntil(lambda: not session.has_unsaved(), timeout=20_000)
    assert (mask_on_disk(sample_folder, second) == 1).any()

    # The images themselves are as they were.
    for item, entry in zip(sample_images(), session.project.entries, strict=True):
        with Image.open(entry.path) as image:
            assert image.size == item.pixels.shape[1::-1]
