"""The long form of a model's card: what it is for, what it was trained on, how it scores and how it came about."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from segtool.core.classes import ClassSet
from segtool.gui import theme
from segtool.gui.card_sheet import data_rows, form_of, learning_curve, scores_table, section, setting_rows, text_label
from segtool.gui.model_texts import class_fit, data_field, entry_text, epochs_of, made_text
from segtool.models.store import ModelEntry

_SIZE = (540, 760)


class ModelCardDialog(QDialog):
    """Shows one model's card beside the window, which stays usable; it goes for good when it is closed.

    Parameters
    ----------
    entry : ModelEntry
        The model.
    classes : ClassSet
        Those of the open folder: the card says where they differ from the model's.
    parent : QWidget, optional
    """

    def __init__(self, entry: ModelEntry, classes: ClassSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model card: {entry.label}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._entry, self._classes = entry, classes
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        theme.strip_icons(buttons)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._area, 1)
        layout.addWidget(buttons)
        self._fill()
        self.resize(*_SIZE)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw swatches and muted texts again after a change of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_classes"):
            self._fill()

    def texts(self) -> list[str]:
        """Return every text on the card, from top to bottom."""
        return [label.text() for label in self._area.findChildren(QLabel)]

    def _fill(self) -> None:
        card = self._entry.card
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setContentsMargins(theme.SPACE, theme.HALF_SPACE, 2 * theme.SPACE, theme.SPACE)
        column.setSpacing(2 * theme.SPACE)
        column.addWidget(text_label(f"<b>{html.escape(entry_text(self._entry))}</b>", rich=True))
        swatches = theme.swatches_html((item.name, item.colour) for item in card.classes)
        about = form_of(
            [("Made for", data_field(card, "use")), ("Not made for", data_field(card, "not_for"))],
            first=("Tells apart", text_label(swatches, rich=True)),
            last=[("In this folder", class_fit(card.classes, self._classes)), ("Made", made_text(self._entry))],
        )
        column.addLayout(about)
        data = form_of(data_rows(card))
        if data.rowCount():
            column.addLayout(section("Trained on", data))
        column.addLayout(section("Scores", scores_table(card)))
        settings = form_of(setting_rows(card))
        if settings.rowCount():
            column.addLayout(section("Training", settings))
        epochs = epochs_of(card)
        if epochs:
            column.addLayout(section("Learning curve", learning_curve(epochs)))
        column.addStretch(1)
        self._area.setWidget(sheet)
