"""Anything in any order on the real window, with a mask and a memory that are watched (R17)."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import psutil
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.gui.actions import ActionId
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.session_state import Overwrite
from segtool.gui.theme import Appearance
from segtool.gui.training_control import TrainingControl
from segtool.sample import draw_nuclei
from tests.faults.counting import FaultCount, Times
from tests.faults.oracle import Oracle
from tests.gui.canvas.test_random_interruptions import Monkey

# What a person can trigger without a question or a program of its own being in the way.
HARMLESS = (
    *(ActionId.UNDO, ActionId.REDO, ActionId.APPROVE, ActionId.PREVIOUS_IMAGE, ActionId.NEXT_IMAGE, ActionId.SAVE),
    *(ActionId.SAVE_ALL, ActionId.NEXT_TO_DO, ActionId.ZOOM_IN, ActionId.ZOOM_OUT, ActionId.FIT, ActionId.ACTUAL_SIZE),
    *(ActionId.FIT_CLASS, ActionId.KEEP_VIEW, ActionId.SHOW_MASK, ActionId.NEXT_MASK_STYLE, ActionId.RESET_DISPLAY),
    *(ActionId.SHOW_UNCERTAINTY, ActionId.SHOW_CONFIDENCE, ActionId.SHOW_CHANGES, ActionId.SHOW_MINIMAP),
    *(ActionId.SHOW_RULERS, ActionId.SHOW_CROSSHAIR, ActionId.TOGGLE_PANELS, ActionId.SMALLER_BRUSH),
    *(ActionId.LARGER_BRUSH, ActionId.SWAP_CLASS, ActionId.CANCEL_JOB, ActionId.AVERAGE_TURNS, ActionId.COPY_PREVIOUS),
)
ACTIONS_UNTIL_REST = 250
RESTS_UNTIL_REOPENED = 2


class WindowMonkey(Monkey):
    """The one that paints, with the whole window in its hands."""

    patience_ms = 120_000

    def __init__(self, window: MainWindow, qtbot: QtBot, seed: int) -> None:
        super().__init__(window.canvas, window._session, qtbot, seed)
        self.window = window

    def act(self) -> None:
        wide: list[Callable[[], object]] = [self.trigger, self.trigger, self.resize, self.click_list, self.segment]
        wide += [self.look, self.opacity, self.filter_list, self.go_to_edit, self.trigger]
        if self.rng.random() < 0.25:
            deed = wide[self.rng.integers(len(wide))]
            self.done.append(deed.__name__)
            deed()
        else:
            super().act()
        # Only the last deeds are of interest, and the memory is watched.
        del self.done[:-30]

    def trigger(self) -> None:
        action = self.window.action_set[HARMLESS[self.rng.integers(len(HARMLESS))]]
        if action.isEnabled():
            action.trigger()

    def resize(self) -> None:
        self.window.resize(int(self.rng.integers(900, 1500)), int(self.rng.integers(600, 1000)))

    def click_list(self) -> None:
        view = self.window.images.view
        rect = view.visualRect(view.model().index(int(self.rng.integers(max(1, view.model().rowCount()))), 0))
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
        self.canvas.setFocus()

    def segment(self) -> None:
        project = self.session.project
        assert project is not None
        policy = list(Overwrite)[self.rng.integers(3)]
        if self.session.job is None and self.rng.random() < 0.3:
            self.session.segment([project.entries[self.rng.integers(4)].key], policy=policy)

    def look(self) -> None:
        if self.rng.random() < 0.1:
            self.window.set_appearance(list(Appearance)[self.rng.integers(len(Appearance))])

    def opacity(self) -> None:
        self.session.set_overlay_opacity(float(self.rng.random()))

    def filter_list(self) -> None:
        # Nothing is found by some of them.
        texts = ["", "", "a", "x", "?"]
        self.window.images.filter_edit.setText(texts[self.rng.integers(len(texts))])

    def go_to_edit(self) -> None:
        document = self.session.document
        if document is not None:
            self.session.go_to_edit(int(self.rng.integers(len(document.history.edits) + 1)))

    def rest(self) -> None:
        super().rest()
        self.pos = QPoint(10, 10)
        assert self.session.wait_until_saved(60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, size in enumerate(((120, 160), (300, 420), (90, 40), (600, 500))):
        pixels, _ = draw_nuclei(number, size=size)
        PillowImage.fromarray(np.asarray(pixels, dtype=np.uint8)).save(folder / f"{'abcd'[number]}.png")
    PillowImage.fromarray(np.zeros((1, 1), dtype=np.uint8)).save(folder / "e.png")
    (folder / "f.png").write_bytes(b"no image")
    return folder


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    make_application()
    # Images arrive while things go on.
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 0)
    session = Session(autosave_ms=300, suggest_models=False)
    training = TrainingControl(session)
    window = MainWindow(session, training, log_file=tmp_path / "segtool.log")
    window.show()
    qtbot.waitExposed(window)
    yield window
    window._asks_on_close = False
    window.close()
    window.deleteLater()
    qapp.sendPostedEvents(window, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def uncaught(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was raised inside slots and events, which Qt only prints."""
    found: list[str] = []

    def note(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        found.append(f"{kind.__name__}: {error}{where}")

    monkeypatch.setattr(sys, "excepthook", note)
    return found


def slope_per_hour(samples: list[tuple[int, float]]) -> float:
    """Return how memory rises, in MB in an hour of a person who does one thing each second.

    Parameters
    ----------
    samples : list of (actions done, bytes of memory)
        The first half, in which caches fill, does not count.
    """
    later = np.array(samples[len(samples) // 2 :], dtype=float)
    rise = np.polyfit(later[:, 0], later[:, 1], 1)[0] if len(later) > 2 else 0.0
    return float(rise * 3600 / 1e6)


@pytest.mark.qt_no_exception_capture
def test_a_monkey_at_the_window(
    window: MainWindow,
    folder: Path,
    qtbot: QtBot,
    times: Times,
    counted: Callable[[FaultCount], None],
    uncaught: list[str],
) -> None:
    session, process = window._session, psutil.Process()
    assert window.opener.open(folder)
    qtbot.waitUntil(lambda: session.document is not None)
    oracle, monkey = Oracle(session), WindowMonkey(window, qtbot, seed=17)
    oracle._see()
    total, samples, started = times(quick=60, full=20_000), list[tuple[int, float]](), time.monotonic()
    for number in range(1, total + 1):
        monkey.act()
        oracle.check()
        if number % ACTIONS_UNTIL_REST == 0 or number == total:
            monkey.rest()
            oracle.check()
            oracle.trim()
            if (number // ACTIONS_UNTIL_REST) % RESTS_UNTIL_REOPENED == 0:
                # Histories are unlimited in count, by intention: they are not to be taken for a leak.
                assert window.opener.open(folder)
                qtbot.waitUntil(lambda: session.document is not None)
                gc.collect()
                samples.append((number, float(process.memory_info().rss)))
        if oracle.wrong or uncaught:
            break
    wrong = [*oracle.wrong, *uncaught]
    slope = slope_per_hour(samples)
    if slope >= 5:
        wrong.append(f"memory rises by {slope:.1f} MB in an hour")
    minutes = (time.monotonic() - started) / 60
    counted(
        FaultCount(
            "R17",
            "random actions on the real window: tools, keys, menus, images, classes, segmenting, saving",
            total,
            len(wrong),
            "each mask is what a separate record of whole masks says, each file what was saved, no exception, "
            "memory rises by less than 5 MB in 3,600 actions",
            "; ".join([*wrong[:3], f"after {monkey.done[-6:]}"])
            if wrong
            else f"{oracle.checks:,} comparisons, {slope:+.1f} MB in 3,600 actions, {minutes:.0f} min",
        )
    )
