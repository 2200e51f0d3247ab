"""The sheet of all keys, made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from segtool.gui import theme
from segtool.gui.actions import ActionSpec, Menu, key_text, plain_text

KeyRow = tuple[str, str]


def key_sections(specs: Sequence[ActionSpec], gestures: Sequence[KeyRow]) -> list[tuple[str, list[KeyRow]]]:
    """Return title and rows (keys, what they do) of each section of the sheet.

    Parameters
    ----------
    specs : sequence of ActionSpec
        Actions; those without a key are left out.
    gestures : sequence of (keys, what they do)
        What the canvas does with keys and buttons that are held.
    """
    sections = []
    for menu in Menu:
        rows = [_row(spec) for spec in specs if spec.menu is menu and spec.shortcuts]
        if rows:
            sections.append((plain_text(menu.value), rows))
    others = [spec for spec in specs if spec.menu is None and spec.shortcuts]
    digits = [spec for spec in others if spec.shortcuts[0].isdigit()]
    rows = [(f"{digits[0].shortcuts[0]} … {digits[-1].shortcuts[0]}", "Class with that id")] if digits else []
    sections.append(("Classes", rows + [_row(spec) for spec in others if spec not in digits]))
    sections.append(("Canvas", list(gestures)))
    return sections


def columns_of(lengths: Sequence[int], *, count: int) -> list[int]:
    """Return in which of some columns each section goes so that they get about equally long: long ones choose first."""
    heights, columns = [0] * count, [0] * len(lengths)
    for section in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        columns[section] = heights.index(min(heights))
        heights[columns[section]] += lengths[section]
    return columns


def _row(spec: ActionSpec) -> KeyRow:
    return "  or  ".join(key_text(keys) for keys in spec.shortcuts), plain_text(spec.text)


class ShortcutsDialog(QDialog):
    """Shows the keys in columns."""

    COLUMNS = 3

    def __init__(self, specs: Sequence[ActionSpec], gestures: Sequence[KeyRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        columns = [QVBoxLayout() for _ in range(self.COLUMNS)]
        sections = key_sections(specs, gestures)
        for number, (title, rows) in zip(
            columns_of([len(rows) + 2 for _, rows in sections], count=self.COLUMNS), sections, strict=True
        ):
            columns[number].addWidget(_section(title, rows))
        sheet = QWidget()
        across = QHBoxLayout(sheet)
        across.setSpacing(4 * theme.SPACE)
        for column in columns:
            column.setSpacing(2 * theme.SPACE)
            column.addStretch(1)
            across.addLayout(column, 1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(sheet)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        theme.strip_icons(buttons)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
        hint = sheet.sizeHint()
        room = self.screen().availableSize() * 0.9
        self.resize(
            min(hint.width() + 6 * theme.SPACE, room.width()), min(hint.height() + 10 * theme.SPACE, room.height())
        )


def _section(title: str, rows: Sequence[KeyRow]) -> QWidget:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * theme.SPACE)
    grid.setVerticalSpacing(theme.HALF_SPACE)
    heading = QLabel(f"<b>{title}</b>")
    grid.addWidget(heading, 0, 0, 1, 2)
    for number, (keys, text) in enumerate(rows, start=1):
        key_label = QLabel(keys)
        key_label.setTextFormat(Qt.TextFormat.PlainText)
        palette = key_label.palette()
        palette.setColor(key_label.foregroundRole(), palette.color(palette.ColorRole.PlaceholderText))
        key_label.setPalette(palette)
        grid.addWidget(QLabel(text), number, 0)
        grid.addWidget(key_label, number, 1, Qt.AlignmentFlag.AlignRight)
    return box
