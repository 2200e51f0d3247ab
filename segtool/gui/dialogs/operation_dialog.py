"""The one dialog for every operation with parameters: shows on the mask what would change, and applies it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.geometry import Rect
from segtool.core.operations.change import Scope
from segtool.gui import theme
from segtool.gui.actions import plain_text
from segtool.gui.canvas.image_view import ImageView
from segtool.gui.canvas.region_picker import RegionPicker
from segtool.gui.dialogs.option_fields import add_field
from segtool.gui.operations.operating import Work
from segtool.gui.operations.table import Choice, OperationOptions, OperationSpec, Where
from segtool.gui.session import Session

_Button = QDialogButtonBox.StandardButton
_WIDTH = 400
_PLACE_TIPS = {
    Where.WHOLE: "",
    Where.VIEW: "As it is when you choose this. Pieces and holes that go on beyond it stay as they are.",
    Where.REGION: "The connected pixels of one class that you click; you may click another one after it.",
}


class OperationDialog(QDialog):
    """Asks for the parameters of an operation while the mask shows what it would do; the window stays usable.

    The operation is under way in ``session.operations`` while the dialog is open. Whatever else ends that, another
    tool or another image, closes the dialog and leaves the mask as it was.

    Parameters
    ----------
    session : Session
    spec : OperationSpec
        The operation; it has been begun.
    view : ImageView
        Where the image is looked at and regions are clicked.
    class_id : int
        The class to start with, if the operation can be done with it.
    options : OperationOptions
        What to start with.
    parent : QWidget
    """

    def __init__(
        self,
        session: Session,
        spec: OperationSpec,
        *,
        view: ImageView,
        class_id: int,
        options: OperationOptions,
        parent: QWidget,
    ) -> None:
        # A tool window: the keys of the window behind it go on working.
        super().__init__(parent, Qt.WindowType.Tool | Qt.WindowType.WindowCloseButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(plain_text(spec.text))
        self.setMinimumWidth(_WIDTH)
        self.options = options
        self._session, self._operations, self._spec, self._view = session, session.operations, spec, view
        self._scope: Scope | None = Scope()
        self._class_of_region = VOID
        self._work: Work | None = None
        self._is_over = False
        self._picker = RegionPicker(view, self)
        self.class_box, self.other_box = QComboBox(), QComboBox()
        self.class_box.setAccessibleName("Class")
        self.other_box.setAccessibleName("Second class")
        self._fill_classes(class_id, BACKGROUND)
        self.place_box = QComboBox()
        self.outcome = QLabel()
        self.preview = QCheckBox("&Preview")
        self.preview.setChecked(True)
        self.fields: dict[str, QWidget] = {}
        self._lay_out()
        self._connect()
        self._revise()

    def _fill_classes(self, class_id: int | None, other_id: int) -> None:
        """Offer the classes that the folder has, and choose these two of them."""
        items = [
            (theme.swatch_icon(item.colour), item.name, item.id)
            for item in self._session.classes
            if self._is_offered(item.id)
        ]
        if self._spec.suits(VOID):
            items.append((theme.swatch_icon(None), "void (unlabelled)", VOID))
        for box, chosen in ((self.class_box, class_id), (self.other_box, other_id)):
            box.blockSignals(True)
            box.clear()
            if self._spec.for_every and box is self.class_box:
                box.addItem("Every class", None)
            for item in items:
                box.addItem(*item)
            box.setCurrentIndex(0 if chosen is None else max(0, box.findData(chosen)))
            box.blockSignals(False)

    def _is_offered(self, class_id: int) -> bool:
        return self._spec.suits(class_id)

    def _lay_out(self) -> None:
        about = QLabel(self._spec.about, wordWrap=True)
        about.setStyleSheet(f"color: {theme.colours().muted}")
        self.place_box.addItems([place.value for place in self._spec.places])
        self.place_box.setAccessibleName("Where")
        for index, place in enumerate(self._spec.places):
            self.place_box.setItemData(index, _PLACE_TIPS[place], Qt.ItemDataRole.ToolTipRole)
        form = QFormLayout()
        form.setSpacing(theme.SPACE)
        form.addRow("&Class", self.class_box)
        if self._spec.has_other:
            form.addRow("&With", self.other_box)
        form.addRow("Whe&re", self.place_box)
        for option in self._spec.options:
            value = getattr(self.options, option.field)
            self.fields[option.field] = add_field(form, option, value, self._set_option)
        self.buttons = QDialogButtonBox(_Button.Cancel)
        self.apply_button = self.buttons.addButton("&Apply", QDialogButtonBox.ButtonRole.AcceptRole)
        theme.strip_icons(self.buttons)
        below = QHBoxLayout()
        below.addWidget(self.preview)
        below.addStretch(1)
        below.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.SPACE)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addWidget(self.outcome)
        layout.addLayout(below)
        # Only now that it is in the dialog; a button that has no say takes the part of the default over otherwise.
        self.buttons.button(_Button.Cancel).setAutoDefault(False)
        self.apply_button.setDefault(True)

    def _connect(self) -> None:
        self.class_box.currentIndexChanged.connect(self._revise)
        self.other_box.currentIndexChanged.connect(self._revise)
        # Chosen again, what is in view is looked at again.
        self.place_box.activated.connect(self._place_chosen)
        self.preview.toggled.connect(self._revise)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._picker.picked.connect(self._pick)
        self._operations.changed.connect(self._show_outcome)
        self._operations.ended.connect(self._close)
        self._session.classes_changed.connect(self._follow_classes)

    def show_beside(self, area: QWidget) -> None:
        """Show the dialog at the upper right corner of a widget, where it hides little of it."""
        self.adjustSize()
        corner = area.mapToGlobal(QPoint(area.width() - self.width() - 2 * theme.SPACE, 2 * theme.SPACE))
        self.move(corner)
        self.show()
        self.activateWindow()

    # What a person does ------------------------------------------------------------------------

    def accept(self) -> None:
        """Make it one edit; the dialog closes when that is done."""
        if self._work is not None:
            self._picker.set_on(False)
            self.setEnabled(False)
            self._operations.apply(self._work)

    def reject(self) -> None:
        """Leave the mask as it was."""
        self._operations.cancel()
        self._close()

    def _set_option(self, field: str, value: object) -> None:
        self.options = replace(self.options, **{field: value})  # type: ignore[arg-type]  # each field knows its type
        self._revise()

    def _place_chosen(self, index: int) -> None:
        place = self._spec.places[index]
        self._picker.set_on(place is Where.REGION)
        match place:
            case Where.WHOLE:
                self._scope = Scope()
            case Where.VIEW:
                self._scope = Scope(box=self._box_in_view())
            case Where.REGION:
                self._scope = None
        self._revise()

    def _pick(self, x: int, y: int) -> None:
        document = self._session.document
        if document is None or not (0 <= y < document.mask.shape[0] and 0 <= x < document.mask.shape[1]):
            return
        # What the mask shows there may be of the operation's own making.
        class_id = self._class_of_region = int(self._session.regions.original(Rect(x, y, 1, 1))[0, 0])
        self._scope = Scope(point=(x, y))
        if not self._spec.has_other and self.class_box.findData(class_id) >= 0:
            self.class_box.blockSignals(True)
            self.class_box.setCurrentIndex(self.class_box.findData(class_id))
            self.class_box.blockSignals(False)
        self._revise()

    def _box_in_view(self) -> Rect:
        document = self._session.document
        assert document is not None
        height, width = document.mask.shape
        ratio, view = self._view.ratio, self._view
        screen = Rect(0, 0, round(view.width() * ratio), round(view.height() * ratio))
        return view.view.image_rect(screen, image=(width, height))

    @Slot()
    def _follow_classes(self) -> None:
        """Offer what the folder has now: a class may have come, or have another name."""
        self._fill_classes(self.class_box.currentData(), self.other_box.currentData())
        self._revise()

    # What is shown -----------------------------------------------------------------------------

    def _why_not(self) -> str:
        """Return what is missing before anything can be computed, an empty string if nothing is."""
        if self._scope is None:
            return "Click a region on the image."
        if self._scope.point is not None and not self._spec.suits(self._class_of_region):
            return "This cannot be done with what you clicked. Click another region."
        if self._spec.has_other and self.class_box.currentData() == self.other_box.currentData():
            return "Choose two different classes."
        return ""

    def _asked_for(self) -> Work | None:
        """Return what is to be done, None if something is missing."""
        if self._scope is None or self._why_not():
            return None
        class_id = self.class_box.currentData()
        if self._scope.point is not None and not self._spec.has_other:
            class_id = self._class_of_region
        choice = self._completed(
            Choice(class_id=class_id, other_id=self.other_box.currentData(), scope=self._scope, options=self.options)
        )
        run = self._spec.run
        return lambda mask, tick: run(mask, choice, tick)

    def _completed(self, choice: Choice) -> Choice:
        """Return a choice with what only a dialog of another kind knows."""
        return choice

    def _revise(self) -> None:
        """Show on the mask what would change now."""
        self._work = self._asked_for()
        is_region = self._spec.places[self.place_box.currentIndex()] is Where.REGION
        # One region has the class that it has.
        self.class_box.setEnabled(self._spec.has_other or not is_region)
        for field in self._spec.for_one:
            self.fields[field].setEnabled(is_region or self.class_box.currentData() is not None)
        self.apply_button.setEnabled(self._work is not None)
        if self._work is not None and self.preview.isChecked():
            self._operations.show(self._work)
        else:
            self._operations.show_nothing()

    def _show_outcome(self) -> None:
        count = self._operations.count
        if why_not := self._why_not():
            text = why_not
        elif not self.preview.isChecked():
            text = "Not shown on the mask."
        elif count is None:
            text = "Looking…"
        elif count == 0:
            text = "Nothing changes."
        else:
            text = "1 pixel changes." if count == 1 else f"{count:,} pixels change."
        self.outcome.setText(text)

    def _close(self) -> None:
        self._picker.set_on(False)
        if not self._is_over:
            self._is_over = True
            self._session.classes_changed.disconnect(self._follow_classes)
            super().reject()
