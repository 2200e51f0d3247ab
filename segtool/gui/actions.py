"""What a person can do, as data: the actions of the menus, the toolbar and the keyboard, and what builds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QHelpEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolTip, QWidget

from segtool.gui import theme
from segtool.gui.session import Session


class ActionId(StrEnum):
    """Name of an action."""

    OPEN_FOLDER = auto()
    OPEN_SAMPLE = auto()
    SAVE = auto()
    SAVE_ALL = auto()
    EXPORT_EFFORT = auto()
    SPLIT_PAGES = auto()
    QUIT = auto()
    UNDO = auto()
    REDO = auto()
    APPROVE = auto()
    PREVIOUS_IMAGE = auto()
    NEXT_IMAGE = auto()
    NEXT_TO_DO = auto()
    NEXT_USEFUL = auto()
    FIND_IMAGE = auto()
    ZOOM_IN = auto()
    ZOOM_OUT = auto()
    FIT = auto()
    ACTUAL_SIZE = auto()
    FIT_CLASS = auto()
    KEEP_VIEW = auto()
    SHOW_MASK = auto()
    NEXT_MASK_STYLE = auto()
    RESET_DISPLAY = auto()
    SHOW_UNCERTAINTY = auto()
    SHOW_CONFIDENCE = auto()
    SHOW_CHANGES = auto()
    SHOW_MINIMAP = auto()
    SHOW_RULERS = auto()
    SHOW_CROSSHAIR = auto()
    TOGGLE_PANELS = auto()
    FULL_SCREEN = auto()
    BRUSH = auto()
    ERASER = auto()
    PREDICTION_BRUSH = auto()
    POLYGON = auto()
    LASSO = auto()
    RECTANGLE = auto()
    ELLIPSE = auto()
    PICKER = auto()
    RULER = auto()
    FILL = auto()
    WAND = auto()
    SCISSORS = auto()
    GROW_SEEDS = auto()
    CUT_OUT = auto()
    THRESHOLD_BRUSH = auto()
    PAN = auto()
    SMALLER_BRUSH = auto()
    LARGER_BRUSH = auto()
    SWAP_CLASS = auto()
    FILL_HOLES = auto()
    REMOVE_ISLANDS = auto()
    KEEP_LARGEST = auto()
    SEPARATE = auto()
    SMOOTH = auto()
    GROW = auto()
    SHRINK = auto()
    SWAP_CLASSES = auto()
    INVERT = auto()
    CLEAR_TO_BACKGROUND = auto()
    CLEAR_TO_VOID = auto()
    COPY_PREVIOUS = auto()
    REPLACE_BY_PREVIOUS = auto()
    ADD_CLASS = auto()
    SEGMENT_IMAGE = auto()
    SEGMENT_ALL = auto()
    PREDICTION_THRESHOLD = auto()
    AVERAGE_TURNS = auto()
    CANCEL_JOB = auto()
    EVALUATE = auto()
    RETRAIN = auto()
    RETRAIN_AUTOMATICALLY = auto()
    STOP_TRAINING = auto()
    RESUME_TRAINING = auto()
    DISCARD_TRAINING = auto()
    ROLL_BACK = auto()
    HISTORY = auto()
    COMPARE_VERSIONS = auto()
    ADAPT = auto()
    SHORTCUTS = auto()
    EXPORT_LOGS = auto()
    ABOUT = auto()
    CLASS_VOID = auto()
    CLASS_0 = auto()
    CLASS_1 = auto()
    CLASS_2 = auto()
    CLASS_3 = auto()
    CLASS_4 = auto()
    CLASS_5 = auto()
    CLASS_6 = auto()
    CLASS_7 = auto()
    CLASS_8 = auto()
    CLASS_9 = auto()


class Menu(Enum):
    """A menu of the menu bar, in its order; the value is its title."""

    FILE = "&File"
    EDIT = "&Edit"
    VIEW = "&View"
    TOOLS = "&Tools"
    MASK = "M&ask"
    MODEL = "M&odel"
    HELP = "&Help"


class Scope(Enum):
    """Where the shortcut of an action works: anywhere in the window, or only while the canvas has the focus."""

    WINDOW = Qt.ShortcutContext.WindowShortcut
    CANVAS = Qt.ShortcutContext.WidgetWithChildrenShortcut


Predicate = Callable[[Session], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One thing that a person can do.

    Attributes
    ----------
    id : ActionId
        Its name in the code.
    text : str
        What menus show; "&" before the letter of its menu key.
    run : callable
        What happens.
    button_text : str
        What buttons show, if it is shorter.
    menu : Menu or None
        Where it stands; None: only on the keyboard.
    shortcuts : tuple of str
        Keys, the one that menus show first.
    icon : str
        Name of an icon, or empty.
    enabled : callable
        Whether it can be done now.
    checked : callable or None
        Whether it is on; None for an action that cannot be on or off.
    live_text : callable or None
        Text that depends on the session, "Undo stroke" for example.
    separator : bool
        Whether a line stands above it in the menu.
    status_tip : callable or None
        What the status bar says while the action is pointed at in a menu: more than its name, or why it is disabled.
    scope : Scope
        Where its shortcut works.
    """

    id: ActionId
    text: str
    run: Callable[[], object]
    button_text: str = ""
    menu: Menu | None = None
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    enabled: Predicate = lambda _: True
    checked: Predicate | None = None
    live_text: Callable[[Session], str] | None = None
    separator: bool = False
    status_tip: Callable[[Session], str] | None = None
    scope: Scope = Scope.WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmenuSpec:
    """A menu inside a menu, filled anew by ``fill`` each time it opens."""

    menu: Menu
    text: str
    fill: Callable[[QMenu], None]
    separator: bool = False


