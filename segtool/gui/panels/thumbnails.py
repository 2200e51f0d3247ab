"""Small versions of images for the list, made in a thread of their own and only for the rows that are seen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from segtool.core.errors import SegToolError
from segtool.formats.isolated import probe_image, read_image
from segtool.formats.preview import display_rgb
from segtool.gui.jobs.worker import WorkerThread

SIDE = 40
_KEPT = 500
_WAITING = 60
# A larger image would take seconds and hundreds of megabytes for forty pixels.
_MAX_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class _Small:
    """What the thread makes of an image: H×W×3 uint8, or None if it gives none; why it cannot be read; what it is."""

    path: Path
    rgb: npt.NDArray[np.uint8] | None
    reason: str = ""
    notes: tuple[str, ...] = ()


class Thumbnails(QObject):
    """Keeps the thumbnails of the images that were looked at last.

    Signals
    -------
    ready(object)
        The thumbnail of an image is there: its path.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._made: OrderedDict[Path, QPixmap] = OrderedDict()
        self._reasons: dict[Path, str] = {}
        self._notes: dict[Path, tuple[str, ...]] = {}
        self._waiting: list[Path] = []
        self._busy = False
        self._thread = WorkerThread("segtool-thumbnails")
        self._thread.worker.finished.connect(self._take)
        self._thread.worker.failed.connect(self._give_up)
        self._thread.worker.cancelled.connect(self._give_up)

    def get(self, path: Path) -> QPixmap | None:
        """Return a thumbnail, a null one if the image gives none; None if it is yet to be made: ``ready`` follows."""
        if path in self._made:
            self._made.move_to_end(path)
            return self._made[path]
        if path in self._waiting:
            self._waiting.remove(path)
        # The newest first: what was scrolled past can wait, and beyond a screenful is forgotten.
        self._waiting.append(path)
        del self._waiting[:-_WAITING]
        self._start_next()
        return None

    def reason(self, path: Path) -> str:
        """Return why an image could not be read for its thumbnail, an empty string if nothing is known against it."""
        return self._reasons.get(path, "")

    def notes(self, path: Path) -> tuple[str, ...]:
        """Return what a person should know of an image, what is damaged about it first; nothing before its turn."""
        return self._notes.get(path, ())

    def retry(self, path: Path) -> None:
        """Make the thumbnail of an image again that could not be read but now can."""
        if self._reasons.pop(path, ""):
            self._made.pop(path, None)

    def forget(self) -> None:
        """Drop everything: another folder has been opened."""
        self._waiting.clear()
        self._made.clear()
        self._reasons.clear()
        self._notes.clear()

    def close(self) -> None:
        """End the thread."""
        self._waiting.clear()
        self._thread.close()

    def _start_next(self) -> None:
        if not self._busy and self._waiting:
            self._busy = True
            self._thread.submit(_make(self._waiting.pop()))

    @Slot(object)
    def _take(self, small: _Small) -> None:
        self._busy = False
        if small.reason:
            self._reasons[small.path] = small.reason
        if small.notes:
            self._notes[small.path] = small.notes
        self._made[small.path] = QPixmap() if small.rgb is None else _to_pixmap(small.rgb)
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        self.ready.emit(small.path)
        self._start_next()

    @Slot()
    def _give_up(self, _error: object = None) -> None:
        self._busy = False


def _make(path: Path) -> Generator[_Small, None, None]:
    """Yield the thumbnail of an image, at twice its size for dense screens."""
    try:
        header = probe_image(path, partial=True)
        if header.width * header.height > _MAX_PIXELS:
            yield _Small(path, None, notes=header.notes)
            return
        # A damaged image says so here, long before somebody opens it.
        image = read_image(path, partial=True)
    except SegToolError as exc:
        yield _Small(path, None, str(exc))
    else:
        yield _Small(path, _shrunk(display_rgb(image.pixels)), notes=image.told)


def _shrunk(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    scale = 2 * SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.ascontiguousarray(cv2.resize(rgb, size, interpolation=method), dtype=np.uint8)


def _to_pixmap(rgb: npt.NDArray[np.uint8]) -> QPixmap:
    height, width = rgb.shape[:2]
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    result = QPixmap.fromImage(image)
    result.setDevicePixelRatio(2.0)
    return result
