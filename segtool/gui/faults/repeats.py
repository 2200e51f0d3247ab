"""Keeping a storm of the same fault short: a paint event that fails does so sixty times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_MAX_KINDS = 500
# What comes again sooner is the same storm; what a person does again, a click for example, comes later.
_STORM_S = 5.0


@dataclass(frozen=True, slots=True)
class Repeat:
    """One time that something has happened.

    Attributes
    ----------
    number : int
        Which time it is.
    is_worth_writing : bool
        Whether it is the 1st, 10th, 100th and so on.
    is_news : bool
        Whether it has not happened in the seconds before.
    """

    number: int
    is_worth_writing: bool
    is_news: bool


class Repeats:
    """Counts what happens by its kind; whatever is new once there are too many kinds is one kind. Thread-safe.

    Parameters
    ----------
    now : callable
        Seconds from any moment on; never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, kind: str) -> Repeat:
        """Count something that happens now."""
        with self._lock:
            if kind not in self._known and len(self._known) >= _MAX_KINDS:
                kind = ""
            times, last = self._known.get(kind, (0, float("-inf")))
            now, number = self._now(), times + 1
            self._known[kind] = (number, now)
        return Repeat(number, str(number).strip("0") == "1", now - last > _STORM_S)
