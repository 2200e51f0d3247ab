"""What a network in training says of one crop, small enough to be sent to the window."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from segtool.core.classes import VOID, ClassSet
from segtool.core.run_events import RunPreview
from segtool.training.patches import Sample, validation_crops

Crop = tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]


class Preview:
    """One crop of an image that is shown again and again while a network learns.

    Parameters
    ----------
    samples : sequence of Sample
        Held-out images, or those that are trained on where none is held out; not empty. The crop is that of the
        first image that holds most classes, and of these the one with the least of its commonest class.
    classes : ClassSet
    size : int
        Side of the crop, at most 256.
    """

    def __init__(self, samples: Sequence[Sample], classes: ClassSet, *, size: int) -> None:
        richest = max(samples, key=lambda sample: len(sample.ids))
        crops = validation_crops([richest], size=size, seed=0)
        self._key, self._classes = richest.key, classes
        self._image, mask = min(crops, key=lambda crop: _variety(crop[1]))
        # What lies outside the image was filled up.
        known = np.flatnonzero((mask != VOID).any(axis=1)), np.flatnonzero((mask != VOID).any(axis=0))
        self._height, self._width = (int(found[-1]) + 1 if found.size else size for found in known)

    def event(self, network: keras.Model, *, step: int) -> RunPreview:
        """Return what a network says now."""
        probability = np.asarray(network(self._image[None], training=False))[0]
        places = probability[..., 0] >= 0.5 if probability.shape[-1] == 1 else probability.argmax(-1)
        mask = np.array(self._classes.ids, dtype=np.uint8)[places.astype(np.intp)]
        image = (self._image.clip(0, 1) * 255).round().astype(np.uint8)
        part = np.s_[: self._height, : self._width]
        return RunPreview(self._key, step, _png(image[part]), _png(mask[part]))


def _variety(mask: npt.NDArray[np.uint8]) -> tuple[int, int]:
    counts = np.bincount(mask.ravel(), minlength=VOID + 1)[:VOID]
    return -int((counts > 0).sum()), int(counts.max())


def _png(pixels: npt.NDArray[np.uint8]) -> str:
    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, format="PNG")
    return base64.b64encode(data.getvalue()).decode("ascii")
