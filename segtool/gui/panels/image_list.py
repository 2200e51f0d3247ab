"""The panel with the images of the folder: open one, see how far each is, find one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.panels.image_delegate import ImageDelegate
from segtool.gui.panels.image_filter import ImageFilter
from segtool.gui.panels.image_list_model import ImageListModel, Role
from segtool.gui.panels.thumbnails import Thumbnails
from segtool.gui.session import Session
from segtool.project.status import Status

_UNREADABLE = "cannot be opened"
_WIDTH = 250


class ImageView(QListView):
    """A list whose current row says which image is open.

    Rows become current for many reasons, a filter among them; only a person opens an image.

    Signals
    -------
    stepped(object)
        A key has moved to another row: its index.
    """

    stepped = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setAccessibleName("Images")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def dataChanged(  # noqa: N802
        self,
        first: QModelIndex | QPersistentModelIndex,
        last: QModelIndex | QPersistentModelIndex,
        roles: Sequence[int] = (),
    ) -> None:
        """Paint rows again; a plain list would ask for all of them, 0.2 s for 100,000, at each stroke."""
        # All rows have one size, whatever they show.
        QAbstractItemView.dataChanged(self, first, last, roles)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Move, and say so."""
        before = self.currentIndex()
        super().keyPressEvent(event)
        if self.currentIndex() != before:
            self.stepped.emit(self.currentIndex())


class ImageListPanel(QWidget):
    """Lists the images; the current row is the open image.

    Signals
    -------
    picked()
        An image was clicked, so the person wants to work on it.
    """

    picked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.thumbnails = Thumbnails(self)
        self.model = ImageListModel(session, self.thumbnails, self)
        self.filter = ImageFilter(self.model, self)
        self.view = ImageView()
        self.view.setModel(self.filter)
        self._delegate = ImageDelegate(self.thumbnails)
        self.view.setItemDelegate(self._delegate)
        self.filter_edit = QLineEdit(placeholderText="Filter by name", clearButtonEnabled=True)
        self.filter_edit.setAccessibleName("Filter by name")
        self.status_combo = QComboBox()
        self.status_combo.setAccessibleName("Filter by status")
        self.status_combo.addItem("Every status", None)
        for status in Status:
            self.status_combo.addItem(status.value.capitalize(), status)
        self.status_combo.addItem(_UNREADABLE.capitalize(), _UNREADABLE)
        self.counts = QLabel()
        self.counts.setAccessibleName("Progress")
        self._lay_out()
        self._connect()
        self._show_counts()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a width at which common names are whole."""
        return QSize(_WIDTH, 400)

    def close_thread(self) -> None:
        """End the thread that makes thumbnails."""
        self.thumbnails.close()

    def focus_filter(self) -> None:
        """Let the person type a part of a name."""
        self.filter_edit.setFocus()
        self.filter_edit.selectAll()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.filter_edit)
        layout.addWidget(self.status_combo)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.counts)

    def _connect(self) -> None:
        session = self._session
        self.filter_edit.textChanged.connect(self.filter.set_text)
        self.filter_edit.returnPressed.connect(self._open_first_match)
        self.status_combo.currentIndexChanged.connect(self._filter_status)
        self.view.stepped.connect(self._open)
        self.view.clicked.connect(self._clicked)
        self.view.activated.connect(self._clicked)
        session.project_changed.connect(self._on_project)
        session.document_changed.connect(self._follow)
        session.loading_changed.connect(self._follow_if_idle)
        session.entries_changed.connect(self._show_counts)
        # Another choice of rows leaves none of them the current one.
        self.filter.modelReset.connect(self._follow)
        for signal in (self.filter.rowsInserted, self.filter.rowsRemoved, self.filter.modelReset):
            signal.connect(self._show_counts)

    def _filter_status(self) -> None:
        chosen = self.status_combo.currentData()
        unreadable = chosen == _UNREADABLE
        status = None if chosen is None or unreadable else Status(chosen)
        self.filter.set_status(status, only_unreadable=unreadable)

    def _on_project(self) -> None:
        self.thumbnails.forget()
        self.filter_edit.clear()
        self.status_combo.setCurrentIndex(0)
        self._show_counts()

    def _clicked(self, index: QModelIndex) -> None:
        self._open(index)
        self.picked.emit()

    def _open_first_match(self) -> None:
        if self.filter.rowCount():
            self._open(self.filter.index(0, 0))
            self.picked.emit()

    def _open(self, index: QModelIndex) -> None:
        document = self._session.document
        key = index.data(Role.KEY)
        is_shown = document is not None and document.entry.key == key
        if key is None or (is_shown and self._session.navigation.opening is None):
            return
        if not self._session.open_image(key):
            self._follow()

    def _follow(self) -> None:
        """Make the row of the open image the current one, without opening it once more."""
        document = self._session.document
        index = QModelIndex()
        if document is not None:
            self.thumbnails.retry(document.entry.path)
            index = self.filter.index_of(document.entry.key)
        self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if index.isValid():
            self.view.scrollTo(index)

    def _follow_if_idle(self) -> None:
        """Go back to the row of the open image if the one that was on its way has not come."""
        if self._session.navigation.opening is None:
            self._follow()

    def _show_counts(self) -> None:
        project = self._session.project
        if project is None or not project.entries:
            self.counts.setText("" if project is None else "No images in this folder")
            return
        total = len(project.entries)
        approved = len(project.approved())
        shown = self.filter.rowCount()
        filtered = f"  ·  {shown} shown" if shown != total else ""
        self.counts.setText(f"{approved} of {total} approved{filtered}")
