"""Which masks the window holds in memory, so that a job never writes such a mask's file behind its back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class MaskClaims:
    """Shared by the window's thread and the thread of the jobs.

    A claimed mask is in memory and may have edits: its file is written from there only. Any other
    mask's file may be rewritten by a job, inside ``unclaimed``.

    Parameters
    ----------
    confirm_lock : callable
        Raises a SaveError if the folder may not be changed any more.
    """

    def __init__(self, confirm_lock: Callable[[], None] = lambda: None) -> None:
        self._confirm_lock = confirm_lock
        self._lock = threading.RLock()
        self._claimed: set[str] = set()
        self._edited: set[str] = set()

    def claim(self, key: str) -> None:
        """Keep jobs from writing the mask of an image; waits for the one mask that is just being written."""
        with self._lock:
            self._claimed.add(key)

    def release(self, key: str) -> None:
        """Let jobs write the mask of an image again."""
        with self._lock:
            self._claimed.discard(key)

    def job_starts(self) -> None:
        """Forget which masks have been edited: ``was_edited`` counts from here."""
        with self._lock:
            self._edited.clear()

    def mark_edited(self, key: str) -> None:
        """Note that a person has changed a mask, or said what it is worth."""
        with self._lock:
            self._edited.add(key)

    def was_edited(self, key: str) -> bool:
        """Tell whether a person has changed a mask, or its status, since the job started."""
        with self._lock:
            return key in self._edited

    @contextmanager
    def unclaimed(self, key: str) -> Iterator[bool]:
        """Tell whether the mask's file may be written inside the ``with``; nobody can claim it there.

        SaveError if nothing may be written into the folder any more.
        """
        with self._lock:
            self._confirm_lock()
            yield key not in self._claimed
