"""Mixing the weights of a base and of the network that was trained from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from segtool.core.adaptation import AMOUNTS, AdaptationPoint
from segtool.core.errors import TrainingError
from segtool.training.unet import HEAD

Weights = list[npt.NDArray[Any]]


def mixed_weights(base: keras.Model, new: keras.Model, amount: float, *, with_head: bool = True) -> Weights:
    """Return (1 - amount) · base + amount · new, weight by weight.

    Between a network and what fine-tuning has made of it lie networks that often serve both old and new images
    better than either end (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022). The statistics
    of batch normalisation are mixed like weights.

    Parameters
    ----------
    base, new : keras.Model
        U-Nets of one architecture; ``new`` was trained from ``base``. The number of outputs may differ.
    amount : float
        0…1. At 0 and 1 the weights are exactly those of ``base`` and of ``new``.
    with_head : bool
        Mix the last layer too. False where its outputs mean other classes: it is then that of ``new``,
        as it is in any case where its shape differs.

    Returns
    -------
    list of ndarray
        For ``new.set_weights``.

    Raises
    ------
    TrainingError
        If the amount is out of range or the networks differ in more than their last layer.
    """
    if not 0 <= amount <= 1:
        raise TrainingError(f"the amount must be from 0 to 1, not {amount}")
    return _mix(_pairs(base, new, with_head=with_head), amount)


def adaptation_curve(
    base: keras.Model,
    new: keras.Model,
    score: Callable[[Weights], tuple[float, float]],
    *,
    with_head: bool = True,
    amounts: Sequence[float] = AMOUNTS,
) -> list[AdaptationPoint]:
    """Score mixes of a base and of what was trained from it.

    Parameters
    ----------
    base, new, with_head
        As ``mixed_weights`` takes them. Both are read before anything is scored.
    score : callable
        Takes weights for a network like ``new`` and returns its loss and F1 on the held-out images. It may set
        them on ``new`` itself, which then has those of the last amount at the end.
    amounts : sequence of float
        Shares of the new weights, each 0…1.
    """
    pairs = _pairs(base, new, with_head=with_head)
    points = []
    for amount in amounts:
        loss, f1 = score(_mix(pairs, amount))
        points.append(AdaptationPoint(amount, loss, f1))
    return points


def _mix(pairs: Sequence[tuple[npt.NDArray[Any], npt.NDArray[Any]]], amount: float) -> Weights:
    # Kept in float32: a Python float would not change the type, a NumPy one would.
    return [(old * (1.0 - float(amount)) + new * float(amount)).astype(new.dtype) for old, new in pairs]


def _pairs(base: keras.Model, new: keras.Model, *, with_head: bool) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return each weight of ``new`` beside the one that it came from, in the order of ``new.get_weights``."""
    old_layers = {layer.name: layer for layer in base.layers if layer.weights}
    new_layers = [layer for layer in new.layers if layer.weights]
    if set(old_layers) != {layer.name for layer in new_layers}:
        raise TrainingError("the two networks have other layers, so their weights cannot be mixed")
    pairs: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
    for layer in new_layers:
        old, fresh = old_layers[layer.name].get_weights(), layer.get_weights()
        if [weight.shape for weight in old] != [weight.shape for weight in fresh]:
            if layer.name != HEAD:
                raise TrainingError(
                    f"the layer {layer.name} is larger in one network than in the other, so they cannot be mixed"
                )
            old = fresh
        elif layer.name == HEAD and not with_head:
            old = fresh
        pairs += [(np.array(a), np.array(b)) for a, b in zip(old, fresh, strict=True)]
    return pairs
