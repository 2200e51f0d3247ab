"""What a training run reports: one JSON object per line, written by the child and read by the window."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The data are read and the network is built."""

    train_images: int
    held_out: tuple[str, ...]
    parameters: int
    base: str
    minutes: float | None
    epochs: int | None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Somewhere inside the run: ``fraction`` 0…1, times in seconds, ``remaining`` None while unknown."""

    stage: str
    step: int
    fraction: float
    loss: float
    elapsed: float
    remaining: float | None


@dataclass(frozen=True, slots=True)
class RunEpoch:
    """A validation: means over the epoch's steps and pooled metrics over the held-out images, 0…1.

    ``val_loss`` and ``val_f1`` are None where no image is held out.
    """

    epoch: int
    step: int
    train_loss: float
    train_f1: float
    val_loss: float | None
    val_f1: float | None
    best: bool
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RunPreview:
    """What the network in training says of one image now, for a person to watch it improve.

    ``image`` (RGB) and ``mask`` (grey: class ids of the folder) are PNG files in Base64, the same crop at the
    same size, at most 256 pixels a side. The image is a held-out one if there is one.
    """

    key: str
    step: int
    image: str
    mask: str


@dataclass(frozen=True, slots=True)
class RunDone:
    """The model folder is whole: where it is, and how it scores beside the base on the held-out images.

    ``metrics`` and ``base_metrics`` are ``{"pooled": {...}, "mean": {...}, "per_class": [...]}`` as printed by
    ``segtool evaluate --json``, or None where nothing is held out or there is no base to compare with.
    ``reason`` says why the run ended: "time", "epochs", "early stopping" or "stopped".
    ``accepted`` says whether the model may become the active one, ``why`` in a sentence what that rests on.
    """

    model: str
    metrics: dict[str, Any] | None
    base_metrics: dict[str, Any] | None
    seconds: float
    steps: int
    reason: str
    accepted: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run has failed; nothing has changed."""

    message: str


RunEvent = RunStarted | RunProgress | RunEpoch | RunPreview | RunDone | RunFailed

_KINDS: dict[str, type[Any]] = {
    "started": RunStarted,
    "progress": RunProgress,
    "epoch": RunEpoch,
    "preview": RunPreview,
    "done": RunDone,
    "error": RunFailed,
}


def to_line(event: RunEvent) -> str:
    """Return an event as one line of JSON without the line end."""
    kind = next(name for name, cls in _KINDS.items() if type(event) is cls)
    return json.dumps({"event": kind, **asdict(event)}, ensure_ascii=True, allow_nan=False)


def from_line(line: str) -> RunEvent | None:
    """Read an event back; None for a line that is no event (a library's chatter, say)."""
    try:
        data = json.loads(line)
    except ValueError:
        return None
    if not isinstance(data, dict) or data.get("event") not in _KINDS:
        return None
    cls = _KINDS[data.pop("event")]
    if set(data) != {item.name for item in fields(cls)}:
        return None
    if cls is RunStarted:
        data["held_out"] = tuple(data["held_out"])
    event: RunEvent = cls(**data)
    return event
