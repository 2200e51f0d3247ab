"""The bar above the canvas and the strip of tools beside it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton

from segtool.gui import theme
from segtool.gui.actions import ActionId, ActionSet
from segtool.gui.session import Session
from segtool.gui.tool_options import OpacitySlider
from segtool.gui.tools.table import TOOLS

_WITH_TEXT = (ActionId.SEGMENT_IMAGE, ActionId.RETRAIN, ActionId.APPROVE)
_TOOL_SIZE = QSize(24, 24)


class MainToolBar(QToolBar):
    """What is used all the time: files, undo, the model, approval, zoom, and how opaque the mask is."""

    def __init__(self, session: Session, actions: ActionSet) -> None:
        super().__init__("Toolbar")
        self.setObjectName("mainToolBar")
        self.setMovable(False)
        self.setIconSize(theme.ICON_SIZE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.segment_button = _segment_button(actions)
        groups: tuple[tuple[ActionId, ...], ...] = (
            (ActionId.OPEN_FOLDER, ActionId.SAVE),
            (ActionId.UNDO, ActionId.REDO),
            (ActionId.SEGMENT_IMAGE, ActionId.RETRAIN, ActionId.APPROVE),
            (ActionId.FIT, ActionId.ACTUAL_SIZE),
        )
        for group in groups:
            for action_id in group:
                if action_id is ActionId.SEGMENT_IMAGE:
                    self.addWidget(self.segment_button)
                else:
                    self._add(actions[action_id], with_text=action_id in _WITH_TEXT)
            self.addSeparator()
        self.opacity = OpacitySlider(session)
        self.addWidget(self.opacity)

    def _add(self, action: QAction, *, with_text: bool) -> None:
        self.addAction(action)
        button = self.widgetForAction(action)
        if with_text and isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)


def _segment_button(actions: ActionSet) -> QToolButton:
    """Return the button that segments the open image, with a menu for all of them."""
    button = QToolButton()
    button.setDefaultAction(actions[ActionId.SEGMENT_IMAGE])
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    menu = QMenu(button)
    menu.addAction(actions[ActionId.SEGMENT_IMAGE])
    menu.addAction(actions[ActionId.SEGMENT_ALL])
    button.setMenu(menu)
    return button


class ToolStrip(QToolBar):
    """The tools, from top to bottom."""

    def __init__(self, actions: ActionSet) -> None:
        super().__init__("Tools")
        self.setOrientation(Qt.Orientation.Vertical)
        self.setMovable(False)
        self.setIconSize(_TOOL_SIZE)
        self.setAccessibleName("Tools")
        for spec in TOOLS:
            if spec.begins_group:
                self.addSeparator()
            self.addAction(actions[ActionId(spec.id.value)])
