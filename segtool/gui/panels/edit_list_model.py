"""The edits of the open image as rows for a list, the oldest first."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QStandardItemModel

from segtool.core.edits import Edit
from segtool.gui.model_texts import count_text
from segtool.gui.session import Session
from segtool.gui.tools.table import TOOLS

Index = QModelIndex | QPersistentModelIndex

BEFORE = "Before these edits"
_ICONS = {"Segment": "segment", **{spec.text.replace("&", ""): spec.id.value for spec in TOOLS}}


class Role(IntEnum):
    """What the list asks for beyond Qt's own roles."""

    PIXELS = Qt.ItemDataRole.UserRole
    ICON = Qt.ItemDataRole.UserRole + 1
    IS_DONE = Qt.ItemDataRole.UserRole + 2


class EditListModel(QStandardItemModel):
    """A row for each state that the mask can go to: row n is the mask after n edits; no edits, no rows.

    Follows the history by what has changed at its two ends, so that it stays cheap with thousands of edits. Qt's own
    model counts the rows, as a list asks twice for each row whenever their number changes; it holds nothing else.

    Parameters
    ----------
    session : Session
        Has the open image.
    parent : QObject, optional
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(0, 1, parent)
        self._session = session
        self._edits: list[Edit] = []
        self._position = 0

    @property
    def edits(self) -> list[Edit]:
        """The edits, the oldest first."""
        return self._edits

    @property
    def position(self) -> int:
        """The row of the present state."""
        return self._position

    def forget(self) -> None:
        """Let go of every edit."""
        self._replace([])

    def follow(self) -> None:
        """Bring the rows up to date with the history of the open image."""
        document = self._session.document
        edits = [] if document is None else list(document.history.edits)
        forgotten = self._forgotten(edits)
        if forgotten is None:
            self._replace(edits)
        else:
            self._remove(0, forgotten)
            common = _common(self._edits, edits)
            self._remove(common, len(self._edits) - common)
            if added := edits[common:]:
                self._edits += added
                self.insertRows(common + 1, len(added))
        self._move_to(0 if document is None else document.history.position)

    def _replace(self, edits: list[Edit]) -> None:
        self.setRowCount(0)
        self._edits, self._position = edits, 0
        if edits:
            self.setRowCount(len(edits) + 1)

    def _forgotten(self, edits: list[Edit]) -> int | None:
        """Return how many of the oldest edits are gone; None if nothing is left of what there was, or is to be."""
        if not edits or not self._edits:
            return None
        return next((row for row, edit in enumerate(self._edits) if edit is edits[0]), None)

    def _remove(self, first: int, count: int) -> None:
        if count > 0:
            del self._edits[first : first + count]
            self.removeRows(first + 1, count)

    def _move_to(self, position: int) -> None:
        low, high = sorted((min(self._position, len(self._edits)), position))
        self._position = position
        if self._edits:
            self.dataChanged.emit(self.index(low, 0), self.index(high, 0))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a row shows."""
        if not index.isValid() or index.row() > len(self._edits):
            return None
        row = index.row()
        edit = self._edits[row - 1] if row else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return BEFORE if edit is None else edit.name
            case Role.PIXELS:
                return "" if edit is None else f"{edit.pixels:,} px"
            case Role.ICON:
                return "" if edit is None else icon_of(edit.name)
            case Role.IS_DONE:
                return row <= self._position
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._description(row, edit)
        return None

    def _description(self, row: int, edit: Edit | None) -> str:
        where = "the present state" if row == self._position else "" if row < self._position else "undone"
        what = BEFORE if edit is None else f"{edit.name}: {count_text(edit.pixels, 'pixel', 'pixels')} changed"
        return ", ".join(filter(None, (what, where)))


def _common(one: list[Edit], other: list[Edit]) -> int:
    """Return how many edits two lists begin with."""
    shorter = min(len(one), len(other))
    return next((row for row in range(shorter) if one[row] is not other[row]), shorter)


def icon_of(name: str) -> str:
    """Return the name of the icon of an edit: that of the tool which the edit is named after, "" if there is none."""
    found = [icon for title, icon in _ICONS.items() if name.startswith(title)]
    return max(found, key=len, default="")
