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
from segtool.training.patches import Sample, crop_at

_SIDE = 256


class Preview:
    """One crop of an image that is shown again and again while a network learns.

    Parameters
    ----------
    samples : sequence of Sample
        Held-out images, or those that are trained on where none is held out; not empty. The crop is that of the
        first image that holds most classes, and of these the one with the least of its commonest class.
    classes : ClassSet
    """

    def __init__(self, samples: Sequence[Sample], classes: ClassSet) -> None:
        richest = max(samples, key=lambda sample: len(sample.ids))
        height, width = richest.mask.shape
        places = [(x, y) for y in range(0, height, _SIDE) for x in range(0, width, _SIDE)]
        x, y = min(places, key=lambda place: _variety(crop_at(richest, *place, size=_SIDE)[1]))
        self._image, _ = crop_at(richest, x, y, size=_SIDE)
        self._height, self._width = min(_SIDE, height - y), min(_SIDE, width - x)
        self._key, self._classes = richest.key, classes

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
