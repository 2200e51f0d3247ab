"""The class that tools paint with."""

from __future__ import annotations

from segtool.core.classes import BACKGROUND, DEFAULT_CLASSES, VOID, ClassSet
from segtool.gui.documents import Documents
from segtool.gui.session_signals import SessionSignals


class ClassInHand:
    """Knows the class id to paint with, 255 for void; it is always void or one of the open folder's.

    Attributes
    ----------
    active : int
        That id.
    """

    def __init__(self, session: SessionSignals, documents: Documents) -> None:
        self._session, self._documents = session, documents
        self.active = self._swapped = 1
        session.classes_changed.connect(self._keep_valid)

    def take(self, class_id: int) -> None:
        """Paint with that class from now on; an id without a class is passed over."""
        if class_id != self.active and (class_id == VOID or class_id in self._classes):
            self.active = class_id
            self._session.active_class_changed.emit(class_id)

    def swap_with_background(self) -> None:
        """Change between background and the class that was active before it."""
        if self.active != BACKGROUND:
            self._swapped = self.active
            self.take(BACKGROUND)
        else:
            self.take(self._swapped if self._swapped in self._classes else self._classes.ids[-1])

    @property
    def _classes(self) -> ClassSet:
        project = self._documents.project
        return DEFAULT_CLASSES if project is None else project.classes

    def _keep_valid(self) -> None:
        if self.active != VOID and self.active not in self._classes:
            self.take(self._classes.ids[min(1, len(self._classes) - 1)])
