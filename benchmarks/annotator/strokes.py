"""A simulated person who corrects a mask with a brush: good, but not perfect, and paid by the second.

The person sees what the true mask is, but misses small errors, leaves borders alone that are nearly right, has a hand
that is not quite steady, sometimes spills, and sometimes believes a prediction that is wrong. What is void in the true
mask is left as it is. The clock follows the published model of RootPainter's simulated annotator where there is one
(painting, travel, search and check); the rest are assumptions, all of them in ``AnnotatorSettings``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.annotator.brushwork import Clock, paint_time, strokes_for, travel_length
from segtool.core.classes import VOID

Mask = npt.NDArray[np.uint8]
Region = npt.NDArray[np.bool_]

_FILL_SECONDS = 1.0
# Parts of the true mask below this many pixels say nothing about how large objects are.
_LEAST_OBJECT = 4


@dataclass(frozen=True, slots=True)
class AnnotatorSettings:
    """How the person sees, paints and takes time.

    Lengths are in pixels of an image of 512 × 512, and are up to a third shorter or longer in smaller or larger ones:
    people zoom, but not all the way.

    Attributes
    ----------
    tolerance : float
        A border that is off by no more than this is left alone.
    jitter : float
        Root mean square by which a painted border is off, across it.
    jitter_grain : float
        Distance over which the hand stays off to the same side.
    half_missed : float
        Area in pixels of an error that is missed every second time, in an image of 256 × 256; it grows with the side
        and is never more than a tenth of a typical object, nor less than ``least_half_missed``. 0: nothing is missed.
    least_half_missed : float
    accepted : float
        Share of the medium errors of a prediction that are believed: seen easily, but no larger than a typical object.
    spilled : float
        Share of strokes that go over the border, by about a brush's radius.
    start_over : float
        A prediction is thrown away where painting the image from nothing takes less than this share of the time: the
        person sees what is hopeless, not what is even. 0: never.
    clock : Clock
    """

    tolerance: float = 1.5
    jitter: float = 0.7
    jitter_grain: float = 12.0
    half_missed: float = 20.0
    least_half_missed: float = 8.0
    accepted: float = 0.05
    spilled: float = 0.01
    start_over: float = 0.8
    clock: Clock = Clock()


PERFECT = AnnotatorSettings(tolerance=0.0, jitter=0.0, half_missed=0.0, accepted=0.0, spilled=0.0, start_over=0.0)
"""A person who ends with the true mask."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What a person ends with and what it took.

    Attributes
    ----------
    mask : ndarray of uint8, shape (H, W)
    before : ndarray of uint8, shape (H, W)
        What was corrected: the prediction, or void where that was thrown away. The added path length is from here.
    strokes : int
    seconds : float
        Simulated time of the person.
    pixels : int
        Pixels that the brush went over, counted once; a fill is not painted.
    """

    mask: Mask
    before: Mask
    strokes: int
    seconds: float
    pixels: int


def correct(
    prediction: Mask, truth: Mask, rng: np.random.Generator, *, settings: AnnotatorSettings | None = None
) -> Correction:
    """Correct a mask as a person would.

    Parameters
    ----------
    prediction, truth : ndarray of uint8, shape (H, W)
        Class ids. Void (255) in the prediction is where nothing is predicted yet: it is filled with the class that
        most of it is, in one stroke, then the rest is painted. Void in the truth is left as it is.
    rng : numpy Generator
        The chance of one image: the same one and the same prediction give the same correction.
    settings : AnnotatorSettings, optional

    Returns
    -------
    Correction

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if prediction.shape != truth.shape:
        raise ValueError(f"prediction {prediction.shape} and truth {truth.shape} differ in size")
    settings = AnnotatorSettings() if settings is None else settings
    known = truth != VOID
    if not known.any():
        return Correction(prediction.copy(), prediction, 0, settings.clock.image + settings.clock.check, 0)
    person = _Person.of(truth, rng, settings)
    corrected = person.correct(prediction, rng)
    if settings.start_over and (prediction[known] != VOID).any():
        anew = person.correct(np.where(known, np.uint8(VOID), prediction).astype(np.uint8), rng)
        if anew.seconds < settings.start_over * corrected.seconds:
            return anew
    return corrected


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """One person before one image: what is true, what the hand makes of it, and sizes in pixels of the image."""

    truth: Mask
    painted: Mask
    settings: AnnotatorSettings
    scale: float
    typical: float
    half_missed: float

    @classmethod
    def of(cls, truth: Mask, rng: np.random.Generator, settings: AnnotatorSettings) -> _Person:
        side = math.sqrt(truth.shape[0] * truth.shape[1])
        scale = min(max(side / 512, 2 / 3), 4 / 3)
        typical = _typical_area(truth)
        limit = min(settings.half_missed * max(side / 256, 1.0), 0.1 * typical)
        half_missed = max(limit, settings.least_half_missed) if settings.half_missed else 0.0
        painted = _unsteady(truth, rng, rms=settings.jitter * scale, grain=settings.jitter_grain * scale)
        return cls(truth, painted, settings, scale, typical, half_missed)

    def correct(self, prediction: Mask, rng: np.random.Generator) -> Correction:
        """Correct a prediction; void of it is filled first."""
        known, clock = self.truth != VOID, self.settings.clock
        mask = prediction.copy()
        seconds, strokes, pixels = clock.image + clock.check, 0, 0
        nothing = (prediction == VOID) & known
        if nothing.any():
            mask[nothing] = np.bincount(self.truth[nothing]).argmax()
            seconds, strokes = seconds + clock.search + _FILL_SECONDS, 1
        tolerated = self._tolerated(mask, ~nothing)
        seen = (mask != self.truth) & known & ~tolerated
        start = mask.copy()
        places: list[npt.NDArray[np.float64]] = []
        spills: list[tuple[int, int, int, int]] = []
        for class_id in np.flatnonzero(np.bincount(self.truth[seen], minlength=256)).tolist():
            wrong = (start != self.truth) & (self.truth == class_id)
            noticed = self._noticed(seen & wrong, ~nothing, rng)
            region = _grow(noticed, self.settings.tolerance * self.scale + 1) & wrong
            zone = _grow(region, math.ceil(2 * self.settings.jitter * self.scale)) & (self.painted == class_id) & known
            mask[zone] = class_id
            pixels += int(np.count_nonzero(zone))
            for work in strokes_for(region):
                strokes += work.strokes
                seconds += paint_time(work, clock)
                places.append(work.centre)
                if rng.random() < 1 - (1 - self.settings.spilled) ** work.strokes:
                    row, column = work.border[rng.integers(len(work.border))]
                    radius = max(2.0, min(work.radius, 6 * self.scale) * rng.uniform(0.5, 1.0))
                    spills.append((int(row), int(column), round(radius), class_id))
        for row, column, radius, class_id in spills:
            cv2.circle(mask, (column, row), radius, class_id, thickness=-1)
        seconds += travel_length(places) / clock.travel_speed
        mask[~known] = prediction[~known]
        return Correction(mask, prediction, strokes, seconds, pixels)

    def _tolerated(self, mask: Mask, predicted: Region) -> Region:
        """Return wrong pixels that only say that a border is off a little.

        Near by, the true class was predicted and the predicted class is true: so a thin object that is missing, or
        one that should not be there, is not taken for a border.
        """
        reach = self.settings.tolerance * self.scale
        found = np.zeros(mask.shape, dtype=np.bool_)
        wrong = (mask != self.truth) & predicted
        if reach < 1 or not wrong.any():
            return found
        ids = np.flatnonzero(np.bincount(self.truth[wrong], minlength=256) + np.bincount(mask[wrong], minlength=256))
        near_predicted, near_true = np.zeros_like(found), np.zeros_like(found)
        for class_id in ids:
            near_predicted |= (self.truth == class_id) & _grow(mask == class_id, reach)
            near_true |= (mask == class_id) & _grow(self.truth == class_id, reach)
        return wrong & near_predicted & near_true

    def _noticed(self, errors: Region, predicted: Region, rng: np.random.Generator) -> Region:
        """Return the errors that the person sees and does not believe."""
        count, labels, stats, _ = cv2.connectedComponentsWithStats(errors.astype(np.uint8), connectivity=8)
        areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
        missed = rng.random(count) < 1 / (1 + (areas / self.half_missed) ** 3) if self.half_missed else False
        shown = np.bincount(labels[predicted], minlength=count) > 0
        medium = (areas >= 2 * self.half_missed) & (areas <= self.typical) & shown
        believed = medium & (rng.random(count) < self.settings.accepted)
        keep = ~(missed | believed)
        keep[0] = False
        return np.asarray(keep[labels])


