"""Making a trained network's confidence mean what it says: one temperature, fitted on held-out crops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from segtool.core.calibration import reliability
from segtool.core.classes import VOID, ClassSet
from segtool.core.confidence import winner_confidence

# Below this expected calibration error a confidence is left as it is.
GOOD_ENOUGH = 0.05
_BATCH = 8
# One number is fitted: more pixels than these would not change it in the third digit.
_PIXELS = 400_000
# What asks for more than this is no matter of calibration any more.
_LOW, _HIGH = 0.25, 4.0
_SEARCH_STEPS = 30
_GOLDEN = (math.sqrt(5) - 1) / 2
_LEAST = 1e-7

Crop = tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The temperature for a card and the expected calibration error (0…1) without and with it."""

    temperature: float
    before: float
    after: float

    def to_json(self) -> dict[str, float]:
        """Return what a card tells about it: nothing where no temperature was needed."""
        return {} if self.temperature == 1.0 else {"ece_before": self.before, "ece_after": self.after}


def calibrate(network: keras.Model, crops: Sequence[Crop], classes: ClassSet) -> Calibration:
    """Fit a temperature to a network on held-out crops, if its confidence is off by more than ``GOOD_ENOUGH``.

    Parameters
    ----------
    network : keras.Model
        The network to be exported.
    crops : sequence of (ndarray of float32 (H, W, 3), ndarray of uint8 (H, W))
        Normalised image and mask, as ``validation_crops`` cuts them. Without any there is nothing to fit.
    classes : ClassSet
        Those of the masks, in the order of the network's outputs.
    """
    probabilities, labels = _labelled(network, crops, classes)
    before = calibration_error(probabilities, labels)
    if before <= GOOD_ENOUGH:
        return Calibration(1.0, before, before)
    temperature = fit_temperature(probabilities, labels)
    after = calibration_error(probabilities, labels, temperature=temperature)
    # The likelihood and this error may disagree; what does not help is not put on a card.
    return Calibration(temperature, before, after) if after < before else Calibration(1.0, before, before)


def calibration_error(
    probabilities: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], *, temperature: float = 1.0
) -> float:
    """Return the expected calibration error, 0…1, of (N, K) probabilities of each class; K is 2 or more."""
    confidence = winner_confidence(probabilities, temperature=temperature)
    levels = np.rint(np.clip(confidence, 0.0, 1.0) * 255.0).astype(np.uint8)
    return reliability(probabilities.argmax(axis=1).astype(np.uint8), levels, labels).expected_error()


def fit_temperature(probabilities: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> float:
    """Return the temperature from ¼ to 4 of the least negative log-likelihood (Guo et al., ICML 2017).

    Parameters
    ----------
    probabilities : ndarray of float32, shape (N, K)
        Of each of K ≥ 2 classes.
    labels : ndarray of uint8, shape (N,)
        The true output of each, below K.
    """
    logits = np.log(np.maximum(probabilities, _LEAST))
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logits / math.exp(log_temperature)
        largest = scaled.max(axis=1)
        total = largest + np.log(np.exp(scaled - largest[:, None]).sum(axis=1))
        return float((total - scaled[rows, labels]).mean(dtype=np.float64))

    # Golden-section search: the loss is convex in 1 / T, so it has one valley in log T.
    low, high = math.log(_LOW), math.log(_HIGH)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_SEARCH_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return round(math.exp((low + high) / 2), 4)


def _labelled(
    network: keras.Model, crops: Sequence[Crop], classes: ClassSet
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Return the probabilities of every class (N, K) and the true output (N,) of evenly chosen labelled pixels."""
    step = max(1, -(-sum(int((mask != VOID).sum()) for _, mask in crops) // _PIXELS))
    outputs = np.zeros(256, dtype=np.uint8)
    outputs[list(classes.ids)] = np.arange(len(classes))
    found = [np.zeros((0, len(classes)), dtype=np.float32)]
    labels = [np.zeros(0, dtype=np.uint8)]
    for start in range(0, len(crops), _BATCH):
        part = crops[start : start + _BATCH]
        answer = np.asarray(network(np.stack([image for image, _ in part]), training=False), dtype=np.float32)
        if answer.shape[-1] == 1:
            answer = np.concatenate([1.0 - answer, answer], axis=-1)
        mask = np.stack([mask for _, mask in part])
        known = mask != VOID
        found.append(answer[known][::step])
        labels.append(outputs[mask[known][::step]])
    return np.concatenate(found), np.concatenate(labels)
