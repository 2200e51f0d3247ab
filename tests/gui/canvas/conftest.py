"""A session with a small folder open, and a canvas that shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.classes import VOID
from segtool.formats.mask_png import write_mask
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session

CELL = (255, 0, 0)
WALL = (0, 0, 255)
GREY = 100


def make_mask() -> npt.NDArray[np.uint8]:
    """Return a mask of 120×160 pixels: background with a cell, a wall and a void stripe."""
    mask = np.zeros((120, 160), dtype=np.uint8)
    mask[20:60, 20:60] = 1
    mask[20:60, 90:130] = 2
    mask[100:] = VOID
    return mask


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    """A session that saves nothing by itself and ends its threads."""
    made = Session(autosave_ms=3_600_000)
    yield made
    made.close()


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Two grey images, the first with a mask, and a file that is no image."""
    folder = tmp_path / "photos"
    folder.mkdir()
    PillowImage.fromarray(np.full((120, 160), GREY, dtype=np.uint8)).save(folder / "a.png")
    PillowImage.fromarray(np.full((60, 50, 3), (10, 20, 30), dtype=np.uint8)).save(folder / "b.png")
    (folder / "c.png").write_bytes(b"no image")
    write_mask(folder / "masks" / "a.png", make_mask())
    classes = [
        {"id": 0, "name": "background"},
        {"id": 1, "name": "cell", "colour": list(CELL)},
        {"id": 2, "name": "wall", "colour": list(WALL)},
    ]
    (folder / "classes.json").write_text(json.dumps(classes), encoding="utf-8")
    return folder


@pytest.fixture
def open_session(session: Session, image_folder: Path) -> Session:
    """A session that shows the first image."""
    assert session.open_folder(image_folder)
    assert session.open_image("a.png")
    session.set_active_class(1)
    return session


@pytest.fixture
def canvas(open_session: Session, qtbot: QtBot) -> Canvas:
    """A canvas of 400×300 pixels on the screen."""
    widget = Canvas(open_session)
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def grabbed(canvas: Canvas) -> npt.NDArray[np.uint8]:
    """Return what the canvas paints, uint8 (height, width, 3) red, green, blue."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def on_screen(canvas: Canvas) -> npt.NDArray[np.uint8]:
    """Return what the screen shows of a canvas, put together from all partial paintings, as ``grabbed`` does.

    Nothing is painted for this but what is due.
    """
    QApplication.processEvents()
    image = canvas.screen().grabWindow(canvas.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def is_painted(canvas: Canvas) -> bool:
    """Tell whether the screen shows what painting everything anew gives.

    Wait for it where threads and timers have a say in what is shown: what they ask for may be due only a moment later.
    """
    return np.array_equal(on_screen(canvas), grabbed(canvas))
