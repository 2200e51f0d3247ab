"""Starting operations: those with parameters in their dialog, the others at once."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.operations.recode import clear, invert
from segtool.gui.actions import plain_text
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.dialogs.operation_dialog import OperationDialog
from segtool.gui.dialogs.threshold_dialog import ThresholdDialog
from segtool.gui.operations.table import OPERATIONS, SPEC_OF, OperationId, OperationOptions
from segtool.gui.session import Session


class OperationWindows(QObject):
    """Starts operations on the open mask; what was chosen last is what the next dialog begins with.

    Parameters
    ----------
    session : Session
    view : ImageView
        Where the image is looked at.
    window : QWidget
        Owner of the dialogs.

    Attributes
    ----------
    dialog : OperationDialog or None
        The one that was opened last, as long as it is open.
    """

    def __init__(self, session: Session, *, view: ImageView, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._view, self._window = session, view, window
        self._options = OperationOptions()
        self.dialog: OperationDialog | None = None

    def ask(self, which: OperationId, class_id: int | None = None) -> None:
        """Open the dialog of an operation, for the active class or for another one."""
        spec = SPEC_OF[which]
        if self._session.has_unsaved():
            # Nothing is saved while a dialog shows what may never be applied, and it may stay open for long.
            self._session.save_all()
        # A dialog that is still open closes here: what it shows ends.
        if not self._session.operations.begin(plain_text(spec.text)):
            return
        kind = ThresholdDialog if which is OperationId.PREDICTION_THRESHOLD else OperationDialog
        dialog = self.dialog = kind(
            self._session,
            spec,
            view=self._view,
            class_id=self._session.active_class if class_id is None else class_id,
            options=self._options,
            parent=self._window,
        )
        dialog.finished.connect(lambda: self._closed(dialog))
        dialog.show_beside(self._view)

    def invert(self, class_id: int | None = None) -> None:
        """Turn a class, the active one if none is named, into background and background into it."""
        one = self._session.active_class if class_id is None else class_id
        self._session.operations.run("Invert", lambda mask, tick: invert(mask, one, tick=tick))

    def clear(self, *, to: int, class_id: int | None = None) -> None:
        """Turn a class, or the whole mask if none is named, into background or void."""
        name = "Clear to void" if to == VOID else "Clear to background"
        self._session.operations.run(name, lambda mask, tick: clear(mask, class_id, to=to, tick=tick))

    def fill_menu(self, menu: QMenu, class_id: int) -> None:
        """Add to a menu what can be done with a class, or with void."""
        menu.addSeparator()
        for spec in OPERATIONS:
            if spec.suits(class_id) and not spec.has_other:
                menu.addAction(spec.text, partial(self.ask, spec.id, class_id))
        menu.addSeparator()
        if class_id not in (BACKGROUND, VOID):
            menu.addAction("In&vert", partial(self.invert, class_id))
        for to, text in ((BACKGROUND, "Turn into &background"), (VOID, "Turn into voi&d")):
            if to != class_id:
                menu.addAction(text, partial(self.clear, to=to, class_id=class_id))

    def _closed(self, dialog: OperationDialog) -> None:
        self._options = dialog.options
        if self.dialog is dialog:
            self.dialog = None
