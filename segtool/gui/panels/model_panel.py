"""The panel with the models: which one is active, how good it is, and what to do with it."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.session import Session
from segtool.gui.training_state import Scores
from segtool.models.card import NETWORK_DATA_FILE, ModelCard
from segtool.models.store import ModelEntry

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
        self.combo.setMinimumContentsLength(12)
        self.facts = QFormLayout()
        self.facts.setContentsMargins(0, 0, 0, 0)
        self.facts.setHorizontalSpacing(2 * theme.SPACE)
        self.facts.setVerticalSpacing(theme.HALF_SPACE)
        self.facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.hint = QLabel(_NO_MODEL, wordWrap=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        for action in (segment, retrain):
            buttons.addWidget(_button(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        layout.setSpacing(theme.SPACE)
        layout.addWidget(self.combo)
        layout.addWidget(self.hint)
        layout.addLayout(self.facts)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.combo.activated.connect(self._choose)
        session.model_changed.connect(self._read)
        session.project_changed.connect(self._read)
        self._read()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return a size at which the facts need no second line."""
        return QSize(260, super().sizeHint().height())

    def retint(self) -> None:
        """Take the colours of the theme of now."""
        self._read()

    def _choose(self, row: int) -> None:
        name = self.combo.itemData(row)
        active = self._session.model
        if (active is None or active.name != name) and not self._session.set_active_model(name):
            self._read()

    def _read(self) -> None:
        active, models = self._session.model, self._session.models
        self.combo.clear()
        for entry in models:
            self.combo.addItem(entry_text(entry), entry.name)
        self.combo.setCurrentIndex(-1 if active is None else self.combo.findData(active.name))
        self.combo.setEnabled(bool(models))
        self.hint.setVisible(active is None)
        self.hint.setText(_NO_MODEL if self._session.project is not None else "Open a folder to use a model.")
        while self.facts.rowCount():
            self.facts.removeRow(0)
        for name, value, tip in [] if active is None else card_facts(active):
            self._add_fact(name, value, tip)

    def _add_fact(self, name: str, value: str, tip: str) -> None:
        label, text = QLabel(name), QLabel(value, wordWrap=True)
        palette = label.palette()
        palette.setColor(label.foregroundRole(), palette.color(palette.ColorRole.PlaceholderText))
        label.setPalette(palette)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setToolTip(tip)
        text.setAccessibleName(name)
        self.facts.addRow(label, text)


def entry_text(entry: ModelEntry) -> str:
    """Return a model's name as the list shows it."""
    return f"{entry.name} (bundled)" if entry.bundled else entry.name


def card_facts(entry: ModelEntry) -> list[tuple[str, str, str]]:
    """Return what a card says in short: names, values and longer explanations."""
    card = entry.card
    facts = [
        ("F1", _score_text(card), "Agreement with the masks of images that it was not trained on; 1 is perfect"),
        ("Trained", _trained_text(card), "When, and on how many images"),
        *_base_fact(card),
        ("Classes", ", ".join(item.name for item in card.classes), "What it tells apart"),
    ]
    parameters = card.training.get("parameters")
    if isinstance(parameters, int):
        facts.append(("Parameters", f"{parameters:,}", "Numbers that the network has learned"))
    elif size := _size_of(entry):
        facts.append(("Size", f"{size / 1e6:.1f} MB", "Size of the network on disk"))
    return facts


def _score_text(card: ModelCard) -> str:
    scores = Scores.from_metrics(card.metrics)
    if scores is None:
        return "not measured"
    images = (card.metrics or {}).get("images")
    on = "held-out images" if not isinstance(images, int) else _images(images, "held-out ")
    return f"{scores.f1:.3f} on {on}"


def _trained_text(card: ModelCard) -> str:
    parts = []
    with contextlib.suppress(ValueError):
        parts.append(f"{datetime.fromisoformat(card.created).astimezone():%d %b %Y}")
    images: Any = card.training.get("images")
    if isinstance(images, int):
        parts.append(f"on {_images(images)}")
    return " ".join(parts) if parts else "unknown"


def _base_fact(card: ModelCard) -> list[tuple[str, str, str]]:
    base = card.training.get("base")
    return (
        [("Base", base, "The model that its training started from")] if isinstance(base, str) and base != "none" else []
    )


def _images(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}image" if count == 1 else f"{count:,} {kind}images"


def _size_of(entry: ModelEntry) -> int:
    try:
        return (entry.folder / NETWORK_DATA_FILE).stat().st_size
    except OSError:
        return 0


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIconSize(theme.ICON_SIZE)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button
