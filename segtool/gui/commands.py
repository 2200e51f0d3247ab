"""What the actions of the window do: short, because the session does the work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from segtool.core.classes import VOID
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.dialogs import ask
from segtool.gui.opening import FolderOpener
from segtool.gui.preferences import Preferences
from segtool.gui.session import Session
from segtool.gui.session_state import Overwrite, SaveKind
from segtool.gui.theme import Appearance
from segtool.gui.tool_options import next_size
from segtool.gui.tools.tool_id import ToolId
from segtool.gui.training_control import TrainingControl
from segtool.project.status import Status


class Shell(Protocol):
    """What the commands need of the window itself."""

    def close(self) -> bool:
        """Close the window, after questions."""

    def panels_visible(self) -> bool:
        """Tell whether any panel is shown."""

    def set_panels_visible(self, visible: bool) -> None:
        """Show or hide the panels."""

    def fill_panels(self, menu: QMenu) -> None:
        """Put a check mark for each panel into a menu."""

    def toggle_full_screen(self) -> None:
        """Fill the screen with the window, or leave it."""

    def isFullScreen(self) -> bool:  # noqa: N802
        """Tell whether the window fills the screen."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Change the look."""

    def focus_filter(self) -> None:
        """Let the person type a part of an image's name."""

    def add_class(self) -> None:
        """Ask for a class."""

    def ask_for_training(self) -> None:
        """Open the dialog that starts a training."""

    def show_shortcuts(self) -> None:
        """Show the sheet of keys."""

    def show_about(self) -> None:
        """Show what the program is."""


class Commands(QObject):
    """The callbacks of the action table.

    Parameters
    ----------
    session : Session
    training : TrainingControl
    opener : FolderOpener
    preferences : Preferences
    canvas : Canvas
        What the zoom commands move.
    shell : Shell
        The window.
    window : QWidget
        The same window as the parent of questions.
    """

    def __init__(
        self,
        session: Session,
        *,
        training: TrainingControl,
        opener: FolderOpener,
        preferences: Preferences,
        canvas: Canvas,
        shell: Shell,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._training, self._opener, self._preferences = session, training, opener, preferences
        self._shell, self._window = shell, window
        self.zoom_in, self.zoom_out, self.fit = canvas.zoom_in, canvas.zoom_out, canvas.fit
        self._canvas = canvas
        self.open_folder, self.open_sample = opener.ask, opener.open_sample
        self.undo, self.redo, self.save_all = session.undo, session.redo, session.save_all
        self.approve, self.cancel_job, self.swap_class = session.approve, session.cancel_job, session.swap_with_background
        self.set_tool, self.set_class = session.set_tool, session.set_active_class
        self.stop_training = training.stop
        self.quit, self.fill_panels, self.add_class = shell.close, shell.fill_panels, shell.add_class
        self.panels_visible, self.is_full_screen = shell.panels_visible, shell.isFullScreen
        self.toggle_full_screen, self.find_image = shell.toggle_full_screen, shell.focus_filter
        self.retrain, self.show_shortcuts, self.show_about = (
            shell.ask_for_training,
            shell.show_shortcuts,
            shell.show_about,
        )
