"""Which image a person's work would help the model most with: those that it is least sure of, and random ones."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segtool.project.project import Project


class Reason(Enum):
    """Why an image is suggested."""

    UNCERTAIN = "uncertain"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An image to work on next.

    Attributes
    ----------
    key : str
        The image.
    reason : Reason
        Why this one.
    error : float or None
        What the model expects 1 - F1 to be here, 0…1; None if that is not known.
    """

    key: str
    reason: Reason
    error: float | None


def rank(
    errors: Mapping[str, float], order: Iterable[str], *, suggested: Sequence[Suggestion] = ()
) -> Iterator[Suggestion]:
    """Put images in the order in which a person should work on them.

    The image that the model expects to do worst on and a random one take turns. Choosing by uncertainty alone is
    hardly ever better than choosing at random (nnActive, arXiv 2511.19183, finds no method that reliably is), and
    it would show the model the odd images only.

    Parameters
    ----------
    errors : mapping of str to float
        What the model expects 1 - F1 to be, for those of the images where that is known.
    order : iterable of str
        The images to choose from, in the random order that ``shuffled`` gives; read no further than is needed.
    suggested : sequence of Suggestion
        What was suggested before: those images are left out, and the reason that was given less often has the next
        turn.

    Yields
    ------
    Suggestion
        The best first; each image once.
    """
    taken = {item.key for item in suggested}
    lead = sum(1 if item.reason is Reason.UNCERTAIN else -1 for item in suggested)
    worst, random = iter(sorted(errors, key=lambda key: (-errors[key], key))), iter(order)
    while True:
        key, reason = _next_free(worst, taken) if lead <= 0 else "", Reason.UNCERTAIN
        if not key:
            key, reason = _next_free(random, taken), Reason.RANDOM
        if not key:
            return
        lead += 1 if reason is Reason.UNCERTAIN else -1
        taken.add(key)
        yield Suggestion(key, reason, errors.get(key))


def shuffled(keys: Iterable[str], *, seed: int = 0) -> list[str]:
    """Return keys in a random order that depends on the seed and on nothing else: that of ``sha256(seed, key)``."""
    # File names that are not Unicode carry lone surrogates.
    return sorted(
        keys, key=lambda key: hashlib.sha256(f"next\n{seed}\n{key}".encode("utf-8", "surrogatepass")).digest()
    )


def unworked(project: Project, keys: Iterable[str]) -> Iterator[str]:
    """Yield those of the images that no person has worked on, in the same order."""
    return (key for key in keys if not project.status(key).is_persons_work)


def _next_free(keys: Iterable[str], taken: Collection[str]) -> str:
    return next((key for key in keys if key not in taken), "")
