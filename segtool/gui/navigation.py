"""Going from one image of the open folder to another."""

from __future__ import annotations

from segtool.core.errors import SegToolError
from segtool.gui.documents import Documents
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.saving import Saving
from segtool.gui.session_signals import SessionSignals, error_text


class Navigation:
    """Shows images; one that cannot be read never takes the place of the one that is shown."""

    def __init__(self, session: SessionSignals, documents: Documents, edits: MaskEdits, saving: Saving) -> None:
        self._session, self._documents, self._edits, self._saving = session, documents, edits, saving
        self._told = ""

    def open_image(self, key: str) -> bool:
        """Show an image; False, with a message, if it cannot be read."""
        error = self._show(key)
        self._report(error)
        return error is None and self._documents.project is not None

    def step_image(self, delta: int) -> None:
        """Show the image ``delta`` places further, or the next beyond it that can be read."""
        project, current = self._documents.project, self._documents.current
        if project is None or not project.entries or delta == 0:
            return
        keys = [entry.key for entry in project.entries]
        first = -1 if delta > 0 else len(keys)
        index = (first if current is None else keys.index(current.entry.key)) + delta
        first_error: Exception | None = None
        while 0 <= index < len(keys):
            error = self._show(keys[index])
            first_error = first_error or error
            if error is None:
                break
            index += 1 if delta > 0 else -1
        self._report(first_error)

    def _report(self, error: Exception | None) -> None:
        if error is not None:
            self._told = error_text(error)
            self._session.report(error)

    def reload_current(self) -> None:
        """Read the shown image again if what is in memory is not what is on disk."""
        if self._documents.current is not None:
            self.open_image(self._documents.current.entry.key)

    def _show(self, key: str) -> SegToolError | None:
        documents, session = self._documents, self._session
        if documents.project is None:
            return None
        self._edits.end_stroke()
        try:
            document = documents.load(key)
        except SegToolError as exc:
            documents.reasons[key] = str(exc)
            session.entries_changed.emit(frozenset((key,)))
            return exc
        if documents.reasons.pop(key, ""):
            session.entries_changed.emit(frozenset((key,)))
        if document is documents.current:
            return None
        if self._saving.is_dirty:
            self._saving.save_all()
        self._take_back(other_reason=document.read_only_reason)
        documents.show(document)
        session.document_changed.emit()
        session.history_changed.emit()
        session.saved_changed.emit()
        if document.image.notes:
            session.info(f"{key}: {', '.join(document.image.notes)}.")
        if document.read_only_reason:
            session.warn(document.read_only_reason)
        return None

    def _take_back(self, *, other_reason: str) -> None:
        """Say that what was told about the image that is left, or could not be opened, is of no interest any more."""
        current = self._documents.current
        over = [self._told] if current is None else [self._told, current.read_only_reason]
        self._told = ""
        for text in over:
            if text and text != other_reason:
                self._session.message_over.emit(text)
