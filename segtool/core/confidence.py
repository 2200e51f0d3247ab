"""How sure a model is of a pixel's class: probabilities of classes, softened or sharpened by a temperature."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def winner_confidence(probabilities: npt.NDArray[np.float32], *, temperature: float = 1.0) -> npt.NDArray[np.float32]:
    """Return the probability of the most probable class of each pixel.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (..., K)
        0…1. K = 1: of the second of two classes; K ≥ 2: of each class.
    temperature : float
        What the logits would be divided by before softmax or sigmoid (Guo et al., ICML 2017): above 1 less
        sure, below 1 surer. Which class wins never depends on it. 1 costs nothing.

    Returns
    -------
    ndarray of float32, shape (...)
        1/K (½ for K = 1) … 1.
    """
    if probabilities.shape[-1] == 1:
        second = probabilities[..., 0]
        # Tiles and turns are blended with weights that sum to 1 but for the last bit; a root needs 1 - best ≥ 0.
        best = np.minimum(np.maximum(second, 1.0 - second), np.float32(1.0))
        if temperature == 1.0:
            return np.asarray(best, dtype=np.float32)
        others = ((1.0 - best) / best) ** (1.0 / temperature)
        return np.asarray(1.0 / (1.0 + others), dtype=np.float32)
    best = probabilities.max(axis=-1)
    if temperature == 1.0:
        return np.asarray(best, dtype=np.float32)
    # p ** (1 / T), brought back to a sum of 1, is the softmax of logits / T. Ratios to the winner cannot all vanish.
    ratios = probabilities / best[..., None]
    return np.asarray(1.0 / (ratios ** (1.0 / temperature)).sum(axis=-1), dtype=np.float32)


def class_probability(
    probabilities: npt.NDArray[np.float32], index: int, *, temperature: float = 1.0
) -> npt.NDArray[np.float32]:
    """Return the probability of one class, whether it is the most probable one or not.

    Where it is, that is what ``winner_confidence`` says.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (..., K)
        0…1. K = 1: of the second of two classes; K ≥ 2: of each class.
    index : int
        Which class, 0…K-1; 0 or 1 for K = 1.
    temperature : float
        As for ``winner_confidence``.

    Returns
    -------
    ndarray of float32, shape (...)
        0…1.
    """
    sure = winner_confidence(probabilities, temperature=temperature)
    if probabilities.shape[-1] == 1:
        second_wins = probabilities[..., 0] >= 0.5
        return np.where(second_wins == bool(index), sure, np.float32(1.0) - sure)
    if temperature == 1.0:
        return np.asarray(probabilities[..., index], dtype=np.float32)
    ratio = probabilities[..., index] / probabilities.max(axis=-1)
    return np.asarray(sure * ratio ** (1.0 / temperature), dtype=np.float32)
