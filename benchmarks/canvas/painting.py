"""How long brush steps, panning, zooming and undo take until they are painted, and the memory of a large image."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
import psutil
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from benchmarks.harness import Row, peak_memory_mib
from segtool.app import make_application
from segtool.core.classes import VOID
from segtool.formats.mask_png import write_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.sample import draw_nuclei

ROOT = Path(__file__).resolve().parent.parent.parent
MEDIUM, LARGE, SMALL_LARGE = (3000, 4000), (20_000, 20_000), (4000, 4000)
WINDOW = (1600, 1000)
RADII = (20, 200)
SCALES = (0.0, 1.0, 4.0)
_NAMES = {0.0: "fitted", 1.0: "100 %", 4.0: "400 %"}
_TILE = 500
_PAN_STEP = QPoint(-9, 7)
_LEFT, _MIDDLE, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton


def rows(quick: bool) -> list[Row]:
    """Measure everything; ``quick``: few rounds on smaller images, to see whether it runs at all."""
    scenes = {"medium.png": MEDIUM, "large.png": SMALL_LARGE if quick else LARGE}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, shape in scenes.items():
            write_scene(folder, key, shape=shape)
        return [*window_rows(folder, count=20 if quick else 300), *memory_rows(folder, "large.png")]


def window_rows(folder: Path, *, count: int) -> list[Row]:
    """Measure the frames of a window on a folder of the two scenes."""
    result = []
    with opened(folder) as window:
        for key, bar in (("medium.png", 8), ("large.png", 12)):
            where = show(window, key)
            for radius in RADII:
                for scale in SCALES:
                    frames = brush_steps(window, radius=radius, scale=scale, count=count)
                    name = f"brush step to painted, r = {radius} px, {where}, {_NAMES[scale]}"
                    result.append(row_of(name, frames, f"p99 ≤ {bar} ms"))
        for scale in SCALES:
            frames = pan_frames(window, scale=scale, count=count)
            result.append(row_of(f"pan frame, {where}, {_NAMES[scale]}", frames, "p95 ≤ 25 ms"))
        result.append(row_of(f"zoom frame, {where}", zoom_frames(window, count=count), "p95 ≤ 25 ms"))
        tones = tone_frames(window, count=count)
        result.append(row_of(f"frame of another brightness, {where}, fitted", tones, "p95 ≤ 16 ms"))
        undone = undo_of_long_stroke(window, count=max(3, count // 20))
        result.append(row_of(f"undo of a stroke across the image, {where}", undone, "p50 ≤ 50 ms"))
    return result


def write_scene(folder: Path, key: str, *, shape: tuple[int, int]) -> None:
    """Write a colour image of drawn nuclei and its mask of four classes, background and void."""
    tile, nuclei = draw_nuclei(1, size=(_TILE, _TILE))
    colour = np.stack([tile, np.roll(tile, 9, axis=0), np.roll(tile, 9, axis=1)], axis=-1)
    quarters = np.arange(_TILE) // (_TILE // 2)
    labels = np.where(nuclei == 1, 1 + quarters[:, None] * 2 + quarters, 0).astype(np.uint8)
    labels[:20] = VOID
    times = (-(-shape[0] // _TILE), -(-shape[1] // _TILE))
    pixels = np.tile(colour, (*times, 1))[: shape[0], : shape[1]]
    # Little compression: the decoder is not what is measured here.
    cv2.imwrite(os.fspath(folder / key), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    del pixels
    write_mask(folder / "masks" / key, np.ascontiguousarray(np.tile(labels, times)[: shape[0], : shape[1]]))


@contextmanager
def opened(folder: Path) -> Iterator[MainWindow]:
    """Show a window on a folder that has five classes."""
    make_application()
    session = Session(autosave_ms=86_400_000, suggest_models=False)
    training = TrainingControl(session)
    window = MainWindow(session, training, log_file=folder / "log")
    window.resize(*WINDOW)
    window.show()
    # Not by the window, which would remember the folder for the person.
    session.open_folder(folder)
    show(window, "medium.png")
    while len(session.classes) < 5:
        session.add_class(f"class {len(session.classes)}")
    session.set_active_class(2)
    settle()
    yield window
    session.close()
    training.close()
    window.images.close_thread()
    window.hide()


def show(window: MainWindow, key: str) -> str:
    """Open an image, wait until it is there, and return its size in words."""
    window._session.open_image(key)
    while (document := window._session.document) is None or document.entry.key != key:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
    settle()
    height, width = document.mask.shape
    return f"{width:,} × {height:,}"


def settle() -> None:
    """Let everything happen that is waiting."""
    for _ in range(5):
        QApplication.processEvents()


@dataclass(frozen=True, slots=True)
class Frame:
    """One event: milliseconds until all that it led to was painted, and of the window's thread at work meanwhile."""

    until_painted: float
    at_work: float


def timed(action: Callable[[], object]) -> Frame:
    """Time an event to the end of the painting that it leads to."""
    begun, worked = time.perf_counter(), time.thread_time()
    action()
    QApplication.processEvents()
    return Frame((time.perf_counter() - begun) * 1000, (time.thread_time() - worked) * 1000)


def row_of(name: str, frames: Sequence[Frame], goal: str) -> Row:
    """Return a row; it says how long the thread itself was busy too, which other programs change little."""
    work = np.percentile([frame.at_work for frame in frames], (95, 99))
    remark = f"{goal}; at work p95 {work[0]:.1f}, p99 {work[1]:.1f} ms"
    return Row(name, tuple(frame.until_painted for frame in frames), remark)


