"""The engine for a GPU: one process trains and runs networks with Keras on JAX for many that draw crops and correct.

Needs ``pip install jax`` and ``KERAS_BACKEND=jax``. Layers and weights are those of the program; losses, optimiser, learning rate
and average are those of its recipe. Crops come from the program's own code. bfloat16 instead of float32 is the one difference.
"""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.annotator.arms import Arm
from benchmarks.annotator.loop import CHUNK, VALIDATION_CROPS
from segtool.core.classes import VOID
from segtool.core.normalisation import Normalisation, intensity_range, normalise
from segtool.core.reduction import reduce_pixels
from segtool.training.rates import momentum_at

BATCH, CROP, CLASSES = 4, 256, 5
# Sides of the squares that images are mirrored into, and how many go at once.
SQUARES = {256: 8, 512: 4, 1024: 1}
_TILE_STEP = 832
Mask = npt.NDArray[np.uint8]


class Slot:
    """Memory that a worker shares with the server: crops of a chunk, crops to validate on, images to predict."""

    def __init__(self) -> None:
        def shared(shape: tuple[int, ...], dtype: Any) -> npt.NDArray[Any]:
            size = int(np.prod(shape)) * np.dtype(dtype).itemsize
            return np.frombuffer(mmap.mmap(-1, size), dtype).reshape(shape)

        self.images = shared((CHUNK * BATCH, CROP, CROP, 3), np.float16)
        self.masks = shared((CHUNK * BATCH, CROP, CROP), np.uint8)
        self.validation = shared((VALIDATION_CROPS, CROP, CROP, 3), np.float16)
        self.validation_masks = shared((VALIDATION_CROPS, CROP, CROP), np.uint8)
        self.squares = {side: shared((count, side, side, 3), np.float16) for side, count in SQUARES.items()}


