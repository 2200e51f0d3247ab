from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QAction, QColor, QIcon, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QRadioButton, QWidget

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
    grounds = (colours.warning_ground, colours.error_ground, colours.note_ground)
    pairs += [(colours.text, ground) for ground in grounds]
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


@pytest.mark.parametrize("appearance", [Appearance.LIGHT, Appearance.DARK])
@pytest.mark.parametrize("kind", [QRadioButton, QCheckBox])
def test_what_can_be_ticked_is_seen_before_it_is(
    qapp: QApplication, appearance: Appearance, kind: type[QAbstractButton]
) -> None:
    theme.apply_theme(qapp, appearance)
    window = QWidget()
    kind(window).resize(20, 20)
    image = window.grab(QRect(0, 0, 40, 20)).toImage()
    ground = image.pixelColor(30, 10).name()
    assert ground == theme.colours().window
    best = max(_contrast(image.pixelColor(x, 10).name(), ground) for x in range(20))
    window.deleteLater()
    # The least that an outline needs. Source: WCAG 2.2, success criterion 1.4.11.
    assert best >= 3.0


def test_void_and_classes_have_different_swatches(qapp: QApplication) -> None:
    shown = theme.swatch((230, 159, 0)).toImage().pixelColor(8, 8)
    assert shown.getRgb()[:3] == (230, 159, 0)
    assert theme.swatch(None).toImage() != theme.swatch((255, 255, 255)).toImage()


def test_a_tip_shows_what_looks_like_html_letter_by_letter() -> None:
    assert theme.plain_tip("nucleus & debris\nof 2 < 3") == "<span>nucleus &amp; debris<br>of 2 &lt; 3</span>"
    assert theme.plain_tip("nucleus & debris\n") == "nucleus & debris\n"
