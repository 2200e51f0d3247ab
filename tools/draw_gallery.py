"""Draws docs/tools-in-use.png: every tool at work on a sample image, with real mouse events.

``python -m tools.draw_gallery [docs/tools-in-use.png]``
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
import cv2
import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segtool.app import make_application
from segtool.core.geometry import Rect
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.table import TOOLS
from segtool.gui.tools.tool_id import ToolId
from segtool.sample.copying import copy_sample

ROOT = Path(__file__).resolve().parent.parent
SIDE, LABEL, GAP, COLUMNS = QPoint(300, 220), 26, 8, 4
LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
Place = tuple[float, float]
IMAGE = "nuclei-05-colour.png"


@dataclass(frozen=True, slots=True)
class Nucleus:
    """One that stands alone: its middle, and points along its outline."""

    middle: Place
    around: tuple[Place, ...]


def lonely_nucleus(mask: np.ndarray) -> Nucleus:
    """Return the nucleus of a mask that is farthest from the next one and from the image's edge."""
    ids = cv2.connectedComponents((mask == 1).view(np.uint8))[1]
    best, room = 1, 0.0
    for number in range(1, int(ids.max()) + 1):
        others = np.pad((ids == 0) | (ids == number), 1).astype(np.uint8)
        distance = cv2.distanceTransform(others, cv2.DIST_L2, 5)[1:-1, 1:-1]
        if (least := float(distance[ids == number].min())) > room:
            best, room = number, least
    (outline,), _ = cv2.findContours((ids == best).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = outline[:: max(1, len(outline) // 9), 0][:9] + 0.5
    x, y = points.mean(axis=0)
    return Nucleus((float(x), float(y)), tuple((float(px), float(py)) for px, py in points))


class Desk:
    """A canvas that shows the sample image at the nucleus."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        self.session, self.canvas = session, canvas

    def at(self, place: Place) -> QPoint:
        return self.canvas.image_to_widget(*place).toPoint()

    def drag(self, way: Sequence[Place], *, button: Qt.MouseButton = LEFT, release: bool = False) -> None:
        QTest.mousePress(self.canvas, button, NONE, self.at(way[0]))
        for place in way[1:]:
            QTest.mouseMove(self.canvas, self.at(place))
        if release:
            QTest.mouseRelease(self.canvas, button, NONE, self.at(way[-1]))

    def click(self, places: Sequence[Place]) -> None:
        for place in places:
            QTest.mouseMove(self.canvas, self.at(place))
            self.wait()
            QTest.mouseClick(self.canvas, LEFT, NONE, self.at(place))

    def wait(self) -> None:
        """Let what is computed off the window's thread arrive."""
        session, quiet = self.session, 0
        while quiet < 5:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
            is_busy = session.regions.is_busy or session.job is not None or session.guidance.prediction.progress
            quiet = 0 if is_busy else quiet + 1


def uses(desk: Desk, nucleus: Nucleus) -> dict[ToolId, Callable[[], object]]:
    """Return what is done with each tool; it is left where a picture says most."""
    (x, y), around = nucleus.middle, nucleus.around
    reach = max(math.dist(nucleus.middle, place) for place in around) + 4
    box = [(x - reach, y - reach), (x, y), (x + reach, y + reach)]
    return {
        ToolId.BRUSH: lambda: desk.drag([(x - 12, y + 8), (x, y - 4), (x + 10, y + 6)]),
        ToolId.ERASER: lambda: desk.drag([(x - 30, y + 8), (x - 8, y + 2)]),
        ToolId.THRESHOLD_BRUSH: lambda: desk.drag([(x, y), (x + 8, y + 10), (x + 16, y + 16)]),
        ToolId.PREDICTION_BRUSH: lambda: (desk.wait(), desk.drag([(x - 10, y), (x + 10, y + 6), (x + 20, y + 10)])),
        ToolId.POLYGON: lambda: desk.click(around[:7]),
        ToolId.LASSO: lambda: desk.drag(around),
        ToolId.RECTANGLE: lambda: desk.drag(box),
        ToolId.ELLIPSE: lambda: desk.drag(box),
        ToolId.FILL: lambda: desk.click([(x - reach - 8, y)]),
        ToolId.WAND: lambda: desk.drag([nucleus.middle, (x + 8, y + 2)]),
        ToolId.SCISSORS: lambda: (desk.click(around[:7:2]), QTest.mouseMove(desk.canvas, desk.at(around[8]))),
        ToolId.GROW_SEEDS: lambda: (
            desk.drag([(x - 8, y), (x + 6, y + 4)], release=True),
            desk.drag([box[0], (x + reach, y - reach), box[2]], button=RIGHT, release=True),
        ),
        ToolId.CUT_OUT: lambda: desk.drag(box),
        ToolId.PICKER: lambda: desk.click([nucleus.middle]),
        ToolId.RULER: lambda: desk.drag([around[0], around[4]]),
        ToolId.PAN: lambda: desk.drag([(x, y), (x + 12, y + 8)]),
    }


def main(out: Path) -> None:
    """Draw the pictures and put them on one sheet."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = name
        make_application()
        pictures = []
        session = Session(autosave_ms=86_400_000, suggest_models=False)
        session.open_folder(copy_sample())
        canvas = Canvas(session)
        canvas.resize(SIDE.x(), SIDE.y())
        canvas.show()
        desk = Desk(session, canvas)
        for spec in TOOLS:
            session.open_image(IMAGE)
            desk.wait()
            session.segment([IMAGE])
            desk.wait()
            assert session.document is not None
            mask = session.document.mask
            nucleus = lonely_nucleus(mask)
            if spec.id is not ToolId.ERASER:
                # Without its mask, so that it can be seen what a tool does.
                x, y = map(int, nucleus.middle)
                box = Rect(x - 30, y - 30, 60, 60).intersect(Rect.of_shape(mask.shape))
                session.apply_pixels("Clear", box, np.zeros((box.height, box.width), np.uint8))
            canvas.zoom_to(2.6)
            shift = canvas.image_to_widget(*nucleus.middle)
            canvas.pan_by(SIDE.x() / 2 - shift.x(), SIDE.y() / 2 - shift.y())
            session.set_tool(spec.id)
            session.set_active_class(1)
            uses(desk, nucleus)[spec.id]()
            desk.wait()
            pictures.append((spec.text.replace("&", ""), spec.key, canvas.grab().toImage()))
            QTest.keyClick(canvas, Qt.Key.Key_Escape)
            QTest.mouseRelease(canvas, LEFT, NONE, desk.at(nucleus.middle))
            QTest.mouseRelease(canvas, RIGHT, NONE, desk.at(nucleus.middle))
            while session.document is not None and session.document.history.can_undo:
                session.undo()
        session.close()
    sheet(pictures).save(os.fspath(out))


def sheet(pictures: Sequence[tuple[str, str, QImage]]) -> QImage:
    """Return the pictures in rows, each under its name and key."""
    rows = -(-len(pictures) // COLUMNS)
    step = QPoint(SIDE.x() + GAP, SIDE.y() + LABEL + GAP)
    result = QImage(COLUMNS * step.x() + GAP, rows * step.y() + GAP, QImage.Format.Format_RGB32)
    result.fill(QColor(250, 250, 250))
    painter = QPainter(result)
    painter.setPen(QColor(30, 30, 30))
    painter.setFont(QFont("sans-serif", 10))
    for number, (text, key, picture) in enumerate(pictures):
        corner = QPoint(GAP + number % COLUMNS * step.x(), GAP + number // COLUMNS * step.y())
        line = QRectF(corner.x(), corner.y(), SIDE.x(), LABEL)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, key)
        painter.drawImage(corner + QPoint(0, LABEL), picture)
    painter.end()
    return result


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "tools-in-use.png")