class Client:
    """An ``Engine`` whose work is done by the server at the other end of a pipe."""

    def __init__(self, pipe: Connection, slot: Slot) -> None:
        self._pipe, self._slot = pipe, slot

    def _ask(self, *request: Any) -> Any:
        self._pipe.send(request)
        answer = self._pipe.recv()
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer

    def begin(self, arm: Arm, *, set_name: str, classes: int, seed: int) -> int:
        base = {"general": set_name, "none": "none"}.get(arm.base, f"bundled {arm.base}")
        return int(self._ask("begin", base, classes, seed, arm.frozen))

    def train(
        self, run: int, crops: Sequence[tuple[npt.NDArray[np.float32], Mask]], rates: Sequence[float], *, step: int
    ) -> None:
        for i, (image, mask) in enumerate(crops):
            self._slot.images[i], self._slot.masks[i] = image, mask
        # A last chunk that is short is filled up with steps of rate 0.
        padded = [*rates, *([0.0] * (CHUNK - len(rates)))]
        momenta = [momentum_at(step + i) if i < len(rates) else 1.0 for i in range(CHUNK)]
        self._ask("train", run, np.float32(padded), np.float32(momenta))

    def validate(self, run: int, crops: Sequence[tuple[npt.NDArray[np.float32], Mask]]) -> float:
        self._slot.validation_masks[:] = VOID
        for i, (image, mask) in enumerate(crops):
            self._slot.validation[i], self._slot.validation_masks[i] = image, mask
        return float(self._ask("validate", run))

    def keep(self, run: int) -> None:
        self._ask("keep", run)

    def end(self, run: int) -> int:
        return int(self._ask("end", run))

    def predict(self, model: int, images: Sequence[npt.NDArray[np.generic]], *, reduction: int) -> list[Mask]:
        small = []
        for pixels in images:
            value_range = intensity_range(pixels, Normalisation())
            if reduction > 1:
                pixels = reduce_pixels(np.clip(pixels, *value_range).astype(pixels.dtype), reduction)
            small.append(normalise(pixels, Normalisation(), value_range=value_range).astype(np.float16))
        answers: list[Mask | None] = [None] * len(small)
        for side, count in SQUARES.items():
            fitting = [i for i, image in enumerate(small) if _square(image) == side]
            for group in (fitting[k : k + count] for k in range(0, len(fitting), count)):
                if side == max(SQUARES) and max(small[group[0]].shape[:2]) > side:
                    answers[group[0]] = self._tiled(model, small[group[0]])
                    continue
                for place, i in enumerate(group):
                    self._slot.squares[side][place] = _mirrored(small[i], side)
                found = self._ask("predict", model, side)
                for place, i in enumerate(group):
                    height, width = small[i].shape[:2]
                    answers[i] = found[place, :height, :width]
        return [
            answer if reduction == 1 else _enlarged(answer, pixels.shape[:2])
            for answer, pixels in zip(answers, images, strict=True)
            if answer is not None
        ]

    def _tiled(self, model: int, image: npt.NDArray[np.float16]) -> Mask:
        side = max(SQUARES)
        height, width = image.shape[:2]
        answer = np.zeros((height, width), dtype=np.uint8)
        margin = (side - _TILE_STEP) // 2
        for top, left in itertools.product(*(_starts(length, side) for length in (height, width))):
            tile = image[top : top + side, left : left + side]
            self._slot.squares[side][0] = _mirrored(tile, side)
            found = self._ask("predict", model, side)[0, : tile.shape[0], : tile.shape[1]]
            skip_top, skip_left = (margin if start else 0 for start in (top, left))
            answer[top + skip_top : top + side, left + skip_left : left + side] = found[skip_top:, skip_left:]
        return answer


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    # On the network's grid of 16.
    last = -(-(length - side) // 16) * 16
    return sorted({*range(0, last, _TILE_STEP), last})


def _square(image: npt.NDArray[Any]) -> int:
    return next((side for side in SQUARES if max(image.shape[:2]) <= side), max(SQUARES))


def _mirrored(image: npt.NDArray[np.float16], side: int) -> npt.NDArray[np.float16]:
    height, width = image.shape[:2]
    return np.pad(image, ((0, side - height), (0, side - width), (0, 0)), mode="symmetric")


def _enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    rows = np.minimum(np.arange(shape[0]) * mask.shape[0] // shape[0], mask.shape[0] - 1)
    columns = np.minimum(np.arange(shape[1]) * mask.shape[1] // shape[1], mask.shape[1] - 1)
    return mask[np.ix_(rows, columns)]


class Server:
    """Trains and runs the networks that clients ask for, one request after the other."""

    def __init__(self, bases: Path, bundled: Path, slots: Sequence[Slot]) -> None:
        from benchmarks.annotator.jax_network import Network

        self._network, self._slots = Network(bases, bundled), slots
        self._numbers = itertools.count()
        self._runs: dict[int, dict[str, Any]] = {}
        self._models: dict[int, Any] = {}

    def answer(self, worker: int, request: tuple[Any, ...]) -> Any:
        """Do what a worker asks for; a text is what went wrong."""
        try:
            return getattr(self, f"_{request[0]}")(self._slots[worker], *request[1:])
        except Exception as exc:  # told to the worker, which ends with it
            import traceback

            return "".join(traceback.format_exception(exc))

    def _begin(self, _slot: Slot, base: str, classes: int, seed: int, frozen: bool) -> int:
        number = next(self._numbers)
        state = self._network.start(base, classes=classes, seed=seed)
        self._runs[number] = {"state": state, "classes": classes, "frozen": frozen, "best": state[3]}
        return number

    def _train(self, slot: Slot, run: int, rates: Any, momenta: Any) -> bool:
        at = self._runs[run]
        at["state"] = self._network.train(
            at["state"], slot.images, slot.masks, rates, momenta, classes=at["classes"], frozen=at["frozen"]
        )
        return True

    def _validate(self, slot: Slot, run: int) -> float:
        at = self._runs[run]
        return self._network.loss(at["state"][3], slot.validation, slot.validation_masks, classes=at["classes"])

    def _keep(self, _slot: Slot, run: int) -> bool:
        self._runs[run]["best"] = [weight.copy() for weight in self._runs[run]["state"][3]]
        return True

    def _end(self, _slot: Slot, run: int) -> int:
        at = self._runs.pop(run)
        self._models[run] = (at["best"], at["classes"])
        return run

    def _predict(self, slot: Slot, model: int, side: int) -> Mask:
        weights, classes = self._models[model]
        return self._network.places(weights, slot.squares[side], classes=classes)
