"""What a person chooses for one training: a frozen value that travels as JSON to the child process."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from segtool.core.errors import TrainingError


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """Strength of each random change of a training crop; 0 switches it off.

    Attributes
    ----------
    horizontal_flip, vertical_flip : float
        Probability, 0…1.
    rotation : float
        Largest angle in degrees, 0…180, either way.
    zoom : float
        Largest relative change of scale, 0…0.9: 0.25 draws from 1/1.25 to 1.25, log-uniform.
    shift : float
        Largest shift as a fraction of the crop, 0…0.5, either way, per axis.
    brightness : float
        Largest change added to the normalised intensities, 0…1, either way.
    contrast : float
        Largest relative change of contrast about the crop's mean, 0…0.9.
    colour : float
        Largest relative change of each channel of a colour image, 0…0.5.
    """

    horizontal_flip: float = 0.5
    vertical_flip: float = 0.5
    rotation: float = 180.0
    zoom: float = 0.4
    shift: float = 0.1
    brightness: float = 0.15
    contrast: float = 0.3
    colour: float = 0.1

    def __post_init__(self) -> None:
        for name, most in AUGMENTATION_LIMITS.items():
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value <= most:
                raise TrainingError(f"augmentation {name!r} must be a number from 0 to {most}, not {value!r}")

    @classmethod
    def none(cls) -> AugmentationSettings:
        """Return settings with every change switched off."""
        return cls(**dict.fromkeys(AUGMENTATION_LIMITS, 0.0))


# Field name → largest value allowed: what the dialog offers and what the command line accepts.
AUGMENTATION_LIMITS: dict[str, float] = {
    "horizontal_flip": 1.0,
    "vertical_flip": 1.0,
    "rotation": 180.0,
    "zoom": 0.9,
    "shift": 0.5,
    "brightness": 1.0,
    "contrast": 0.9,
    "colour": 0.5,
}

# Peak learning rates: for going on from a base that knows the classes, from one that does not, and from random weights.
# From the bundled nuclei model, 5e-4 lost half a point of F1 within three epochs where a lower rate lost nothing.
FINE_TUNING_RATE = 2e-4
NEW_CLASSES_RATE = 1e-3
FROM_SCRATCH_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One training run.

    Attributes
    ----------
    minutes : float or None
        Time from the start of the process to the finished model. Exactly one of minutes and epochs is set.
    epochs : int or None
        Number of epochs of ``steps_per_epoch`` steps.
    steps_per_epoch : int
        Optimiser steps between two validations.
    patience : int
        Epochs without a better validation loss after which the run stops; the best weights are kept.
    learning_rate : float
        Peak rate of AdamW; random weights want a higher one than a trained base.
    batch : int
        Crops per step. In the same time, two gave more than four or one where a run starts from a base.
    crop : int
        Side of a training crop in pixels of the network's input.
    seed : int
        Seed of weights, crops, augmentation and hold-out rule.
    frozen_statistics : bool or None
        Keep the batch normalisation's statistics of the base; None: where there is a base.
    void_is_background : bool
        Whether void pixels of approved images count as background.
    reduced_precision : bool or None
        Compute in bfloat16, a quarter faster where the processor has it; None: there and only there.
    augmentation : AugmentationSettings
        Random changes of each crop.
    images : tuple of str or None
        Keys (paths relative to the folder, "/" between parts) of the images to train on; None: all with a mask.
    held_out : tuple of str or None
        Keys of the images held out for validation; None: chosen by the seeded rule.
    """

    minutes: float | None = 3.0
    epochs: int | None = None
    steps_per_epoch: int = 50
    patience: int = 8
    learning_rate: float = FINE_TUNING_RATE
    batch: int = 2
    crop: int = 256
    seed: int = 0
    frozen_statistics: bool | None = None
    reduced_precision: bool | None = None
    void_is_background: bool = False
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    images: tuple[str, ...] | None = None
    held_out: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.epochs is None):
            raise TrainingError("give either a time budget or a number of epochs")
        for name in ("epochs", "steps_per_epoch", "patience", "batch", "crop"):
            value = getattr(self, name)
            if not (_is_whole(value) and value > 0) and not (name == "epochs" and value is None):
                raise TrainingError(f"{name.replace('_', ' ')} must be a whole number above 0, not {value!r}")
        for name in ("minutes", "learning_rate"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 < value < math.inf) and not (name == "minutes" and value is None):
                raise TrainingError(f"{name.replace('_', ' ')} must be a number above 0, not {value!r}")
        if not _is_whole(self.seed) or not 0 <= self.seed < 2**32:
            raise TrainingError(f"the seed must be a whole number from 0 to {2**32 - 1}, not {self.seed!r}")
        for name in ("frozen_statistics", "reduced_precision"):
            value = getattr(self, name)
            if not isinstance(value, bool | None):
                raise TrainingError(f"{name.replace('_', ' ')} must be true, false or null, not {value!r}")
        if not isinstance(self.void_is_background, bool):
            raise TrainingError(f"void is background must be true or false, not {self.void_is_background!r}")
        if self.crop % 32:
            raise TrainingError(f"the crop size must be a multiple of 32, not {self.crop}")

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary that ``from_json`` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> RunSettings:
        """Build from a dictionary; TrainingError if a field is unknown or out of bounds.

        Missing fields keep their defaults, but a number of epochs alone takes the place of the time budget.
        """
        if not isinstance(value, dict):
            raise TrainingError("training settings must be a JSON object")
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise TrainingError(f"unknown training settings: {', '.join(unknown)}")
        data = dict(value)
        if "augmentation" in data:
            if not isinstance(data["augmentation"], dict) or set(data["augmentation"]) - set(AUGMENTATION_LIMITS):
                raise TrainingError(f"augmentation settings must be among {', '.join(AUGMENTATION_LIMITS)}")
            data["augmentation"] = AugmentationSettings(**data["augmentation"])
        for name in ("images", "held_out"):
            keys = data.get(name)
            if keys is None:
                continue
            if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                raise TrainingError(f"{name.replace('_', ' ')} must be a list of texts, not {keys!r}")
            data[name] = tuple(keys)
        if data.get("epochs") is not None:
            data.setdefault("minutes", None)
        return cls(**data)

    def with_time(self, minutes: float) -> RunSettings:
        """Return the settings with a time budget instead of a number of epochs."""
        return replace(self, minutes=minutes, epochs=None)

    def with_epochs(self, epochs: int) -> RunSettings:
        """Return the settings with a number of epochs instead of a time budget."""
        return replace(self, epochs=epochs, minutes=None)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
