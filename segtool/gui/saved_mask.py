"""The mask of the open image as it was saved last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from segtool.gui.documents import Documents
from segtool.gui.jobs.mask_jobs import FoundMask, read_saved_mask
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.session_signals import SessionSignals
from segtool.project.document import Document, FilePrint

Mask = npt.NDArray[np.uint8]


class SavedMask(QObject):
    """Reads the file of the open mask in a thread of its own, once for each time it is saved and only if asked.

    It holds one array of the size of the mask, until the mask is saved again or another image is opened.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents

    Signals
    -------
    changed()
        Another mask is there, or none any more, or it is known why there is none.
    """

    changed = Signal()

    def __init__(self, session: SessionSignals, documents: Documents) -> None:
        super().__init__(session)
        self._documents = documents
        self._wanted_by: set[object] = set()
        # What the mask that is here, or is being read, was read from.
        self._document: Document | None = None
        self._file: FilePrint | None = None
        self._mask: Mask | None = None
        self._problem = ""
        self._number = 0
        self._is_reading = False
        self._thread = WorkerThread("segtool-saved-mask")
        self._thread.worker.progressed.connect(self._on_found)
        session.document_changed.connect(self._follow)
        session.saved_changed.connect(self._follow)

    @property
    def mask(self) -> Mask | None:
        """The mask as it was saved last, uint8 of the shape of the open one; None while it is not known."""
        return self._mask

    @property
    def problem(self) -> str:
        """Why it cannot be known, for a person; "" if it can."""
        return self._problem

    def want(self, who: object, wanted: bool) -> None:
        """Have the mask read, again after each save, for as long as somebody wants it."""
        (self._wanted_by.add if wanted else self._wanted_by.discard)(who)
        self._follow()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    @Slot()
    def _follow(self) -> None:
        document = self._documents.current
        file = None if document is None else document.mask_file
        is_same_image = document is self._document
        if is_same_image and file == self._file and (self._mask is not None or self._problem or self._is_reading):
            return
        if not is_same_image or not self._wanted_by:
            # What is older than the file is of no use to anybody who does not look at it right now.
            self._forget()
        if document is None or not self._wanted_by:
            return
        self._document, self._file = document, file
        self._number += 1
        self._thread.cancel()
        if file is None:
            self._end(None, f"The mask of {document.entry.key} has not been saved yet.")
        else:
            self._is_reading = True
            self._thread.submit(read_saved_mask(document.entry.mask_path, number=self._number))

    def _forget(self) -> None:
        self._document = self._file = None
        self._number += 1
        self._thread.cancel()
        if self._mask is not None or self._problem:
            self._end(None, "")
        self._is_reading = False

    def _end(self, mask: Mask | None, problem: str) -> None:
        self._mask, self._problem, self._is_reading = mask, problem, False
        self.changed.emit()

    @Slot(object)
    def _on_found(self, item: object) -> None:
        if not isinstance(item, FoundMask) or item.number != self._number or self._document is None:
            return
        if item.mask is None or item.mask.shape == self._document.mask.shape:
            self._end(item.mask, item.problem)
        else:
            self._end(None, f"The saved mask of {self._document.entry.key} has another size than its image.")
