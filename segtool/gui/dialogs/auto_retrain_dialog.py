"""The dialog in which a person lets runs start by themselves, or no longer."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from segtool.gui import theme

DEFAULT_COUNT = 5
_MOST = 1000
_WIDTH = 420


class AutoRetrainDialog(QDialog):
    """Asks whether to retrain by itself, and after how many newly approved images.

    Parameters
    ----------
    after : int
        What holds now; 0: never.
    approved : int
        How many images are newly approved.
    parent : QWidget, optional
    """

    def __init__(self, after: int, approved: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Retrain automatically")
        self.check = QCheckBox("&Retrain after every")
        # Who opens this wants it on; who has it on sees what to take away.
        self.check.setChecked(True)
        self.count = QSpinBox()
        self.count.setRange(1, _MOST)
        self.count.setValue(after or DEFAULT_COUNT)
        self.count.setAccessibleName("Newly approved images")
        self.check.toggled.connect(self.count.setEnabled)
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE)
        for widget in (self.check, self.count, QLabel("newly approved images")):
            line.addWidget(widget)
        line.addStretch(1)
        since = "1 image has" if approved == 1 else f"{approved or 'No'} {'images have' if approved else 'image has'}"
        note = QLabel(
            "A run starts by itself in the background, with the settings of the last one. You can go on annotating, "
            f"and stop it at any time. {since} been approved since the last run. This holds for the open folder.",
            wordWrap=True,
        )
        note.setForegroundRole(note.palette().ColorRole.PlaceholderText)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        theme.strip_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        layout.setSpacing(2 * theme.SPACE)
        layout.addLayout(line)
        layout.addWidget(note)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH)

    def answer(self) -> int:
        """Return after how many newly approved images to retrain; 0: never by itself."""
        return self.count.value() if self.check.isChecked() else 0
