"""Whether the weights of two models can be mixed, from their cards alone."""

from __future__ import annotations

from dataclasses import replace

from segtool.core.classes import ClassSet
from segtool.models.card import WEIGHTS_FILE, ModelCard

BASE_DIGEST = "base_sha256"
"""Entry of ``ModelCard.training``: what the weights that a model was trained from hash to."""


def why_not_mix(base: ModelCard, new: ModelCard) -> str:
    """Return why a model cannot be mixed with the one that it was trained from, as a clause; "" if it can.

    Weights can be averaged where one network was trained from the other: both then lie in one valley of the loss.
    The outputs may differ, as a run for other classes starts its last layer anew.
    """
    if new.training.get("base") == "none":
        return "it was trained from random weights"
    if replace(base.network, outputs=new.network.outputs) != new.network:
        return "its base has another architecture"
    if base.normalisation != new.normalisation:
        return "its base wants its images in another range of values"
    recorded = new.training.get(BASE_DIGEST)
    if isinstance(recorded, str) and recorded != base.files.get(WEIGHTS_FILE):
        return "its base is no longer the model that it was trained from"
    return ""


def same_classes(first: ClassSet, second: ClassSet) -> bool:
    """Tell whether the outputs of two models mean the same: equal names in equal order."""
    return [item.name.casefold() for item in first] == [item.name.casefold() for item in second]
