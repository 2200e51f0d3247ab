from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.effort import (
    EffortClock,
    added_path_length,
    measure_correction,
    rolling_mean,
    trend,
)

CLASSES = ClassSet(
    (ClassInfo(0, "background", (0, 0, 0)), ClassInfo(1, "cell", (255, 0, 0)), ClassInfo(2, "wall", (0, 0, 255)))
)


def square(value: int, rows: slice, columns: slice, *, on: np.ndarray | None = None) -> np.ndarray:
    mask = np.zeros((20, 30), dtype=np.uint8) if on is None else on.copy()
    mask[rows, columns] = value
    return mask


def test_a_prediction_that_was_right_took_nothing():
    mask = square(1, slice(5, 10), slice(5, 10))
    found = measure_correction(mask, mask.copy(), CLASSES)
    assert (found.pixels, found.pixels_changed, found.added_path, found.f1, found.iou) == (600, 0, 0, 1.0, 1.0)


def test_changed_pixels_and_scores_are_those_of_what_was_shown():
    shown = square(1, slice(5, 10), slice(5, 10))
    saved = square(1, slice(5, 10), slice(5, 15))
    found = measure_correction(shown, saved, CLASSES)
    assert found.pixels_changed == 25
    # 25 pixels of the cell were right, none was wrong, 25 were missed; there is no wall.
    assert found.f1 == pytest.approx(2 / 3)
    assert found.iou == pytest.approx(1 / 2)


def test_a_pixel_made_void_is_a_change_but_does_not_count_in_the_score():
    shown = square(1, slice(5, 10), slice(5, 10))
    found = measure_correction(shown, square(VOID, slice(0, 2), slice(0, 3), on=shown), CLASSES)
    assert found.pixels_changed == 6
    assert found.f1 == 1.0


def test_the_whole_outline_counts_where_nothing_was_shown():
    # A square of 5 by 5 has 16 pixels at its rim.
    assert added_path_length(np.zeros((20, 30), np.uint8), square(1, slice(5, 10), slice(5, 10)), CLASSES) == 16


def test_only_outline_that_was_not_there_counts():
    shown = square(1, slice(5, 10), slice(5, 10))
    saved = square(1, slice(5, 10), slice(5, 15))
    # The new rim has 26 pixels; 5 at the left and 4 more above and below are old, and the old right side is inside.
    assert added_path_length(shown, saved, CLASSES) == 26 - 5 - 4 - 4


def test_every_class_has_its_outline_and_the_edge_of_the_image_is_none():
    left = square(1, slice(0, 20), slice(0, 15))
    assert added_path_length(np.zeros_like(left), left, CLASSES) == 20
    both = square(2, slice(0, 20), slice(15, 30), on=left)
    assert added_path_length(np.zeros_like(left), both, CLASSES) == 40
    assert added_path_length(left, both, CLASSES) == 20


def test_taking_an_object_away_draws_no_outline():
    assert added_path_length(square(1, slice(5, 10), slice(5, 10)), np.zeros((20, 30), np.uint8), CLASSES) == 0


def test_another_class_in_the_same_place_is_drawn_anew():
    shown, saved = square(1, slice(5, 10), slice(5, 10)), square(2, slice(5, 10), slice(5, 10))
    assert added_path_length(shown, saved, CLASSES) == 16


@pytest.mark.parametrize("measure", [measure_correction, added_path_length])
def test_masks_of_two_sizes_are_refused(measure):
    with pytest.raises(ValueError, match="differ"):
        measure(np.zeros((4, 5), np.uint8), np.zeros((5, 4), np.uint8), CLASSES)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ([], 0),
        ([7.0], 0),
        ([0.0, 5.0, 25.0], 25),
        ([0.0, 5.0, 25.1], 5),
        ([0.0, 3600.0, 3601.5], 1.5),
        ([10.0, 4.0, 6.0], 2),
    ],
)
def test_breaks_do_not_count_as_work(times, seconds):
    clock = EffortClock()
    for now in times:
        clock.note(now)
    assert clock.seconds == pytest.approx(seconds)


def test_a_trend_compares_ends_that_do_not_overlap():
    assert trend([60.0] * 5) is None
    few = trend([60, 50, 40, 30, 20, 10, 0])
    assert few is not None
    assert (few.images, few.first, few.last) == (3, 50, 10)
    assert few.change == pytest.approx(-0.8)
    many = trend([64.0] * 10 + [1.0] * 5 + [16.0] * 10)
    assert many is not None
    assert (many.images, many.first, many.last, many.change) == (10, 64, 16, -0.75)


def test_a_rolling_mean_begins_with_what_there_is():
    assert rolling_mean([]) == []
    assert rolling_mean([3.0, 5.0, 10.0, 0.0], window=2) == [3, 4, 7.5, 5]
    assert rolling_mean(list(range(12)))[-1] == pytest.approx(6.5)
