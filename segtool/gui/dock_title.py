"""The title of a panel: its name and a button that hides it, in the icons and spacing of everything else."""

from __future__ import annotations

from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from segtool.gui import theme


class DockTitle(QWidget):
    """Stands for the title bar of a dock; dragging it still moves the dock, a double click makes it float."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        label = QLabel(dock.windowTitle())
        font = label.font()
        font.setBold(True)
        label.setFont(font)
        close = QToolButton(autoRaise=True)
        close.setIconSize(theme.SMALL_ICON_SIZE)
        close.setToolTip("Hide this panel (View, Panels shows it again)")
        close.setAccessibleName(f"Hide {dock.windowTitle()}")
        theme.set_icon(close, "close")
        close.clicked.connect(dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.HALF_SPACE, theme.HALF_SPACE, 0)
        layout.addWidget(label, 1)
        layout.addWidget(close)
