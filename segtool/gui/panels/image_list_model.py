"""The images of the open folder as rows for a list."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from segtool.core.printable import printable
from segtool.gui import theme
from segtool.gui.panels.thumbnails import Thumbnails
from segtool.gui.session import Session
from segtool.gui.what_next import expected_text, unsure_text
from segtool.project.project import ImageEntry
from segtool.project.status import Status

Index = QModelIndex | QPersistentModelIndex

_MASK = "Its mask"


class Role(IntEnum):
    """What the list asks for beyond Qt's own roles."""

    KEY = Qt.ItemDataRole.UserRole
    PATH = Qt.ItemDataRole.UserRole + 1
    STATUS = Qt.ItemDataRole.UserRole + 2
    REASON = Qt.ItemDataRole.UserRole + 3
    UNSAVED = Qt.ItemDataRole.UserRole + 4
    UNSURE = Qt.ItemDataRole.UserRole + 5
    NOTES = Qt.ItemDataRole.UserRole + 6


def status_of(index: Index) -> Status:
    """Return the status in a row; Qt makes plain text of it on the way."""
    return Status(index.data(Role.STATUS))


class ImageListModel(QAbstractListModel):
    """One row for each image, in the order of the project; the truth stays in the session."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self._entries: tuple[ImageEntry, ...] = ()
        # Of the images that were looked at: a path for each of 100,000 takes a while.
        self._row_of_path: dict[Path, int] = {}
        session.project_changed.connect(self.reload)
        session.entries_changed.connect(self._on_entries_changed)
        session.expectations_changed.connect(self._on_entries_changed)
        thumbnails.ready.connect(self._on_thumbnail)
        self.reload()

    def reload(self) -> None:
        """Read the images of the open folder."""
        self.beginResetModel()
        project = self._session.project
        self._entries = project.entries if project is not None else ()
        self._row_of_path.clear()
        self.endResetModel()

    def row_of(self, key: str) -> int:
        """Return the row of an image, -1 if it is not there."""
        project = self._session.project
        return -1 if project is None or not project.has(key) else project.index(key)

    def key_of(self, row: int) -> str:
        """Return the key of the image in a row."""
        return self._entries[row].key

    def accepts(self, row: int, *, status: Status | None, only_unreadable: bool) -> bool:
        """Tell whether the image of a row has a status, or cannot be opened; None is any status."""
        entry = self._entries[row]
        return bool(self._reason(entry)) if only_unreadable else status in (None, self._status(entry.key))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return the number of images."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a row shows."""
        if not index.isValid() or index.row() >= len(self._entries):
            return None
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Role.KEY:
                return entry.key
            case Role.PATH:
                path = entry.path
                self._row_of_path[path] = index.row()
                return path
            case Role.STATUS:
                return self._status(entry.key)
            case Role.REASON:
                return self._reason(entry)
            case Role.UNSAVED:
                return self._session.is_unsaved(entry.key)
            case Role.UNSURE:
                error = self._session.guidance.expectations.expected_error(entry.key)
                return "" if error is None else unsure_text(error)
            case Role.NOTES:
                return "  ·  ".join(self._notes(entry))
            case Qt.ItemDataRole.ToolTipRole:
                return theme.plain_tip(f"{entry.path}\n{self._description(entry)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{entry.key}, {self._description(entry)}"
        return None

    def _status(self, key: str) -> Status:
        project = self._session.project
        return Status.UNTOUCHED if project is None else project.status(key)

    def _reason(self, entry: ImageEntry) -> str:
        """Return why an image cannot be opened, without its path: the row says which image it is."""
        reason = self._session.entry_reason(entry.key) or self._thumbnails.reason(entry.path)
        reason = reason.removeprefix(f"{printable(str(entry.path))}: ")
        if reason.startswith(of_mask := f"{printable(str(entry.mask_path))}: "):
            return _of_mask(reason.removeprefix(of_mask))
        return reason[:1].upper() + reason[1:]

    def _notes(self, entry: ImageEntry) -> tuple[str, ...]:
        return () if self._reason(entry) else self._thumbnails.notes(entry.path)

    def _description(self, entry: ImageEntry) -> str:
        if reason := self._reason(entry):
            return reason if reason.startswith(_MASK) else f"Cannot be opened. {reason}"
        unsaved = ", unsaved changes" if self._session.is_unsaved(entry.key) else ""
        error = self._session.guidance.expectations.expected_error(entry.key)
        unsure = "" if error is None else f". The model {expected_text(error)}"
        notes = "".join(f"\n{note[:1].upper()}{note[1:]}." for note in self._notes(entry))
        return f"{self._status(entry.key).value.capitalize()}{unsaved}{unsure}{notes}"

    def _on_thumbnail(self, path: Path) -> None:
        if path in self._row_of_path:
            index = self.index(self._row_of_path[path])
            self.dataChanged.emit(index, index)

    def _on_entries_changed(self, keys: frozenset[str]) -> None:
        rows = sorted(row for row in map(self.row_of, keys) if row >= 0)
        if rows:
            self.dataChanged.emit(self.index(rows[0]), self.index(rows[-1]))


def _of_mask(reason: str) -> str:
    """Return a reason that begins with what is wrong, or with "the mask", as one about the mask of this row."""
    return f"{_MASK} {reason.removeprefix('the mask ')}"
