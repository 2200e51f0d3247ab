"""What a training run reports: one JSON object per line, written by the child and read by the window."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, get_args, get_origin, get_type_hints


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


@dataclass(frozen=True, slots=True)
class RunNote:
    """Something that a person should know, in a sentence or two; the run goes on.

    ``name`` is the same for notes of one kind: of these only the last one counts. An empty ``message`` takes it back.
    """

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class RunAlive:
    """The process is at work, whatever else it says: how much time of a processor it has used, in seconds."""

    cpu_seconds: float


RunEvent = RunStarted | RunProgress | RunEpoch | RunPreview | RunDone | RunFailed | RunNote | RunAlive

_KINDS: dict[str, type[Any]] = {
    "started": RunStarted,
    "progress": RunProgress,
    "epoch": RunEpoch,
    "preview": RunPreview,
    "done": RunDone,
    "error": RunFailed,
    "note": RunNote,
    "alive": RunAlive,
}
_HINTS = {cls: get_type_hints(cls) for cls in _KINDS.values()}
# Larger than any step, count or time; what is larger would not fit the numbers of Qt and NumPy.
_LARGEST = 2**53


def to_line(event: RunEvent) -> str:
    """Return an event as one line of JSON without the line end."""
    kind = next(name for name, cls in _KINDS.items() if type(event) is cls)
    return json.dumps({"event": kind, **asdict(event)}, ensure_ascii=True, allow_nan=False)


def from_line(line: str) -> RunEvent | None:
    """Read an event back; None for a line that is no event (a library's chatter, say).

    What comes from another process is trusted in nothing: each field must have its type, and numbers must be finite.
    """
    # Most of what is no event is found out before it is read.
    if not line.lstrip().startswith("{"):
        return None
    try:
        data = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    cls = _KINDS.get(data.pop("event", "")) if isinstance(data, dict) and _has_kind(data) else None
    if cls is None or set(data) != set(_HINTS[cls]):
        return None
    if not all(_is_a(data[name], hint) for name, hint in _HINTS[cls].items()):
        return None
    if cls is RunStarted:
        data["held_out"] = tuple(data["held_out"])
    event: RunEvent = cls(**data)
    return event


def _has_kind(data: dict[str, Any]) -> bool:
    return isinstance(data.get("event"), str)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _is_a(value: object, hint: object) -> bool:
    """Tell whether a value read from JSON is what the annotation of its field says."""
    if hint is bool or hint is str or hint is type(None):
        return isinstance(value, hint)
    if hint is int or hint is float:
        is_number = isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
        return is_number and abs(value) <= _LARGEST  # type: ignore[arg-type]
    if get_origin(hint) is dict:
        return isinstance(value, dict)
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(_is_a(item, get_args(hint)[0]) for item in value)
    return any(_is_a(value, option) for option in get_args(hint))
