"""What has changed in the open mask since it was saved last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segtool.core.difference import Difference
from segtool.core.geometry import Rect
from segtool.gui.documents import Documents
from segtool.gui.jobs.mask_jobs import CountedTiles, Mask, count_differences
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.saved_mask import SavedMask
from segtool.gui.session_signals import SessionSignals

TILE = 512
_COUNT_AFTER_MS = 100


class SavedDifference(QObject):
    """Says while it is on how the open mask differs from its file; while it is off, nothing is read or counted.

    Where the two differ is found out by whoever paints it, for the pixels of the screen. How many pixels do is
    counted tile by tile in a thread of its own, again only for tiles that were painted in: no stroke waits for it.
    While it is on, the saved mask is in memory, one array of the size of the open one.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    saved : SavedMask

    Signals
    -------
    counted()
        ``counts`` are others.
    """

    counted = Signal()

    def __init__(self, session: SessionSignals, documents: Documents, saved: SavedMask) -> None:
        super().__init__(session)
        self._session, self._documents, self._saved = session, documents, saved
        self._is_on = False
        self._mask: Mask | None = None
        self._number = 0
        self._is_counting = False
        self._tiles = np.zeros((0, 0, len(Difference)), dtype=np.int64)
        # Tiles whose count is not right any more, or not known yet; and those that are being counted.
        self._stale = np.zeros((0, 0), dtype=np.bool_)
        self._counts: dict[Difference, int] | None = None
        self._timer = QTimer(self, singleShot=True, interval=_COUNT_AFTER_MS)
        self._timer.timeout.connect(self._count)
        self._thread = WorkerThread("segtool-difference")
        self._thread.worker.progressed.connect(self._on_counted)
        self._thread.worker.finished.connect(self._on_end)
        self._thread.worker.cancelled.connect(self._on_end)
        self._thread.worker.failed.connect(self._on_end)
        saved.changed.connect(self._on_saved_mask)
        session.mask_changed.connect(self._on_mask)

    @property
    def is_on(self) -> bool:
        """Whether it is to be shown."""
        return self._is_on

    @property
    def saved(self) -> Mask | None:
        """The mask to compare with, uint8 of the shape of the open one; None while it is not known, or off."""
        return self._saved.mask if self._is_on else None

    @property
    def problem(self) -> str:
        """Why there is nothing to compare with, for a person; "" if there is."""
        return self._saved.problem if self._is_on else ""

    @property
    def counts(self) -> dict[Difference, int] | None:
        """How many pixels of the whole mask are of each kind; None while that is not known."""
        return self._counts

    def set_on(self, on: bool) -> None:
        """Show it from now on, or no longer."""
        if on is not self._is_on:
            self._is_on = on
            self._saved.want(self, on)
            self._on_saved_mask()

    def close(self) -> None:
        """End the thread."""
        self._timer.stop()
        self._thread.close()

    @Slot()
    def _on_saved_mask(self) -> None:
        """Count everything anew."""
        mask = self.saved
        if mask is not self._mask or mask is None:
            self._mask = mask
            self._number += 1
            self._thread.cancel()
            rows, columns = (0, 0) if mask is None else (-(-side // TILE) for side in mask.shape)
            self._tiles = np.zeros((rows, columns, len(Difference)), dtype=np.int64)
            self._stale = np.ones((rows, columns), dtype=np.bool_)
            self._counts = None
            self._count()
        self._session.overlay_changed.emit()

    @Slot(object)
    def _on_mask(self, rect: Rect) -> None:
        if self._mask is not None and not rect.is_empty:
            rows = slice(rect.y // TILE, (rect.bottom - 1) // TILE + 1)
            columns = slice(rect.x // TILE, (rect.right - 1) // TILE + 1)
            self._stale[rows, columns] = True
            if not self._timer.isActive():
                self._timer.start()

    @Slot()
    def _count(self) -> None:
        document = self._documents.current
        if self._mask is None or document is None or document.mask.shape != self._mask.shape or self._is_counting:
            # Counting goes on when what is under way has ended.
            return
        whole = Rect.of_shape(self._mask.shape)
        tiles = [
            Rect(int(column) * TILE, int(row) * TILE, TILE, TILE).intersect(whole)
            for row, column in np.argwhere(self._stale)
        ]
        if tiles:
            self._stale[:] = False
            self._is_counting = True
            self._thread.submit(count_differences(self._mask, document.mask, tiles, number=self._number))

    @Slot(object)
    def _on_counted(self, item: object) -> None:
        if isinstance(item, CountedTiles) and item.number == self._number:
            for rect, counts in zip(item.tiles, item.counts, strict=True):
                self._tiles[rect.y // TILE, rect.x // TILE] = counts

    @Slot()
    @Slot(object)
    def _on_end(self, _last: object = None) -> None:
        self._is_counting = False
        if self._mask is not None and not self._timer.isActive() and self._stale.any():
            self._count()
        if self._mask is None or self._is_counting:
            return
        totals: npt.NDArray[np.int64] = self._tiles.sum(axis=(0, 1))
        counts = {kind: int(totals[kind]) for kind in Difference}
        if counts != self._counts:
            self._counts = counts
            self.counted.emit()
