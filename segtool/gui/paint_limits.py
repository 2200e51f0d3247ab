"""The limits of painting that a person has set: locked classes, only over some of them, a range of intensity."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from segtool.core.classes import VOID, ClassSet
from segtool.core.paint_rules import PaintRules
from segtool.gui.documents import Documents
from segtool.gui.tool_state import ToolState


class PaintLimits(QObject):
    """Changes the session's rules one by one, and drops those that no longer mean anything.

    Parameters
    ----------
    session : ToolState
        Owner; its rules are changed.
    documents : Documents
        What is open.
    """

    def __init__(self, session: ToolState, documents: Documents) -> None:
        super().__init__(session)
        self._session, self._documents = session, documents
        session.project_changed.connect(self._forget)
        session.classes_changed.connect(self._follow_classes)

    def toggle_lock(self, class_id: int) -> None:
        """Protect the pixels of a class (255: void) from every tool, or no longer."""
        rules = self._session.rules
        self._session.set_rules(replace(rules, locked=rules.locked ^ {class_id}))

    def set_only_over(self, ids: frozenset[int] | None) -> None:
        """Let tools change only pixels of these ids, or with None of any."""
        self._session.set_rules(replace(self._session.rules, only_over=ids))

    def set_intensity(self, limits: tuple[float, float] | None) -> None:
        """Let tools change only pixels whose intensity lies in a closed range, or with None of any."""
        self._session.set_rules(replace(self._session.rules, intensity=limits))

    @Slot()
    def _forget(self) -> None:
        self._session.set_rules(PaintRules())

    @Slot()
    def _follow_classes(self) -> None:
        project, rules = self._documents.project, self._session.rules
        if project is None:
            return
        known = frozenset((*project.classes.ids, VOID))
        only_over = rules.only_over
        if only_over is not None:
            # A class that is gone has no pixels: painting over nothing at all would look like a fault.
            only_over = (only_over & known) or None
        self._session.set_rules(replace(rules, locked=rules.locked & known, only_over=only_over))


def rules_text(rules: PaintRules, classes: ClassSet) -> str:
    """Return what holds painting back, in words: "only over void; class wall is locked"."""
    parts = []
    if rules.only_over is not None:
        parts.append(f"only over {_names(rules.only_over, classes)}")
    if rules.locked:
        parts.append(f"{_names(rules.locked, classes)} locked")
    if rules.intensity is not None:
        low, high = rules.intensity
        parts.append(f"only intensities from {low:g} to {high:g}")
    return "; ".join(parts)


def _names(ids: frozenset[int], classes: ClassSet) -> str:
    return ", ".join(classes.label(class_id) for class_id in sorted(ids))
