"""The panel with the edits of the open image: a click goes to how the mask was after any of them."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QListView, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.model_texts import count_text
from segtool.gui.panels.edit_delegate import EditDelegate
from segtool.gui.panels.edit_list_model import EditListModel
from segtool.gui.session import Session

_EMPTY = "What you do to the mask of this image will be listed here: click an edit to go back to it."
# An edit of a whole mask is compressed in a thread of its own; what it takes is known soon after.
_LOOK_AGAIN_MS = 500
_LEAST_HEIGHT = 48


class EditView(QListView):
    """A list whose current row says which state the mask is in.

    Rows become current for many reasons; only a person goes to one.

    Signals
    -------
    chosen(int)
        A person has gone to a row with the mouse or a key.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setAccessibleName("Edits")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move, and say so."""
        before = self.currentIndex()
        super().keyPressEvent(event)
        if self.currentIndex() != before:
            self.chosen.emit(self.currentIndex().row())

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        """Pass over letters: they are keys of tools, and a slip must not undo what was done since."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Say where the button was let go: dragging moves the current row too."""
        super().mouseReleaseEvent(event)
        if self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex().row())


class EditsPanel(QWidget):
    """Lists the edits of the open image, and what they take; nothing is read while it is hidden.

    Parameters
    ----------
    session : Session
        Has the history, and goes to a state.
    parent : QWidget, optional
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = EditListModel(session, self)
        self.view = EditView()
        self.view.setModel(self.model)
        self._delegate = EditDelegate()
        self.view.setItemDelegate(self._delegate)
        self.empty = QLabel(_EMPTY, wordWrap=True)
        self.empty.setForegroundRole(self.empty.palette().ColorRole.PlaceholderText)
        self.total = QLabel()
        self.total.setAccessibleName("Edits in memory")
        self._timer = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._show_total)
        # The window must not grow, and the image not move, when the first edit is made.
        self.setMinimumHeight(_LEAST_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.empty)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.total)
        layout.addStretch()
        self.view.chosen.connect(self._go_to)
        for signal in (session.history_changed, session.document_changed):
            signal.connect(self._read)
        self._read()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size that takes no room from the panels above."""
        return QSize(super().sizeHint().width(), 120)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Catch up."""
        super().showEvent(event)
        self._read()

    def _read(self) -> None:
        if not self.isVisible():
            # Edits that the history forgets are not to be kept alive here.
            self.model.forget()
            return
        self.model.follow()
        self._show_position()
        self._show_total()

    def _show_position(self) -> None:
        """Make the row of the present state the current one, without going there once more."""
        has_edits = self.model.rowCount() > 0
        self.view.setVisible(has_edits)
        self.empty.setVisible(not has_edits)
        index = self.model.index(self.model.position, 0)
        self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if index.isValid():
            self.view.scrollTo(index)

    def _show_total(self) -> None:
        edits = self.model.edits
        self.total.setVisible(bool(edits))
        self.total.setText(f"{count_text(len(edits), 'edit', 'edits')}, {memory_text(sum(e.size for e in edits))}")
        if not all(edit.is_packed for edit in edits):
            self._timer.start()

    def _go_to(self, position: int) -> None:
        if position == self.model.position:
            # Going there would take back a stroke, or an operation that is shown, for a click beside the rows.
            return
        self._session.go_to_edit(position)
        # It stays where it was if that is not possible.
        self._read()


def memory_text(size: int) -> str:
    """Return a number of bytes: "612 bytes", "34 kB", "3.4 MB"."""
    if size < 1_000:
        return f"{size} bytes"
    return f"{size / 1e3:,.0f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"
