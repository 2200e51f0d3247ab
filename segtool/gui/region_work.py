"""Regions that take time to find: computed off the window's thread for the stroke that is under way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QObject, QTimer, Signal, Slot

from segtool.core.errors import SegToolError
from segtool.core.geometry import Rect
from segtool.core.paint_rules import Region
from segtool.gui.jobs.worker import Job, WorkerThread
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.session_signals import SessionSignals

# A pointer that turns busy and back with each step of a preview would flicker.
_LONG_MS = 200

_T = TypeVar("_T")

_log = logging.getLogger(__name__)
_TURN_MS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """A region (bool, the size of ``rect``) that gets a class id or void."""

    rect: Rect
    region: Region
    value: int


@dataclass(frozen=True, slots=True, eq=False)
class PixelPainting:
    """Pixels (uint8, the size of ``rect``) that replace those of the mask."""

    rect: Rect
    pixels: npt.NDArray[np.uint8]


Compute = Callable[[], Painting | PixelPainting | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    number: int
    painting: Painting | PixelPainting | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Finding:
    value: Any
    then: Callable[[Any], None]


class RegionWork(QObject):
    """Has a region computed and paints it, in place of what the stroke has painted before.

    The newest request wins; the answer to one whose stroke has ended is dropped. So a preview can follow the
    pointer however long a region takes, and the window never waits.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    edits : MaskEdits
        Where strokes are.

    Signals
    -------
    busy_changed(bool)
        A region is being computed, takes long, or no longer.
    looked_up()
        What ``look_up`` was asked for has been handed over: a tool may want something else drawn.
    """

    busy_changed = Signal(bool)
    looked_up = Signal()

    def __init__(self, session: SessionSignals, edits: MaskEdits) -> None:
        super().__init__(session)
        self._session, self._edits = session, edits
        self._thread = WorkerThread("segtool-regions")
        self._look_ups = WorkerThread("segtool-look-ups")
        self._number = self._stroke = self._look_up_number = 0
        self._is_busy = self._ends_then = False
        self._thread.worker.finished.connect(self._on_answer)
        self._look_ups.worker.finished.connect(self._on_finding)
        self._look_ups.worker.failed.connect(session.report)
        self._long = QTimer(self, singleShot=True, interval=_LONG_MS)
        self._long.timeout.connect(lambda: self.busy_changed.emit(True))
        session.stroke_ended.connect(self._on_stroke_ended)
        edits.ends_by_itself = lambda: self._is_busy and self._ends_then

    @property
    def is_busy(self) -> bool:
        """Whether a region is being computed."""
        return self._is_busy

    @property
    def takes_long(self) -> bool:
        """Whether a region has been computed for so long that a person should be told."""
        return self._is_busy and not self._long.isActive()

    def request(self, compute: Compute, *, then_end: bool = False) -> None:
        """Compute and paint a region for the stroke that is under way; outside a stroke nothing happens.

        Parameters
        ----------
        compute : callable
            Called in another thread. It may look at arrays that do not change meanwhile, and at the mask through
            ``original``: the mask itself shows what was painted for the request before. It returns None if
            nothing is to be painted.
        then_end : bool
            Whether the stroke ends when the region has been painted.
        """
        if self._edits.stroke_number == 0:
            return
        self._thread.cancel()
        self._number += 1
        self._stroke, self._ends_then = self._edits.stroke_number, then_end
        self._thread.submit(_job(self._number, compute))
        self._set_busy(True)

    def look_up(self, compute: Callable[[], _T], *, then: Callable[[_T], None]) -> None:
        """Compute something that is shown but not painted, such as a line along an edge.

        Those that have not been begun when a newer one is asked for are left out; one that is under way is finished
        and handed over, for what takes long would otherwise never be seen while a pointer moves on.

        Parameters
        ----------
        compute : callable
            Called in another thread.
        then : callable
            Gets the result, in the window's thread.
        """
        self._look_up_number += 1
        number = self._look_up_number
        self._look_ups.submit(_look_up(lambda: number == self._look_up_number, compute, then))

    def original(self, rect: Rect) -> npt.NDArray[np.uint8]:
        """Return a copy of pixels of the mask as they were before the stroke; to be called by what is computed."""
        return self._edits.original(rect)

    def end(self) -> None:
        """End the stroke: now, or when the region that is being computed has been painted."""
        if self._is_busy:
            self._ends_then = True
        else:
            self._edits.end_stroke()

    def end_then(self, action: Callable[[], None]) -> None:
        """End the stroke and do something then; if it ends with the region that is being computed, wait for that."""
        if self._edits.ends_by_itself():
            self._edits.after_stroke(action)
        else:
            self._edits.end_stroke()
            action()

    def wait(self, timeout: float) -> None:
        """Wait up to ``timeout`` seconds for what a person has asked for and is still being found.

        Events of the window other than the person's are handled meanwhile.
        """
        limit = QDeadlineTimer(int(timeout * 1000))
        while self._edits.ends_by_itself() and not limit.hasExpired():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, _TURN_MS)

    def close(self) -> None:
        """End the threads."""
        self._thread.close()
        self._look_ups.close()

    @Slot(object)
    def _on_answer(self, answer: object) -> None:
        if not isinstance(answer, _Answer) or answer.number != self._number or not self._is_busy:
            return
        if answer.error is not None:
            self._session.report(answer.error)
            self._edits.cancel_stroke()
            return
        self._edits.revert_stroke()
        match answer.painting:
            case Painting(rect, region, value):
                self._edits.paint(rect, region, value)
            case PixelPainting(rect, pixels):
                self._edits.paint_pixels(rect, pixels)
        self._set_busy(False)
        if self._ends_then:
            self._edits.end_stroke()

    @Slot(object)
    def _on_finding(self, finding: object) -> None:
        if isinstance(finding, _Finding):
            finding.then(finding.value)
            self.looked_up.emit()

    @Slot()
    def _on_stroke_ended(self) -> None:
        if self._is_busy and self._edits.stroke_number != self._stroke:
            self._thread.cancel()
            self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        if busy is not self._is_busy:
            self._is_busy = busy
            if busy:
                self._long.start()
            else:
                self._long.stop()
            self.busy_changed.emit(busy)


def _look_up(is_newest: Callable[[], bool], compute: Callable[[], _T], then: Callable[[_T], None]) -> Job:
    if is_newest():
        yield _Finding(compute(), then)


def _job(number: int, compute: Compute) -> Job:
    try:
        yield _Answer(number, compute())
    except SegToolError as error:
        # It is explained to the person: nothing is wrong with the program.
        yield _Answer(number, error=error)
    except Exception as error:
        # It belongs to one request among many: only the newest one's is told to the person.
        _log.exception("a region could not be found")
        yield _Answer(number, error=error)
