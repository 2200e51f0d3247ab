"""The comparison in the real window: what is painted where, and what keys do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from segtool.core.difference import Difference
from segtool.core.display import MaskStyle
from segtool.core.geometry import Rect
from segtool.gui.actions import ActionId
from segtool.gui.canvas.difference_layer import DIFFERENCE_COLOURS
from segtool.gui.commands import Commands
from segtool.gui.history.compare_dialog import CompareDialog
from segtool.gui.history.compare_job import Compared
from segtool.gui.history.compare_result import difference_text
from segtool.gui.history.compare_views import CompareMode
from segtool.gui.history.comparing import CompareStage
from segtool.gui.history.linked_view import LinkedView
from segtool.gui.main_window import MainWindow


def dialog_of(window: MainWindow) -> CompareDialog:
    (commands,) = window.findChildren(Commands)
    dialog = commands.history.comparison
    assert dialog is not None
    return dialog


def compared_of(window: MainWindow) -> Compared:
    compared = window._session.comparing.state.compared
    assert compared is not None
    return compared


@pytest.fixture
def dialog(versions_window: MainWindow, qtbot: QtBot) -> CompareDialog:
    """The comparison of the active version with its parent, ready, at full strength of the tint."""
    session = versions_window._session
    session.set_overlay_opacity(1.0)
    versions_window.action_set[ActionId.COMPARE_VERSIONS].trigger()
    dialog = dialog_of(versions_window)
    qtbot.waitExposed(dialog)
    qtbot.waitUntil(lambda: session.comparing.state.stage is CompareStage.READY, timeout=60_000)
    return dialog


def grabbed(widget: QWidget) -> npt.NDArray[np.uint8]:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.width(), 4)
    return np.ascontiguousarray(pixels[..., 2::-1])


def shown_as_first(compared: Compared, view: LinkedView, pixels: npt.NDArray[np.uint8], *, columns: slice) -> bool:
    """Tell which mask is painted where only one of the two finds a nucleus: True for the first, False for the second.

    All such pixels of the columns must say the same.
    """
    colour = compared.classes.get(1).colour
    answers = set()
    for y, x in np.argwhere(compared.difference != 0):
        place = view.image_to_widget(x + 0.5, y + 0.5)
        column, row = int(place.x()), int(place.y())
        if columns.start <= column < columns.stop:
            is_painted = tuple(pixels[row, column]) == colour
            answers.add(is_painted == (compared.difference[y, x] == Difference.ONLY_FIRST))
    assert len(answers) == 1, answers
    return answers.pop()


def test_it_opens_with_the_active_version_and_its_parent(dialog: CompareDialog, versions_window: MainWindow) -> None:
    assert (dialog.first.currentData(), dialog.second.currentData()) == ("0002-b", "0001-a")
    assert dialog.windowTitle() == "Compare versions: a.png"
    assert dialog.views.mode is CompareMode.SIDE_BY_SIDE
    compared = compared_of(versions_window)
    assert dialog.numbers.differing.text() == difference_text(compared)
    assert f"({compared.differing:,} of 10,800)" in difference_text(compared)
    assert dialog.numbers.no_scores.isVisible()
    assert not dialog.numbers.scores.isVisible()


def test_the_wipe_shows_the_first_left_of_the_divider_and_the_second_right_of_it(
    dialog: CompareDialog, versions_window: MainWindow, qtbot: QtBot
) -> None:
    compared = compared_of(versions_window)
    QTest.keyClick(dialog, Qt.Key.Key_2)
    assert dialog.views.mode is CompareMode.WIPE
    wipe = dialog.views.wipe
    qtbot.waitUntil(lambda: wipe.first.width() == wipe.width() > 500)
    for divider in (0.5, 0.3):
        wipe.set_divider(divider)
        edge = round(wipe.width() * divider)
        pixels = grabbed(wipe)
        # The divider itself lies over both.
        assert shown_as_first(compared, wipe.first, pixels, columns=slice(0, edge - 8))
        assert not shown_as_first(compared, wipe.first, pixels, columns=slice(edge + 8, wipe.width()))


def test_keys_and_the_mouse_move_the_divider(dialog: CompareDialog, qtbot: QtBot) -> None:
    wipe = dialog.views.wipe
    QTest.keyClick(dialog, Qt.Key.Key_Right)
    assert wipe.divider == 0.5
    QTest.keyClick(dialog, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: wipe.first.width() == wipe.width() > 500)
    QTest.keyClick(dialog, Qt.Key.Key_Right)
    QTest.keyClick(dialog, Qt.Key.Key_Right)
    QTest.keyClick(dialog, Qt.Key.Key_Left)
    assert wipe.divider == pytest.approx(0.52)
    handle = wipe.handle
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    QTest.mouseMove(handle, handle.mapFrom(wipe, QPoint(wipe.width() // 4, 100)))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton)
    assert wipe.divider == pytest.approx(0.25, abs=0.01)
    wipe.set_divider(-3)
    assert wipe.divider == 0.0


def test_side_by_side_each_view_shows_its_own_and_both_move_together(
    dialog: CompareDialog, versions_window: MainWindow
) -> None:
    compared, left, right = compared_of(versions_window), dialog.views.left, dialog.views.right
    whole = slice(0, left.width())
    assert shown_as_first(compared, left, grabbed(left), columns=whole)
    assert not shown_as_first(compared, right, grabbed(right), columns=whole)
    right.zoom_at(QPointF(30, 40), steps=5)
    right.moved.emit()
    QTest.mousePress(left, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(left, QPoint(130, 90))
    QTest.mouseRelease(left, Qt.MouseButton.LeftButton)
    assert left.look().scale == right.look().scale > 2
    assert left.look().centre == pytest.approx(right.look().centre, abs=0.5)
    centre = left.look().centre
    QTest.keyClick(dialog, Qt.Key.Key_3)
    assert dialog.views.difference.look().centre == pytest.approx(centre, abs=1.0)
    dialog.views.fit()
    assert all(view.look().is_fitted for view in (left, right, dialog.views.difference))


def test_the_difference_is_painted_and_explained(
    dialog: CompareDialog, versions_window: MainWindow, qtbot: QtBot
) -> None:
    compared, view = compared_of(versions_window), dialog.views.difference
    QTest.keyClick(dialog, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: view.width() > 500)
    dialog.views.zoom(2)
    pixels = grabbed(view)
    seen = set()
    for y, x in np.argwhere(np.ones_like(compared.difference)):
        place = view.image_to_widget(x + 0.5, y + 0.5)
        kind = Difference(int(compared.difference[y, x]))
        if not view.rect().contains(place.toPoint()) or kind in seen:
            continue
        red, green, blue = map(int, pixels[int(place.y()), int(place.x())])
        if kind is Difference.NONE:
            assert red == green == blue
        elif kind is Difference.ONLY_FIRST:
            assert blue > red
        else:
            assert red > blue
        seen.add(kind)
    assert seen == {Difference.NONE, Difference.ONLY_FIRST, Difference.ONLY_SECOND}
    assert dialog.numbers.legend.isVisible()
    legend = dialog.numbers.legend.text()
    assert QColor(*DIFFERENCE_COLOURS[Difference.ONLY_FIRST]).name() in legend
    assert "only&nbsp;B" in legend
    assert "class" not in legend


def test_scores_appear_with_the_persons_mask(dialog: CompareDialog, versions_window: MainWindow, qtbot: QtBot) -> None:
    compared, session = compared_of(versions_window), versions_window._session
    assert session.apply_pixels("Paint", Rect.of_shape(compared.masks[1].shape), compared.masks[1])
    qtbot.waitUntil(dialog.numbers.scores.isVisible)
    assert dialog.numbers.cells["B", "F1"].text() == "1.000"
    assert dialog.numbers.cells["B", "IoU"].text() == "1.000"
    assert float(dialog.numbers.cells["A", "F1"].text()) < 1


def test_swapping_and_choosing_compare_again(dialog: CompareDialog, versions_window: MainWindow, qtbot: QtBot) -> None:
    comparing = versions_window._session.comparing
    before = compared_of(versions_window)
    dialog.swap.click()
    assert (dialog.first.currentData(), dialog.second.currentData()) == ("0001-a", "0002-b")
    qtbot.waitUntil(lambda: comparing.state.compared is not None, timeout=60_000)
    assert compared_of(versions_window).masks[0] is before.masks[1]
    # The parent is deleted: two others are compared.
    assert versions_window._session.versions.delete("0001-a")
    qtbot.waitUntil(lambda: dialog.first.findData("0001-a") == -1)
    assert dialog.first.currentData() == "0002-b"
    assert dialog.second.currentData() in ("nuclei", "aerial")


def test_escape_closes_and_lets_go(dialog: CompareDialog, versions_window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert versions_window._session.comparing.state.stage is CompareStage.IDLE
    assert not dialog.views.left.has_image
    versions_window.action_set[ActionId.COMPARE_VERSIONS].trigger()
    assert dialog_of(versions_window) is dialog
    qtbot.waitUntil(lambda: dialog.views.left.has_image, timeout=60_000)


def test_stopping_says_so_and_offers_to_go_on(dialog: CompareDialog, versions_window: MainWindow, qtbot: QtBot) -> None:
    comparing = versions_window._session.comparing
    comparing.stop()
    dialog.again_button.click()
    dialog.cancel_button.click()
    assert dialog.status.text() == "The comparison was stopped."
    assert dialog.again_button.isVisible()
    assert not dialog.cancel_button.isVisible()
    dialog.again_button.click()
    qtbot.waitUntil(lambda: comparing.state.stage is CompareStage.READY, timeout=60_000)
    assert dialog.pages.currentWidget() is dialog.views


def test_it_shows_image_and_masks_as_the_canvas_does(dialog: CompareDialog, versions_window: MainWindow) -> None:
    display, view = versions_window._session.display, dialog.views.left
    mask = compared_of(versions_window).masks[0]
    rows, columns = np.nonzero(mask == 0)
    place = view.image_to_widget(columns[0] + 0.5, rows[0] + 0.5)
    colour = compared_of(versions_window).classes.get(1).colour

    def painted() -> tuple[int, list[int]]:
        pixels = grabbed(view)
        return int((pixels == colour).all(axis=-1).sum()), pixels[int(place.y()), int(place.x())].tolist()

    tinted, grey = painted()
    display.set_mask_style(MaskStyle.OUTLINE)
    display.set_inverted(True)
    outlined, inverted = painted()
    assert 0 < outlined < tinted / 2
    assert inverted == [255 - value for value in grey]
