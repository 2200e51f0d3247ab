"""A random forest on features at several scales: what interactive pixel classifiers of the ilastik kind do.

It learns from the pixels of corrected images. Images of more than a megapixel are reduced by whole factors first, and
what is predicted is enlarged again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from segtool.core.classes import VOID
from segtool.core.normalisation import Normalisation, normalise
from segtool.core.reduction import reduce_mask, reduce_pixels

# ilastik's scales are 0.7, 1, 1.6, 3.5, 5 and 10; scikit-image spaces as many evenly by ratio.
_SIGMAS = (0.7, 10.0, 6)
_TREES, _TREES_AT_ONCE = 100, 10
_PIXELS = 50_000
_LARGEST = 1_100_000
_ROWS_AT_ONCE = 1 << 18


@dataclass(slots=True)
class Forest:
    """A random forest that predicts the class of each pixel.

    Attributes
    ----------
    jobs : int
        Threads, -1 for as many as there are cores.
    cpu_seconds : float
        What the last ``fit`` took, of all threads together.
    trees : int
        How many trees the last ``fit`` grew.
    """

    jobs: int = -1
    cpu_seconds: float = 0.0
    trees: int = 0
    _forest: RandomForestClassifier | None = field(default=None, repr=False)
    _channels: int = 1

    def fit(
        self,
        images: Sequence[npt.NDArray[np.generic]],
        masks: Sequence[npt.NDArray[np.uint8]],
        *,
        class_ids: Sequence[int],
        seed: int,
        seconds: float | None = None,
    ) -> None:
        """Learn from labelled pixels.

        At most 50,000 pixels are taken by chance, as many from each image; classes weigh alike, whatever their number
        of pixels. Taking as many pixels of each class instead found rare classes everywhere.

        Parameters
        ----------
        images : sequence of ndarray, shape (H, W) or (H, W, 3)
        masks : sequence of ndarray of uint8, shape (H, W)
            Class ids; void (255) is not learnt from.
        class_ids : sequence of int
            The classes that may be learnt.
        seed : int
        seconds : float, optional
            CPU seconds, of all threads together, after which no more trees are begun; 100 trees are the most.

        Raises
        ------
        ValueError
            If no pixel is labelled.
        """
        start = time.process_time()
        rng = np.random.default_rng(seed)
        self._channels = 3 if any(image.ndim == 3 for image in images) else 1
        features, labels = [], []
        for image, mask in zip(images, masks, strict=True):
            factor = _factor(mask.shape)
            known = reduce_mask(mask, class_ids, factor)
            chosen = _labelled(known, rng, limit=_PIXELS // len(images))
            features.append(_features(reduce_pixels(image, factor), self._channels)[chosen])
            labels.append(known.ravel()[chosen])
        if not sum(map(len, labels)):
            raise ValueError("there is no labelled pixel to learn from")
        x, y = np.concatenate(features), np.concatenate(labels)
        present, counts = np.unique(y, return_counts=True)
        weights = {int(value): len(y) / (len(present) * int(n)) for value, n in zip(present, counts, strict=True)}
        forest = RandomForestClassifier(0, warm_start=True, random_state=seed, n_jobs=self.jobs, class_weight=weights)
        for trees in range(_TREES_AT_ONCE, _TREES + 1, _TREES_AT_ONCE):
            forest.set_params(n_estimators=trees)
            forest.fit(x, y)
            if seconds is not None and time.process_time() - start >= seconds:
                break
        self._forest, self.trees = forest, forest.n_estimators
        self.cpu_seconds = time.process_time() - start

    def predict(self, image: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
        """Return the most likely class id of each pixel, uint8 of shape (H, W).

        Raises
        ------
        ValueError
            If nothing has been learnt yet.
        """
        if self._forest is None:
            raise ValueError("the forest has learnt nothing yet")
        height, width = image.shape[:2]
        factor = _factor((height, width))
        small = reduce_pixels(image, factor)
        rows = _features(small, self._channels)
        parts = [self._forest.predict(rows[at : at + _ROWS_AT_ONCE]) for at in range(0, len(rows), _ROWS_AT_ONCE)]
        found = np.concatenate(parts).astype(np.uint8).reshape(small.shape[:2])
        if factor == 1:
            return found
        found = found.repeat(factor, axis=0).repeat(factor, axis=1)
        # Rows and columns beyond a multiple of the factor were left out.
        return np.pad(found, ((0, height - found.shape[0]), (0, width - found.shape[1])), mode="edge")


def _factor(shape: tuple[int, ...]) -> int:
    return max(1, math.ceil(math.sqrt(shape[0] * shape[1] / _LARGEST)))


def _labelled(mask: npt.NDArray[np.uint8], rng: np.random.Generator, *, limit: int) -> npt.NDArray[np.int64]:
    """Return the indices of some labelled pixels of a flattened mask."""
    known = np.flatnonzero(mask.ravel() != VOID)
    return rng.choice(known, min(limit, len(known)), replace=False)


def _features(image: npt.NDArray[np.generic], channels: int) -> npt.NDArray[np.float32]:
    """Return the values themselves and intensity, edges and texture at each scale; shape (H · W, N)."""
    values = normalise(image, Normalisation())
    if channels == 1:
        values = values.mean(axis=2, keepdims=True)
    low, high, count = _SIGMAS
    found = multiscale_basic_features(values, sigma_min=low, sigma_max=high, num_sigma=count, channel_axis=-1)
    rows: npt.NDArray[np.float32] = np.concatenate([values, found], axis=-1).reshape(-1, channels + found.shape[-1])
    return rows
