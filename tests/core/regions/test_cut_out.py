"""Cutting out drawn objects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.geometry import Rect
from segtool.core.regions import cut_out as module
from segtool.core.regions.cut_out import cut_out
from tests.core.regions.conftest import as_kind
from tests.core.regions.test_fill import whole


def _scene(kind: str, channels: tuple[int, ...]) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
    """Return an ellipse among two more of its kind, with noise, and which pixels it covers."""
    rows, columns = np.ogrid[:120, :200]
    wanted = ((columns - 100) / 30) ** 2 + ((rows - 60) / 20) ** 2 <= 1
    clean = np.where(wanted | (columns < 30) | (columns > 170), 0.7, 0.3)
    clean = clean[(..., *[np.newaxis for _ in channels])] * np.ones(channels)
    return as_kind(np.clip(clean + np.random.default_rng(3).normal(0, 0.04, clean.shape), 0, 1), kind), wanted


BOX = Rect(65, 35, 72, 52)


def _iou(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_it_finds_the_object_in_the_box(kind: str, channels: tuple[int, ...]) -> None:
    pixels, wanted = _scene(kind, channels)
    pixels.setflags(write=False)
    rect, region = cut_out(pixels, BOX)
    assert rect == rect.intersect(BOX)
    assert _iou(whole((rect, region), wanted.shape), wanted) > 0.85
    again, same = cut_out(pixels, BOX)
    assert again == rect
    assert np.array_equal(region, same)


def test_large_boxes_are_worked_on_at_a_lower_resolution(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, wanted = _scene("uint8", ())
    monkeypatch.setattr(module, "MOST_PIXELS", 600)
    rect, region = cut_out(pixels, BOX)
    assert _iou(whole((rect, region), wanted.shape), wanted) > 0.8


def test_a_box_that_is_the_image_has_its_rim_for_surroundings() -> None:
    pixels, wanted = _scene("uint8", ())
    inner, sought = pixels[35:87, 65:137].copy(), wanted[35:87, 65:137]
    assert _iou(whole(cut_out(inner, Rect.of_shape(inner.shape)), sought.shape), sought) > 0.9


@pytest.mark.parametrize("box", [Rect(5, 5, 2, 40), Rect(300, 5, 20, 20), Rect(198, 10, 50, 50), Rect(5, 5, 0, 0)])
def test_in_a_box_of_no_size_there_is_nothing(box: Rect) -> None:
    rect, region = cut_out(_scene("uint8", ())[0], box)
    assert rect.is_empty
    assert region.size == 0


@pytest.mark.parametrize("shape", [(3, 3), (3, 60), (60, 3, 3), (30, 30)])
def test_an_image_of_one_value_does_no_harm(shape: tuple[int, ...]) -> None:
    rect, region = cut_out(np.full(shape, 9, dtype=np.uint8), Rect.of_shape(shape))
    assert region.shape == (rect.height, rect.width)


def test_nobody_waits_for_what_is_no_longer_wanted() -> None:
    asked: list[int] = []

    def is_wanted() -> bool:
        asked.append(1)
        return len(asked) < 2

    assert cut_out(_scene("uint8", ())[0], BOX, is_wanted=is_wanted)[0].is_empty
    assert len(asked) == 2
