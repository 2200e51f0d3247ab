"""The panel with the models: which one is active, what it tells apart, how good it is, and what to do with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.dialogs.model_card_dialog import ModelCardDialog
from segtool.gui.model_texts import card_facts, class_fit, entry_text
from segtool.gui.session import Session

_MAX_CLASSES = 8
_NO_MODEL = "There is no model yet. Correct a few masks and train one with Retrain."


class ModelPanel(QWidget):
    """Shows the active model; another one can be chosen.

    Parameters
    ----------
    session : Session
        Knows the models.
    segment, retrain : QAction
        What the two buttons do.
    """

    def __init__(self, session: Session, *, segment: QAction, retrain: QAction) -> None:
        super().__init__()
        self._session = session
        self.combo = QComboBox()
        self.combo.setAccessibleName("Active model")
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(7)
        self.facts = QFormLayout()
        self.facts.setContentsMargins(0, 0, 0, 0)
        self.facts.setHorizontalSpacing(2 * theme.SPACE)
        self.facts.setVerticalSpacing(theme.HALF_SPACE)
        self.facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.hint = QLabel(_NO_MODEL, wordWrap=True)
        self.fit = QLabel(wordWrap=True)
        self.fit.setTextFormat(Qt.TextFormat.PlainText)
        self.fit.setAccessibleName("Classes of model and folder")
        self.card_button = QPushButton("Model card…")
        self.card_button.setToolTip("What the model is for, what it was trained on, and how it scores")
        choice = QHBoxLayout()
        choice.setSpacing(theme.SPACE)
        choice.addWidget(self.combo, 1)
        choice.addWidget(self.card_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        for action in (segment, retrain):
            buttons.addWidget(_button(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addLayout(choice)
        layout.addWidget(self.hint)
        layout.addWidget(self.fit)
        layout.addLayout(self.facts)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.combo.activated.connect(self._choose)
        self.card_button.clicked.connect(self._show_card)
        session.model_changed.connect(self._read)
        session.project_changed.connect(self._read)
        session.classes_changed.connect(self._read)
        self._read()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which the facts need no second line."""
        return QSize(260, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Follow the lines as they wrap."""
        super().resizeEvent(event)
        self._keep_room()

    def event(self, event: QEvent) -> bool:
        """Follow the lines as they come and go: new ones count once they are shown."""
        is_done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._keep_room()
        return is_done

    def retint(self) -> None:
        """Take the colours of the theme of now."""
        self._read()

    def _choose(self, row: int) -> None:
        name = self.combo.itemData(row)
        active = self._session.model
        if (active is None or active.name != name) and not self._session.set_active_model(name):
            self._read()

    def _show_card(self) -> None:
        if self._session.model is not None:
            ModelCardDialog(self._session.model, self._session.classes, self.window()).show()

    def _read(self) -> None:
        active, models = self._session.model, self._session.models
        is_open = self._session.project is not None
        self.combo.clear()
        for row, entry in enumerate(models):
            self.combo.addItem(entry_text(entry), entry.name)
            fit = class_fit(entry.card.classes, self._session.classes) if is_open else ""
            names = ", ".join(item.name for item in entry.card.classes)
            self.combo.setItemData(row, theme.plain_tip(f"{names}\n{fit}".strip()), Qt.ItemDataRole.ToolTipRole)
        self.combo.setCurrentIndex(-1 if active is None else self.combo.findData(active.name))
        self.combo.setEnabled(bool(models))
        self.hint.setVisible(active is None)
        self.hint.setText(_NO_MODEL if is_open else "Open a folder to use a model.")
        fit = class_fit(active.card.classes, self._session.classes) if is_open and active is not None else ""
        self.fit.setText(fit)
        self.fit.setVisible(bool(fit))
        self.fit.setStyleSheet(f"color: {theme.colours().warning}")
        self.card_button.setEnabled(active is not None)
        while self.facts.rowCount():
            self.facts.removeRow(0)
        if active is not None:
            classes = active.card.classes.classes
            # The folder's own colours, where it has a class of that name: they are those of the mask.
            own = {item.name: item.colour for item in self._session.classes} if is_open else {}
            swatches = theme.swatches_html(
                (item.name, own.get(item.name, item.colour)) for item in classes[:_MAX_CLASSES]
            )
            if len(classes) > _MAX_CLASSES:
                swatches += f" and {len(classes) - _MAX_CLASSES} more"
            names = ", ".join(item.name for item in classes)
            self._add_fact("Tells apart", swatches, names, text_format=Qt.TextFormat.RichText)
            for name, value, tip in card_facts(active):
                self._add_fact(name, value, tip)

    def _keep_room(self) -> None:
        """Claim the height that the lines take at this width: a dock would cut off what is wrapped."""
        layout = self.layout()
        if layout is not None:
            self.setMinimumHeight(max(0, layout.totalHeightForWidth(self.width())))

    def _add_fact(
        self, name: str, value: str, tip: str, *, text_format: Qt.TextFormat = Qt.TextFormat.PlainText
    ) -> None:
        label, text = QLabel(name), QLabel(value, wordWrap=True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        palette = label.palette()
        palette.setColor(label.foregroundRole(), palette.color(palette.ColorRole.PlaceholderText))
        label.setPalette(palette)
        text.setTextFormat(text_format)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setToolTip(theme.plain_tip(tip))
        text.setAccessibleName(name)
        self.facts.addRow(label, text)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIconSize(theme.ICON_SIZE)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button
