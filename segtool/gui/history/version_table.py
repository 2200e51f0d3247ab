"""The table of all models: which came from which, how good they are, and what a person has noted."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from segtool.gui import theme
from segtool.gui.model_texts import created_at, entry_text, f1_text, number_text
from segtool.gui.session import Session
from segtool.gui.training_state import duration_text
from segtool.models.lineage import parent_name
from segtool.models.store import ModelEntry
from segtool.report.charts import finite_number

_NAME_ROLE = Qt.ItemDataRole.UserRole
_NAME_WIDTH = 180
_PARENT_WIDTH = 110


class VersionColumn(IntEnum):
    """The columns of the table."""

    NAME = 0
    PARENT = 1
    CREATED = 2
    IMAGES = 3
    F1 = 4
    TOOK = 5
    NOTE = 6


_HEADERS = {
    VersionColumn.NAME: ("Version", "Its title, or the name of its folder; the active one is marked"),
    VersionColumn.PARENT: ("From", "The model that its training started from"),
    VersionColumn.CREATED: ("Created", "When its training ended"),
    VersionColumn.IMAGES: ("Images", "How many images it was trained on"),
    VersionColumn.F1: ("F1", "Agreement with the masks of the images that were held out then; 1 is perfect"),
    VersionColumn.TOOK: ("Took", "How long its training took, in minutes and seconds"),
    VersionColumn.NOTE: ("Note", "What you have written about it"),
}
_RIGHT = frozenset({VersionColumn.IMAGES, VersionColumn.F1, VersionColumn.TOOK})


class VersionTable(QTreeWidget):
    """Lists every model in the order in which they were made, bundled ones first; one row is the current one.

    Signals
    -------
    picked()
        Another row is the current one, or the rows are others.
    """

    picked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setHeaderLabels([_HEADERS[column][0] for column in VersionColumn])
        for column in VersionColumn:
            self.headerItem().setToolTip(column, _HEADERS[column][1])
            self.headerItem().setTextAlignment(column, _alignment(column))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setAllColumnsShowFocus(True)
        self.setIconSize(theme.SMALL_ICON_SIZE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Versions")
        header = self.header()
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column, width in ((VersionColumn.NAME, _NAME_WIDTH), (VersionColumn.PARENT, _PARENT_WIDTH)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        header.setSectionResizeMode(VersionColumn.NOTE, QHeaderView.ResizeMode.Stretch)
        self.currentItemChanged.connect(self.picked)
        session.model_changed.connect(self.read)
        session.project_changed.connect(self.read)
        self.read()

    @property
    def entry(self) -> ModelEntry | None:
        """The model of the current row."""
        item = self.currentItem()
        name = "" if item is None else item.data(VersionColumn.NAME, _NAME_ROLE)
        return next((entry for entry in self._session.models if entry.name == name), None)

    def pick(self, name: str) -> None:
        """Make the row of a model the current one."""
        for item in map(self.topLevelItem, range(self.topLevelItemCount())):
            if item is not None and item.data(VersionColumn.NAME, _NAME_ROLE) == name:
                self.setCurrentItem(item)

    @Slot()
    def read(self) -> None:
        """Show the models that there are now; the current row stays it, where it is gone the active one is."""
        entries, active = self._session.models, self._session.model
        current = self.currentItem()
        wanted = "" if current is None else str(current.data(VersionColumn.NAME, _NAME_ROLE))
        if wanted not in {entry.name for entry in entries}:
            wanted = "" if active is None else active.name
        labels = {entry.name: entry.label for entry in entries}
        self.blockSignals(True)
        self.clear()
        for entry in entries:
            parent = parent_name(entry)
            item = _row(entry, labels.get(parent, parent), is_active=active is not None and entry.name == active.name)
            item.setSizeHint(VersionColumn.NAME, QSize(0, self.fontMetrics().height() + theme.SPACE))
            self.addTopLevelItem(item)
        self.pick(wanted)
        self.blockSignals(False)
        self.picked.emit()


def _row(entry: ModelEntry, parent: str, *, is_active: bool) -> QTreeWidgetItem:
    card, created = entry.card, created_at(entry.card)
    seconds = finite_number(card.training.get("seconds"))
    texts = {
        VersionColumn.NAME: entry_text(entry),
        VersionColumn.PARENT: parent or "–",
        VersionColumn.CREATED: "–" if created is None else f"{created:%d %b %Y}",
        VersionColumn.IMAGES: number_text(card.training.get("images")),
        VersionColumn.F1: f1_text(card),
        VersionColumn.TOOK: "–" if seconds is None else duration_text(seconds),
        VersionColumn.NOTE: " ".join(card.note.split()),
    }
    item = QTreeWidgetItem()
    item.setData(VersionColumn.NAME, _NAME_ROLE, entry.name)
    for column, text in texts.items():
        item.setText(column, text)
        item.setTextAlignment(column, _alignment(column))
        font = item.font(column)
        font.setBold(is_active and column is VersionColumn.NAME)
        item.setFont(column, font)
    item.setToolTip(VersionColumn.NAME, theme.plain_tip(f"{entry.name}{', active' if is_active else ''}"))
    item.setToolTip(VersionColumn.CREATED, "" if created is None else f"{created:%d %b %Y, %H:%M}")
    item.setToolTip(VersionColumn.NOTE, theme.plain_tip(card.note))
    spoken = f"{entry.label}{', active' if is_active else ''}"
    item.setData(VersionColumn.NAME, Qt.ItemDataRole.AccessibleTextRole, spoken)
    if is_active:
        item.setIcon(VersionColumn.NAME, theme.icon("approve"))
    return item


def _alignment(column: VersionColumn) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
