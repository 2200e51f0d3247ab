"""What the actions of the window do where it takes more than one call of the session."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from segtool.gui.adapting import why_not_adapt
from segtool.gui.auto_retrain import AutoRetrain
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.dialogs import ask
from segtool.gui.faults.exporting import LogExport
from segtool.gui.history.windows import HistoryWindows
from segtool.gui.opening import FolderOpener
from segtool.gui.operations.windows import OperationWindows
from segtool.gui.preferences import Preferences
from segtool.gui.session import Session
from segtool.gui.session_state import Overwrite
from segtool.gui.theme import Appearance
from segtool.gui.tool_options import next_size
from segtool.gui.training_control import TrainingControl
from segtool.gui.view_options import OtherMask
from segtool.project.status import Status

if TYPE_CHECKING:
    from segtool.gui.main_window import MainWindow


class Commands(QObject):
    """The callbacks of the action table, and the objects that the others of them belong to.

    Attributes
    ----------
    session : Session
    canvas : Canvas
    opener : FolderOpener
    training : TrainingControl
    operations : OperationWindows
    history : HistoryWindows
    auto : AutoRetrain
    logs : LogExport
    window : MainWindow
    """

    def __init__(
        self,
        session: Session,
        *,
        canvas: Canvas,
        opener: FolderOpener,
        training: TrainingControl,
        auto: AutoRetrain,
        preferences: Preferences,
        window: MainWindow,
    ) -> None:
        super().__init__(window)
        self.session, self.canvas, self.opener, self.training = session, canvas, opener, training
        self.auto, self.window = auto, window
        self.operations = OperationWindows(session, view=canvas, window=window)
        window.classes.menu_opened.connect(self.operations.fill_menu)
        self.history = HistoryWindows(session, training, adapting=window.adapting, window=window)
        self.logs = LogExport(session, preferences, window=window)
        self._preferences = preferences

    def status(self) -> Status | None:
        """Return the status of the open image, None if none is open."""
        project, document = self.session.project, self.session.document
        return None if project is None or document is None else project.status(document.entry.key)

    def previous_image(self) -> None:
        """Show the image before the open one."""
        self.session.step_image(-1)

    def next_image(self) -> None:
        """Show the image after the open one."""
        self.session.step_image(1)

    def next_to_do(self) -> None:
        """Show the next image that is not approved, going round at the end of the list."""
        project, document = self.session.project, self.session.document
        if project is None:
            return
        keys = [entry.key for entry in project.entries]
        start = project.index(document.entry.key) + 1 if document is not None else 0
        others = keys[start:] + keys[: max(0, start - 1)]
        self.session.navigation.open_any(
            (
                key
                for key in others
                if project.status(key) is not Status.APPROVED and not self.session.entry_reason(key)
            ),
            on_none=lambda: self.session.info("Every other image is approved."),
        )

    def actual_size(self) -> None:
        """Show one pixel of the image on one of the screen."""
        self.canvas.zoom_to(1.0)

    def toggle_mask(self) -> None:
        """Show or hide the mask."""
        self.session.set_overlay_visible(not self.session.overlay_visible)

    def toggle_panels(self) -> None:
        """Show or hide everything beside the canvas."""
        self.window.set_panels_visible(not self.window.panels_visible())

    def smaller_brush(self) -> None:
        """Make the brush a step smaller."""
        self.session.set_brush_size(next_size(self.session.brush_size, larger=False))

    def larger_brush(self) -> None:
        """Make the brush a step larger."""
        self.session.set_brush_size(next_size(self.session.brush_size, larger=True))

    def can_segment(self) -> bool:
        """Tell whether segmenting can start now: a job that nobody has asked for makes way."""
        return self.session.model is not None and (self.session.job is None or self.window.refreshing.is_running)

    def segment_image(self) -> None:
        """Segment the open image."""
        document = self.session.document
        if document is not None:
            self._segment([document.entry.key])

    def segment_all(self) -> None:
        """Segment every image that can be read."""
        project = self.session.project
        if project is not None:
            keys = [entry.key for entry in project.entries]
            self._segment([key for key in keys if not self.session.entry_reason(key)])

    def export_effort(self) -> None:
        """Write what each image took into a file that the person chooses."""
        project = self.session.project
        if project is not None:
            name = f"{project.root.name or 'images'}-effort.csv"
            path = ask.ask_csv_file(self.window, title="Export effort", start=Path.home() / name)
            if path is not None:
                self.session.effort.export(path)

    def toggle_averaging(self) -> None:
        """Average predictions over flips and turns, or do so no longer; the next start remembers."""
        self.session.set_averages_turns(not self.session.averages_turns)
        self._preferences.averages_turns = self.session.averages_turns

    def set_view_options(self, **changes: bool | OtherMask) -> None:
        """Change what stands around and over the image; the next start remembers."""
        self.session.set_view_options(**changes)
        self._preferences.view_options = self.session.view_options

    def why_not_adapt(self, session: Session) -> str:
        """Return why it cannot be chosen now how much the active version is to adapt, "" if it can."""
        return "Wait for the running training" if self.training.is_running else why_not_adapt(session)

    def ask_how_much_to_adapt(self) -> None:
        """Show the dialog for it, the one that is open if there is one."""
        # Loading what draws its curves would delay the window if it were done with the rest.
        from segtool.gui.dialogs.adapt_dialog import AdaptDialog

        dialog = self.window.findChild(AdaptDialog) or AdaptDialog(self.session, self.window.adapting, self.window)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def retrain_automatically(self) -> None:
        """Ask whether runs are to start by themselves."""
        after = ask.ask_auto_retrain(self.window, after=self.auto.after, approved=self.auto.newly_approved())
        if after is not None:
            self.auto.set_after(after)

    def _segment(self, keys: Sequence[str]) -> None:
        """Segment images; ask first if that could overwrite a person's work."""
        policy: Overwrite | None = Overwrite.FILL_VOID
        worked_on = self.session.segment_needs_question(keys)
        if worked_on:
            policy = ask.ask_overwrite(self.window, worked_on=len(worked_on), total=len(keys))
        if policy is not None:
            self.window.refreshing.make_way(partial(self.session.segment, keys, policy=policy))

    def fill_recent(self, menu: QMenu) -> None:
        """Put the folders that were open before into a menu."""
        menu.clear()
        folders = self._preferences.recent()
        for folder in folders:
            action = menu.addAction(folder.root.replace("&", "&&"))
            action.triggered.connect(lambda _=False, root=folder.root: self.opener.open(Path(root)))
        if not folders:
            menu.addAction("No folder was open yet").setEnabled(False)

    def fill_appearance(self, menu: QMenu) -> None:
        """Put the looks to choose from into a menu."""
        menu.clear()
        group = QActionGroup(menu)
        texts = {Appearance.SYSTEM: "As the &system", Appearance.LIGHT: "&Light", Appearance.DARK: "&Dark"}
        for appearance, text in texts.items():
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(appearance is self._preferences.appearance)
            action.setActionGroup(group)
            action.triggered.connect(lambda _=False, choice=appearance: self.window.set_appearance(choice))


