"""The models that a person can go back to: bundled ones and the versions trained in the folder."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.model_texts import created_at, f1_text, number_text
from segtool.gui.session import Session
from segtool.models.store import ModelEntry

_NAME_ROLE = Qt.ItemDataRole.UserRole
_ROWS_SHOWN = 5


class Column(IntEnum):
    """The columns of the list."""

    NAME = 0
    F1 = 1
    IMAGES = 2
    CREATED = 3


_HEADERS = {Column.NAME: "Version", Column.F1: "F1", Column.IMAGES: "Images", Column.CREATED: "Created"}


class VersionsView(QWidget):
    """Lists the models, the active one marked; a double click or the button makes another one active."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._was_active = ""
        self.list = QTreeWidget()
        self.list.setHeaderLabels([_HEADERS[column] for column in Column])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        self.list.setIconSize(theme.SMALL_ICON_SIZE)
        self.list.setAccessibleName("Versions of the model")
        self._row_height = self.list.fontMetrics().height() + theme.SPACE
        self.list.setMinimumHeight(self._row_height * (_ROWS_SHOWN + 1))
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        self.activate_button = QPushButton("Make active")
        self.activate_button.setToolTip("Segment with the chosen version from now on")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.HALF_SPACE)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.activate_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.list.itemActivated.connect(self._activate)
        self.list.currentItemChanged.connect(self._enable_button)
        self.activate_button.clicked.connect(self._activate)
        session.model_changed.connect(self.read)
        session.project_changed.connect(self.read)
        self.read()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size for a few rows."""
        return QSize(280, self._row_height * (_ROWS_SHOWN + 1) + self.activate_button.sizeHint().height())

    @Slot()
    def read(self) -> None:
        """Show the models that there are now; the chosen row stays chosen, the active one is followed."""
        chosen, active = self._chosen(), self._session.model
        if chosen == self._was_active:
            chosen = ""
        self._was_active = "" if active is None else active.name
        self.list.clear()
        for entry in self._session.models:
            is_active = active is not None and entry.name == active.name
            item = _item(entry, is_active=is_active)
            item.setSizeHint(Column.NAME, QSize(0, self._row_height))
            self.list.addTopLevelItem(item)
            if entry.name == chosen or (not chosen and is_active):
                self.list.setCurrentItem(item)
        self._enable_button()

    def _chosen(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(Column.NAME, _NAME_ROLE))

    @Slot()
    def _enable_button(self) -> None:
        chosen, active = self._chosen(), self._session.model
        self.activate_button.setEnabled(bool(chosen) and (active is None or active.name != chosen))

    @Slot()
    def _activate(self) -> None:
        chosen, active = self._chosen(), self._session.model
        if chosen and (active is None or active.name != chosen):
            self._session.set_active_model(chosen)


def _item(entry: ModelEntry, *, is_active: bool) -> QTreeWidgetItem:
    score, created = f1_text(entry.card), created_at(entry.card)
    item = QTreeWidgetItem()
    item.setData(Column.NAME, _NAME_ROLE, entry.name)
    item.setText(Column.NAME, entry.label)
    item.setText(Column.F1, score)
    item.setText(Column.IMAGES, number_text(entry.card.training.get("images")))
    item.setText(Column.CREATED, "–" if created is None else f"{created:%d %b}")
    lines = [
        f"{entry.name}{' (active)' if is_active else ''}{', comes with the program' if entry.bundled else ''}",
        "Created: " + ("unknown" if created is None else f"{created:%d %b %Y, %H:%M}"),
        "F1: " + ("not measured" if score == "–" else f"{score}, on the images that were held out then"),
    ]
    if entry.card.title:
        lines.insert(0, entry.card.title)
    for column in Column:
        item.setToolTip(column, theme.plain_tip("\n".join(lines)))
        font = item.font(column)
        font.setBold(is_active)
        item.setFont(column, font)
        if column is not Column.NAME:
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setData(Column.NAME, Qt.ItemDataRole.AccessibleTextRole, f"{entry.label}{', active' if is_active else ''}")
    if is_active:
        item.setIcon(Column.NAME, theme.icon("approve"))
    return item
