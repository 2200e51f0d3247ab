"""What is compared: ways of training after a few images have been corrected."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from segtool.core.run_settings import AugmentationSettings

# Steps of two crops of 256². The program's three minutes on two free cores hold 800: the comparison has many trainings
# to get through.
STEPS = 370
# As many as take the same time where the statistics of batch normalisation are not frozen.
STEPS_UNFROZEN = 340


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of training.

    Attributes
    ----------
    name : str
    base : str
        "general" (trained on the other sets), "nuclei", "aerial" or "none".
    steps : int
    learning_rate : float
    batch : int
        Crops of 256² per step.
    frozen : bool
        Whether batch normalisation keeps the base's statistics.
    reduction : int
        How many times smaller than the images what the network sees is.
    augmentation : AugmentationSettings
    """

    name: str
    base: str = "general"
    steps: int = STEPS
    learning_rate: float = 1e-3
    batch: int = 2
    frozen: bool = True
    reduction: int = 1
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)


RECIPE = Arm("recipe")
SCRATCH = Arm("from scratch", base="none", frozen=False, batch=4, steps=185)
# The base that has seen all sets, as it is: what there is to be reached with all images and far more time.
ALL_IMAGES = Arm("all images", steps=0)
_UPRIGHT = AugmentationSettings(vertical_flip=0.0, rotation=15.0)

ABLATIONS = (
    replace(RECIPE, name="rate 5e-4", learning_rate=5e-4),
    replace(RECIPE, name="rate 2e-3", learning_rate=2e-3),
    replace(RECIPE, name="rate 2e-4", learning_rate=2e-4),
    replace(RECIPE, name="statistics not frozen", frozen=False, steps=STEPS_UNFROZEN),
    # In as much time.
    replace(RECIPE, name="four crops a step", batch=4, steps=200),
    replace(RECIPE, name="one crop a step", batch=1, steps=660),
    replace(RECIPE, name="base: nuclei", base="nuclei"),
    replace(RECIPE, name="base: aerial", base="aerial"),
    replace(RECIPE, name="images reduced to half", reduction=2),
    replace(RECIPE, name="images stay upright", augmentation=_UPRIGHT),
)

JOURNEY = RECIPE
BY_NAME = {arm.name: arm for arm in (RECIPE, SCRATCH, ALL_IMAGES, *ABLATIONS)}
