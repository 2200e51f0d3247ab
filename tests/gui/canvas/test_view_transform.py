"""Zoom and pan as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.geometry import Rect
from segtool.gui.canvas.view_transform import MAX_SCALE, MIN_SCALE, ViewTransform, stepped

IMAGE = (640, 480)
VIEWPORT = (1000, 700)


@pytest.mark.parametrize("scale", [0.1, 0.73, 1.0, 3.0, 16.0])
def test_zooming_keeps_the_point_under_the_cursor(scale: float) -> None:
    view = ViewTransform(1.7, 33.25, -80.5)
    point = view.to_image(412.0, 97.0)
    assert view.zoomed_at(412.0, 97.0, scale=scale).to_image(412.0, 97.0) == pytest.approx(point)


def test_there_and_back_is_the_same_place() -> None:
    view = ViewTransform(0.37, 12.0, -5.0)
    assert view.to_image(*view.to_screen(101.5, 7.25)) == pytest.approx((101.5, 7.25))


def test_fitting_centres_the_image_inside_the_margin() -> None:
    view = ViewTransform.fitted(IMAGE, VIEWPORT, margin=10)
    left, top = view.to_screen(0, 0)
    right, bottom = view.to_screen(*IMAGE)
    assert (top, bottom) == pytest.approx((10, 690))
    assert left == pytest.approx(1000 - right)
    assert left > 10


@pytest.mark.parametrize("asked", [1e-9, 1e9])
def test_the_scale_stays_in_its_range(asked: float) -> None:
    scale = ViewTransform().zoomed_at(0, 0, scale=asked).scale
    assert MIN_SCALE <= scale <= MAX_SCALE


@pytest.mark.parametrize("far", [(1e6, 1e6), (-1e6, -1e6)])
def test_the_image_cannot_be_lost(far: tuple[float, float]) -> None:
    view = ViewTransform(2.0, *far).kept_in_view(IMAGE, VIEWPORT)
    seen = view.image_rect(Rect(0, 0, *VIEWPORT), image=IMAGE)
    assert seen.width >= 20
    assert seen.height >= 20


def test_steps_lead_over_the_whole_scales_and_back() -> None:
    scales = [0.25]
    while scales[-1] < 8:
        scales.append(stepped(scales[-1], 1))
    for whole in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0):
        assert any(scale == pytest.approx(whole) for scale in scales)
    assert stepped(stepped(1.0, 5), -5) == pytest.approx(1.0)


@pytest.mark.parametrize(("steps", "expected"), [(1, 1.0), (-1, 2 ** (-1 / 3))])
def test_a_scale_between_two_steps_goes_to_the_next_one(steps: int, expected: float) -> None:
    assert stepped(0.9, steps) == pytest.approx(expected)


@pytest.mark.parametrize("scale", [0.31, 0.5, 1.0, 1.37, 4.0, 17.3])
def test_screen_rect_holds_exactly_the_pixels_sampled_from_a_rect(scale: float) -> None:
    view = ViewTransform(scale, -21, 13)
    rect = Rect(40, 70, 23, 9)
    columns = view.columns(-50, 4000, width=640)
    rows = view.rows(-50, 4000, height=480)
    screen = view.screen_rect(rect)
    expected_columns = np.flatnonzero((columns >= rect.x) & (columns < rect.right)) - 50
    expected_rows = np.flatnonzero((rows >= rect.y) & (rows < rect.bottom)) - 50
    assert (screen.x, screen.right) == (expected_columns[0], expected_columns[-1] + 1)
    assert (screen.y, screen.bottom) == (expected_rows[0], expected_rows[-1] + 1)


def test_snapping_moves_by_half_a_pixel_at_most() -> None:
    view = ViewTransform(3.0, 10.6, -7.5)
    snapped = view.snapped()
    assert snapped.x == 11
    assert abs(snapped.y - view.y) <= 0.5
