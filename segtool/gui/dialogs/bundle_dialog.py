"""What a log bundle holds, before one is made."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from segtool.gui import theme

_TEXT_WIDTH = 440
_TEXT = """<p><b>A zip file for whoever looks into a fault</b></p>
<p>It holds:</p>
<ul style="margin-left: 0">
<li>the program’s log, and traces of crashes</li>
<li>versions, and what this computer is like</li>
<li>how the window is set up</li>
</ul>
<p>It holds no image and no mask. Your home folder is written as ~.</p>
<p>Nothing is sent anywhere: you choose where the file is put, and to whom you give it.</p>"""


class BundleDialog(QDialog):
    """Explains a log bundle and asks whether names stay in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export log bundle")
        text = QLabel(_TEXT, wordWrap=True)
        text.setMinimumWidth(_TEXT_WIDTH)
        self.hides_names = QCheckBox("Replace the names of folders and images by letters")
        self.hides_names.setChecked(True)
        self.hides_names.setToolTip("The same name by the same letters, so that what belongs together can be seen")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.save_button = buttons.addButton("Save as…", QDialogButtonBox.ButtonRole.AcceptRole)
        theme.strip_icons(buttons)
        self.save_button.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.addWidget(text)
        layout.addWidget(self.hides_names)
        layout.addWidget(buttons)
        self.save_button.setFocus()
