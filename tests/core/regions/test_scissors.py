"""Scissors on drawn edges whose course is known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.regions import scissors as module
from segtool.core.regions.scissors import Scissors, snapped
from tests.core.regions.conftest import as_kind


def _disc(shape: tuple[int, int], *, centre: tuple[float, float], radius: float) -> npt.NDArray[np.bool_]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (columns + 0.5 - centre[0]) ** 2 + (rows + 0.5 - centre[1]) ** 2 <= radius**2


def _drawn(kind: str, channels: tuple[int, ...], *, noise: float = 0.02) -> npt.NDArray[np.generic]:
    """Return a bright disc about (150, 120) with a radius of 60."""
    clean = np.where(_disc((240, 300), centre=(150, 120), radius=60), 0.8, 0.3)
    clean = clean[(..., *[np.newaxis for _ in channels])] * np.ones(channels)
    return as_kind(np.clip(clean + np.random.default_rng(1).normal(0, noise, clean.shape), 0, 1), kind)


def _at(angle: float) -> tuple[float, float]:
    return 150 + 60 * math.cos(math.radians(angle)), 120 + 60 * math.sin(math.radians(angle))


def test_the_way_follows_an_edge(kind: str, channels: tuple[int, ...]) -> None:
    pixels = _drawn(kind, channels)
    pixels.setflags(write=False)
    scissors = Scissors(pixels, _at(180))
    for angle in (250, 300, 90):
        way = np.array(scissors.path(_at(angle)))
        distance = np.hypot(*(way - (150, 120)).T)
        assert np.abs(distance - 60).max() < 3
        assert np.abs(np.diff(way, axis=0)).max() < 1.5
        assert way[0] == pytest.approx(_at(180), abs=1)
        assert way[-1] == pytest.approx(_at(angle), abs=1)


def test_far_points_are_reached_at_a_lower_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CROP_SIDE", 64)
    way = np.array(Scissors(_drawn("uint8", ()), _at(180)).path(_at(300)))
    assert np.abs(np.hypot(*(way - (150, 120)).T) - 60).max() < 7
    assert 2 <= np.abs(np.diff(way, axis=0)).max() <= 8


def test_beyond_every_map_the_way_is_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CROP_SIDE", 64)
    monkeypatch.setattr(module, "MOST_REDUCTION", 2)
    assert Scissors(_drawn("uint8", ()), (10.2, 20.7)).path((250.4, 150.0)) == [(10.5, 20.5), (250.5, 150.5)]


def test_points_beside_the_image_are_brought_into_it() -> None:
    scissors = Scissors(_drawn("uint8", ()), (-5.0, 120.0))
    way = scissors.path((500.0, 900.0))
    assert way[0] == (0.5, 120.5)
    assert way[-1] == (299.5, 239.5)
    assert scissors.path((-9.0, 120.3)) == [(0.5, 120.5), (0.5, 120.5)]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_tiny_images(shape: tuple[int, int]) -> None:
    pixels = np.zeros(shape, dtype=np.uint8)
    way = Scissors(pixels, (0.0, 0.0)).path((shape[1] - 0.5, shape[0] - 0.5))
    assert way[0] == (0.5, 0.5)
    assert way[-1] == (shape[1] - 0.5, shape[0] - 0.5)
    assert snapped(pixels, (0.2, 0.2), radius=5) == (0.5, 0.5)


def test_a_point_snaps_to_the_edge_within_reach(kind: str, channels: tuple[int, ...]) -> None:
    pixels = _drawn(kind, channels)
    x, y = snapped(pixels, (86.0, 120.5), radius=8)
    assert abs(math.hypot(x - 150, y - 120) - 60) < 1.5
    assert math.hypot(x - 86, y - 120.5) < 7


def test_without_an_edge_in_reach_a_point_stays() -> None:
    pixels = _drawn("uint8", (), noise=0)
    assert snapped(pixels, (80.3, 120.6), radius=5) == (80.5, 120.5)
    assert snapped(pixels, (91.3, 120.6), radius=0.9) == (91.5, 120.5)
