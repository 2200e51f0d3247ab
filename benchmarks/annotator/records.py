"""Results of the comparison, a line of JSON each, so that runs on several machines can be put together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Record:
    """The state of one arm after some images.

    Attributes
    ----------
    set : str
        Name of the set of images.
    seed : int
        Decides the order of the images and the person's slips.
    arm : str
        What is compared, such as ``"recipe"`` or ``"forest"``.
    images : int
        How many images are corrected so far; 0 is before the first.
    iou, boundary_f1 : float
        On the held-out images of the set, 0…1.
    strokes : int
        Of the images corrected since the record before.
    added_path : float
        In pixels, of the same images.
    seconds : float
        Simulated seconds of the person, of the same images.
    cpu_seconds : float
        What training took since the record before.
    accepted : bool or None
        Whether the model that was just trained was made active; None where nothing was trained or nothing decides.
    outside_before, outside_after : float or None
        IoU of the active model before the training, and of the trained one, on images that took no part in deciding.
    """

    set: str
    seed: int
    arm: str
    images: int
    iou: float
    boundary_f1: float
    strokes: int = 0
    added_path: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    accepted: bool | None = None
    outside_before: float | None = None
    outside_after: float | None = None


_NAMES = frozenset(field.name for field in fields(Record))


def append(path: Path, record: Record) -> None:
    """Add a record as one line to a file, which is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(record)) + "\n")


def read(paths: Iterable[Path]) -> list[Record]:
    """Read the records of some files; of those of one set, seed, arm and number of images the last counts.

    A record of a training that was decided on and one of a training that was not are different ones. A run that was
    broken off may have left half a line and is repeated from its start.

    Raises
    ------
    ValueError
        If a whole line is no record.
    """
    found: dict[tuple[str, int, str, int, bool], Record] = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")[:-1]
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
                record = Record(**{name: value for name, value in values.items() if name in _NAMES})
            except (ValueError, TypeError, AttributeError) as cause:
                raise ValueError(f"{path}, line {number}, is no record: {cause}") from cause
            found[record.set, record.seed, record.arm, record.images, record.accepted is None] = record
    return sorted(found.values(), key=lambda item: (item.set, item.arm, item.seed, item.images))
