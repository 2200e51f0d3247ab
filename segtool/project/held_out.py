"""Which images are kept out of training, so that models can be scored on images that they have never seen."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

FEWEST_IMAGES = 6
ONE_IN = 5


def choose_held_out(
    keys: Collection[str], *, held: Collection[str], known: Collection[str], seed: int = 0
) -> tuple[str, ...]:
    """Choose the images that are held out, never going back on an earlier choice.

    From six images on, one in five (rounded down) is held out. What is missing is drawn from the images that
    no choice has seen yet, in the order of ``sha256(seed, key)``: an image that was held out stays so, and one
    that may have been trained on (known, not held out) is never moved to the held-out ones.

    Parameters
    ----------
    keys : collection of str
        Images that can be used now, in any order.
    held : collection of str
        Images held out by earlier choices; some may be gone.
    known : collection of str
        Images that took part in any earlier choice. After this one, ``keys`` belong to them too.
    seed : int
        Seed of the order.

    Returns
    -------
    tuple of str
        All images held out now, those that are gone among them, sorted.
    """
    now = set(keys)
    kept = set(held)
    if len(now) < FEWEST_IMAGES:
        return tuple(sorted(kept))
    missing = len(now) // ONE_IN - len(kept & now)
    fresh = sorted(now - kept - set(known), key=lambda key: _rank(key, seed))
    return tuple(sorted(kept.union(fresh[: max(0, missing)])))


def _rank(key: str, seed: int) -> bytes:
    # File names that are not Unicode carry lone surrogates.
    return hashlib.sha256(f"{seed}\n{key}".encode("utf-8", "surrogatepass")).digest()
