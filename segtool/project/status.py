"""How far the mask of an image has come."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The way of an image: nothing yet, segmented by a model, changed by a person, declared finished."""

    UNTOUCHED = "untouched"
    PREDICTED = "predicted"
    CORRECTED = "corrected"
    APPROVED = "approved"

    @property
    def is_persons_work(self) -> bool:
        """Whether a person has worked on the mask: it is never overwritten unasked, and it can be trained on."""
        return self in PERSONS_WORK


PERSONS_WORK = frozenset({Status.CORRECTED, Status.APPROVED})
