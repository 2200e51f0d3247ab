"""The long form of a model's card: what it is for, what it was trained on, how it scores and how it came about."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from segtool.core.classes import ClassSet
from segtool.gui import theme
from segtool.gui.model_texts import (
    class_fit,
    class_scores,
    count_text,
    data_field,
    entry_text,
    epochs_of,
    images_text,
    made_text,
    scored_on,
)
from segtool.gui.panels.run_plots import RunPlots
from segtool.gui.training_state import Scores, duration_text
from segtool.models.card import ModelCard
from segtool.models.store import ModelEntry
from segtool.report.charts import finite_number

Row = tuple[str, str]

_SIZE = (540, 760)
_SCORES = ("F1", "IoU", "Precision", "Recall")
_LONGEST_NAME = "Random changes"
_SETTINGS = {"batch": "Batch", "crop": "Crop", "learning_rate": "Learning rate", "seed": "Seed"}


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
        self.setWindowTitle(f"Model card: {entry.name}")
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
        column.addWidget(_text(f"<b>{html.escape(entry_text(self._entry))}</b>", rich=True))
        swatches = theme.swatches_html((item.name, item.colour) for item in card.classes)
        about = _form(
            [("Made for", data_field(card, "use")), ("Not made for", data_field(card, "not_for"))],
            first=("Tells apart", _text(swatches, rich=True)),
            last=[("In this folder", class_fit(card.classes, self._classes)), ("Made", made_text(self._entry))],
        )
        column.addLayout(about)
        data = _form(data_rows(card))
        if data.rowCount():
            column.addLayout(_section("Trained on", data))
        column.addLayout(_section("Scores", _scores(card)))
        settings = _form(setting_rows(card))
        if settings.rowCount():
            column.addLayout(_section("Training", settings))
        epochs = epochs_of(card)
        if epochs:
            plots = RunPlots()
            plots.show_epochs(epochs)
            curve = QVBoxLayout()
            curve.addWidget(plots)
            column.addLayout(_section("Learning curve", curve))
        column.addStretch(1)
        self._area.setWidget(sheet)


def data_rows(card: ModelCard) -> list[Row]:
    """Return what a card says of the images that the model was trained on; values may be empty."""
    return [
        ("Data", data_field(card, "name")),
        ("Source", data_field(card, "source")),
        ("Licence", data_field(card, "licence")),
        ("Images", data_field(card, "split") or images_text(card)),
    ]


def setting_rows(card: ModelCard) -> list[Row]:
    """Return how a model was trained; values may be empty."""
    training, settings = card.training, card.training.get("settings")
    base, steps = training.get("base"), training.get("steps")
    seconds = finite_number(training.get("seconds"))
    took = "" if seconds is None else f"{duration_text(seconds)} for "
    rows = [
        ("Started from", "random weights" if base == "none" else base if isinstance(base, str) else ""),
        ("Took", f"{took}{count_text(steps, 'step', 'steps')}" if isinstance(steps, int) else ""),
    ]
    settings = settings if isinstance(settings, dict) else {}
    for name, label in _SETTINGS.items():
        value = finite_number(settings.get(name))
        rows.append((label, "" if value is None else f"{value:g}"))
    changes = settings.get("augmentation")
    if isinstance(changes, dict):
        parts = [f"{name.replace('_', ' ')} {value:g}" for name, value in changes.items() if _is_strength(value)]
        rows.append((_LONGEST_NAME, ", ".join(parts) or "none"))
    return rows


def _is_strength(value: object) -> bool:
    return (finite_number(value) or 0) > 0


def _scores(card: ModelCard) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(theme.HALF_SPACE)
    pooled = Scores.from_metrics(card.metrics)
    if pooled is None:
        column.addWidget(_text("Not measured: no image was held out."))
        return column
    column.addWidget(_text(f"On {scored_on(card)} that it was not trained on; 1 is perfect.", muted=True))
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.SPACE)
    grid.setVerticalSpacing(theme.HALF_SPACE)
    grid.setColumnStretch(0, 1)
    for side, title in enumerate(_SCORES, start=1):
        grid.addWidget(_text(title, muted=True, wrap=False), 0, side, Qt.AlignmentFlag.AlignRight)
    for row, (name, scores) in enumerate([*class_scores(card), ("All, pixels pooled", pooled)], start=1):
        grid.addWidget(_text(name), row, 0)
        for side, value in enumerate((scores.f1, scores.iou, scores.precision, scores.recall), start=1):
            grid.addWidget(_text(f"{value:.3f}", wrap=False), row, side, Qt.AlignmentFlag.AlignRight)
    column.addLayout(grid)
    return column


def _section(title: str, content: QFormLayout | QVBoxLayout) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(theme.HALF_SPACE)
    column.addWidget(_text(f"<b>{title}</b>", rich=True))
    column.addLayout(content)
    return column


def _form(rows: Sequence[Row], *, first: tuple[str, QLabel] | None = None, last: Sequence[Row] = ()) -> QFormLayout:
    """Return rows of a name and a text; those without a text are left out."""
    form = QFormLayout()
    form.setHorizontalSpacing(2 * theme.SPACE)
    form.setVerticalSpacing(theme.HALF_SPACE)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    if first is not None:
        form.addRow(_name(first[0]), first[1])
    for name, value in (*rows, *last):
        if value:
            form.addRow(_name(name), _text(value))
    return form


def _name(text: str) -> QLabel:
    label = _text(text, muted=True, wrap=False)
    # The values of all sections stand below each other.
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(_LONGEST_NAME))
    return label


def _text(text: str, *, muted: bool = False, rich: bool = False, wrap: bool = True) -> QLabel:
    label = QLabel(text, wordWrap=wrap)
    label.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    if muted:
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    else:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
