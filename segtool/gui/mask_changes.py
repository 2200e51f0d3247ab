"""What follows from every change of a mask in memory: it can be undone, is recorded, journalled and saved."""

from __future__ import annotations

import threading
from collections.abc import Callable

from segtool.core.edits import EditRecorder, TilePixels
from segtool.gui.documents import Documents
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals
from segtool.gui.session_state import Work, WorkKind
from segtool.gui.status_trail import MaskRecord
from segtool.project.document import Document
from segtool.project.status import Status

# Compressing more of them, 0.1 s for 24 megapixels, is not for the window's thread.
_TILES_PACKED_AT_ONCE = 16

OnChange = Callable[[Document, str, tuple[TilePixels, ...], MaskRecord], None]
"""Told of a change: the image, what has changed it, what the changed tiles hold now, and what is recorded then."""


class MaskChanges:
    """Notes changes after they were made; no mask changes without it.

    Attributes
    ----------
    on_change : callable
        Called after each change, see ``OnChange``; the new revision is the document's then.
    """

    def __init__(self, session: SessionSignals, documents: Documents, saving: Saving) -> None:
        self._session, self._documents, self._saving = session, documents, saving
        self.on_change: OnChange = lambda document, what, tiles, record: None

    def record(
        self, document: Document, recorder: EditRecorder, *, status: Status, model: str = "", by_person: bool = True
    ) -> bool:
        """Make what was recorded an edit that can be undone; False if nothing has changed.

        Parameters
        ----------
        document : Document
            The image.
        recorder : EditRecorder
            Has changed its mask.
        status : Status
            Of the image from now on.
        model : str
            The model whose prediction the mask is now; "" if it is none's, then what is recorded about that stays.
        by_person : bool
            Whether a person has made the change with a tool.
        """
        edit = recorder.commit(packed=False)
        if edit is None:
            return False
        if len(edit.tiles) > _TILES_PACKED_AT_ONCE:
            threading.Thread(target=edit.pack, name="segtool-pack-edit").start()
        else:
            edit.pack()
        before = self.recorded(document)
        after = MaskRecord(status, model or before.predicted_by)
        document.history.push(edit)
        self._documents.trail(document).push(before=before, after=after)
        if by_person:
            self._documents.claims.mark_edited(document.entry.key)
        self.note(document, edit.name, edit.after, after)
        if by_person:
            self._session.worked.emit(Work(WorkKind.EDIT, before.status, edit))
        return True

    def note(self, document: Document, what: str, tiles: tuple[TilePixels, ...], record: MaskRecord) -> None:
        """Note that a mask has changed, and what is recorded about it from now on; see ``OnChange``."""
        project = self._documents.project
        assert project is not None
        document.note_change()
        project.set_status(document.entry.key, record.status)
        if project.predicted_by(document.entry.key) != record.predicted_by:
            project.note_prediction(document.entry.key, record.predicted_by)
        self.on_change(document, what, tiles, record)
        self._saving.schedule()
        self._session.entries_changed.emit(frozenset((document.entry.key,)))
        self._session.history_changed.emit()
        self._session.saved_changed.emit()

    def recorded(self, document: Document) -> MaskRecord:
        """Return what is recorded about a mask."""
        project = self._documents.project
        assert project is not None
        return MaskRecord(project.status(document.entry.key), project.predicted_by(document.entry.key))
