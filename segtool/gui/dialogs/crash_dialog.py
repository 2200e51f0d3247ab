"""What is told at the start after one that crashed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from segtool.gui import theme

_MARK_SIDE = 32
_TEXT_WIDTH = 440
_DETAILS_WIDTH, _DETAILS_HEIGHT = 680, 220


class CrashDialog(QDialog):
    """Says calmly what happened and that masks are safe; details and a log bundle for those who want them.

    Parameters
    ----------
    heading, text : str
        What happened, and what that means for the person's work.
    details : str
        What the interpreter wrote while it crashed.
    export : callable
        Offers a log bundle.
    parent : QWidget, optional
    """

    def __init__(
        self, *, heading: str, text: str, details: str, export: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("SegTool")
        mark = QLabel()
        mark.setPixmap(
            theme.pixmap("info", colour=theme.colours().link, side=_MARK_SIDE, ratio=self.devicePixelRatioF())
        )
        self.heading = QLabel(f"<b>{heading}</b>", wordWrap=True)
        self.text = QLabel(text, wordWrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.heading, self.text):
            label.setMinimumWidth(_TEXT_WIDTH)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(theme.SPACE)
        words.addWidget(self.heading)
        words.addWidget(self.text)
        across = QHBoxLayout()
        across.setSpacing(2 * theme.SPACE)
        across.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        across.addLayout(words, 1)
        self.details = QPlainTextEdit(details, readOnly=True)
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setMinimumWidth(_DETAILS_WIDTH)
        self.details.setFixedHeight(_DETAILS_HEIGHT)
        self.details.setAccessibleName("Details of the crash")
        self.details.hide()
        buttons = QDialogButtonBox()
        self.details_button = buttons.addButton("Show details", QDialogButtonBox.ButtonRole.ActionRole)
        self.export_button = buttons.addButton("Export log bundle…", QDialogButtonBox.ButtonRole.ActionRole)
        self.close_button = buttons.addButton(QDialogButtonBox.StandardButton.Close)
        theme.strip_icons(buttons)
        self.close_button.setDefault(True)
        for button in (self.details_button, self.export_button):
            button.setAutoDefault(False)
        self.details_button.clicked.connect(self._toggle_details)
        self.export_button.clicked.connect(export)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        layout.addLayout(across)
        layout.addWidget(self.details)
        layout.addWidget(buttons)
        self.close_button.setFocus()

    def _toggle_details(self) -> None:
        shown = self.details.isHidden()
        self.details.setVisible(shown)
        self.details_button.setText("Hide details" if shown else "Show details")
