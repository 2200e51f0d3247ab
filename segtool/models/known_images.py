"""What a model's card remembers of the images that it was made from: enough to tell whether others are alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from segtool.core.errors import ModelError
from segtool.core.look import LOOK_SIZE, Look

MAX_LOOKS = 128


@dataclass(frozen=True, slots=True)
class KnownImages:
    """How images looked that a model was trained on, and how sure it is of what it finds in held-out ones.

    Attributes
    ----------
    confidence : float
        Mean over held-out images of the model's confidence where it finds something, 0…1; see
        ``segtool.inference.suggestion``.
    looks : tuple of Look
        1 to ``MAX_LOOKS``.
    """

    confidence: float
    looks: tuple[Look, ...]

    def __post_init__(self) -> None:
        if not 0 < self.confidence <= 1:
            raise ModelError(f"the confidence on known images must be above 0 and at most 1, not {self.confidence}")
        if not 1 <= len(self.looks) <= MAX_LOOKS:
            raise ModelError(f"there must be 1 to {MAX_LOOKS} looks of known images, not {len(self.looks)}")
        if any(len(look) != LOOK_SIZE or not all(map(math.isfinite, look)) for look in self.looks):
            raise ModelError(f"each look of known images must be {LOOK_SIZE} finite numbers")

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary that ``from_json`` reads back."""
        return {"confidence": self.confidence, "looks": [list(look) for look in self.looks]}

    @classmethod
    def from_json(cls, value: object) -> KnownImages:
        """Build from an untrusted dictionary; ModelError, KeyError, TypeError or ValueError if it is malformed."""
        if not isinstance(value, dict):
            raise ModelError("what the card says of known images is not a JSON object")
        return cls(float(value["confidence"]), tuple(tuple(map(float, look)) for look in value["looks"]))
