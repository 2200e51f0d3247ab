"""Everything that is known of one version: where it came from, what it was trained on, how it learned and scores."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from segtool.gui import theme
from segtool.gui.card_sheet import form_of, learning_curve, scores_table, section, setting_rows, text_label
from segtool.gui.model_texts import entry_text, epochs_of, images_text, made_text
from segtool.models.base import bundled_bases
from segtool.models.lineage import ancestor_names, children_of, name_before
from segtool.models.store import ModelEntry

_HASH_SHOWN = 8
_LINES_SHOWN = 8
_ARROW = "  →  "


@dataclass(frozen=True, slots=True)
class ImageUsed:
    """An image that a version was trained on: its key, and what image and mask hashed to then ("" if unknown)."""

    key: str
    sha256: str = ""


class VersionDetail(QScrollArea):
    """Shows one version, or nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Details of the version")

    def texts(self) -> list[str]:
        """Return every text that is shown, from top to bottom."""
        return [label.text() for label in self.findChildren(QLabel)]

    def show_entry(self, entry: ModelEntry | None, entries: Sequence[ModelEntry]) -> None:
        """Show a version; ``entries`` are all models that there are."""
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setContentsMargins(2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        column.setSpacing(2 * theme.SPACE)
        if entry is not None:
            _fill(column, entry, entries)
        column.addStretch(1)
        self.setWidget(sheet)


def _fill(column: QVBoxLayout, entry: ModelEntry, entries: Sequence[ModelEntry]) -> None:
    card = entry.card
    column.addWidget(text_label(f"<b>{html.escape(entry_text(entry))}</b>", rich=True))
    if card.note:
        column.addWidget(text_label(card.note))
    labels = {item.name: f"{item.label} base" for item in bundled_bases()} | {item.name: item.label for item in entries}
    chain = [labels.get(name, f"{name} (gone)") for name in ancestor_names(entry, entries)]
    column.addLayout(
        form_of(
            [
                ("Folder", entry.name if card.title else ""),
                ("Came from", _ARROW.join([*chain, entry.label]) if chain else ""),
                ("Took the place of", labels.get(name_before(entry), "") if not entry.bundled else ""),
                ("Led to", ", ".join(item.label for item in children_of(entry.name, entries))),
                ("Verdict", verdict_text(card.training)),
                ("Made", made_text(entry)),
            ]
        )
    )
    column.addLayout(section("Scores", scores_table(card)))
    epochs = epochs_of(card)
    if epochs:
        column.addLayout(section("Learning curve", learning_curve(epochs)))
    settings = form_of(setting_rows(card))
    if settings.rowCount():
        column.addLayout(section("Training", settings))
    column.addLayout(section("Images", _images(entry)))


def _images(entry: ModelEntry) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(theme.HALF_SPACE)
    column.addWidget(text_label(f"{images_text(entry.card).capitalize()}."))
    used = images_used(entry.card.training)
    if used:
        if any(image.sha256 for image in used):
            column.addWidget(
                text_label("Each with the start of the SHA-256 of image and mask at that time:", muted=True)
            )
        listing = QPlainTextEdit("\n".join(_line(image) for image in used), readOnly=True)
        listing.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        lines = min(len(used), _LINES_SHOWN) + 1
        listing.setFixedHeight(lines * listing.fontMetrics().lineSpacing() + 2 * theme.SPACE)
        listing.setAccessibleName("Images that it was trained on")
        column.addWidget(listing)
    return column


def _line(image: ImageUsed) -> str:
    return f"{image.sha256[:_HASH_SHOWN]}  {image.key}" if image.sha256 else image.key


def images_used(training: dict[str, Any]) -> tuple[ImageUsed, ...]:
    """Return the images that a card's history names, with hashes where it has them; older cards have keys only."""
    found = []
    used = training.get("images_used")
    for item in used if isinstance(used, list) else []:
        if isinstance(item, dict) and isinstance(item.get("key"), str):
            digest = item.get("sha256")
            found.append(ImageUsed(item["key"], digest if isinstance(digest, str) else ""))
    if not found:
        keys = training.get("image_keys")
        found = [ImageUsed(key) for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    return tuple(found)


def verdict_text(training: dict[str, Any]) -> str:
    """Return what was decided about a version when its training ended, "" if its card does not say."""
    verdict = training.get("verdict")
    if not isinstance(verdict, dict) or not isinstance(verdict.get("accepted"), bool):
        return ""
    why = verdict.get("why")
    decided = "Accepted" if verdict["accepted"] else "Not accepted"
    return f"{decided}: {why}" if isinstance(why, str) and why else f"{decided}."
