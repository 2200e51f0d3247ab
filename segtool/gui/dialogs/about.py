"""What the program is, its version, and where it keeps its log."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from segtool import __version__
from segtool.gui import theme

_ICON_SIDE = 64
_TEXT_WIDTH = 380


class AboutDialog(QDialog):
    """Shows the version and what a report of a fault needs."""

    def __init__(self, log_file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About SegTool")
        mark = QLabel()
        mark.setPixmap(theme.app_icon().pixmap(_ICON_SIDE, _ICON_SIDE))
        self.text = QLabel(
            f"<p><b>SegTool {__version__}</b></p>"
            "<p>Label every pixel of your images with a U-Net, correct the masks by hand, "
            "retrain, and watch the work shrink. Everything happens on this computer.</p>"
            f"<p>Qt {qVersion()}. BSD 3-Clause licence.</p>"
            f"<p>Errors are logged in {log_file}</p>"
        )
        self.text.setWordWrap(True)
        self.text.setMinimumWidth(_TEXT_WIDTH)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        across = QHBoxLayout()
        across.setSpacing(2 * theme.SPACE)
        across.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        across.addWidget(self.text, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        theme.strip_icons(buttons)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.addLayout(across)
        layout.addWidget(buttons)
