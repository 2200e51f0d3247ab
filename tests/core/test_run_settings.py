"""Settings out of bounds are refused in words, whatever JSON they come from."""

from __future__ import annotations

import json
import math

import pytest

from segtool.core.errors import TrainingError
from segtool.core.run_settings import RunSettings


@pytest.mark.parametrize(
    "change",
    [
        {"minutes": math.inf},
        {"minutes": math.nan},
        {"minutes": -1},
        {"minutes": "3"},
        {"epochs": 1.5},
        {"epochs": True},
        {"epochs": 0},
        {"steps_per_epoch": math.nan},
        {"batch": 1.5},
        {"batch": True},
        {"crop": 64.0},
        {"crop": "64"},
        {"crop": 65},
        {"crop": None},
        {"patience": 2.5},
        {"learning_rate": math.inf},
        {"learning_rate": "x"},
        {"learning_rate": None},
        {"seed": -1},
        {"seed": "a"},
        {"seed": None},
        {"seed": 2**32},
        {"void_is_background": 1},
        {"void_is_background": None},
        {"images": 5},
        {"images": "abc"},
        {"held_out": [1]},
        {"augmentation": []},
        {"augmentation": {"zoom": math.nan}},
        {"augmentation": {"zoom": None}},
        {"colour": 1},
    ],
    ids=str,
)
def test_odd_values_are_refused_by_name(change: dict[str, object]) -> None:
    (name,) = change
    with pytest.raises(TrainingError) as caught:
        RunSettings.from_json(change)
    assert name.replace("_", " ") in caught.value.reason


@pytest.mark.parametrize("change", [{"minutes": None}, {"minutes": 3, "epochs": 3}], ids=str)
def test_a_run_is_as_long_as_one_of_two_things_says(change: dict[str, object]) -> None:
    with pytest.raises(TrainingError, match="either"):
        RunSettings.from_json(change)


def test_settings_survive_the_journey_to_the_child_process() -> None:
    settings = RunSettings(images=("a.png", "b/ä.tif"), held_out=(), seed=7).with_epochs(3)
    assert RunSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_a_number_of_epochs_alone_takes_the_place_of_the_time_budget() -> None:
    settings = RunSettings.from_json({"epochs": 4})
    assert (settings.minutes, settings.epochs) == (None, 4)
