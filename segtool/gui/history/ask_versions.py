"""Every question about a version: one function each, so that a test can answer in their place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.models.card import MAX_NOTE, MAX_TITLE
from segtool.models.store import ModelEntry

_NOTE_SIZE = (420, 240)
_LEAST_WIDTH = 380


def ask_title(parent: QWidget, *, entry: ModelEntry) -> str | None:
    """Ask for another title of a version; None if the person has cancelled."""
    field = QLineEdit(entry.card.title or entry.name)
    field.setMaxLength(MAX_TITLE)
    field.selectAll()
    text = f"Title of {entry.name}. Its folder keeps its name; an empty title takes the title away."
    dialog = FieldDialog(parent, title="Rename version", text=text, field=field)
    dialog.exec()
    dialog.deleteLater()
    return field.text() if dialog.result() else None


def ask_note(parent: QWidget, *, entry: ModelEntry) -> str | None:
    """Ask for another note on a version; None if the person has cancelled."""
    field = QPlainTextEdit(entry.card.note)
    field.setTabChangesFocus(True)
    dialog = FieldDialog(parent, title="Note on version", text=f"Note on {entry.label}:", field=field)
    dialog.resize(*_NOTE_SIZE)

    def check() -> None:
        over = len(field.toPlainText()) - MAX_NOTE
        dialog.show_problem("" if over <= 0 else f"Too long by {over:,}.")

    field.textChanged.connect(check)
    dialog.exec()
    dialog.deleteLater()
    return field.toPlainText() if dialog.result() else None


def ask_export(parent: QWidget, *, entry: ModelEntry) -> Path | None:
    """Ask where a copy of a model shall go; None if the person has cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, f"Export {entry.label} into", str(Path.home()))
    return Path(chosen) / entry.name if chosen else None


def ask_delete(parent: QWidget, *, entry: ModelEntry, children: Sequence[str]) -> bool:
    """Ask whether a version may be deleted; ``children`` are the versions that were trained from it."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        "Delete version",
        f"Delete {entry.label} for good?",
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(theme.plain_tip(deletion_text(entry, children)))
    delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    theme.strip_icons(box)
    box.exec()
    return box.clickedButton() is delete


def deletion_text(entry: ModelEntry, children: Sequence[str]) -> str:
    """Say what is lost with a version."""
    lost = f"Its folder, {entry.folder}, is removed. This cannot be undone."
    if not children:
        return lost
    verb = "was" if len(children) == 1 else "were"
    names = ", ".join(children)
    return f"{names} {verb} trained from it and will work as before, but cannot be rolled back to it. {lost}"


class FieldDialog(QDialog):
    """Asks for what is typed into one field."""

    def __init__(self, parent: QWidget, *, title: str, text: str, field: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(_LEAST_WIDTH)
        label = QLabel(text, wordWrap=True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setBuddy(field)
        self.problem = QLabel()
        self.problem.setStyleSheet(f"color: {theme.colours().warning}")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        theme.strip_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        bottom = QHBoxLayout()
        bottom.addWidget(self.problem, 1)
        bottom.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(label)
        layout.addWidget(field)
        layout.addLayout(bottom)
        field.setFocus()

    def show_problem(self, problem: str) -> None:
        """Say why what was typed cannot be taken; "" if it can."""
        self.problem.setText(problem)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)
