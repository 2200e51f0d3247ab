"""Confusion matrices: how many pixels of each class were predicted as which class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID

# Counting needs eight bytes a pixel: in pieces, so that a large image does not need gigabytes.
_PIECE = 1 << 22


def pair_counts(prediction: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Count each pair of values that mask and prediction have at the same pixel.

    Parameters
    ----------
    prediction, mask : ndarray of uint8, shape (H, W)
        Class ids; void (255) in the mask never counts.

    Returns
    -------
    ndarray of int64, shape (255, 256)
        Element [i, j]: pixels that the mask calls i and the prediction j.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if prediction.shape != mask.shape:
        raise ValueError(f"prediction {prediction.shape} and mask {mask.shape} differ in size")
    predicted, known = prediction.ravel(), mask.ravel()
    counts = np.zeros(65536, dtype=np.int64)
    for start in range(0, known.size, _PIECE):
        piece = slice(start, start + _PIECE)
        counts += np.bincount(known[piece].astype(np.uint16) * 256 + predicted[piece], minlength=65536)
    return counts.reshape(256, 256)[:VOID]


def confusion_matrix(
    prediction: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8], ids: Sequence[int]
) -> npt.NDArray[np.int64]:
    """Count the pixels of each class by what was predicted.

    Parameters
    ----------
    prediction, mask : ndarray of uint8, shape (H, W)
        Class ids; void (255) in the mask never counts.
    ids : sequence of int
        The K classes of the mask.

    Returns
    -------
    ndarray of int64, shape (K, K + 1)
        Rows: the mask's class. Columns: the predicted class, the last one for anything that is none of ``ids``.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    rows = pair_counts(prediction, mask)[list(ids)]
    named = rows[:, list(ids)]
    other = rows.sum(axis=1) - named.sum(axis=1)
    return np.concatenate([named, other[:, None]], axis=1)
