"""The filter over the list of images."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, Slot

from segtool.gui.panels.image_list_model import ImageListModel, Index
from segtool.project.status import Status


class ImageFilter(QAbstractListModel):
    """Lets those images through whose name contains a text and that have a status.

    A list of its own: Qt's filter asks for each row through the binding, and a view asks a proxy for six indexes a
    row. For 100,000 images that is a second, even if all of them are let through.
    """

    def __init__(self, images: ImageListModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self._text = ""
        self._status: Status | None = None
        self._only_unreadable = False
        self._rows: Sequence[int] = range(0)
        images.modelAboutToBeReset.connect(self.beginResetModel)
        images.modelReset.connect(self._on_reset)
        images.dataChanged.connect(self._on_data)
        self._rows = self._wanted()

    def set_text(self, text: str) -> None:
        """Let only names through that contain ``text``, upper and lower case alike."""
        self._text = text.strip().casefold()
        self._filter()

    def set_status(self, status: Status | None, *, only_unreadable: bool = False) -> None:
        """Let only that status through, or only images that cannot be opened; None lets all through."""
        self._status, self._only_unreadable = status, only_unreadable
        self._filter()

    # A list over another one -------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return the number of images that are let through."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a row shows."""
        is_there = index.isValid() and index.row() < len(self._rows)
        return self._images.data(self._images.index(self._rows[index.row()], 0), role) if is_there else None

    def index_of(self, key: str) -> QModelIndex:
        """Return the row of an image; an invalid index if it is not let through."""
        row = self._images.row_of(key)
        place = self._place(row)
        return self.index(place, 0) if self._has(place, row) else QModelIndex()

    # What is let through -----------------------------------------------------------------------

    def _wanted(self) -> Sequence[int]:
        count = self._images.rowCount()
        if not self._text and self._status is None and not self._only_unreadable:
            return range(count)
        return [row for row in range(count) if self._is_wanted(row)]

    def _is_wanted(self, row: int) -> bool:
        if self._text not in self._images.key_of(row).casefold():
            return False
        return self._images.accepts(row, status=self._status, only_unreadable=self._only_unreadable)

    def _place(self, row: int) -> int:
        """Return where a row of the list of all images is, or would be, among those that are let through."""
        return bisect_left(self._rows, row)

    def _has(self, place: int, row: int) -> bool:
        return 0 <= place < len(self._rows) and self._rows[place] == row

    def _filter(self) -> None:
        self.beginResetModel()
        self._rows = self._wanted()
        self.endResetModel()

    @Slot()
    def _on_reset(self) -> None:
        self._rows = self._wanted()
        self.endResetModel()

    @Slot(QModelIndex, QModelIndex)
    def _on_data(self, first: QModelIndex, last: QModelIndex) -> None:
        """Let rows through, or no longer, whose image has another status now; pass the news of the others on."""
        if isinstance(self._rows, list):
            for row in range(first.row(), last.row() + 1):
                self._look_at(row)
        start, stop = self._place(first.row()), self._place(last.row() + 1)
        if start < stop:
            self.dataChanged.emit(self.index(start, 0), self.index(stop - 1, 0))

    def _look_at(self, row: int) -> None:
        assert isinstance(self._rows, list)
        place = self._place(row)
        is_in, wanted = self._has(place, row), self._is_wanted(row)
        if is_in and not wanted:
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._rows[place]
            self.endRemoveRows()
        elif wanted and not is_in:
            self.beginInsertRows(QModelIndex(), place, place)
            self._rows.insert(place, row)
            self.endInsertRows()
