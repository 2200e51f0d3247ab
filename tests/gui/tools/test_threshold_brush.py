"""The threshold brush by the real mouse."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from segtool.core.brush import stroke_region
from segtool.core.classes import BACKGROUND
from segtool.gui.canvas.canvas import Canvas
from segtool.gui.session import Session
from segtool.gui.tools.tool_id import ToolId
from tests.gui.canvas.conftest import make_mask
from tests.gui.tools.scene import (
    ALT,
    BIG,
    LEFT,
    OTHER,
    RIGHT,
    SMALL,
    Places,
    click,
    disc,
    drag,
    expect_one_step,
    mask_of,
    positions,
    scene_canvas,
)

__all__ = ["scene_canvas"]

WAY: Places = ((70, 60), (105, 50), (130, 35), (132, 80))


@pytest.fixture(autouse=True)
def _brush_in_hand(session: Session) -> None:
    session.set_tool(ToolId.THRESHOLD_BRUSH)
    session.set_brush_size(41)
    session.set_options(smoothing=0)


def _covered(canvas: Canvas) -> np.ndarray:
    covered = np.zeros((120, 160), dtype=np.bool_)
    points = positions(canvas, WAY)
    for start, end in zip([points[0], *points], points, strict=False):
        rect, region = stroke_region(start, end, diameter=41, shape=covered.shape)
        covered[rect.slices] |= region
    return covered


@pytest.mark.parametrize(
    ("button", "name", "value"), [(LEFT, "Threshold brush stroke", 2), (RIGHT, "Eraser stroke", BACKGROUND)]
)
@pytest.mark.parametrize(("tolerance", "with_dim"), [(24, False), (59, False), (60, True)])
def test_it_paints_what_is_like_the_first_pixel(
    scene_canvas: Canvas,
    session: Session,
    button: Qt.MouseButton,
    name: str,
    value: int,
    tolerance: int,
    with_dim: bool,
) -> None:
    session.set_options(tolerance=tolerance)
    drag(scene_canvas, WAY, button=button)
    alike = disc(BIG) | disc(SMALL)
    if with_dim:
        alike |= disc(OTHER)
    expected = make_mask()
    expected[_covered(scene_canvas) & alike] = value
    expect_one_step(session, expected, name=name)


def test_esc_takes_the_stroke_back(scene_canvas: Canvas, session: Session) -> None:
    drag(scene_canvas, WAY, release=False)
    assert not np.array_equal(mask_of(session), make_mask())
    QTest.keyClick(scene_canvas, Qt.Key.Key_Escape)
    drag(scene_canvas, WAY, press=False)
    assert np.array_equal(mask_of(session), make_mask())


def test_alt_picks_the_class_and_beside_the_image_nothing_begins(scene_canvas: Canvas, session: Session) -> None:
    click(scene_canvas, (40, 40), modifier=ALT)
    assert session.active_class == 1
    drag(scene_canvas, ((-8, 60), (70, 60)))
    assert np.array_equal(mask_of(session), make_mask())
