"""The look of the window in one place: spacing, palettes, colours with a meaning, fonts and tinted icons."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox, QStyleFactory

from segtool.core.palette import Colour
from segtool.core.printable import printable, printable_lines
from segtool.resources import resource_path

SPACE = 8
HALF_SPACE = SPACE // 2
ICON_SIZE = QSize(20, 20)
SMALL_ICON_SIZE = QSize(16, 16)

_ICON_NAME = "segtoolIcon"
_ICON_PIXELS = (16, 20, 32, 40)
_OUTLINE_DARKENED_BY = 140


class Appearance(StrEnum):
    """What the person wants the window to look like."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class ThemeColours:
    """Colours of the interface as ``#rrggbb``; those of masks are data and do not follow the theme."""

    window: str
    base: str
    alternate: str
    button: str
    text: str
    muted: str
    disabled: str
    line: str
    accent: str
    on_accent: str
    link: str
    error: str
    error_ground: str
    warning: str
    warning_ground: str
    note_ground: str
    success: str


LIGHT = ThemeColours(
    window="#f3f4f6",
    base="#ffffff",
    alternate="#f7f8fa",
    button="#fafbfc",
    text="#1f2328",
    muted="#59636e",
    disabled="#9aa1a9",
    line="#c9ced6",
    accent="#2563c9",
    on_accent="#ffffff",
    link="#1f5fc4",
    error="#b3261e",
    error_ground="#fde7e5",
    warning="#7a4f00",
    warning_ground="#fff3d6",
    note_ground="#e6effc",
    success="#1a7f37",
)

DARK = ThemeColours(
    window="#2b2d30",
    base="#1f2123",
    alternate="#26282b",
    button="#383b3f",
    text="#e4e6e9",
    muted="#a3a9b1",
    disabled="#747a82",
    line="#4a4e54",
    accent="#3a72d8",
    on_accent="#ffffff",
    link="#7fb0ff",
    error="#ff8f85",
    error_ground="#4a2523",
    warning="#f5c860",
    warning_ground="#433819",
    note_ground="#22344f",
    success="#5cc87c",
)


def is_dark() -> bool:
    """Tell whether the application's palette is a dark one."""
    return bool(QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128)


def colours() -> ThemeColours:
    """Return the colours that go with the application's palette."""
    return DARK if is_dark() else LIGHT


def apply_theme(app: QApplication, appearance: Appearance) -> None:
    """Give the application the Fusion style and a palette; SYSTEM follows the desktop's colour scheme."""
    dark = appearance is Appearance.DARK
    if appearance is Appearance.SYSTEM:
        dark = app.styleHints().colorScheme() is Qt.ColorScheme.Dark
    if app.style().objectName().casefold() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    theme = DARK if dark else LIGHT
    app.setPalette(palette_for(theme))
    # Fusion draws the outline of these a good deal darker than the window's colour: on a dark one, unseen.
    for name in ("QRadioButton", "QCheckBox"):
        palette = palette_for(theme)
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.muted).lighter(_OUTLINE_DARKENED_BY))
        app.setPalette(palette, name)  # type: ignore[arg-type]  # PySide says bytes but takes text only


def palette_for(theme: ThemeColours) -> QPalette:
    """Return the palette of a set of colours, with its disabled group."""
    role, palette = QPalette.ColorRole, QPalette()
    line, window = QColor(theme.line), QColor(theme.window)
    for which, value in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.base),
        (role.AlternateBase, theme.alternate),
        (role.Text, theme.text),
        (role.Button, theme.button),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.error),
        (role.ToolTipBase, theme.base),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Accent, theme.accent),
        (role.Link, theme.link),
        (role.LinkVisited, theme.link),
    ):
        palette.setColor(which, QColor(value))
    palette.setColor(role.Light, window.lighter(108))
    palette.setColor(role.Midlight, window.lighter(104))
    palette.setColor(role.Mid, line)
    palette.setColor(role.Dark, line.darker(115))
    palette.setColor(role.Shadow, line.darker(150))
    off = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(off, which, QColor(theme.disabled))
    palette.setColor(off, role.Highlight, line)
    return palette


def small_font(font: QFont) -> QFont:
    """Return the small size of the interface's two: for second lines and captions."""
    small = QFont(font)
    if font.pointSizeF() > 0:
        small.setPointSizeF(font.pointSizeF() * 0.9)
    else:
        small.setPixelSize(round(font.pixelSize() * 0.9))
    return small


