from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from scipy import ndimage

from segtool.core.geometry import Rect
from segtool.core.operations import change
from segtool.core.operations.components import Components
from tests.core.operations.random_masks import MASKS

_SHAPES = {4: ndimage.generate_binary_structure(2, 1), 8: np.ones((3, 3))}


@pytest.mark.usefixtures("band_pixels")
@pytest.mark.parametrize("connectivity", [4, 8])
def test_components_are_those_of_scipy(connectivity: Literal[4, 8]) -> None:
    for mask in MASKS:
        region = mask == 1
        labels, count = ndimage.label(region, structure=_SHAPES[connectivity])
        found = Components(region, connectivity=connectivity)
        assert found.count == count
        numbers = np.zeros(region.shape, dtype=np.int64)
        for runs in found.parts(np.full(count + 1, True)):
            rows, columns, values = runs.pixels()
            numbers[rows, columns] = values
        # The same pixels, and one number here for each label there.
        assert len(np.unique(np.stack((labels.ravel(), numbers.ravel()), axis=1), axis=0)) == count + (~region).any()
        assert np.array_equal(labels > 0, numbers > 0)
        assert np.array_equal(found.areas, np.bincount(numbers[region], minlength=count + 1))
        assert not np.array_equal(found.areas[1:], 0)
        for number, (rows_, columns_) in enumerate(ndimage.find_objects(numbers), start=1):
            assert found.boxes[number].tolist() == [columns_.start, rows_.start, columns_.stop, rows_.stop]
        pieces = list(found.one_by_one(np.full(count + 1, True)))
        assert len(pieces) == count
        for number, (box, piece) in enumerate(pieces, start=1):
            assert np.array_equal(piece, (numbers == number)[box.slices])


def test_bands_cover_a_rectangle_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "BAND_PIXELS", 25)
    rect = Rect(3, 2, 7, 11)
    parts = list(change.bands(rect))
    assert len(parts) == 4
    assert [part.y for part in parts] == [2, 5, 8, 11]
    assert sum(part.width * part.height for part in parts) == 7 * 11


def test_giving_up_stops_between_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "BAND_PIXELS", 10)
    calls = []

    def tick() -> None:
        calls.append(None)
        if len(calls) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Components(np.ones((100, 10), dtype=np.bool_), connectivity=8, tick=tick)
    assert len(calls) == 3