def _typical_area(truth: Mask) -> float:
    """Return the median area of the parts of all classes but the commonest; of that one if there is no other."""
    counts = np.bincount(truth[truth != VOID])
    areas = [
        stats[1:, cv2.CC_STAT_AREA]
        for class_id in np.flatnonzero(counts)
        if class_id != counts.argmax()
        for stats in [cv2.connectedComponentsWithStats((truth == class_id).astype(np.uint8), connectivity=8)[2]]
    ]
    found = np.concatenate([*areas, np.empty(0)])
    found = found[found >= _LEAST_OBJECT]
    return float(np.median(found)) if found.size else float(counts.max())


def _unsteady(truth: Mask, rng: np.random.Generator, *, rms: float, grain: float) -> Mask:
    """Return the true mask with its borders moved by a smooth random field; what comes from void is left true."""
    height, width = truth.shape
    coarse = (2, max(2, round(height / grain)), max(2, round(width / grain)))
    field = rng.standard_normal(coarse).astype(np.float32)
    if rms <= 0:
        return truth
    # Interpolation between grid points averages: what is asked for is what comes out.
    moves = [cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in field]
    moves = [np.clip(part * (rms / max(float(part.std()), 1e-6)), -2 * rms, 2 * rms) for part in moves]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(truth, columns + moves[0], rows + moves[1], cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return np.where(moved == VOID, truth, moved).astype(np.uint8)


def _grow(region: Region, reach: float) -> Region:
    """Return the pixels within a distance of a region."""
    size = int(reach)
    if size < 1 or not region.any():
        return region
    rows, columns = np.ogrid[-size : size + 1, -size : size + 1]
    disc = (rows**2 + columns**2 <= reach**2).astype(np.uint8)
    return np.asarray(cv2.dilate(region.astype(np.uint8), disc), dtype=np.bool_)
