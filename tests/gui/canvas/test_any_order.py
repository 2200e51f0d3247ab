"""Whatever was done before in whatever order, the screen shows what a new canvas paints.

Run as a module it plays one seed at the screen resolution of ``QT_SCALE_FACTOR``, which Qt takes once for a process.
"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile
from PySide6.QtCore import QDeadlineTimer, QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segtool.core.classes import VOID
from segtool.core.display import Channel, MaskStyle, WindowKind
from segtool.core.geometry import Rect
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.view_options import Overlay
from tests.gui.canvas.conftest import grabbed

STEPS, SETTLED = 50, 5
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WINDOWS = [kind for kind in WindowKind if kind is not WindowKind.FIXED]


def _images() -> dict[str, npt.NDArray[np.generic]]:
    rng = np.random.default_rng(8)
    noise = rng.random((70, 110, 3)).astype(np.float32)
    holes = (noise[..., 0] * 9 - 3).astype(np.float32)
    holes[::7, ::5] = np.nan
    holes[3, 4], holes[5, 6] = np.inf, -np.inf
    return {
        "rgb.tif": (noise * 255).astype(np.uint8),
        "wide.tif": (noise[..., 1] * 40_000).astype(np.uint16),
        "one.tif": np.full((1, 1), 77, dtype=np.uint8),
        "long.tif": rng.integers(0, 256, (3, 40_000), dtype=np.uint8),
        "high.tif": rng.integers(0, 65_536, (40_000, 3), dtype=np.uint16),
        "holes.tif": holes,
        "nothing.tif": np.full((30, 40), np.nan, dtype=np.float32),
        "plain.tif": np.full((90, 80), 1e20, dtype=np.float32),
        "colours.tif": noise,
    }


class Hands:
    """Somebody who does anything."""

    def __init__(self, session: Session, canvas: Canvas, *, seed: int) -> None:
        self.session, self.canvas, self.rng = session, canvas, np.random.default_rng(seed)
        self.deeds: tuple[Callable[[], object], ...] = (
            *(self.zoom, self.pan, self.stroke) * 2,
            *(self.resize, self.replace, self.preview, self.style, self.colour, self.adjust, self.look, self.another),
            *(session.undo, session.redo, session.wait_until_saved),
        )

    def do_something(self) -> str:
        deed = self.deeds[self.upto(len(self.deeds))]
        deed()
        return deed.__name__

    def upto(self, end: int, *, least: int = 0) -> int:
        return int(self.rng.integers(least, end))

    def place(self) -> QPoint:
        return QPoint(self.upto(self.canvas.width()), self.upto(self.canvas.height()))

    def zoom(self) -> None:
        match self.upto(3):
            case 0:
                self.canvas.fit()
            case 1:
                self.canvas.zoom_to(float(self.rng.choice([0.05, 0.3, 0.7, 1, 1, 2, 3.3, 9, 20, 64])))
            case _:
                self.canvas.zoom_at(QPointF(self.place()), steps=self.upto(4, least=-3))

    def pan(self) -> None:
        self.canvas.pan_by(*self.rng.normal(0, 40, 2).tolist())

    def resize(self) -> None:
        self.canvas.resize(self.upto(420, least=200), self.upto(330, least=160))

    def stroke(self) -> None:
        self.session.set_active_class(int(self.rng.choice([0, 1, 2, VOID])))
        self.session.set_brush_size(self.upto(30, least=1))
        QTest.mousePress(self.canvas, LEFT, NONE, self.place())
        QTest.mouseMove(self.canvas, self.place())
        if self.upto(3) == 0:
            QApplication.processEvents()
        QTest.mouseMove(self.canvas, self.place())
        if self.upto(4) == 0:
            QTest.keyClick(self.canvas, Qt.Key.Key_Escape)
        QTest.mouseRelease(self.canvas, LEFT, NONE, self.place())

    def replace(self) -> None:
        assert self.session.document is not None
        height, width = self.session.document.mask.shape
        rect = Rect(self.upto(width), self.upto(height), 90, 90).intersect(Rect(0, 0, width, height))
        pixels = self.rng.choice(np.array([0, 1, 2, 77, 200, VOID], np.uint8), (rect.height, rect.width))
        self.session.apply_pixels("Test", rect, pixels)

    def preview(self) -> None:
        assert self.session.begin_stroke("Test")
        for value in (1, 2):
            self.session.revert_stroke()
            self.session.paint(Rect(0, 0, 1, 1), np.ones((1, 1), dtype=np.bool_), value)
        (self.session.end_stroke, self.session.cancel_stroke)[self.upto(2)]()

    def style(self) -> None:
        self.session.display.set_mask_style(list(MaskStyle)[self.upto(3)])
        self.session.display.set_outline_width(self.upto(4, least=1))

    def colour(self) -> None:
        red, green, blue = self.rng.integers(0, 256, 3).tolist()
        self.session.class_edits.recolour(self.upto(3, least=1), (red, green, blue))

    def adjust(self) -> None:
        display = self.session.display
        match self.upto(5):
            case 0:
                display.set_brightness(float(self.rng.normal(0, 0.3)))
            case 1:
                display.set_gamma(float(self.rng.uniform(0.2, 5)))
            case 2:
                display.set_window(WINDOWS[self.upto(len(WINDOWS))])
            case 3:
                display.set_channel(Channel(self.upto(3, least=-1)))
            case _:
                display.reset()

    def look(self) -> None:
        match self.upto(4):
            case 0:
                self.session.set_overlay_opacity(float(self.rng.choice([0, 0.2, 0.45, 1])))
            case 1:
                self.session.set_overlay_visible(self.upto(3) > 0)
            case 2:
                self.session.guidance.overlays.show((Overlay.NONE, Overlay.DIFFERENCE)[self.upto(2)])
            case _:
                name = ("minimap", "rulers", "crosshair", "keeps_view")[self.upto(4)]
                self.session.set_view_options(**{name: self.upto(3) > 0})

    def another(self) -> None:
        self.session.step_image((-1, 1)[self.upto(2)])


def _settle(canvas: Canvas, session: Session) -> None:
    """Wait for what is read, counted and drawn a moment later."""
    difference, minimap = session.guidance.overlays.difference, canvas.around.minimap
    quiet, limit = 0, QDeadlineTimer(20_000)
    while not limit.hasExpired():
        QApplication.processEvents()
        waits = minimap._pause.isActive() or difference._timer.isActive() or difference._is_counting
        waits = waits or (difference.is_on and difference.saved is None and not difference.problem)
        quiet = 0 if waits else quiet + 1
        if quiet == SETTLED:
            return
    raise AssertionError("nothing comes to rest")


def _on_screen(canvas: Canvas) -> npt.NDArray[np.uint8]:
    """Return what all partial paintings have made of the window, in physical pixels as ``grabbed`` does."""
    device = canvas.backingStore().paintDevice()
    assert isinstance(device, QImage)
    image = device.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def _new(canvas: Canvas, session: Session) -> Canvas:
    """Return another canvas of the same size and view; it is not to be seen again."""
    new = Canvas(session)
    new.resize(canvas.size())
    new._navigator = copy.deepcopy(canvas._navigator)
    new.view_changed()
    new.show()
    QTest.qWaitForWindowExposed(new)
    return new


def play(folder: Path, session: Session, *, seed: int) -> None:
    """Do anything, and compare every now and then what is on the screen with what a new canvas paints."""
    folder.mkdir(parents=True)
    for name, pixels in _images().items():
        tifffile.imwrite(folder / name, pixels, photometric="rgb" if pixels.ndim == 3 else "minisblack")
    assert session.open_folder(folder)
    assert session.project is not None
    assert session.add_class("more")
    session.open_image(session.project.entries[seed % len(_images())].key)
    canvas = Canvas(session)
    canvas.resize(300, 240)
    canvas.show()
    QTest.qWaitForWindowExposed(canvas)
    hands, made, done = Hands(session, canvas, seed=seed), [canvas], list[str]()
    while len(done) < STEPS:
        done.append(hands.do_something())
        if len(done) % 5:
            continue
        # The dashes around a brush of void begin where the painting does.
        session.set_active_class(1)
        place = hands.place()
        QTest.mouseMove(canvas, place)
        _settle(canvas, session)
        shown, state = _on_screen(canvas), f"{session.document and session.document.entry.key} after {done[-8:]}"
        assert np.array_equal(shown, grabbed(canvas)), f"not painted again: {state}"
        new = _new(canvas, session)
        made.append(new)
        for item in (canvas, new):
            item.follow_pointer(QPointF(place))
        assert np.array_equal(grabbed(new), grabbed(canvas)), f"not as a new canvas paints it: {state}"
        new.hide()
    for item in made:
        item.hide()
        item.deleteLater()


def test_a_canvas_shows_what_a_new_one_paints(session: Session, tmp_path: Path) -> None:
    play(tmp_path / "any", session, seed=1)


def test_also_where_pixels_are_no_whole_number_of_the_screens(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.canvas.test_any_order", "100"],
        env={**os.environ, "QT_SCALE_FACTOR": "1.5", "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    app = QApplication([])
    # Images are there when they have been asked for.
    sys.modules["segtool.gui.loading.loader"].PATIENCE_MS = 20_000  # type: ignore[attr-defined]
    its_session = Session(autosave_ms=3_600_000, suggest_models=False)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            play(Path(temporary) / "any", its_session, seed=int(sys.argv[1]))
        finally:
            its_session.close()
    # Without waiting for the destructors of Qt: what was compared is all that counts.
    os._exit(0)
