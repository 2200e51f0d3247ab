"""Operations on a mask of 12 megapixels with thousands of islands and holes: alone, and shown on a real window."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtWidgets import QApplication

from benchmarks.bench_program import LARGE, GapMeter, wait_for
from benchmarks.harness import Row, measure, ratio
from segtool.app import make_application
from segtool.core.classes import VOID
from segtool.core.operations.borders import Smoothing, grow, smooth
from segtool.core.operations.change import Mask
from segtool.core.operations.pieces import fill_holes, remove_islands
from segtool.core.operations.separate import separate
from segtool.formats.mask_png import write_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.operations.operating import Operating, Work
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.project.project import Project

CELLS, SPECKS = 4000, 8000
WORKS: dict[str, Work] = {
    "fill holes": lambda mask, tick: fill_holes(mask, 1, tick=tick),
    "remove islands": lambda mask, tick: remove_islands(mask, 1, smaller_than=50, tick=tick),
    "remove islands of every class": lambda mask, tick: remove_islands(mask, None, smaller_than=50, tick=tick),
    "smooth": lambda mask, tick: smooth(mask, 1, how=Smoothing.MEDIAN, radius=2, tick=tick),
    "grow by 5 px": lambda mask, tick: grow(mask, 1, by=5, tick=tick),
    "separate touching objects": lambda mask, tick: separate(mask, 1, distance=10, tick=tick),
}


def drawn_mask(shape: tuple[int, int] = LARGE) -> Mask:
    """Draw cells of two classes, many of which touch, with specks and pinholes of every kind."""
    rng = np.random.default_rng(0)
    height, width = shape
    mask = np.zeros(shape, dtype=np.uint8)
    for _ in range(CELLS):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = tuple(int(n) for n in rng.integers(8, 28, size=2))
        cv2.ellipse(mask, centre, axes, float(rng.integers(180)), 0, 360, int(rng.integers(1, 3)), -1)
    for value in rng.choice((0, 0, 0, 1, 1, 1, 1, VOID), size=SPECKS):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(mask, centre, int(rng.integers(0, 4)), int(value), -1)
    return mask


def alone(mask: Mask, rounds: int) -> list[Row]:
    """Time what the worker does, the two with a goal beside bare calls of OpenCV."""
    region = (mask == 1).view(np.uint8)
    outside = 1 - region
    bare = {
        "fill holes": lambda: cv2.connectedComponentsWithStats(outside, connectivity=4),
        "remove islands": lambda: cv2.connectedComponentsWithStats(region, connectivity=8),
    }
    rows = []
    for name, work in WORKS.items():
        ours = measure(lambda work=work: work(mask, lambda: None), rounds=rounds)
        remark = ""
        if name in bare:
            theirs = measure(bare[name], rounds=rounds)
            remark = f"goal 150; {ratio(ours, theirs)} (OpenCV's components with statistics)"
        rows.append(Row(f"{name}, 12 MP", ours, remark))
    return rows


def shown(operations: Operating, rounds: int) -> list[Row]:
    """Time from asking until the preview is painted, and the turns of the event loop meanwhile."""
    rows = []
    for name in ("fill holes", "remove islands"):
        durations = []
        with GapMeter() as meter:
            for _ in range(rounds):
                operations.begin(name)
                begun = time.perf_counter()
                operations.show(WORKS[name])
                wait_for(lambda: not operations.is_busy)
                QApplication.processEvents()
                durations.append((time.perf_counter() - begun) * 1000)
                operations.cancel()
                QApplication.processEvents()
        rows.append(Row(f"{name}, 12 MP, asked to painted", tuple(durations), "goal 150"))
        rows.append(meter.row(f"event-loop turn during {name}, 12 MP"))
    return rows


def rows(quick: bool) -> list[Row]:
    rounds = 3 if quick else 25
    mask = drawn_mask()
    found = alone(mask, max(3, rounds // 5))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.imwrite(str(folder / "large.png"), cv2.resize((mask * 60).astype(np.uint8), LARGE[::-1]))
        write_mask(folder / "masks" / "large.png", mask)
        # A class for each id, or the mask could not be edited.
        project = Project.open(folder)
        project.set_classes(project.classes.with_added("other"))
        project.save_state()
        make_application()
        session = Session(autosave_ms=3_600_000, suggest_models=False)
        training = TrainingControl(session)
        window = MainWindow(session, training, log_file=folder / "log")
        window.resize(1600, 1000)
        window.show()
        window.opener.open(folder)
        wait_for(lambda: session.document is not None)
        QApplication.processEvents()
        found += shown(session.operations, rounds)
        window.images.close_thread()
        training.close()
        session.close()
        window.hide()
    return found
