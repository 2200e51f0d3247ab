"""The view on screens with more than one physical pixel per logical one.

Qt takes the scale factor once for a whole process, so each is shown in a process of its own: this file
run as a module, which writes down what it paints.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from segtool.core.classes import DEFAULT_CLASSES
from segtool.core.geometry import Rect
from segtool.gui.canvas.image_pyramid import ImagePyramid
from segtool.gui.canvas.image_view import ImageView

_RGB = np.random.default_rng(11).integers(0, 256, size=(90, 140, 3), dtype=np.uint8)
_SQUARE = Rect(30, 20, 40, 30)
_LATER = Rect(90, 40, 20, 24)


def _grab(view: ImageView) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return pixels[..., 2::-1].copy()


def _show(mask: np.ndarray) -> ImageView:
    view = ImageView()
    view.resize(400, 300)
    view.show()
    view.show_style(DEFAULT_CLASSES, opacity=0.5)
    view.show_pyramid("image", ImagePyramid(_RGB), mask)
    view.zoom_to(1.0)
    return view


def _write_down(path: Path) -> None:
    app = QApplication([])
    mask = np.zeros(_RGB.shape[:2], dtype=np.uint8)
    view = _show(mask)
    _grab(view)
    mask[_SQUARE.slices] = 1
    view.show_mask_change(_SQUARE)
    mask[_LATER.slices] = 1
    view.show_mask_change(_LATER)
    app.processEvents()
    corner = view.image_to_widget(0, 0)
    pos = view.image_to_widget(33.5, 21.25)
    np.savez(
        path,
        ratio=view.devicePixelRatioF(),
        corner=(corner.x(), corner.y()),
        back=view.widget_to_image(QPointF(pos)),
        partly=_grab(view),
        fresh=_grab(_show(mask)),
    )


@pytest.mark.parametrize("ratio", [2.0, 1.5])
def test_100_percent_is_one_physical_pixel_per_image_pixel(tmp_path: Path, ratio: float) -> None:
    out = tmp_path / "seen.npz"
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.canvas.test_high_dpi", str(out)],
        env={**os.environ, "QT_SCALE_FACTOR": str(ratio), "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = np.load(out)
    assert seen["ratio"] == ratio
    assert seen["back"] == pytest.approx((33.5, 21.25))
    pixels = seen["partly"]
    assert pixels.shape == (300 * ratio, 400 * ratio, 3)
    left, top = (round(float(value) * ratio) for value in seen["corner"])
    shown = pixels[top : top + 90, left : left + 140]
    plain = np.ones((90, 140), dtype=bool)
    plain[_SQUARE.slices] = plain[_LATER.slices] = False
    assert np.array_equal(shown[plain], _RGB[plain])
    # Outlines are as wide as one logical pixel, rounded down.
    colour = DEFAULT_CLASSES.get(1).colour
    row = shown[_SQUARE.y + 15, _SQUARE.x : _SQUARE.x + 4]
    assert [tuple(int(v) for v in pixel) == colour for pixel in row] == [True, ratio == 2.0, False, False]
    assert np.array_equal(pixels, seen["fresh"])


if __name__ == "__main__":
    _write_down(Path(sys.argv[1]))