MenuItem = ActionSpec | SubmenuSpec


class ActionSet(QObject):
    """The actions of a window, built from their table.

    Parameters
    ----------
    session : Session
        What the predicates of the table look at.
    table : iterable of MenuItem
        The actions and submenus, in the order of the menus.
    window, canvas : QWidget
        Where shortcuts of either scope work.
    """

    def __init__(self, session: Session, table: Iterable[MenuItem], *, window: QWidget, canvas: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self.table = tuple(table)
        self._actions: dict[ActionId, QAction] = {}
        for spec in self.specs:
            action = self._build(spec)
            self._actions[spec.id] = action
            (canvas if spec.scope is Scope.CANVAS else window).addAction(action)
        for changed in (
            session.project_changed,
            session.document_changed,
            session.entries_changed,
            session.classes_changed,
            session.history_changed,
            session.effort_changed,
            session.tool_changed,
            session.display_changed,
            session.model_changed,
            session.job_changed,
            session.saved_changed,
            session.uncertainty_changed,
            session.overlay_changed,
        ):
            changed.connect(self.refresh)
        self.refresh()

    def __getitem__(self, action_id: ActionId) -> QAction:
        return self._actions[action_id]

    @property
    def specs(self) -> tuple[ActionSpec, ...]:
        """The actions of the table without its submenus."""
        return tuple(item for item in self.table if isinstance(item, ActionSpec))

    def build_menus(self, bar: QMenuBar) -> None:
        """Add the menus of the table to a menu bar."""
        for menu in Menu:
            target = bar.addMenu(menu.value)
            # What depends on the window rather than the session, panels for example, is up to date when it is seen.
            target.aboutToShow.connect(self.refresh)
            target.installEventFilter(self)
            for item in self.table:
                if item.menu is not menu:
                    continue
                if item.separator:
                    target.addSeparator()
                if isinstance(item, ActionSpec):
                    target.addAction(self._actions[item.id])
                else:
                    submenu = target.addMenu(item.text)
                    submenu.aboutToShow.connect(lambda item=item, submenu=submenu: item.fill(submenu))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Show the status tip beside a menu's row too: no style points at a row that is disabled."""
        if event.type() is QEvent.Type.ToolTip and isinstance(watched, QMenu) and isinstance(event, QHelpEvent):
            action = watched.actionAt(event.pos())
            QToolTip.showText(event.globalPos(), "" if action is None else action.statusTip(), watched)
            return True
        return super().eventFilter(watched, event)

    def refresh(self) -> None:
        """Bring texts, checks and enabled states up to date with the session."""
        for spec in self.specs:
            action = self._actions[spec.id]
            action.setEnabled(spec.enabled(self._session))
            if spec.checked is not None:
                action.setChecked(spec.checked(self._session))
            if spec.live_text is not None:
                action.setText(spec.live_text(self._session))
                action.setToolTip(_tip(action))
            if spec.status_tip is not None:
                action.setStatusTip(spec.status_tip(self._session))

    def _build(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.id.value)
        action.setShortcuts([QKeySequence(keys) for keys in spec.shortcuts])
        action.setShortcutContext(spec.scope.value)
        action.setCheckable(spec.checked is not None)
        action.setToolTip(_tip(action))
        if spec.id is ActionId.QUIT:
            action.setMenuRole(QAction.MenuRole.QuitRole)
        action.setIconText(spec.button_text or spec.text.replace("&", ""))
        if spec.icon:
            theme.set_icon(action, spec.icon)
        action.triggered.connect(lambda: self._run(spec))
        return action

    def _run(self, spec: ActionSpec) -> None:
        spec.run()
        # A checkable action has switched itself: the session has the last word.
        self.refresh()


def plain_text(text: str) -> str:
    """Return an action's text without the mark of its menu key and without the dots at its end."""
    return text.replace("&", "").removesuffix("…")


def key_text(keys: str) -> str:
    """Return a shortcut as this desktop writes it."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def _tip(action: QAction) -> str:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    text = plain_text(action.text())
    return f"{text} ({keys})" if keys else text
