"""What came of a fault test: how often something was done to the program, and how often it was not up to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

Times = Callable[..., int]
"""``times(quick=20, full=1000)`` tells how often to do something: the first number in ``make test``, the second in
``make faults``."""


@dataclass(frozen=True, slots=True)
class FaultCount:
    """One row of the table of counts.

    Attributes
    ----------
    test : str
        "R1" for example; rows of one test stand together.
    done : str
        What was done, as a phrase: "kill -9 at a random moment while masks are saved".
    times : int
        How often.
    bad : int
        How often it was lost, damaged, silent, hung or dead: 0 is what is promised.
    promise : str
        What was looked at each time: "every mask reads back, none is older than the last save that was told".
    found : str
        Other figures worth a word: "largest loss 1.1 s"; "" for none.
    """

    test: str
    done: str
    times: int
    bad: int
    promise: str
    found: str = ""


def append_count(path: Path, count: FaultCount) -> None:
    """Add a row to a file of rows, one JSON object per line; several processes may do so at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(count), ensure_ascii=False) + "\n")


def read_counts(path: Path) -> list[FaultCount]:
    """Return the rows of a file in the order of their tests."""
    rows = [FaultCount(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(rows, key=lambda row: (int(row.test.lstrip("R")), row.done))
