"""Fields for numbers that keep no keys from the tools."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox

_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_BRACKETS = (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight)


class NumberKeys(QObject):
    """Lets a field for a number take only the keys that belong to numbers.

    Letters choose tools while it is being typed in too. They leave the field, as do Enter, Esc and a click on one
    of its arrows: a digit that is pressed then chooses a class.

    Parameters
    ----------
    field : QAbstractSpinBox
        Owner.

    Signals
    -------
    left()
        The keyboard may go elsewhere.
    """

    left = Signal()

    def __init__(self, field: QAbstractSpinBox) -> None:
        super().__init__(field)
        self._field = field
        field.installEventFilter(self)
        field.editingFinished.connect(self._on_finished)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Pass on what is no number."""
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and _is_of_a_tool(event):
                self._leave()
                event.ignore()
                return True
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
        elif event.type() == QEvent.Type.MouseButtonRelease:
            # Presses on the text go to another widget, inside of this one.
            self._leave()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_finished(self) -> None:
        # It is finished too when a person goes on to another field, which must then keep the keyboard.
        if self._field.hasFocus():
            self._leave()

    def _leave(self) -> None:
        self._field.clearFocus()
        self.left.emit()


def _is_of_a_tool(event: QKeyEvent) -> bool:
    is_letter = Qt.Key.Key_A <= event.key() <= Qt.Key.Key_Z
    return (is_letter or event.key() in _BRACKETS) and not event.modifiers() & _COMMANDS
