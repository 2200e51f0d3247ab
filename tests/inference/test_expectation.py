from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segtool.core.uncertainty import expected_error
from segtool.inference.expectation import PIECE_SIDE, Expectation, expect, pieces_of
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress, segment_to_end
from tests.model_fixtures import texture


@pytest.fixture(scope="module")
def runtime(tiny_model_folder: Path) -> Runtime:
    return Runtime.load(tiny_model_folder)


def test_a_small_image_is_looked_at_as_a_whole(runtime: Runtime) -> None:
    pixels = texture(90, 120, channels=3)
    *steps, last = expect(pixels, runtime)
    assert steps
    assert all(isinstance(step, Progress) for step in steps)
    whole = segment_to_end(pixels, runtime)
    assert last == Expectation(expected_error(whole.class_ids, whole.confidence, classes=runtime.card.classes))
    assert isinstance(last, Expectation)
    assert 0.05 < last.error < 0.95


@pytest.mark.parametrize("shape", [(20_000, 20_000), (3000, 600, 3), (1025, 5000)])
def test_of_a_large_image_pieces_from_all_over_are_looked_at(shape: tuple[int, ...]) -> None:
    pieces = pieces_of(np.broadcast_to(np.uint8(7), shape))
    assert pieces.shape == (*(min(side, 2 * PIECE_SIDE) for side in shape[:2]), *shape[2:])
    rows = pieces_of(np.arange(shape[0], dtype=np.uint16)[:, np.newaxis])[:, 0].astype(int)
    assert (np.diff(rows) > 0).all()
    # As far from the upper border as from the lower.
    assert abs(int(rows[0]) - (shape[0] - 1 - int(rows[-1]))) <= 1


def test_the_pieces_of_an_image_stand_for_it(runtime: Runtime) -> None:
    pixels = texture(1500, 1400)
    whole = segment_to_end(pixels, runtime)
    (*_, last) = expect(pixels, runtime)
    assert isinstance(last, Expectation)
    everywhere = expected_error(whole.class_ids, whole.confidence, classes=runtime.card.classes)
    assert last.error == pytest.approx(everywhere, abs=0.02)
