from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction, QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication, QWidget

from segtool.gui import theme
from segtool.gui.theme import DARK, LIGHT, Appearance, ThemeColours


@pytest.fixture(autouse=True)
def light_afterwards(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply_theme(qapp, Appearance.LIGHT)


def _luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def _contrast(first: str, second: str) -> float:
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_text_can_be_read_on_every_ground_it_stands_on(colours: ThemeColours) -> None:
    pairs = [(ink, ground) for ink in (colours.text, colours.muted) for ground in (colours.window, colours.base)]
    pairs += [(colours.error, colours.window), (colours.success, colours.base), (colours.link, colours.base)]
    pairs += [(colours.on_accent, colours.accent), (colours.warning, colours.base)]
    pairs += [(colours.text, colours.warning_ground), (colours.text, colours.error_ground)]
    assert [pair for pair in pairs if _contrast(*pair) < 4.5] == []


def _ink(icon: QIcon) -> QColor:
    image = icon.pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda colour: colour.alpha())


def test_icons_follow_the_theme(qapp: QApplication) -> None:
    root = QWidget()
    action = QAction(root)
    theme.apply_theme(qapp, Appearance.LIGHT)
    theme.set_icon(action, "brush")
    assert _ink(action.icon()).name() == LIGHT.text
    theme.apply_theme(qapp, Appearance.DARK)
    assert theme.is_dark()
    theme.retint(root)
    assert _ink(action.icon()).name() == DARK.text
    root.deleteLater()


def test_void_and_classes_have_different_swatches(qapp: QApplication) -> None:
    shown = theme.swatch((230, 159, 0)).toImage().pixelColor(8, 8)
    assert shown.getRgb()[:3] == (230, 159, 0)
    assert theme.swatch(None).toImage() != theme.swatch((255, 255, 255)).toImage()
