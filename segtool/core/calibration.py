"""Calibration: whether a model that says 80 % is right four times in five."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID

BINS = 15
_LEVELS = 256
# The 256 levels of a stored confidence divide evenly into the bins: 255 = 15 · 17.
_LEVELS_PER_BIN = (_LEVELS - 1) // BINS
# Counting needs eight bytes a pixel: in pieces, so that a large image does not need gigabytes.
_PIECE = 1 << 22


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Pixels whose confidence lies in ``(low, high]``: how many, their mean confidence, and the share that is right.

    All but ``pixels`` are 0…1; mean confidence and share are 0 in an empty bin. The first bin also holds 0 itself.
    """

    low: float
    high: float
    pixels: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How many pixels had each confidence, and how many of them were right.

    Attributes
    ----------
    pixels, right : ndarray of int64, shape (256,)
        By confidence, 0…255 for the probabilities 0…1.
    """

    pixels: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]

    @classmethod
    def none(cls) -> Reliability:
        """Return the counts of no pixel."""
        return cls(np.zeros(_LEVELS, dtype=np.int64), np.zeros(_LEVELS, dtype=np.int64))

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(self.pixels + other.pixels, self.right + other.right)

    def bins(self) -> tuple[CalibrationBin, ...]:
        """Return the 15 bins of equal width from 0 to 1."""
        levels = np.arange(_LEVELS)
        number = np.maximum(-(-levels // _LEVELS_PER_BIN) - 1, 0)
        pixels = np.bincount(number, weights=self.pixels, minlength=BINS)
        right = np.bincount(number, weights=self.right, minlength=BINS)
        confidence = np.bincount(number, weights=self.pixels * (levels / (_LEVELS - 1)), minlength=BINS)
        return tuple(
            CalibrationBin(
                low=index / BINS,
                high=(index + 1) / BINS,
                pixels=int(pixels[index]),
                confidence=float(confidence[index] / max(pixels[index], 1)),
                right=float(right[index] / max(pixels[index], 1)),
            )
            for index in range(BINS)
        )

    def expected_error(self) -> float:
        """Return the expected calibration error, 0…1; 0 without any pixel.

        The mean over the bins of |share right - mean confidence|, each bin weighted by its pixels
        (Naeini et al., AAAI 2015; Guo et al., ICML 2017).
        """
        total = max(int(self.pixels.sum()), 1)
        return float(sum(item.pixels * abs(item.right - item.confidence) for item in self.bins()) / total)


def reliability(
    prediction: npt.NDArray[np.uint8], confidence: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]
) -> Reliability:
    """Count by confidence how often a prediction is right.

    Parameters
    ----------
    prediction, mask : ndarray of uint8, shape (H, W)
        Class ids; void (255) in the mask never counts.
    confidence : ndarray of uint8, shape (H, W)
        The predicted class' probability, 0…255 for 0…1.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if not prediction.shape == confidence.shape == mask.shape:
        raise ValueError(f"shapes differ: {prediction.shape}, {confidence.shape} and {mask.shape}")
    predicted, sure, known = prediction.ravel(), confidence.ravel(), mask.ravel()
    counted = Reliability.none()
    for start in range(0, known.size, _PIECE):
        piece = slice(start, start + _PIECE)
        labelled = known[piece] != VOID
        right = labelled & (known[piece] == predicted[piece])
        pixels, hits = (np.bincount(sure[piece][chosen], minlength=_LEVELS) for chosen in (labelled, right))
        counted += Reliability(pixels.astype(np.int64), hits.astype(np.int64))
    return counted
