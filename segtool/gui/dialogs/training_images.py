"""The table in which a person chooses the images of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.project.held_out import FEWEST_IMAGES, ONE_IN
from segtool.project.status import Status

_HELD_OUT_HELP = (
    "Held-out images are never trained on: they measure whether the new model is better. "
    f"From {FEWEST_IMAGES} images on, one in {ONE_IN} is chosen once, by chance, and stays held out."
)
_TABLE_WIDTH = 340
_SCORING = "scoring (held out)"
HEADERS = ("Image", "Status", "Used for")
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """An image that can take part in a run."""

    key: str
    status: Status
    held_out: bool


class TrainingImagesModel(QAbstractTableModel):
    """One row for each image, with a tick that says whether it takes part; all do at first.

    Signals
    -------
    ticks_changed()
        Another choice of images.
    """

    ticks_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[TrainingImage, ...] = ()
        self._left_out: set[str] = set()

    @property
    def rows(self) -> tuple[TrainingImage, ...]:
        """The images, in the project's order."""
        return self._rows

    def set_rows(self, rows: Sequence[TrainingImage]) -> None:
        """Show these images; what was left out stays left out."""
        if tuple(rows) != self._rows:
            self.beginResetModel()
            self._rows = tuple(rows)
            self.endResetModel()
            self.ticks_changed.emit()

    def ticked(self, *, held_out: bool) -> tuple[str, ...]:
        """Return the images that take part, either the held-out ones or those to train on."""
        return tuple(r.key for r in self._rows if r.held_out is held_out and r.key not in self._left_out)

    def tick(self, rows: Sequence[TrainingImage], *, on: bool) -> None:
        """Let images take part, or leave them out."""
        keys = {row.key for row in rows}
        self._left_out = self._left_out - keys if on else self._left_out | keys
        if self._rows:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(self._rows) - 1, 0), [Qt.ItemDataRole.CheckStateRole]
            )
        self.ticks_changed.emit()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return the number of images."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """Return the name of a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Return what can be done with a cell: the first column is ticked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == 0 else flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | Qt.CheckState | None:
        """Return what a cell shows."""
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (row.key, row.status.value, _SCORING if row.held_out else "training")[index.column()]
            case Qt.ItemDataRole.CheckStateRole if index.column() == 0:
                return Qt.CheckState.Unchecked if row.key in self._left_out else Qt.CheckState.Checked
            case Qt.ItemDataRole.ToolTipRole:
                return theme.plain_tip(row.key)
        return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Tick an image or take its tick away."""
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != 0:
            return False
        self.tick([self._rows[index.row()]], on=value in (Qt.CheckState.Checked, Qt.CheckState.Checked.value))
        return True


class TrainingImagesBox(QGroupBox):
    """The table with its buttons, what void means in them, and a sentence about held-out images.

    Signals
    -------
    picked(str)
        The row of an image has become the current one.
    """

    picked = Signal(str)

    def __init__(self, model: TrainingImagesModel, parent: QWidget | None = None) -> None:
        super().__init__("Images with a corrected or approved mask", parent)
        self._model = model
        self.table = _table(model)
        self.all_button, self.none_button = QPushButton("Use all"), QPushButton("Use none")
        self.void_is_background = QCheckBox("In approved images, v&oid counts as background")
        self.void_is_background.setToolTip(
            "For those who paint objects only, and approve an image once all are painted"
        )
        help_text = QLabel(_HELD_OUT_HELP, wordWrap=True)
        help_text.setFont(theme.small_font(help_text.font()))
        help_text.setForegroundRole(help_text.palette().ColorRole.PlaceholderText)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        for button in (self.all_button, self.none_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.void_is_background)
        layout.addWidget(help_text)
        self.all_button.clicked.connect(lambda: model.tick(model.rows, on=True))
        self.none_button.clicked.connect(lambda: model.tick(model.rows, on=False))
        self.table.selectionModel().currentRowChanged.connect(self._on_current_row)

    @Slot(QModelIndex)
    def _on_current_row(self, index: QModelIndex) -> None:
        if index.isValid():
            self.picked.emit(self._model.rows[index.row()].key)


def _table(model: TrainingImagesModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setWordWrap(False)
    table.setAccessibleName("Images that take part")
    table.setMinimumWidth(_TABLE_WIDTH)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column, longest in ((1, max(Status, key=len)), (2, _SCORING)):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(column, table.fontMetrics().horizontalAdvance(longest) + 2 * theme.SPACE)
    return table
