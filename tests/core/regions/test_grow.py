"""Growing from seeds: drawn objects with known edges, and an oracle of scikit-image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage
from skimage.segmentation import watershed

from segtool.core.regions import grow as module
from segtool.core.regions.grow import flooded, grown
from tests.core.regions.conftest import as_kind, noise
from tests.core.regions.test_fill import whole


def _two_squares() -> npt.NDArray[np.float64]:
    """Return two bright squares that touch, the left one brighter."""
    clean = np.full((100, 160), 0.2)
    clean[30:70, 40:80] = 0.9
    clean[30:70, 80:120] = 0.6
    return clean


def _iou(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_a_mark_inside_finds_the_object(kind: str, channels: tuple[int, ...]) -> None:
    clean = _two_squares()[(..., *[np.newaxis for _ in channels])] * np.ones(channels)
    pixels = as_kind(np.clip(clean + np.random.default_rng(1).normal(0, 0.02, clean.shape), 0, 1), kind)
    pixels.setflags(write=False)
    found = whole(
        grown(pixels, inside=[[(50.0, 40.0), (70.0, 60.0)]], outside=[[(100.0, 35.0), (100.0, 65.0)]]), (100, 160)
    )
    wanted = np.zeros((100, 160), dtype=np.bool_)
    wanted[30:70, 40:80] = True
    assert _iou(found, wanted) > 0.93


def test_marks_belong_to_their_side_whatever_the_image_says() -> None:
    pixels = np.zeros((60, 80), dtype=np.uint8)
    found = whole(grown(pixels, inside=[[(20.0, 30.0)]], outside=[[(60.0, 30.0), (60.0, 31.0)]]), (60, 80))
    assert found[30, 20]
    assert not found[30, 60]
    assert not found[0, 79]


def test_without_marks_inside_there_is_nothing() -> None:
    pixels = np.zeros((60, 80), dtype=np.uint8)
    for inside, outside in (([], []), ([], [[(3.0, 3.0)]]), ([[(-400.0, -400.0)]], [])):
        rect, region = grown(pixels, inside=inside, outside=outside)
        assert rect.is_empty
        assert region.size == 0


def test_a_large_box_is_worked_on_at_a_lower_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = as_kind(_two_squares(), "uint8")
    inside, outside = [[(50.0, 40.0), (110.0, 60.0)]], [[(10.0, 10.0), (150.0, 10.0)]]
    exact = whole(grown(pixels, inside=inside, outside=outside), (100, 160))
    monkeypatch.setattr(module, "MOST_PIXELS", 2000)
    rough = whole(grown(pixels, inside=inside, outside=outside), (100, 160))
    wanted = np.zeros((100, 160), dtype=np.bool_)
    wanted[30:70, 40:120] = True
    assert _iou(exact, wanted) > 0.93
    assert 0.85 < _iou(rough, wanted) < 1
    assert not np.array_equal(exact, rough)


def test_the_flood_is_that_of_scikit_image_on_smooth_objects() -> None:
    """Its lines are a pixel wide and ours are not, and it floods gradients: they agree but for the edge."""
    objects = noise((150, 200), seed=6, sigma=8) > 0.5
    image = np.rint(ndimage.gaussian_filter(objects * 200.0 + 20, 1.5)).astype(np.uint8)
    distance = ndimage.distance_transform_edt(objects) - ndimage.distance_transform_edt(~objects)
    markers = np.zeros(image.shape, dtype=np.int32)
    markers[distance > 5], markers[distance < -5] = 1, 2
    steep = ndimage.gaussian_gradient_magnitude(image.astype(np.float64), 1)
    oracle = watershed(steep, markers) == 1
    found = flooded(image, markers)
    assert found[markers == 1].all()
    assert not found[markers == 2].any()
    assert np.abs(distance[found ^ oracle]).max(initial=0) <= 4
    assert _iou(found, oracle) > 0.93
