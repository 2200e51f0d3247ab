"""How a model's card is laid out: its rows and sections, for everything that shows one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFormLayout, QGridLayout, QLabel, QLayout, QVBoxLayout

from segtool.core.run_events import RunEpoch
from segtool.gui import theme
from segtool.gui.model_texts import class_scores, count_text, data_field, images_text, scored_on
from segtool.gui.training_state import Scores, duration_text
from segtool.models.card import ModelCard
from segtool.report.charts import finite_number

Row = tuple[str, str]

_SCORES = ("F1", "IoU", "Precision", "Recall")
_LONGEST_NAME = "Random changes"
_SETTINGS = {"batch": "Batch", "crop": "Crop", "learning_rate": "Learning rate", "seed": "Seed"}


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


def scores_table(card: ModelCard) -> QVBoxLayout:
    """Return the scores on a card: for each class, and over all of them."""
    column = QVBoxLayout()
    column.setSpacing(theme.HALF_SPACE)
    pooled = Scores.from_metrics(card.metrics)
    if pooled is None:
        column.addWidget(text_label("Not measured: no image was held out."))
        return column
    column.addWidget(text_label(f"On {scored_on(card)} that it was not trained on; 1 is perfect.", muted=True))
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.SPACE)
    grid.setVerticalSpacing(theme.HALF_SPACE)
    grid.setColumnStretch(0, 1)
    for side, title in enumerate(_SCORES, start=1):
        grid.addWidget(text_label(title, muted=True, wrap=False), 0, side, Qt.AlignmentFlag.AlignRight)
    for row, (name, scores) in enumerate([*class_scores(card), ("All, pixels pooled", pooled)], start=1):
        grid.addWidget(text_label(name), row, 0)
        for side, value in enumerate((scores.f1, scores.iou, scores.precision, scores.recall), start=1):
            grid.addWidget(text_label(f"{value:.3f}", wrap=False), row, side, Qt.AlignmentFlag.AlignRight)
    column.addLayout(grid)
    return column


def section(title: str, content: QLayout) -> QVBoxLayout:
    """Return a titled part of a card."""
    column = QVBoxLayout()
    column.setSpacing(theme.HALF_SPACE)
    column.addWidget(text_label(f"<b>{title}</b>", rich=True))
    column.addLayout(content)
    return column


def form_of(rows: Sequence[Row], *, first: tuple[str, QLabel] | None = None, last: Sequence[Row] = ()) -> QFormLayout:
    """Return rows of a name and a text; those without a text are left out."""
    form = QFormLayout()
    form.setHorizontalSpacing(2 * theme.SPACE)
    form.setVerticalSpacing(theme.HALF_SPACE)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
    if first is not None:
        form.addRow(_name_label(first[0]), first[1])
    for name, value in (*rows, *last):
        if value:
            form.addRow(_name_label(name), text_label(value))
    return form


def _name_label(text: str) -> QLabel:
    label = text_label(text, muted=True, wrap=False)
    # The values of all sections stand below each other.
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance(_LONGEST_NAME))
    return label


def text_label(text: str, *, muted: bool = False, rich: bool = False, wrap: bool = True) -> QLabel:
    """Return a text; one that is not muted can be selected."""
    label = QLabel(text, wordWrap=wrap)
    label.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    if muted:
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    else:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def learning_curve(epochs: Sequence[RunEpoch]) -> QVBoxLayout:
    """Return the plots of a finished run."""
    # Loading what draws them would delay the window if it were done with the rest.
    from segtool.gui.panels.run_plots import RunPlots

    plots = RunPlots()
    plots.show_epochs(epochs)
    column = QVBoxLayout()
    column.addWidget(plots)
    return column
