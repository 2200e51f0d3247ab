"""What correcting costs a person: pixels changed, contour drawn, seconds at work, and how that goes over the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import ClassSet, is_background
from segtool.core.metrics import mean_over_classes, tally

LONGEST_PAUSE_S = 20.0
WINDOW = 10
_FEWEST_FOR_A_TREND = 6
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Correction:
    """How far a saved mask is from the prediction that was shown.

    Attributes
    ----------
    pixels : int
        Pixels of the image.
    pixels_changed : int
        Pixels at which the two differ.
    added_path : int
        Added path length in pixels, see ``added_path_length``.
    f1, iou : float
        Scores of the shown prediction against the saved mask, 0…1, averaged over the classes as in ``core.metrics``.
    """

    pixels: int
    pixels_changed: int
    added_path: int
    f1: float
    iou: float


def measure_correction(shown: Mask, saved: Mask, classes: ClassSet) -> Correction:
    """Compare the prediction that was shown with the mask that was saved.

    Parameters
    ----------
    shown, saved : ndarray of uint8, shape (H, W)
        Class ids, 255 for void.
    classes : ClassSet
        The classes to score.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    scores = mean_over_classes(tally(shown, saved, classes.ids), classes)
    return Correction(
        pixels=saved.size,
        pixels_changed=int(np.count_nonzero(shown != saved)),
        added_path=added_path_length(shown, saved, classes),
        f1=scores["f1"],
        iou=scores["iou"],
    )


def added_path_length(shown: Mask, saved: Mask, classes: ClassSet) -> int:
    """Return how much contour a person had to draw.

    The added path length of Vaassen et al. as used by Kiser et al., J Digit Imaging 34 (2021),
    10.1007/s10278-021-00460-3: pixels of the boundary of the corrected contour that do not lie on the boundary
    of the shown one. The boundary of a class are its pixels that touch another value above, below or beside them;
    the edge of the image is none. Several classes are added up; a class named background is left out, as its
    boundary is that of the others.

    Parameters
    ----------
    shown, saved : ndarray of uint8, shape (H, W)
        Class ids, 255 for void, which has no boundary of its own.
    classes : ClassSet
        The classes whose boundaries count.

    Returns
    -------
    int
        Length in pixels.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if shown.shape != saved.shape:
        raise ValueError(f"masks {shown.shape} and {saved.shape} differ in size")
    counts = np.zeros(256, dtype=np.uint8)
    counts[[item.id for item in classes if not is_background(item)]] = 1
    drawn_before = _boundary(shown) & (shown == saved)
    # Unlike indexing, this leaves other threads the interpreter: 24 megapixels take a while.
    has_outline = cv2.LUT(saved, counts) > 0
    return int(np.count_nonzero(_boundary(saved) & has_outline & ~drawn_before))


def _boundary(mask: Mask) -> npt.NDArray[np.bool_]:
    """Return which pixels (H, W) have another value above, below or beside them."""
    edge = np.zeros(mask.shape, dtype=np.bool_)
    for one, other in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        differs = mask[one] != mask[other]
        edge[one] |= differs
        edge[other] |= differs
    return edge


class EffortClock:
    """Adds up the seconds in which a person is at work, from the times of what the person does.

    The time between two things done counts if it is no longer than the longest pause; a longer one is a break and
    does not count at all (the rule by which RootPainter measures annotation time; Smith et al., New Phytologist 236
    (2022), 10.1111/nph.18387).

    Parameters
    ----------
    longest_pause_s : float
        Seconds.
    """

    def __init__(self, *, longest_pause_s: float = LONGEST_PAUSE_S) -> None:
        self._longest_pause_s = longest_pause_s
        self._last: float | None = None
        self._seconds = 0.0

    @property
    def seconds(self) -> float:
        """Seconds at work so far."""
        return self._seconds

    def note(self, now: float) -> None:
        """Note that something was done at ``now``, in seconds of any clock that never goes back."""
        if self._last is not None and 0 <= now - self._last <= self._longest_pause_s:
            self._seconds += now - self._last
        self._last = now


@dataclass(frozen=True, slots=True)
class Trend:
    """What the first images took and what the last ones took.

    Attributes
    ----------
    images : int
        How many images stand at either end; no image is in both.
    first, last : float
        Means of what was measured.
    """

    images: int
    first: float
    last: float

    @property
    def change(self) -> float:
        """Change from the first to the last, -0.25 for a quarter less; 0 if the first took nothing."""
        return (self.last - self.first) / self.first if self.first > 0 else 0.0


def trend(values: Sequence[float]) -> Trend | None:
    """Return means of the first and the last ten values, or halves of fewer than 20; None for fewer than six."""
    if len(values) < _FEWEST_FOR_A_TREND:
        return None
    images = min(WINDOW, len(values) // 2)
    return Trend(images, float(np.mean(values[:images])), float(np.mean(values[-images:])))


def rolling_mean(values: Sequence[float], *, window: int = WINDOW) -> list[float]:
    """Return for each value the mean of it and those before it, ``window`` in all or as many as there are."""
    if not values:
        return []
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return [float(mean) for mean in (sums[ends] - sums[starts]) / (ends - starts)]
