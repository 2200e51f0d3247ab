"""What stands in the middle of the window while no folder is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.preferences import RecentFolder

_COLUMN_WIDTH = 440
_SHOWN_RECENT = 5
_PATH_WIDTH = 260
_MARK_SIDE = 56


class StartPage(QWidget):
    """Offers to open a folder, the sample images or a folder that was open before.

    Signals
    -------
    folder_chosen(str)
        A recent folder was clicked.
    """

    folder_chosen = Signal(str)

    def __init__(self, *, open_folder: QAction, open_sample: QAction) -> None:
        super().__init__()
        title = QLabel("Label every pixel of your images")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        title.setFont(font)
        steps = QLabel(
            "Open a folder of images, segment them with a model, correct the masks with the brush, "
            "and retrain the model on your corrections. Your images are never changed."
        )
        steps.setWordWrap(True)
        open_button = _button("Open folder…", open_folder)
        open_button.setDefault(True)
        sample_button = _button("Open sample images", open_sample)
        hint = QLabel("You can also drop a folder or an image here.")
        palette = hint.palette()
        palette.setColor(hint.foregroundRole(), palette.color(palette.ColorRole.PlaceholderText))
        hint.setPalette(palette)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(theme.HALF_SPACE)
        self._recent_title = QLabel("Recent folders")
        recent = QVBoxLayout()
        recent.setSpacing(theme.HALF_SPACE)
        recent.addWidget(self._recent_title)
        recent.addLayout(self._recent)
        mark = QLabel()
        mark.setPixmap(theme.app_icon().pixmap(_MARK_SIDE, _MARK_SIDE))
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(open_button)
        buttons.addWidget(sample_button)
        buttons.addStretch(1)
        column = QWidget()
        column.setMaximumWidth(_COLUMN_WIDTH)
        inside = QVBoxLayout(column)
        inside.setSpacing(2 * theme.SPACE)
        for item in (mark, title, steps, buttons, hint, recent):
            inside.addWidget(item) if isinstance(item, QWidget) else inside.addLayout(item)
        # Stretches and no alignment: an aligned widget is not asked for the height of its broken lines.
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(column, 100)
        across.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addLayout(across)
        layout.addStretch(3)

    def show_recent(self, folders: Sequence[RecentFolder]) -> None:
        """Show the folders that were open before; those that are gone are left out."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        there = [folder for folder in folders if Path(folder.root).is_dir()][:_SHOWN_RECENT]
        for folder in there:
            self._recent.addWidget(self._recent_button(Path(folder.root)))
        self._recent_title.setVisible(bool(there))

    def _recent_button(self, root: Path) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.set_icon(button, "open")
        where = button.fontMetrics().elidedText(str(root.parent), Qt.TextElideMode.ElideMiddle, _PATH_WIDTH)
        button.setText(f"{root.name or root}   {where}")
        button.setToolTip(theme.plain_tip(str(root)))
        button.setAccessibleName(f"Open {root}")
        button.clicked.connect(lambda: self.folder_chosen.emit(str(root)))
        return button


def _button(text: str, action: QAction) -> QPushButton:
    button = QPushButton(text)
    button.clicked.connect(action.trigger)
    return button
