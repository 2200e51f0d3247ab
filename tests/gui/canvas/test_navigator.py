"""Fitting, zooming and panning of the open image, and finding other images as they were left."""

from __future__ import annotations

import pytest

from segtool.core.geometry import Rect
from segtool.gui.canvas.navigator import Navigator
from segtool.gui.canvas.view_transform import MAX_SCALE, MIN_SCALE


@pytest.fixture
def navigator() -> Navigator:
    navigator = Navigator()
    navigator.resize((800, 600))
    navigator.open("a", image=(400, 400))
    return navigator


def test_a_new_image_is_fitted_and_stays_so_when_the_viewport_grows(navigator: Navigator) -> None:
    assert navigator.view.scale == pytest.approx((600 - 24) / 400)
    navigator.resize((1600, 1200))
    assert navigator.is_fitted
    assert navigator.view.scale == pytest.approx((1200 - 24) / 400)


def test_a_zoomed_view_keeps_its_middle_when_the_viewport_grows(navigator: Navigator) -> None:
    navigator.zoom_to(8.0, at=(300, 200))
    middle = navigator.view.to_image(400, 300)
    navigator.resize((900, 700))
    assert navigator.view.scale == 8.0
    assert navigator.view.to_image(450, 350) == pytest.approx(middle, abs=0.1)


def test_each_image_is_found_as_it_was_left(navigator: Navigator) -> None:
    navigator.zoom_to(8.0, at=(300, 200))
    left = navigator.view
    navigator.open("b", image=(100, 50))
    assert navigator.is_fitted
    navigator.open("a", image=(400, 400))
    assert navigator.view == left
    navigator.open("b", image=(100, 50))
    assert navigator.is_fitted


def test_an_image_that_has_changed_its_size_is_fitted_afresh(navigator: Navigator) -> None:
    navigator.zoom_to(8.0)
    navigator.open("b", image=(100, 50))
    navigator.open("a", image=(200, 200))
    assert navigator.is_fitted


def test_a_move_to_a_finer_screen_keeps_the_visible_size(navigator: Navigator) -> None:
    navigator.zoom_to(3.0, at=(300, 200))
    middle = navigator.view.to_image(400, 300)
    navigator.rescale(2.0)
    navigator.resize((1600, 1200))
    assert navigator.view.scale == 6.0
    assert navigator.view.to_image(800, 600) == pytest.approx(middle, abs=0.2)


def test_an_image_seen_first_is_shown_as_the_one_before_it_of_the_same_size(navigator: Navigator) -> None:
    navigator.zoom_to(8.0, at=(300, 200))
    left = navigator.view
    navigator.open("b", image=(400, 400))
    assert navigator.view == left
    navigator.move(31, -12)
    navigator.open("a", image=(400, 400))
    assert navigator.view == left
    navigator.close()
    navigator.open("c", image=(400, 400))
    assert navigator.is_fitted


def test_the_view_can_be_kept_whatever_each_image_was_left_with(navigator: Navigator) -> None:
    navigator.open("b", image=(400, 400))
    navigator.keeps_view = True
    navigator.zoom_to(8.0, at=(300, 200))
    left = navigator.view
    navigator.open("a", image=(400, 400))
    assert navigator.view == left
    navigator.fit()
    navigator.open("b", image=(400, 400))
    assert navigator.is_fitted
    navigator.zoom_to(8.0, at=(300, 200))
    navigator.open("other", image=(40, 400))
    assert navigator.is_fitted


def test_zoom_goes_from_1_to_6400_percent_at_the_cursor(navigator: Navigator) -> None:
    place = navigator.view.to_image(300, 200)
    for steps, end in ((1, MAX_SCALE), (-1, MIN_SCALE)):
        for _ in range(60):
            navigator.zoom_steps(steps, at=(300, 200))
        assert navigator.view.scale == end
        if steps > 0:
            assert navigator.view.to_image(300, 200) == pytest.approx(place, abs=1)
    assert (MIN_SCALE, MAX_SCALE) == (0.01, 64.0)


def test_an_image_that_fits_at_less_than_1_percent_only_is_shown_whole(navigator: Navigator) -> None:
    navigator.open("long", image=(200_000, 100))
    fitted = navigator.view
    assert fitted.to_screen(200_000, 0)[0] == pytest.approx(800 - 12, abs=1)
    navigator.zoom_steps(1)
    assert navigator.view.scale > fitted.scale
    for _ in range(4):
        navigator.zoom_steps(-1)
    assert navigator.view.scale == fitted.scale
    for _ in range(60):
        navigator.zoom_steps(1)
    assert navigator.view.scale == MAX_SCALE


@pytest.mark.parametrize("box", [Rect(100, 20, 250, 60), Rect(0, 390, 1, 1)])
def test_a_box_is_fitted_beside_the_rulers(navigator: Navigator, box: Rect) -> None:
    navigator.set_inset(40)
    navigator.fit_box(box)
    left, top = navigator.view.to_screen(box.x, box.y)
    right, bottom = navigator.view.to_screen(box.right, box.bottom)
    assert (left + right) / 2 == pytest.approx((800 + 40) / 2, abs=1)
    assert (top + bottom) / 2 == pytest.approx((600 + 40) / 2, abs=1)
    assert right - left == pytest.approx(min(760 - 24, 16 * box.width), abs=1)
    navigator.resize((900, 700))
    assert not navigator.is_fitted


def test_a_position_is_brought_to_the_middle(navigator: Navigator) -> None:
    navigator.zoom_to(8.0)
    navigator.centre_on(100, 300)
    assert navigator.view.to_image(400, 300) == pytest.approx((100, 300), abs=0.1)