def undo_text(session: Session) -> str:
    """Return the text of the action that takes an edit back, with the name of the edit."""
    name = session.document.history.undo_name if session.document is not None else ""
    return f"&Undo {name.lower()}" if name else "&Undo"


def redo_text(session: Session) -> str:
    """Return the text of the action that does an undone edit again, with the name of the edit."""
    name = session.document.history.redo_name if session.document is not None else ""
    return f"&Redo {name.lower()}" if name else "&Redo"


def why_not_evaluate(session: Session) -> str:
    """Return why the active model cannot be measured now, "" if it can."""
    if session.project is None:
        return "Open a folder with masks first"
    if session.model is None:
        return "There is no model to evaluate"
    if session.job is not None:
        return "Wait for the running job"
    return "" if session.project.has_persons_work() else "Correct or approve the mask of at least one image first"


def has_effort(session: Session) -> bool:
    """Tell whether anything is recorded of what images took."""
    return bool(session.effort.records)


def effort_tip(session: Session) -> str:
    """Return what exporting the effort does, or why it cannot be done."""
    if has_effort(session):
        return "Write what each image took into a CSV file"
    return "Nothing is recorded yet: correct or approve an image first"


def why_not_retrain(session: Session) -> str:
    """Return why nothing can be trained in the open folder, "" if it can."""
    return "Open a folder first" if session.project is None else session.project.writable_reason
