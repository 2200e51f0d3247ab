"""Tools that find regions, on an image of 12 megapixels: from the event to the repainted result.

Beside each duration stands the longest time for which the window did not turn its event loop meanwhile.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.bench_program import GapMeter, wait_for
from benchmarks.harness import Row
from segtool.core.classes import VOID
from segtool.formats.mask_png import write_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from segtool.gui.training_control import TrainingControl
from segtool.sample import draw_nuclei

SIZE = (3000, 4000)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class _Bench:
    """A window with the image, and the measuring of what is done in it."""

    def __init__(self, session: Session, window: MainWindow, *, rounds: int) -> None:
        self.session, self.canvas, self.rounds = session, window.canvas, rounds

    def at(self, x: float, y: float) -> QPoint:
        """Return the place of an image position on the canvas."""
        return self.canvas.image_to_widget(x, y).toPoint()

    def until_painted(self) -> None:
        """Wait for what is being found, and paint it."""
        if self.session.regions.is_busy:
            # A loop that sleeps between events, as the program's does: one that spins takes time from the search.
            loop = QEventLoop()
            connection = self.session.regions.busy_changed.connect(lambda busy: None if busy else loop.quit())
            loop.exec()
            self.session.regions.busy_changed.disconnect(connection)
        QApplication.processEvents()

    def settle(self, meter: GapMeter) -> None:
        """Turn the event loop until the meter has seen the end of the last pause."""
        before = len(meter.gaps)
        wait_for(lambda: len(meter.gaps) > before)

    def rows(self, name: str, act: Callable[[], object], *, goal: str) -> list[Row]:
        """Do something some times, undone after each, and return how long it took and the longest pauses."""
        durations, gaps = [], []
        for number in range(self.rounds + 1):
            with GapMeter() as meter:
                begun = time.perf_counter()
                act()
                self.until_painted()
                duration = (time.perf_counter() - begun) * 1000
                self.settle(meter)
            document = self.session.document
            if document is None or not document.history.can_undo:
                raise RuntimeError(f"{name}: nothing was painted")
            self.session.undo()
            QApplication.processEvents()
            # The first one makes what is kept for later ones, and the undone edits of another tool are freed.
            if number:
                durations.append(duration)
                gaps.append(max(meter.gaps))
        return [
            Row(f"{name}, event to painted", tuple(durations), goal),
            Row(f"{name}, longest pause of the window", tuple(gaps), "goal 50 ms"),
        ]

    def click(self, x: float, y: float, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Press and release."""
        QTest.mouseClick(self.canvas, LEFT, modifier, self.at(x, y))

    def drag(self, places: Sequence[tuple[float, float]]) -> None:
        """Press, move and release."""
        QTest.mousePress(self.canvas, LEFT, NONE, self.at(*places[0]))
        for place in places[1:]:
            QTest.mouseMove(self.canvas, self.at(*place))
        QTest.mouseRelease(self.canvas, LEFT, NONE, self.at(*places[-1]))


