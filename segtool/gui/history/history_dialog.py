"""The window with the history of a folder's models."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.adapting import AdaptControl
from segtool.gui.history import ask_versions
from segtool.gui.history.version_detail import VersionDetail
from segtool.gui.history.version_table import VersionTable
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.models.lineage import children_of
from segtool.models.store import ModelEntry

_SIZE = (1160, 720)
_SHARES = (720, 440)
Reason = Callable[[ModelEntry], str]


class HistoryDialog(QDialog):
    """Lists every version with what is known of it, beside the window, which stays usable.

    Parameters
    ----------
    session : Session
        Changes the versions.
    training : TrainingControl
        A version may be in use by its run.
    adapting : AdaptControl
        Two versions may be in use by the mix that it makes.
    compare : callable
        Opens the comparison of a version, by its name.
    parent : QWidget, optional
    """

    def __init__(
        self,
        session: Session,
        training: TrainingControl,
        *,
        adapting: AdaptControl,
        compare: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._training, self._adapting, self._compare = session, training, adapting, compare
        self.setWindowTitle("History of versions")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.table = VersionTable(session)
        self.detail = VersionDetail()
        self.reason = QLabel()
        self.reason.setForegroundRole(self.reason.palette().ColorRole.PlaceholderText)
        self._reasons: dict[QAction, Reason] = {}
        self.activate_action = self._action("Make &active", self._activate, self._why_not_activate)
        self.back_action = self._action("Roll &back", self._roll_back, lambda _: session.versions.why_not_roll_back())
        self.compare_action = self._action("&Compare…", self._start_comparing, lambda _: session.comparing.why_not())
        self.rename_action = self._action("&Rename…", self._rename, session.versions.why_not_annotate)
        self.note_action = self._action("&Note…", self._note, session.versions.why_not_annotate)
        self.export_action = self._action("&Export…", self._export, lambda _: "")
        self.delete_action = self._action("&Delete…", self._delete, self._why_not_delete)
        self.rename_action.setShortcut("F2")
        self.delete_action.setShortcut("Del")
        self._build()
        for signal in (session.model_changed, session.project_changed, session.document_changed, session.job_changed):
            signal.connect(self._refresh)
        training.state_changed.connect(self._refresh)
        adapting.state_changed.connect(self._refresh)
        self.table.picked.connect(self._show_detail)
        self.table.itemActivated.connect(self.activate_action.trigger)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self._show_detail()
        self.resize(*_SIZE)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "delete_action"):
            self.table.read()

    # Building ----------------------------------------------------------------------------------

    def _action(self, text: str, run: Callable[[ModelEntry], object], why_not: Reason) -> QAction:
        action = QAction(text, self)
        # Without the marks, but with the dots that say that a question follows.
        action.setIconText(text.replace("&", ""))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda: self._run(run))
        self._reasons[action] = why_not
        self.addAction(action)
        return action

    def _build(self) -> None:
        actions = QHBoxLayout()
        actions.setSpacing(theme.SPACE)
        for action in self._reasons:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            actions.addWidget(button)
            if action in (self.back_action, self.compare_action):
                actions.addSpacing(2 * theme.SPACE)
        actions.addStretch(1)
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setSizes(list(_SHARES))
        split.setChildrenCollapsible(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        theme.strip_icons(buttons)
        # Return is for the version in the list, not for closing the window.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        bottom = QHBoxLayout()
        bottom.addWidget(self.reason, 1)
        bottom.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(actions)
        layout.addWidget(split, 1)
        layout.addLayout(bottom)

    # What is shown -----------------------------------------------------------------------------

    @Slot()
    def _show_detail(self) -> None:
        self.detail.show_entry(self.table.entry, self._session.models)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        entry = self.table.entry
        for action, why_not in self._reasons.items():
            reason = "Choose a version first" if entry is None else why_not(entry)
            text = action.text().replace("&", "").removesuffix("…")
            action.setEnabled(not reason)
            action.setToolTip(theme.plain_tip(reason or f"{text} {'' if entry is None else entry.label}".strip()))
        project = self._session.project
        where = "" if project is None else f"Versions of {project.root.name or project.root}"
        self.reason.setText(where)

    def _show_menu(self, place: QPoint) -> None:
        if self.table.itemAt(place) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(self._reasons))
        menu.popup(self.table.viewport().mapToGlobal(place))

    # What the person does ----------------------------------------------------------------------

    def _run(self, run: Callable[[ModelEntry], object]) -> None:
        entry = self.table.entry
        if entry is not None:
            run(entry)

    def _why_not_activate(self, entry: ModelEntry) -> str:
        active = self._session.model
        return f"{entry.label} is the active model" if active is not None and active.name == entry.name else ""

    def _activate(self, entry: ModelEntry) -> None:
        self._session.set_active_model(entry.name)

    def _roll_back(self, _: ModelEntry) -> None:
        if self._session.versions.roll_back() and self._session.model is not None:
            self.table.pick(self._session.model.name)

    def _start_comparing(self, entry: ModelEntry) -> None:
        self._compare(entry.name)

    def _rename(self, entry: ModelEntry) -> None:
        title = ask_versions.ask_title(self, entry=entry)
        if title is not None:
            self._session.versions.rename(entry.name, title)

    def _note(self, entry: ModelEntry) -> None:
        note = ask_versions.ask_note(self, entry=entry)
        if note is not None:
            self._session.versions.set_note(entry.name, note)

    def _export(self, entry: ModelEntry) -> None:
        target = ask_versions.ask_export(self, entry=entry)
        if target is not None:
            self._session.versions.export(entry.name, target)

    def _why_not_delete(self, entry: ModelEntry) -> str:
        if self._training.is_running:
            return "Wait for the end of the training"
        if self._adapting.state.is_running:
            return "Wait until the new version is made"
        return self._session.versions.why_not_delete(entry)

    def _delete(self, entry: ModelEntry) -> None:
        children = [item.label for item in children_of(entry.name, self._session.models)]
        if not ask_versions.ask_delete(self, entry=entry, children=children):
            return
        # A run or a mix may have started or ended while the question was open.
        if reason := self._why_not_delete(entry):
            self._session.warn(f"{entry.label} was not deleted. {reason}.")
        else:
            self._session.versions.delete(entry.name)
