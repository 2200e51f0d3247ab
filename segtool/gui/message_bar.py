"""What matters, above the canvas: it stays until it is closed or answered and never stops the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segtool.core.printable import printable_lines
from segtool.gui import theme
from segtool.gui.session_state import Level

MAX_MESSAGES = 3
Choice = tuple[str, Callable[[], object]]
"""What a button of a message says, and what it does."""


class MessageBar(QWidget):
    """Shows the newest messages, one below the other; a message that is there already is not repeated.

    There is room for a few. An older one that asks something waits until there is room again; others go.
    """

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
        return [row.text for row in self._rows[-MAX_MESSAGES:]]

    def show_message(self, text: str, level: Level, *, choices: Sequence[Choice] = ()) -> None:
        """Add a message below the others; the oldest that can be done without goes if there are too many.

        Parameters
        ----------
        text : str
        level : Level
        choices : sequence of (text, callable)
            Buttons that answer the message: it goes, then the callable is called.
        """
        if text in self.texts:
            return
        # It may be one of those that wait.
        self.remove(text)
        row = MessageRow(text, level)
        for label, answer in choices:
            row.add_button(label).clicked.connect(partial(self._answer, text, answer))
        row.close_button.clicked.connect(lambda: self.remove(text))
        self._rows.append(row)
        self._layout.addWidget(row)
        self._make_room()

    def remove(self, text: str) -> None:
        """Take a message away."""
        for row in [row for row in self._rows if row.text == text]:
            self._drop(row)
        self._make_room()

    def _drop(self, row: MessageRow) -> None:
        self._rows.remove(row)
        self._layout.removeWidget(row)
        row.deleteLater()

    def _make_room(self) -> None:
        """Show as many messages as there is room for: those that ask nothing go, the oldest first; others wait."""
        too_many = max(0, len(self._rows) - MAX_MESSAGES)
        # The newest is what the person has just been told.
        for row in [row for row in self._rows[:-1] if not row.buttons][:too_many]:
            self._drop(row)
        for place, row in enumerate(reversed(self._rows)):
            row.setVisible(place < MAX_MESSAGES)
        self.setVisible(bool(self._rows))

    def _answer(self, text: str, answer: Callable[[], object], _checked: bool = False) -> None:
        self.remove(text)
        answer()

    def clear(self) -> None:
        """Take all messages away."""
        for text in [row.text for row in self._rows]:
            self.remove(text)

    def retint(self) -> None:
        """Take the colours of the theme of now."""
        for row in self._rows:
            row.paint_in_theme()


@dataclass(frozen=True, slots=True)
class _Look:
    """How the messages of a level look: what they are called, their icon, and the colours of mark and ground."""

    name: str
    icon: str
    ink: str
    ground: str


def _look(level: Level) -> _Look:
    colours = theme.colours()
    match level:
        case Level.INFO:
            return _Look("Note", "info", colours.link, colours.note_ground)
        case Level.WARNING:
            return _Look("Warning", "warning", colours.warning, colours.warning_ground)
        case Level.ERROR:
            return _Look("Error", "error", colours.error, colours.error_ground)


class MessageRow(QFrame):
    """One message with its mark, its answers and its close button."""

    def __init__(self, text: str, level: Level) -> None:
        super().__init__()
        self.text, self._level = text, level
        self.setObjectName("messageRow")
        self._mark = QLabel()
        self._label = QLabel(printable_lines(text), wordWrap=True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = QToolButton(autoRaise=True)
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close this message")
        theme.set_icon(self.close_button, "close")
        self.buttons: list[QPushButton] = []
        layout = self._layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.HALF_SPACE, theme.HALF_SPACE, theme.HALF_SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self._mark)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.close_button)
        self.setAccessibleName(f"{_look(level).name}: {text}")
        self.paint_in_theme()

    def add_button(self, text: str) -> QPushButton:
        """Add a button after the text and return it."""
        button = QPushButton(text)
        self._layout.insertWidget(self._layout.count() - 1, button)
        self.buttons.append(button)
        return button

    def paint_in_theme(self) -> None:
        """Take the colours of the theme of now."""
        look = _look(self._level)
        self.setStyleSheet(
            f"#messageRow {{ background: {look.ground}; border: none; border-bottom: 1px solid {look.ink}; }}"
            f"#messageRow QLabel {{ color: {theme.colours().text}; }}"
        )
        self._mark.setPixmap(theme.pixmap(look.icon, colour=look.ink, side=20, ratio=self.devicePixelRatioF()))
