"""Warnings and errors above the canvas: they stay until they are closed and never stop the work."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.session_state import Level

MAX_MESSAGES = 3


class MessageBar(QWidget):
    """Shows the newest messages, one below the other; a message that is there already is not repeated."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self._rows: list[MessageRow] = []
        self.hide()

    @property
    def texts(self) -> list[str]:
        """The messages that are shown, oldest first."""
        return [row.text for row in self._rows]

    def show_message(self, text: str, level: Level) -> None:
        """Add a message below the others; the oldest goes if there are too many."""
        if text in self.texts:
            return
        row = MessageRow(text, level)
        row.close_button.clicked.connect(lambda: self.remove(text))
        self._rows.append(row)
        self._layout.addWidget(row)
        if len(self._rows) > MAX_MESSAGES:
            self.remove(self._rows[0].text)
        self.show()

    def remove(self, text: str) -> None:
        """Take a message away."""
        for row in [row for row in self._rows if row.text == text]:
            self._rows.remove(row)
            self._layout.removeWidget(row)
            row.deleteLater()
        self.setVisible(bool(self._rows))

    def clear(self) -> None:
        """Take all messages away."""
        for text in self.texts:
            self.remove(text)

    def retint(self) -> None:
        """Take the colours of the theme of now."""
        for row in self._rows:
            row.paint_in_theme()


class MessageRow(QFrame):
    """One message with its mark and its close button."""

    def __init__(self, text: str, level: Level) -> None:
        super().__init__()
        self.text, self._level = text, level
        self.setObjectName("messageRow")
        self._mark = QLabel()
        self._label = QLabel(text, wordWrap=True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = QToolButton(autoRaise=True)
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close this message")
        theme.set_icon(self.close_button, "close")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.HALF_SPACE, theme.HALF_SPACE, theme.HALF_SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{'Error' if level is Level.ERROR else 'Warning'}: {text}")
        self.paint_in_theme()

    def paint_in_theme(self) -> None:
        """Take the colours of the theme of now."""
        colours, is_error = theme.colours(), self._level is Level.ERROR
        ink, ground = (colours.error, colours.error_ground) if is_error else (colours.warning, colours.warning_ground)
        self.setStyleSheet(
            f"#messageRow {{ background: {ground}; border: none; border-bottom: 1px solid {ink}; }}"
            f"#messageRow QLabel {{ color: {colours.text}; }}"
        )
        mark = theme.pixmap("error" if is_error else "warning", colour=ink, side=20, ratio=self.devicePixelRatioF())
        self._mark.setPixmap(mark)
