"""The images of the open folder as rows for a list, and the filter over them."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

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


def status_of(index: Index) -> Status:
    """Return the status in a row; Qt makes plain text of it on the way."""
    return Status(index.data(Role.STATUS))


class ImageListModel(QAbstractListModel):
    """One row for each image, in the order of the project; the truth stays in the session."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self._entries: tuple[ImageEntry, ...] = ()
        self._rows: dict[str, int] = {}
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
        self._rows = {entry.key: row for row, entry in enumerate(self._entries)}
        self._row_of_path = {entry.path: row for row, entry in enumerate(self._entries)}
        self.endResetModel()

    def row_of(self, key: str) -> int:
        """Return the row of an image, -1 if it is not there."""
        return self._rows.get(key, -1)

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
                return entry.path
            case Role.STATUS:
                return self._status(entry.key)
            case Role.REASON:
                return self._reason(entry)
            case Role.UNSAVED:
                return self._session.is_unsaved(entry.key)
            case Role.UNSURE:
                error = self._session.guidance.expectations.expected_error(entry.key)
                return "" if error is None else unsure_text(error)
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
        reason = reason.removeprefix(f"{entry.path}: ")
        if reason.startswith(f"{entry.mask_path}: "):
            return _of_mask(reason.removeprefix(f"{entry.mask_path}: "))
        return reason[:1].upper() + reason[1:]

    def _description(self, entry: ImageEntry) -> str:
        if reason := self._reason(entry):
            return reason if reason.startswith(_MASK) else f"Cannot be opened. {reason}"
        unsaved = ", unsaved changes" if self._session.is_unsaved(entry.key) else ""
        error = self._session.guidance.expectations.expected_error(entry.key)
        unsure = "" if error is None else f". The model {expected_text(error)}"
        return f"{self._status(entry.key).value.capitalize()}{unsaved}{unsure}"

    def _on_thumbnail(self, path: Path) -> None:
        if path in self._row_of_path:
            index = self.index(self._row_of_path[path])
            self.dataChanged.emit(index, index)

    def _on_entries_changed(self, keys: frozenset[str]) -> None:
        rows = sorted(self._rows[key] for key in keys if key in self._rows)
        if rows:
            self.dataChanged.emit(self.index(rows[0]), self.index(rows[-1]))


def _of_mask(reason: str) -> str:
    """Return a reason that begins with what is wrong, or with "the mask", as one about the mask of this row."""
    return f"{_MASK} {reason.removeprefix('the mask ')}"


class ImageFilter(QSortFilterProxyModel):
    """Lets those images through whose name contains a text and that have a status."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._status: Status | None = None
        self._only_unreadable = False

    def set_text(self, text: str) -> None:
        """Let only names through that contain ``text``, upper and lower case alike."""
        self._text = text.strip().casefold()
        self.invalidate()

    def set_status(self, status: Status | None, *, only_unreadable: bool = False) -> None:
        """Let only that status through, or only images that cannot be opened; None lets all through."""
        self._status, self._only_unreadable = status, only_unreadable
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:  # noqa: N802
        """Tell whether a row is shown."""
        index = self.sourceModel().index(source_row, 0, source_parent)
        if self._text not in str(index.data(Role.KEY)).casefold():
            return False
        if self._only_unreadable:
            return bool(index.data(Role.REASON))
        return self._status is None or status_of(index) is self._status