def rows(quick: bool) -> list[Row]:
    """Use each tool some times on a grey and on a colour image of nuclei."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, mask = draw_nuclei(3, size=(SIZE[0] // 4, SIZE[1] // 4))
        grey = cv2.resize(small, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / "grey.png"), grey)
        cv2.imwrite(str(folder / "colour.png"), np.dstack([grey, grey[::-1], grey]))
        large = cv2.resize(mask, SIZE[::-1], interpolation=cv2.INTER_NEAREST)
        for stem in ("grey", "colour"):
            write_mask(folder / "masks" / f"{stem}.png", large)
        app = QApplication.instance() or QApplication([])
        session = Session(autosave_ms=3_600_000, suggest_models=False)
        training = TrainingControl(session)
        window = MainWindow(session, training, log_file=folder / "log")
        window.resize(1600, 1000)
        window.show()
        session.open_folder(folder)
        bench = _Bench(session, window, rounds=2 if quick else 12)
        for kind in ("grey", "colour"):
            session.open_image(f"{kind}.png")
            wait_for(lambda kind=kind: session.document is not None and session.document.entry.key == f"{kind}.png")
            session.set_active_class(1)
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            found += _of_image(bench, f"12 MP, {kind}", mask=large)
        session.wait_until_saved()
        window.images.close_thread()
        training.close()
        session.close()
        window.close()
        del app
    return found


def _of_image(bench: _Bench, kind: str, *, mask: np.ndarray) -> list[Row]:
    session = bench.session
    goal = "goal 150 ms"
    distance = cv2.distanceTransform((mask == 1).astype(np.uint8), cv2.DIST_L2, 3)
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    reach = float(distance.max())
    apart = cv2.distanceTransform(np.pad((mask == 0).astype(np.uint8)[1:-1, 1:-1], 1), cv2.DIST_L2, 3)
    ground_row, ground_column = np.unravel_index(int(apart.argmax()), apart.shape)
    x, y, ground_x, ground_y = float(column), float(row), float(ground_column), float(ground_row)

    session.set_tool(ToolId.FILL)
    found = bench.rows(f"fill the background ({kind})", lambda: bench.click(ground_x, ground_y), goal=goal)
    found += bench.rows(
        f"fill a class everywhere ({kind})",
        lambda: bench.click(ground_x, ground_y, Qt.KeyboardModifier.ShiftModifier),
        goal=goal,
    )
    # Void is what no pixel is yet: whatever is found is painted.
    session.set_active_class(VOID)
    session.set_tool(ToolId.WAND)
    session.set_options(tolerance=60)
    found += bench.rows(f"wand on a nucleus ({kind})", lambda: bench.click(x, y), goal=goal)
    found += bench.rows(f"wand on the background ({kind})", lambda: bench.click(ground_x, ground_y), goal=goal)
    session.set_options(tolerance=255)
    found += bench.rows(f"wand on everything ({kind})", lambda: bench.click(ground_x, ground_y), goal=goal)
    session.set_options(tolerance=60, contiguous=False)
    found += bench.rows(f"wand everywhere ({kind})", lambda: bench.click(ground_x, ground_y), goal=goal)
    found += _wand_drag(bench, kind, ground_x, ground_y)
    session.set_options(contiguous=True)
    session.set_tool(ToolId.CUT_OUT)
    side = 1.3 * reach
    box = ((x - side, y - side), (x, y), (x + side, y + side))
    found += bench.rows(f"cut out a nucleus ({kind})", lambda: bench.drag(box), goal="off the window's thread")
    session.set_tool(ToolId.GROW_SEEDS)

    def grow() -> None:
        bench.drag(((x - reach / 2, y), (x, y), (x + reach / 2, y)))
        QTest.keyClick(bench.canvas, Qt.Key.Key_Return)

    found += bench.rows(f"grow a nucleus from a mark ({kind})", grow, goal="off the window's thread")
    return found + _scissors(bench, kind, x, y, reach)


def _wand_drag(bench: _Bench, kind: str, x: float, y: float) -> list[Row]:
    """Drag the tolerance, everywhere in the image, each step painted before the next."""
    durations = []
    start = bench.at(x, y)
    QTest.mousePress(bench.canvas, LEFT, NONE, start)
    bench.until_painted()
    with GapMeter() as meter:
        for step in range(bench.rounds * 2):
            begun = time.perf_counter()
            QTest.mouseMove(bench.canvas, start + QPoint(4 * (step % 8) + 4, 0))
            bench.until_painted()
            durations.append((time.perf_counter() - begun) * 1000)
            bench.settle(meter)
    QTest.mouseRelease(bench.canvas, LEFT, NONE, start)
    bench.until_painted()
    bench.session.undo()
    name = f"step of a wand's drag, everywhere ({kind})"
    return [
        Row(f"{name}, event to painted", tuple(durations), "goal 150 ms"),
        Row(f"{name}, longest pause of the window", (max(meter.gaps),), "goal 50 ms"),
    ]


def _scissors(bench: _Bench, kind: str, x: float, y: float, reach: float) -> list[Row]:
    """Set an anchor, then follow the pointer around: one way waits for the map, the others use it."""
    session, durations = bench.session, []
    found = [0]
    session.regions.looked_up.connect(lambda: found.__setitem__(0, found[0] + 1))
    session.set_tool(ToolId.SCISSORS)
    bench.click(x - reach, y)
    with GapMeter() as meter:
        for step in range(bench.rounds * 2):
            place = bench.at(x + reach * np.cos(step / 3), y + reach * np.sin(step / 3))
            before, begun = found[0], time.perf_counter()
            QTest.mouseMove(bench.canvas, place)
            try:
                wait_for(lambda before=before: found[0] > before, seconds=2)
            except TimeoutError:
                # The pointer has snapped to the same pixel as before: there is no other way to find.
                continue
            QApplication.processEvents()
            durations.append((time.perf_counter() - begun) * 1000)
            bench.settle(meter)
    QTest.keyClick(bench.canvas, Qt.Key.Key_Escape)
    name = f"way of the scissors ({kind})"
    return [
        Row(f"{name}, move to painted, once with its map", tuple(durations)),
        Row(f"{name}, longest pause of the window", (max(meter.gaps),), "goal 50 ms"),
    ]
