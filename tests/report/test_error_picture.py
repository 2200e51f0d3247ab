from __future__ import annotations

import numpy as np

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.report.error_picture import (
    FALSE_NEGATIVE_COLOUR,
    FALSE_POSITIVE_COLOUR,
    MAP_SIDE,
    PICTURE_SIDE,
    RIGHT_COLOUR,
    ErrorPicture,
)
from tests.model_fixtures import GROUND, NUCLEI, texture


def test_two_classes_are_drawn_as_true_and_false_positives_and_negatives():
    mask = np.array([[1, 0, 1, 0, VOID]], np.uint8)
    predicted = np.array([[1, 1, 0, 0, 1]], np.uint8)
    drawn = ErrorPicture(NUCLEI, NUCLEI).alone(mask, predicted)[0]
    assert [tuple(pixel) for pixel in drawn[:3].tolist()] == [
        RIGHT_COLOUR,
        FALSE_POSITIVE_COLOUR,
        FALSE_NEGATIVE_COLOUR,
    ]
    assert len({tuple(pixel) for pixel in drawn.tolist()}) == 5


def test_of_many_classes_only_what_is_wrong_gets_the_colour_of_the_predicted_class():
    drawing = ErrorPicture(GROUND, GROUND)
    mask = np.array([[3, 3, 7, 0]], np.uint8)
    predicted = np.array([[3, 7, 7, 12]], np.uint8)
    drawn = [tuple(pixel) for pixel in drawing.alone(mask, predicted)[0].tolist()]
    assert drawn[1] == GROUND.get(7).colour
    assert drawn[3] == GROUND.get(12).colour
    assert drawn[0] == drawn[2]
    texts = [entry.text for entry in drawing.legend(with_void=False)]
    assert texts == [f"wrong: predicted as {item.name}" for item in GROUND] + ["right"]


def test_the_image_under_the_marks_is_grey_and_dark_and_large_ones_are_made_small(monkeypatch):
    pixels = texture(700, 2100, channels=3)
    mask = np.zeros((700, 2100), np.uint8)
    predicted = mask.copy()
    predicted[:90, :300] = 1
    drawing = ErrorPicture(NUCLEI, NUCLEI)
    whole = drawing.over_image(pixels, mask, predicted)
    assert whole.shape == (233, 700, 3)
    assert max(whole.shape) <= PICTURE_SIDE
    plain = whole[40:, 120:]
    assert (plain[:, :, 0] == plain[:, :, 2]).all()
    assert plain.max() < 170
    assert plain.std() > 10
    np.testing.assert_allclose(whole[:29, :99].mean(axis=(0, 1)), FALSE_POSITIVE_COLOUR, atol=20)
    monkeypatch.setattr("segtool.report.error_picture._BAND_PIXELS", 10_000)
    np.testing.assert_array_equal(drawing.over_image(pixels, mask, predicted), whole)
    assert max(drawing.alone(mask, predicted).shape) <= MAP_SIDE
    assert drawing.over_image(pixels[:1], mask[:1], predicted[:1]).shape == (1, 700, 3)


def test_as_many_classes_as_there_can_be_are_drawn():
    every = ClassSet(tuple(ClassInfo(number, f"class {number}", (number, 0, 0)) for number in range(VOID)))
    mask = np.full((4, 4), VOID - 1, dtype=np.uint8)
    predicted = mask.copy()
    predicted[0, 0] = 7
    mask[3, 3] = 7
    drawn = ErrorPicture(every, every).alone(mask, predicted)
    assert drawn[0, 0].tolist() == [7, 0, 0]
    assert drawn[3, 3].tolist() == [VOID - 1, 0, 0]
