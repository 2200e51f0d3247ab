"""The panel with the classes: pick the one to paint with, add, rename, recolour and remove."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segtool.core.classes import BACKGROUND, VOID
from segtool.gui import theme
from segtool.gui.dialogs import ask
from segtool.gui.panels.unknown_ids import UnknownIds
from segtool.gui.session import Session

_ROW_HEIGHT = 28
_ROWS_SHOWN = 4
_LAST_DIGIT = 9
_VOID_NAME = "void (unlabelled)"

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns of the table."""

    SWATCH = 0
    NAME = 1
    LOCK = 2
    KEY = 3


class ClassTableModel(QAbstractTableModel):
    """One row for each class in the order of their ids, and a last one for void."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        session.classes_changed.connect(self.reload)
        session.project_changed.connect(self.reload)
        session.rules_changed.connect(self._locks_changed)

    def _locks_changed(self) -> None:
        last = self.rowCount() - 1
        self.dataChanged.emit(self.index(0, Column.LOCK), self.index(last, Column.LOCK))

    def reload(self) -> None:
        """Read the classes again."""
        self.beginResetModel()
        self.endResetModel()

    def class_of(self, row: int) -> int:
        """Return the class id in a row, 255 for void."""
        ids = self._session.classes.ids
        return ids[row] if row < len(ids) else VOID

    def is_locked(self, class_id: int) -> bool:
        """Tell whether the pixels of a class are protected from every tool."""
        return class_id in self._session.rules.locked

    def row_of(self, class_id: int) -> int:
        """Return the row of a class id or of void."""
        ids = self._session.classes.ids
        return ids.index(class_id) if class_id in ids else len(ids)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return the number of classes and one more for void."""
        return 0 if parent.isValid() else len(self._session.classes) + 1

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Tell what can be done with a cell: names of classes can be edited."""
        flags = super().flags(index)
        if index.column() == Column.NAME and self.class_of(index.row()) != VOID:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows."""
        if not index.isValid():
            return None
        class_id, column = self.class_of(index.row()), Column(index.column())
        item = None if class_id == VOID else self._session.classes.get(class_id)
        if column is Column.SWATCH and role == Qt.ItemDataRole.DecorationRole:
            return theme.swatch_icon(None if item is None else item.colour)
        if column is Column.NAME and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return _VOID_NAME if item is None else item.name
        if column is Column.LOCK and role == Qt.ItemDataRole.DecorationRole:
            return theme.icon("locked" if self.is_locked(class_id) else "unlocked")
        if column is Column.KEY and role == Qt.ItemDataRole.DisplayRole:
            return key_of(class_id)
        if column is Column.KEY and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(column, class_id, is_locked=self.is_locked(class_id))
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Give a class the name that was typed; a name that is taken or empty changes nothing."""
        class_id, name = self.class_of(index.row()), str(value).strip()
        if role != Qt.ItemDataRole.EditRole or class_id == VOID or not name:
            return False
        if name == self._session.classes.get(class_id).name:
            return False
        return self._session.class_edits.rename(class_id, name)


class ClassesPanel(QWidget):
    """Shows the classes; the selected row is the class that the tools paint with.

    Signals
    -------
    menu_opened(object, int)
        The menu of a class (255: of void) is about to be seen: a QMenu to add to, and the class id.
    """

    menu_opened = Signal(object, int)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.model = ClassTableModel(session, self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.add_button = _button("Add a class", "add", self.add_class)
        self.colour_button = _button("Change the colour of the class", "colour", self.recolour)
        self.rename_button = _button("Rename the class", "rename", self.rename)
        self.remove_button = _button("Remove the class", "remove", self.remove)
        self._set_up_view()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.HALF_SPACE)
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        for button in (self.rename_button, self.colour_button, self.remove_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.HALF_SPACE)
        layout.addWidget(self.view, 1)
        self.unknown_ids = UnknownIds(session)
        layout.addWidget(self.unknown_ids)
        layout.addLayout(buttons)
        self.view.clicked.connect(self._clicked)
        self.view.doubleClicked.connect(self._double_clicked)
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.selectionModel().currentRowChanged.connect(self._row_changed)
        session.active_class_changed.connect(self._follow)
        session.classes_changed.connect(self._follow)
        for signal in (session.project_changed, session.document_changed, session.job_changed):
            signal.connect(self._follow)
        self._follow()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size for five classes."""
        return QSize(260, 6 * _ROW_HEIGHT + 60)

    def add_class(self) -> None:
        """Ask for a class and add it."""
        answer = ask.ask_new_class(self, classes=self._session.classes)
        if answer is not None:
            self._session.add_class(answer.name, answer.colour)

    def rename(self) -> None:
        """Let the person type another name for the active class."""
        index = self.model.index(self.model.row_of(self._session.active_class), Column.NAME)
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.view.setCurrentIndex(index)
            self.view.edit(index)

    def recolour(self) -> None:
        """Ask for another colour of the active class."""
        class_id = self._session.active_class
        if class_id == VOID:
            return
        colour = ask.ask_colour(self, item=self._session.classes.get(class_id))
        if colour is not None:
            self._session.class_edits.recolour(class_id, colour)

    def remove(self) -> None:
        """Ask what becomes of the pixels of the active class and remove it."""
        class_id = self._session.active_class
        if class_id in (VOID, BACKGROUND):
            return
        classes = self._session.classes
        usage = self._session.class_edits.usage(class_id)
        replacement = ask.ask_replacement(self, item=classes.get(class_id), classes=classes, usage=usage)
        if replacement is not None:
            self._session.class_edits.remove(class_id, replacement=replacement)

    def _set_up_view(self) -> None:
        view = self.view
        view.setAccessibleName("Classes")
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        # Double clicks are handled here: they rename on the name and recolour on the swatch.
        view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setMinimumHeight(_ROWS_SHOWN * _ROW_HEIGHT + theme.HALF_SPACE)
        view.setTabKeyNavigation(False)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.setIconSize(theme.SMALL_ICON_SIZE)
        view.horizontalHeader().hide()
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = view.horizontalHeader()
        header.setMinimumSectionSize(_ROW_HEIGHT)
        for column, mode, width in (
            (Column.SWATCH, QHeaderView.ResizeMode.Fixed, _ROW_HEIGHT),
            (Column.NAME, QHeaderView.ResizeMode.Stretch, 0),
            (Column.LOCK, QHeaderView.ResizeMode.Fixed, _ROW_HEIGHT),
            (Column.KEY, QHeaderView.ResizeMode.Fixed, _ROW_HEIGHT + theme.SPACE),
        ):
            header.setSectionResizeMode(column, mode)
            if width:
                view.setColumnWidth(column, width)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.LOCK:
            self._session.limits.toggle_lock(self.model.class_of(index.row()))
        else:
            self._pick(index)

    def _pick(self, index: QModelIndex) -> None:
        self._session.set_active_class(self.model.class_of(index.row()))

    def _row_changed(self, index: QModelIndex, _previous: QModelIndex) -> None:
        # A reset of the model leaves no current row: the session is not asked to follow that.
        if not index.isValid():
            return
        if index.column() == Column.LOCK:
            # Locking a class is not choosing it; the view is in the middle of its own change here.
            QTimer.singleShot(0, self, self._follow)
        else:
            self._pick(index)

    def _double_clicked(self, index: QModelIndex) -> None:
        match index.column():
            case Column.SWATCH:
                self.recolour()
            case Column.NAME:
                self.rename()
            case Column.LOCK:
                # The second of two quick clicks.
                self._session.limits.toggle_lock(self.model.class_of(index.row()))

    def _follow(self) -> None:
        """Show the active class and what can be done with it."""
        active = self._session.active_class
        row = self.model.row_of(active)
        if self.view.currentIndex().row() != row:
            self.view.setCurrentIndex(self.model.index(row, Column.NAME))
        opened, is_class, free = self._session.project is not None, active != VOID, self._session.job is None
        self.add_button.setEnabled(opened)
        self.rename_button.setEnabled(opened and is_class)
        self.colour_button.setEnabled(opened and is_class)
        self.remove_button.setEnabled(opened and is_class and active != BACKGROUND and free)

    def _show_menu(self, position: QPoint) -> None:
        index = self.view.indexAt(position)
        if index.isValid():
            self._pick(index)
        menu = QMenu(self)
        for button in (self.add_button, self.rename_button, self.colour_button, self.remove_button):
            action = QAction(button.icon(), button.toolTip(), menu)
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
            menu.addAction(action)
        if self._session.document is not None and not self._session.document.read_only_reason:
            self.menu_opened.emit(menu, self._session.active_class)
        menu.exec(self.view.viewport().mapToGlobal(position))
        menu.deleteLater()


def key_of(class_id: int) -> str:
    """Return the key that picks a class, or an empty string."""
    if class_id == VOID:
        return "V"
    return str(class_id) if class_id <= _LAST_DIGIT else ""


def _tip(column: Column, class_id: int, *, is_locked: bool) -> str:
    if column is Column.LOCK:
        return "Locked: no tool changes its pixels. Click to unlock" if is_locked else "Click to lock its pixels"
    if class_id == VOID:
        return "Pixels that nobody has labelled: they are not trained on"
    if column is Column.SWATCH:
        return "Double-click to change the colour"
    return f"Class id {class_id}. Double-click to rename"


def _button(text: str, icon: str, run: Callable[[], None]) -> QToolButton:
    button = QToolButton(autoRaise=True)
    button.setToolTip(text)
    button.setAccessibleName(text)
    button.setIconSize(theme.ICON_SIZE)
    theme.set_icon(button, icon)
    button.clicked.connect(run)
    return button
