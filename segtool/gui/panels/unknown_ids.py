"""The ids of the open mask that no class has, each with a button that makes one for it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from segtool.core.palette import NO_CLASS_COLOUR
from segtool.gui import theme
from segtool.gui.session import Session

_ROWS = 3


class UnknownIds(QWidget):
    """Shows a row for each id without a class; hidden while there is none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.buttons: dict[int, QPushButton] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, theme.HALF_SPACE, 0, theme.HALF_SPACE)
        self._layout.setSpacing(theme.HALF_SPACE)
        # Reloading a mask, or recovering one, is an edit that can bring ids along.
        signals = (session.document_changed, session.classes_changed, session.project_changed, session.history_changed)
        for signal in signals:
            signal.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        document, classes = self._session.document, self._session.classes
        ids = () if document is None else tuple(value for value in document.unknown_ids if value not in classes)
        self.setVisible(bool(ids))
        if tuple(self.buttons) == ids[:_ROWS] and self._layout.count() == min(len(ids), _ROWS + 1):
            return
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.buttons = {}
        for class_id in ids[:_ROWS]:
            self._layout.addWidget(self._row(class_id))
        if more := ids[_ROWS:]:
            label = QLabel(f"and {len(more)} more without a class: {', '.join(map(str, more))}", wordWrap=True)
            label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
            self._layout.addWidget(label)

    def _row(self, class_id: int) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(theme.HALF_SPACE, 0, 0, 0)
        layout.setSpacing(theme.SPACE)
        mark = QLabel()
        mark.setPixmap(theme.swatch(NO_CLASS_COLOUR))
        text = self._session.classes.label(class_id)
        name = QLabel(text)
        name.setToolTip("Its pixels stay as they are; they are neither trained on nor measured")
        button = self.buttons[class_id] = QPushButton("Add class")
        button.setAccessibleName(f"Add a class for {text}")
        button.setToolTip(f"Make a class with the id {class_id}; double-click its name to change it")
        button.clicked.connect(partial(self._add, class_id))
        layout.addWidget(mark)
        layout.addWidget(name, 1)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        return row

    def _add(self, class_id: int, _checked: bool = False) -> None:
        name, number = f"class {class_id}", 2
        while self._session.classes.named(name) is not None:
            name, number = f"class {class_id} ({number})", number + 1
        self._session.class_edits.add(name, class_id=class_id)
