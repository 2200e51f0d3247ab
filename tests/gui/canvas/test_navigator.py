"""Fitting, zooming and panning of the open image, and finding other images as they were left."""

from __future__ import annotations

import pytest

from segtool.gui.canvas.navigator import Navigator


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