def look(window: MainWindow, scale: float) -> None:
    """Show the middle of the image at a scale, 0: all of it."""
    window.canvas.fit()
    if scale:
        window.canvas.zoom_to(scale)
    settle()


def brush_steps(window: MainWindow, *, radius: int, scale: float, count: int) -> list[Frame]:
    """Paint a stroke in circles; undone at the end."""
    look(window, scale)
    window._session.set_brush_size(2 * radius)
    canvas = window.canvas
    centre = QPoint(canvas.width() // 2, canvas.height() // 2)
    send(window, QEvent.Type.MouseButtonPress, centre, button=_LEFT)
    settle()
    values = []
    for step in range(count):
        point = centre + QPoint(round(200 * np.cos(step / 20)), round(200 * np.sin(step / 20)))
        values.append(timed(lambda point=point: send(window, QEvent.Type.MouseMove, point, held=_LEFT)))
    send(window, QEvent.Type.MouseButtonRelease, centre, button=_LEFT)
    settle()
    window._session.undo()
    settle()
    return values


def pan_frames(window: MainWindow, *, scale: float, count: int) -> list[Frame]:
    """Drag the image with the middle button, there and back."""
    look(window, scale)
    place = QPoint(window.canvas.width() // 2, window.canvas.height() // 2)
    send(window, QEvent.Type.MouseButtonPress, place, button=_MIDDLE)
    settle()
    values = []
    for step in range(count):
        place = place + (_PAN_STEP if step // 30 % 2 else -_PAN_STEP)
        values.append(timed(lambda place=place: send(window, QEvent.Type.MouseMove, place, held=_MIDDLE)))
    send(window, QEvent.Type.MouseButtonRelease, place, button=_MIDDLE)
    settle()
    return values


def zoom_frames(window: MainWindow, *, count: int) -> list[Frame]:
    """Turn the wheel from the whole image to 800 % and back."""
    look(window, 0)
    canvas = window.canvas
    place = QPoint(canvas.width() * 2 // 5, canvas.height() * 2 // 5)
    values, direction = [], 1
    for _ in range(count):
        if canvas.scale >= 8:
            direction = -1
        elif canvas.scale <= 0.03:
            direction = 1
        values.append(timed(lambda direction=direction: turn(window, place, direction)))
    return values


def tone_frames(window: MainWindow, *, count: int) -> list[Frame]:
    """Move the brightness."""
    look(window, 0)
    display = window._session.display
    values = [timed(lambda step=step: display.set_brightness(step / count)) for step in range(count)]
    display.reset()
    settle()
    return values


def undo_of_long_stroke(window: MainWindow, *, count: int) -> list[Frame]:
    """Undo and redo a stroke of 40 px from one corner of the image to the other and to a third."""
    look(window, 0)
    session, canvas = window._session, window.canvas
    session.set_brush_size(40)
    height, width = session.document.mask.shape
    corners = [canvas.image_to_widget(x, y).toPoint() for x, y in ((0, 0), (width, height), (width, 0))]
    send(window, QEvent.Type.MouseButtonPress, corners[0], button=_LEFT)
    for start, end in zip(corners, corners[1:], strict=False):
        for part in np.linspace(0, 1, 60):
            send(window, QEvent.Type.MouseMove, start + (end - start) * float(part), held=_LEFT)
    send(window, QEvent.Type.MouseButtonRelease, corners[-1], button=_LEFT)
    settle()
    values = []
    for _ in range(count):
        values.append(timed(session.undo))
        settle()
        session.redo()
        settle()
    return values


def send(
    window: MainWindow,
    kind: QEvent.Type,
    place: QPoint,
    *,
    button: Qt.MouseButton = _NONE,
    held: Qt.MouseButton = _NONE,
) -> None:
    """Send a mouse event to the canvas."""
    buttons = _NONE if kind == QEvent.Type.MouseButtonRelease else (button if button != _NONE else held)
    where = QPointF(place)
    glob = QPointF(window.canvas.mapToGlobal(place))
    event = QMouseEvent(kind, where, glob, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window.canvas, event)


def turn(window: MainWindow, place: QPoint, notches: int) -> None:
    """Turn the wheel over the canvas."""
    glob = QPointF(window.canvas.mapToGlobal(place))
    event = QWheelEvent(
        QPointF(place),
        glob,
        QPoint(),
        QPoint(0, 120 * notches),
        _NONE,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(window.canvas, event)


def memory_rows(folder: Path, key: str) -> list[Row]:
    """Measure a process of its own that opens an image, looks at it at every zoom and paints a stroke."""
    command = [sys.executable, "-m", "benchmarks.canvas.painting", os.fspath(folder), key]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    before, after, peak = map(float, run.stdout.split()[-3:])
    name = f"image, mask and pyramids of {key}"
    return [
        Row(f"memory of the process with {name}", (after,), f"≤ 2,600 MiB at 20,000²; {before:.0f} before", "MiB"),
        Row(f"highest memory of that process, with {name}", (peak,), "with decoding", "MiB"),
    ]


def _memory_child(folder: Path, key: str) -> None:
    with opened(folder) as window:
        process = psutil.Process()
        before = process.memory_info().rss
        show(window, key)
        zoom_frames(window, count=60)
        brush_steps(window, radius=200, scale=0.0, count=30)
        after = process.memory_info().rss
        print(before / 2**20, after / 2**20, peak_memory_mib())


if __name__ == "__main__":
    _memory_child(Path(sys.argv[1]), sys.argv[2])
