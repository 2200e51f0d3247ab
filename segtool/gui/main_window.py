"""The window: where everything stands, and what happens when it closes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from segtool.formats.decoder_pool import POOL
from segtool.gui import theme
from segtool.gui.action_table import GESTURES, action_table
from segtool.gui.actions import ActionId, ActionSet
from segtool.gui.adapting import AdaptControl
from segtool.gui.announcing import Announcer
from segtool.gui.auto_retrain import AutoRetrain
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.commands import Commands
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.about import AboutDialog
from segtool.gui.dialogs.retrain_dialog import RetrainDialog
from segtool.gui.dialogs.shortcuts import ShortcutsDialog
from segtool.gui.display_actions import keep_mask_style
from segtool.gui.dock_title import DockTitle
from segtool.gui.ending import Ending
from segtool.gui.message_bar import MessageBar
from segtool.gui.opening import FolderOpener, droppable
from segtool.gui.panels.classes_panel import ClassesPanel
from segtool.gui.panels.display_panel import DisplayPanel
from segtool.gui.panels.edits_panel import EditsPanel
from segtool.gui.panels.effort_panel import EffortPanel
from segtool.gui.panels.image_list import ImageListPanel
from segtool.gui.panels.learning_panel import LearningPanel
from segtool.gui.panels.model_panel import ModelPanel
from segtool.gui.preferences import Preferences
from segtool.gui.refreshing import Refreshing
from segtool.gui.session import Session
from segtool.gui.start_page import StartPage
from segtool.gui.status_bar import StatusBar
from segtool.gui.theme import Appearance
from segtool.gui.tool_bars import MainToolBar, ToolStrip
from segtool.gui.tool_options import OptionsBar
from segtool.gui.training_control import TrainingControl

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_START, _WORK = 0, 1
_SIZE = QSize(1600, 1000)
_DOCK_WIDTHS = (260, 300, 300, 300)
_DOCK_HEIGHTS = (200, 190, 500)


class MainWindow(QMainWindow):
    """Shows one session.

    Parameters
    ----------
    session : Session
        What is open.
    training : TrainingControl
        Runs trainings.
    log_file : Path
        Where faults are logged; the About dialog says so.
    """

    def __init__(self, session: Session, training: TrainingControl, *, log_file: Path) -> None:
        super().__init__()
        self._session, self._training, self._log_file = session, training, log_file
        self.adapting = AdaptControl(session, parent=self)
        self._preferences = Preferences()
        session.set_averages_turns(self._preferences.averages_turns)
        session.set_view_options(**asdict(self._preferences.view_options))
        keep_mask_style(session, self._preferences)
        self._hidden_panels: list[QDockWidget] = []
        self._is_restored = False
        self.ending = Ending(session, training, self)
        self.opener = FolderOpener(session, training, self._preferences, window=self)
        self.refreshing = Refreshing(session, training, self)
        self.canvas = Canvas(session)
        self.images = ImageListPanel(session)
        self.classes = ClassesPanel(session)
        self.display = DisplayPanel(session)
        self.edits = EditsPanel(session)
        self.learning = LearningPanel(session, training)
        self.messages = MessageBar()
        commands = Commands(
            session,
            canvas=self.canvas,
            opener=self.opener,
            training=training,
            auto=AutoRetrain(session, training, self._preferences, self),
            preferences=self._preferences,
            window=self,
        )
        self.docks: tuple[QDockWidget, ...] = ()
        self.action_set = ActionSet(session, action_table(commands), window=self, canvas=self.canvas)
        self.model = ModelPanel(
            session,
            segment=self.action_set[ActionId.SEGMENT_IMAGE],
            retrain=self.action_set[ActionId.RETRAIN],
        )
        self.effort = EffortPanel(session, export=self.action_set[ActionId.EXPORT_EFFORT])
        self.start_page = StartPage(
            open_folder=self.action_set[ActionId.OPEN_FOLDER], open_sample=self.action_set[ActionId.OPEN_SAMPLE]
        )
        self.status = StatusBar(session, training)
        Announcer(session, training, status=self.status, messages=self.messages, parent=self)
        self._build()
        self._connect()
        self._show_project()
        self.canvas.setFocus()

    # Building ----------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowIcon(theme.app_icon())
        self.setAcceptDrops(True)
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AnimatedDocks)
        self.action_set.build_menus(self.menuBar())
        self.tool_bar = MainToolBar(self._session, self.action_set)
        self.addToolBar(self.tool_bar)
        self.addToolBarBreak()
        self.options_bar = OptionsBar(self._session)
        self.addToolBar(self.options_bar)
        work = QWidget()
        across = QHBoxLayout(work)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(ToolStrip(self.action_set))
        across.addWidget(self.canvas, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(work)
        centre = QWidget()
        down = QVBoxLayout(centre)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addWidget(self.messages)
        down.addWidget(self.pages, 1)
        self.setCentralWidget(centre)
        self.setStatusBar(self.status)
        self.docks = (
            self._dock("Images", self.images, _LEFT),
            self._dock("Classes", self.classes, _RIGHT),
            self._dock("Model", self.model, _RIGHT),
            self._dock("Learning", self.learning, _RIGHT),
            self._dock("Effort", self.effort, _RIGHT),
            self._dock("Display", self.display, _RIGHT),
            self._dock("Edits", self.edits, _RIGHT),
        )
        *_, learning = self.docks[: len(_DOCK_WIDTHS)]
        for dock in self.docks[len(_DOCK_WIDTHS) :]:
            self.tabifyDockWidget(learning, dock)
        learning.raise_()
        screen = self.screen().availableSize()
        self.resize(min(_SIZE.width(), screen.width() * 9 // 10), min(_SIZE.height(), screen.height() * 9 // 10))
        geometry, state = self._preferences.layout()
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        self._is_restored = not state.isEmpty() and self.restoreState(state)
        # Empty panels beside the start page would only be in the way.
        self.set_panels_visible(False)

    def _dock(self, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(f"{title.lower()}Dock")
        dock.setAllowedAreas(_LEFT | _RIGHT)
        dock.setTitleBarWidget(DockTitle(dock))
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        session = self._session
        for signal in (session.document_changed, session.entries_changed, session.saved_changed):
            signal.connect(self._show_title)
        session.project_changed.connect(self._show_project)
        session.navigation.ask_large = lambda key, found: ask.ask_large_image(
            self, key, needs=found.needs, free=found.free, is_swollen=found.is_swollen
        )
        session.troubles.ask_whose = lambda key: ask.ask_changed_mask(self, key=key)
        session.troubles.ask_place = lambda: ask.ask_folder(self, title="Save masks in", start=Path.home())
        for changed in (self._training.state_changed, self._training.unfinished.changed):
            changed.connect(self.action_set.refresh)
        self._training.state_changed.connect(lambda: session.guidance.expectations.hold_back(self._training.is_running))
        self.canvas.hovered.connect(self.status.show_hover)
        self.canvas.zoom_changed.connect(self.status.show_zoom)
        for looked_around in (self.canvas.hovered, self.canvas.zoom_changed):
            looked_around.connect(session.effort.note_activity)
        self.images.picked.connect(self.canvas.setFocus)
        self.options_bar.done.connect(self.canvas.setFocus)
        self.start_page.folder_chosen.connect(lambda root: self.opener.open(Path(root)))
        # The same queued refresh serves a desktop that turns dark at dusk and the person's own choice.
        QApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    # What the session says ---------------------------------------------------------------------

    def _show_project(self) -> None:
        is_open = self._session.project is not None
        self.messages.clear()
        if is_open and self.pages.currentIndex() == _START:
            self.set_panels_visible(True)
            if not self._is_restored:
                self._share_out_room()
        self.pages.setCurrentIndex(_WORK if is_open else _START)
        for dock in self.docks:
            dock.toggleViewAction().setEnabled(is_open)
        if not is_open:
            self.start_page.show_recent(self._preferences.recent())
        self._show_title()

    def _show_title(self) -> None:
        project, document = self._session.project, self._session.document
        parts = [] if project is None else [project.root.name or str(project.root)]
        if project is not None and document is not None:
            parts += [document.entry.key, project.status(document.entry.key).value]
        if project is not None and project.writable_reason:
            parts.append("read-only")
        self.setWindowTitle(f"{theme.title_text(' · '.join(parts))}[*] — SegTool" if parts else "SegTool")
        self.setWindowModified(self._session.has_unsaved())

    def _share_out_room(self) -> None:
        """Give the panels the sizes that a person starts with; hidden ones would not take them."""
        # The others lie behind Learning and have its size.
        docks = list(self.docks[: len(_DOCK_WIDTHS)])
        self.resizeDocks(docks, list(_DOCK_WIDTHS), Qt.Orientation.Horizontal)
        self.resizeDocks(docks[1:], list(_DOCK_HEIGHTS), Qt.Orientation.Vertical)

    # What the actions ask for ------------------------------------------------------------------

    def panels_visible(self) -> bool:
        """Tell whether any panel is shown."""
        return any(not dock.isHidden() for dock in self.docks)

    def set_panels_visible(self, visible: bool) -> None:
        """Hide the panels, or bring those back that were there."""
        if not visible:
            self._hidden_panels = [dock for dock in self.docks if not dock.isHidden()]
        for dock in self._hidden_panels or self.docks:
            dock.setVisible(visible)

    def fill_panels(self, menu: QMenu) -> None:
        """Put a check mark for each panel into a menu."""
        menu.clear()
        menu.addActions([dock.toggleViewAction() for dock in self.docks])

    def toggle_full_screen(self) -> None:
        """Fill the screen with the window, or leave it."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def ask_for_training(self) -> None:
        """Let the person choose how to retrain, and start."""
        dialog = RetrainDialog(self._session, self)
        if dialog.exec():
            self._training.start(dialog.settings, base=dialog.base_name, name=dialog.version_name)

    def show_shortcuts(self) -> None:
        """Show the sheet of keys."""
        ShortcutsDialog(self.action_set.specs, GESTURES, self).exec()

    def show_about(self) -> None:
        """Show what the program is."""
        AboutDialog(self._log_file, self).exec()

    # The look ----------------------------------------------------------------------------------

    def set_appearance(self, appearance: Appearance) -> None:
        """Change the look, now and for the next starts."""
        self._preferences.appearance = appearance
        self._follow_system()

    def _follow_system(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply_theme(app, self._preferences.appearance)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw icons and coloured texts again after a change of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.docks:
            theme.retint(self)
            self.messages.retint()
            self.status.retint()
            self.model.retint()
            self.images.view.viewport().update()

    # Files dropped, and the end ----------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take a folder or an image."""
        if droppable(event.mimeData().urls()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped."""
        path = droppable(event.mimeData().urls())
        if path is not None:
            event.acceptProposedAction()
            self.opener.open(path)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask about a training and unsaved work; wait for the save; then end every thread and process."""
        if not self.ending.may_close():
            event.ignore()
            return
        self.ending.began.emit()
        # Panels that were never shown have no sizes worth keeping.
        has_layout = self._is_restored or self.pages.currentIndex() != _START
        if self.pages.currentIndex() == _START:
            self.set_panels_visible(True)
        self._preferences.store_layout(self.saveGeometry(), self.saveState() if has_layout else QByteArray())
        POOL.break_off()
        self.refreshing.close()
        self._training.close()
        self.adapting.shut_down()
        self.images.close_thread()
        self._session.close()
        event.accept()
