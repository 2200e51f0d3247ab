"""Dialogs about classes: adding one, and removing one together with its pixels."""

from __future__ import annotations

import html
from dataclasses import dataclass

from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.palette import Colour, default_colour
from segtool.gui import theme
from segtool.gui.session_state import ClassUsage

_Button = QDialogButtonBox.StandardButton
_WIDTH = 380


@dataclass(frozen=True, slots=True)
class NewClass:
    """Name and colour of a class that a person wants to add."""

    name: str
    colour: Colour


class NewClassDialog(QDialog):
    """Asks for the name and colour of a class; a name that is taken cannot be accepted."""

    def __init__(self, classes: ClassSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add a class")
        self.setMinimumWidth(_WIDTH)
        self._classes = classes
        self._colour = default_colour(classes.free_id())
        self.name_edit = QLineEdit(placeholderText="For example: crack")
        self.name_edit.setAccessibleName("Name of the class")
        self.colour_button = QPushButton("Choose…", autoDefault=False)
        self.colour_button.setAccessibleName("Colour of the class")
        self.hint = QLabel()
        self.hint.setStyleSheet(f"color: {theme.colours().error}")
        self.buttons = QDialogButtonBox(_Button.Cancel)
        self.add_button = self.buttons.addButton("Add class", QDialogButtonBox.ButtonRole.AcceptRole)
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("&Name", self.name_edit)
        form.addRow("", self.hint)
        form.addRow("&Colour", self.colour_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        theme.strip_icons(self.buttons)
        self.name_edit.textChanged.connect(self._check)
        self.colour_button.clicked.connect(self._choose_colour)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._show_colour()
        self._check()

    def answer(self) -> NewClass:
        """Return what the person has entered."""
        return NewClass(self.name_edit.text().strip(), self._colour)

    def _check(self) -> None:
        name = self.name_edit.text().strip()
        taken = self._classes.named(name) is not None
        self.hint.setText(f"There is a class “{name}” already." if taken else "")
        self.hint.setVisible(taken)
        self.add_button.setEnabled(bool(name) and not taken)

    def _choose_colour(self) -> None:
        chosen = QColorDialog.getColor(QColor(*self._colour), self, "Colour of the class")
        if chosen.isValid():
            self._colour = (chosen.red(), chosen.green(), chosen.blue())
            self._show_colour()

    def _show_colour(self) -> None:
        self.colour_button.setIcon(theme.swatch_icon(self._colour))


class RemoveClassDialog(QDialog):
    """Says where a class is in use and asks into what its pixels turn."""

    def __init__(self, item: ClassInfo, classes: ClassSet, usage: ClassUsage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Remove a class")
        self.setMinimumWidth(_WIDTH)
        self.question = QLabel(f"<b>Remove the class “{html.escape(item.name)}”?</b>")
        self.usage_label = QLabel(usage_text(usage))
        self.usage_label.setWordWrap(True)
        self.choice = QComboBox()
        self.choice.setAccessibleName("What its pixels become")
        self.choice.addItem(theme.swatch_icon(None), "void (unlabelled)", VOID)
        for other in classes:
            if other.id != item.id:
                self.choice.addItem(theme.swatch_icon(other.colour), other.name, other.id)
        buttons = QDialogButtonBox(_Button.Cancel)
        buttons.addButton("Remove class", QDialogButtonBox.ButtonRole.AcceptRole).setAutoDefault(False)
        buttons.button(_Button.Cancel).setDefault(True)
        theme.strip_icons(buttons)
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("Its pixels become", self.choice)
        used = usage.pixels_here > 0 or usage.images_with_it > 0
        for widget in (self.choice, form.labelForField(self.choice)):
            widget.setVisible(used)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.addWidget(self.question)
        layout.addWidget(self.usage_label)
        layout.addLayout(form)
        layout.addWidget(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)

    def replacement(self) -> int:
        """Return the class id, or void, that the person has chosen."""
        return int(self.choice.currentData())


def usage_text(usage: ClassUsage) -> str:
    """Return one or two sentences on where a class is in use."""
    if not usage.pixels_here and not usage.images_with_it:
        return "No mask uses it."
    images = "1 image has" if usage.images_with_it == 1 else f"{usage.images_with_it} images have"
    if not usage.is_complete:
        images = f"At least {images}"
    return (
        f"{images} pixels of it; the open image has {usage.pixels_here:,}. "
        "The masks on disk are changed too. This cannot be undone."
    )
