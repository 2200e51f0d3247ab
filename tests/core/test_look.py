from __future__ import annotations

import math

import numpy as np
import pytest

from segtool.core.look import CENTRE_SIDE, LOOK_SIZE, centre_of, look_distance, look_of
from segtool.sample import draw_nuclei
from tests.model_fixtures import texture


def test_depth_and_exposure_do_not_change_a_look():
    grey = texture(120, 90)
    look = look_of(grey)
    assert len(look) == LOOK_SIZE
    for other in (
        grey.astype(np.uint16) * 200 + 5000,
        grey.astype(np.float32) / 1e4 - 3,
        np.stack([grey] * 3, axis=-1),
    ):
        assert look_distance(look_of(other), [look]) < 0.02


def test_brightness_colour_and_texture_each_make_a_difference():
    grey = texture(128, 128)
    look = look_of(grey)
    coloured = np.stack([grey, grey // 2, grey // 3], axis=-1)
    smooth = np.repeat(np.repeat(grey[:32, :32], 4, axis=0), 4, axis=1)
    dark = grey.copy()
    dark[: 128 * 3 // 4] = grey.min()
    for other in (coloured, smooth, dark):
        assert look_distance(look_of(other), [look]) > 0.4
        assert look_distance(look_of(other), [look, look_of(other)]) == 0


def test_drawn_nuclei_of_one_kind_are_alike_and_blobs_are_not():
    known = [look_of(draw_nuclei(seed, size=(200, 200))[0]) for seed in range(4)]
    another = look_of(draw_nuclei(9, size=(240, 180))[0])
    assert look_distance(another, known) < 0.5
    assert look_distance(look_of(texture(200, 200, channels=3)), known) > 0.8


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 3, 3), (17, 5)])
@pytest.mark.parametrize("value", [0, 255])
def test_an_image_of_any_size_and_of_one_value_has_a_look(shape: tuple[int, ...], value: int):
    look = look_of(np.full(shape, value, dtype=np.uint8))
    assert len(look) == LOOK_SIZE
    assert all(map(math.isfinite, look))


def test_only_the_middle_of_a_large_image_is_looked_at():
    pixels = np.zeros((CENTRE_SIDE + 101, CENTRE_SIDE + 40, 3), dtype=np.uint8)
    middle = centre_of(pixels)
    assert middle.shape == (CENTRE_SIDE, CENTRE_SIDE, 3)
    middle[0, 0] = 1
    assert pixels[50, 20].tolist() == [1, 1, 1]
    assert centre_of(pixels[:20]).shape == (20, CENTRE_SIDE, 3)