def icon(name: str, *, colour: str | None = None) -> QIcon:
    """Return ``resources/icons/NAME.svg`` in the text colour of the theme, or in ``colour`` (``#rrggbb``)."""
    theme = colours()
    return _tinted(name, colour or theme.text, theme.disabled, theme.on_accent if colour is None else colour)


def pixmap(name: str, *, colour: str, side: int, ratio: float = 1.0) -> QPixmap:
    """Return an icon as a pixmap of ``side`` logical pixels for a screen with that device pixel ratio."""
    return _pixmap(name, colour, side, ratio)


def app_icon() -> QIcon:
    """Return the program's own icon."""
    result = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_pixmap("segtool", "#000000", side, 1.0))
    return result


class _HasIcon(Protocol):
    def setIcon(self, icon: QIcon) -> None: ...  # noqa: N802


def set_icon(target: QObject, name: str) -> None:
    """Give an action or a button an icon that ``retint`` finds again when the theme changes."""
    target.setProperty(_ICON_NAME, name)
    cast(_HasIcon, target).setIcon(icon(name))


def retint(root: QObject) -> None:
    """Draw every icon below ``root`` that came from ``set_icon`` again in the theme's colour of now."""
    for child in (root, *root.findChildren(QObject)):
        name = child.property(_ICON_NAME)
        if isinstance(name, str):
            cast(_HasIcon, child).setIcon(icon(name))


def strip_icons(box: QDialogButtonBox | QMessageBox) -> None:
    """Take away the icons that some desktops put on standard buttons: they belong to no theme of ours."""
    for button in box.buttons():
        button.setIcon(QIcon())


def swatch_icon(colour: Colour | None) -> QIcon:
    """Return a class's square as an icon that keeps its colour where its row is selected or disabled."""
    result = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Disabled):
        for ratio in (1, 2):
            result.addPixmap(swatch(colour, side=SMALL_ICON_SIZE.width() * ratio), mode)
    return result


def swatch(colour: Colour | None, *, side: int = 16) -> QPixmap:
    """Return a square filled with a class's colour; None gives the crossed square of void."""
    result = _empty_pixmap(side, 1.0)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(colours().muted))
    box = QRectF(1.5, 1.5, side - 3, side - 3)
    painter.setBrush(QColor(*colour) if colour is not None else QColor(colours().base))
    painter.drawRoundedRect(box, 2, 2)
    if colour is None:
        painter.drawLine(box.bottomLeft(), box.topRight())
    painter.end()
    return result


def swatches_html(items: Iterable[tuple[str, Colour]]) -> str:
    """Return names with squares in their colours before them, as rich text that breaks between them only."""
    parts = []
    for name, (red, green, blue) in items:
        kept_together = html.escape(name).replace(" ", "&nbsp;")
        parts.append(f'<span style="color:#{red:02x}{green:02x}{blue:02x}">■</span>&nbsp;{kept_together}')
    return "&nbsp; ".join(parts)


def title_text(text: str) -> str:
    """Return a part of a window's title letter by letter: ``[*]`` would be the mark of unsaved changes."""
    return printable(text).replace("[*]", "[*][*]")


def plain_tip(text: str) -> str:
    """Return a tooltip that shows a text letter by letter: Qt takes what looks like HTML for HTML."""
    text = printable_lines(text)
    lines = html.escape(text).replace("\n", "<br>")
    return f"<span>{lines}</span>" if "<" in text else text


def _tinted(name: str, normal: str, disabled: str, selected: str) -> QIcon:
    result = QIcon()
    for mode, colour in (
        (QIcon.Mode.Normal, normal),
        (QIcon.Mode.Disabled, disabled),
        (QIcon.Mode.Selected, selected),
    ):
        for side in _ICON_PIXELS:
            result.addPixmap(_pixmap(name, colour, side, 1.0), mode)
    return result


def _pixmap(name: str, colour: str, side: int, ratio: float) -> QPixmap:
    key = f"segtool/{name}/{colour}/{side}/{ratio}"
    # Qt's cache and not one of Python's: pixmaps must not outlive the application.
    if QPixmapCache.find(key, result := QPixmap()):
        return result
    svg = resource_path("icons", f"{name}.svg").read_bytes().replace(b"currentColor", colour.encode("ascii"))
    result = _empty_pixmap(side, ratio)
    painter = QPainter(result)
    QSvgRenderer(QByteArray(svg)).render(painter, QRectF(0, 0, side, side))
    painter.end()
    QPixmapCache.insert(key, result)
    return result


def _empty_pixmap(side: int, ratio: float) -> QPixmap:
    result = QPixmap(round(side * ratio), round(side * ratio))
    result.setDevicePixelRatio(ratio)
    result.fill(Qt.GlobalColor.transparent)
    return result
