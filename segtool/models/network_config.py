"""The architecture of a U-Net as a small validated value: the only thing a network is ever built from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from segtool.core.errors import ModelError

MAX_WIDTH = 1024
MAX_DEPTH = 7
MAX_OUTPUTS = 255
MAX_REDUCTION = 4


class Stem(StrEnum):
    """Where the network's first level works: at full resolution or, three times cheaper, at half."""

    FULL = "full"
    HALF = "half"


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Widths and depth of a U-Net.

    Attributes
    ----------
    outputs : int
        1: a sigmoid for the one foreground class. K ≥ 2: a softmax over K classes, background among them.
    widths : tuple of int
        Channels of each level, finest first; each level halves the resolution of the one before.
    stem : Stem
        Whether the first level works at full or at half resolution. The half-resolution stem has a
        full-resolution skip of ``skip_width`` channels.
    skip_width : int
        Channels of that skip.
    residual : bool
        Whether each block adds its input to its output.
    reduction : int
        How many times smaller than the image the network's input is, along each side. At 2 the network sees
        four times the surroundings and costs a quarter: what blocks of houses need and fine outlines do not.
    """

    outputs: int = 1
    widths: tuple[int, ...] = (32, 64, 128, 256)
    stem: Stem = Stem.HALF
    skip_width: int = 16
    residual: bool = True
    reduction: int = 1

    def __post_init__(self) -> None:
        if not _whole(self.outputs) or not 1 <= self.outputs <= MAX_OUTPUTS:
            raise ModelError(f"outputs must be from 1 to {MAX_OUTPUTS}, not {self.outputs!r}")
        if not 2 <= len(self.widths) <= MAX_DEPTH or not all(_whole(w) and 4 <= w <= MAX_WIDTH for w in self.widths):
            raise ModelError(f"widths must be 2 to {MAX_DEPTH} numbers from 4 to {MAX_WIDTH}, not {self.widths!r}")
        if not _whole(self.skip_width) or not 4 <= self.skip_width <= MAX_WIDTH:
            raise ModelError(f"skip_width must be from 4 to {MAX_WIDTH}, not {self.skip_width!r}")
        if not _whole(self.reduction) or not 1 <= self.reduction <= MAX_REDUCTION:
            raise ModelError(f"reduction must be from 1 to {MAX_REDUCTION}, not {self.reduction!r}")

    @property
    def stride(self) -> int:
        """Factor between the image's and the deepest level's resolution: image sides must be multiples of it."""
        return self.reduction * self.input_stride

    @property
    def input_stride(self) -> int:
        """The same for the network's input, which is the reduced image."""
        return int(2 ** (len(self.widths) - (1 if self.stem is Stem.FULL else 0)))

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary that ``from_json`` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> NetworkConfig:
        """Build from an untrusted dictionary: every field must be known and within its limits."""
        if isinstance(value, dict):
            value = {"reduction": 1, **value}
        if not isinstance(value, dict) or set(value) != {item.name for item in fields(cls)}:
            raise ModelError(f"the network config must have exactly {', '.join(f.name for f in fields(cls))}")
        if not isinstance(value["widths"], list) or not isinstance(value["residual"], bool):
            raise ModelError("the network config's widths must be a list and residual true or false")
        try:
            stem = Stem(value["stem"])
        except ValueError as exc:
            raise ModelError(f"the network config's stem must be full or half, not {value['stem']!r}") from exc
        return cls(
            outputs=value["outputs"],
            widths=tuple(value["widths"]),
            stem=stem,
            skip_width=value["skip_width"],
            residual=value["residual"],
            reduction=value["reduction"],
        )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
