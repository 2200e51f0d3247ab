"""Noticing that the file of the shown image was deleted, renamed or replaced while it is open."""

from __future__ import annotations

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Slot

from segtool.core.printable import printable
from segtool.gui.documents import Documents
from segtool.gui.navigation import Navigation
from segtool.gui.session_signals import SessionSignals
from segtool.gui.turning_to import TurningTo
from segtool.project.document import Document

# Somebody who copies a file over another changes it many times.
_QUIET_MS = 200


class ImageWatch(QObject):
    """Looks at the shown image's file when the system says that it has changed, and when a person comes back.

    One that is gone is marked in its row, and what is shown stays. One that was replaced is read again as soon as its
    mask is saved; a mask is never given to an image of another size (``save_mask`` refuses that).
    """

    def __init__(self, session: SessionSignals, documents: Documents, navigation: Navigation) -> None:
        super().__init__(session)
        self._session, self._documents, self._navigation = session, documents, navigation
        self._told = ""
        self._waits_for_save = False
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=_QUIET_MS)
        self._soon.timeout.connect(self.look)
        # Network drives say nothing of changes: then this, and going from image to image, has to do.
        self._turning = TurningTo(self._soon.start, self)
        self._watcher.fileChanged.connect(self._soon.start)
        self._watcher.directoryChanged.connect(self._soon.start)
        session.document_changed.connect(self._follow)
        session.saved_changed.connect(self._on_saved)

    def close(self) -> None:
        """Watch nothing any more."""
        self._turning.close()
        self._watch_nothing()

    @Slot()
    def look(self) -> None:
        """See whether the shown image's file is still the one that was read."""
        document = self._documents.current
        if document is None:
            return
        self._watch(document)
        self._waits_for_save = False
        if document.image_is_gone():
            if document.entry.path.parent.exists():
                self._tell_gone(document)
            return
        self._take_back(document)
        if not document.image_changed_on_disk():
            return
        if document.is_dirty or self._documents.is_in_stroke:
            self._waits_for_save = True
        else:
            self._session.info(f"{document.entry.key} was changed by another program and is read again.")
            self._navigation.reload_current()

    def _tell_gone(self, document: Document) -> None:
        key = document.entry.key
        name = printable(str(document.entry.path))
        text = f"{name}: there is no such file any more. It stays open here, and its mask can be saved."
        if self._told != text:
            self._told = text
            self._session.warn(text)
        if self._documents.reasons.get(key) != text:
            self._documents.reasons[key] = text
            self._session.entries_changed.emit(frozenset((key,)))

    def _take_back(self, document: Document) -> None:
        key = document.entry.key
        if not self._told:
            return
        self._session.message_over.emit(self._told)
        if self._documents.reasons.get(key) == self._told:
            del self._documents.reasons[key]
            self._session.entries_changed.emit(frozenset((key,)))
        self._told = ""

    def _watch_nothing(self) -> None:
        self._soon.stop()
        self._watch(None)

    def _watch(self, document: Document | None) -> None:
        """Watch that image's file and folder, and nothing else; a file that was replaced is not watched any more."""
        path = None if document is None else document.entry.path
        wanted = [] if path is None else [str(item) for item in (path, path.parent) if item.exists()]
        watched = [*self._watcher.files(), *self._watcher.directories()]
        if others := [item for item in watched if item not in wanted]:
            self._watcher.removePaths(others)
        if missing := [item for item in wanted if item not in watched]:
            self._watcher.addPaths(missing)

    @Slot()
    def _follow(self) -> None:
        if self._told:
            # Of the image that was left, whose row goes on saying it.
            self._session.message_over.emit(self._told)
            self._told = ""
        if self._documents.current is None:
            self._watch_nothing()
        else:
            self._watch(self._documents.current)
            self._soon.start()

    @Slot()
    def _on_saved(self) -> None:
        if self._waits_for_save:
            self._soon.start()
