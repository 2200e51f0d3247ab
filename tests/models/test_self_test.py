from __future__ import annotations

import hashlib

import numpy as np
import pytest

from segtool.core.errors import ModelError
from segtool.models.network_config import NetworkConfig
from segtool.models.self_test import TOLERANCE, SelfTest, known_image, make_self_test


def test_the_known_image_is_the_same_everywhere_and_has_contrast():
    image = known_image(NetworkConfig(), seed=1)
    assert image.shape == (1, 80, 112, 3)
    assert image.dtype == np.float32
    assert (image.min() < 0.1, image.max() > 0.9) == (True, True)
    levels = np.rint(image * 255).astype(np.uint8)
    assert hashlib.sha256(levels.tobytes()).hexdigest().startswith("8bdced9ac6d0")
    assert np.abs(known_image(NetworkConfig(), seed=2) - image).mean() > 0.1


@pytest.mark.parametrize("widths", [(4, 8), (4,) * 7])
@pytest.mark.parametrize("reduction", [1, 3, 4])
def test_its_sides_are_odd_multiples_of_the_stride(widths: tuple[int, ...], reduction: int):
    config = NetworkConfig(widths=widths, reduction=reduction)
    for side in known_image(config, seed=0).shape[1:3]:
        assert side % config.stride == 0
        assert side // config.stride % 2 == 1


def answer(outputs: int = 1, *, side: int = 96) -> np.ndarray:
    return np.random.default_rng(0).random((1, side, side, outputs), dtype=np.float32)


def test_rounding_is_let_pass_and_a_change_is_not():
    test = SelfTest.from_json(make_self_test(answer(), seed=1).to_json())
    assert test.difference(answer()) == 0
    noise = np.random.default_rng(1).normal(0, 1e-5, answer().shape).astype(np.float32)
    assert test.difference(answer() + noise) <= 1 <= TOLERANCE
    changed = answer()
    changed[0, 30, 30] = 1.0 - np.round(changed[0, 30, 30])
    assert test.difference(changed) > TOLERANCE
    assert test.difference(answer(2)) == 255
    assert test.difference(answer() * np.nan) > TOLERANCE


def test_many_classes_and_large_images_fit_a_card():
    assert len(make_self_test(answer(255, side=512), seed=1).levels) <= 65_536


@pytest.mark.parametrize(
    "changes",
    [{"seed": -1}, {"seed": 1.5}, {"seed": True}, {"step": 0}, {"step": "3"}, {"levels": ""}, {"levels": "ä"}]
    + [{"levels": 3}, {"levels": "A" * 100_000}],
)
def test_a_malformed_one_is_refused(changes: dict[str, object]):
    with pytest.raises(ModelError, match="self-test"):
        SelfTest.from_json(make_self_test(answer(), seed=1).to_json() | changes)
