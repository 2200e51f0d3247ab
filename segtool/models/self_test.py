"""What a network answers to an image that everybody can draw: whether it still is the network that was trained."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.errors import ModelError
from segtool.models.network_config import NetworkConfig

CHANNELS = 3
# Levels of 255 by which an answer may differ. Processors that multiply in another order differ by some 1e-5, which
# can move a rounded level by one.
TOLERANCE = 2
# Least sides of the image in pixels: it takes a few milliseconds.
_LEAST_SIDES = (64, 96)
# Every third pixel: 3 and 2 have no common factor, so that these fall on every phase of every level too.
_STEP = 3
_MOST_LEVELS = 65_536
_MAX_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A known image, by its seed, and the answer.

    Attributes
    ----------
    seed : int
        Of the image; see ``known_image``.
    step : int
        Every so manyth row and column of the answer counts.
    levels : bytes
        Its probabilities there as 0…255, row by row, pixel by pixel, class by class.
    """

    seed: int
    step: int
    levels: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= _MAX_SEED or not 1 <= self.step <= 4096 or not 1 <= len(self.levels) <= _MOST_LEVELS:
            raise ModelError("the self-test is out of bounds")

    def difference(self, answer: npt.NDArray[np.float32]) -> int:
        """Return by how many levels of 255 an answer (1, H, W, K) differs where it differs most; 255 if in size."""
        found = _levels(answer, self.step).astype(np.int16).ravel()
        expected = np.frombuffer(self.levels, dtype=np.uint8).astype(np.int16)
        return int(np.abs(found - expected).max()) if found.shape == expected.shape else 255

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary that ``from_json`` reads back."""
        return {"seed": self.seed, "step": self.step, "levels": base64.b64encode(self.levels).decode("ascii")}

    @classmethod
    def from_json(cls, value: object) -> SelfTest:
        """Build from an untrusted dictionary; ModelError if it is malformed."""
        if not isinstance(value, dict) or not isinstance(value.get("levels"), str):
            raise ModelError("the self-test is not a JSON object with levels")
        seed, step = value.get("seed"), value.get("step")
        if type(seed) is not int or type(step) is not int:
            raise ModelError("the self-test's seed and step must be whole numbers")
        try:
            levels = base64.b64decode(value["levels"], validate=True)
        except (binascii.Error, ValueError) as exc:
            raise ModelError(f"the self-test's levels are damaged ({exc})") from exc
        return cls(seed, step, levels)


def make_self_test(answer: npt.NDArray[np.float32], *, seed: int) -> SelfTest:
    """Keep what a network answers to ``known_image`` of that seed: probabilities (1, H, W, K)."""
    step = _STEP
    while (levels := _levels(answer, step)).size > _MOST_LEVELS:
        step += 2
    return SelfTest(seed, step, levels.tobytes())


def known_image(network: NetworkConfig, *, seed: int) -> npt.NDArray[np.float32]:
    """Draw the known image: blobs of several sizes, edges and grain.

    Only whole numbers and exact divisions: it is the same on every machine and with every version of NumPy. Its sides
    are odd multiples of the network's stride, so that a network of a larger stride than its card says does not fit.

    Returns
    -------
    ndarray of float32, shape (1, H, W, 3)
        0…1.
    """
    height, width = (((least // network.stride) | 1) * network.stride for least in _LEAST_SIDES)
    rows = np.arange(height, dtype=np.uint64)[:, None, None]
    columns = np.arange(width, dtype=np.uint64)[None, :, None]
    channels = np.arange(CHANNELS, dtype=np.uint64)[None, None, :]
    image = np.zeros((height, width, CHANNELS), dtype=np.uint64)
    for size, weight in ((24, 5), (11, 4), (5, 3), (1, 1)):
        cells = _mixed(
            (rows // np.uint64(size)) * np.uint64(65_537) + columns // np.uint64(size), channels, seed + size
        )
        image += np.uint64(weight) * cells
    return (image.astype(np.float32) / np.float32(13 * 255))[None]


def _mixed(cells: npt.NDArray[np.uint64], channels: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Return 0…255 for each cell and channel, without a pattern; integer arithmetic that wraps around."""
    value = cells * np.uint64(0x9E3779B97F4A7C15) + channels * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(seed)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (value ^ (value >> np.uint64(31))) >> np.uint64(56)


def _levels(answer: npt.NDArray[np.float32], step: int) -> npt.NDArray[np.uint8]:
    chosen = np.nan_to_num(answer[0, ::step, ::step])
    return np.asarray(np.rint(np.clip(chosen, 0.0, 1.0) * 255.0), dtype=np.uint8)
