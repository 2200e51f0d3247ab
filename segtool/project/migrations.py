"""How a ``segtool.json`` of an older format becomes one of the format that this version writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FORMAT_VERSION = 2

Migration = Callable[[dict[str, Any]], dict[str, Any]]
"""From a parsed file of one format to one of the next, without ``format``; what it does not know it leaves alone."""


def _disjoint_lists(value: dict[str, Any]) -> dict[str, Any]:
    """From 1 to 2: ``known`` named the held-out images as well; ``trained_on`` names only the others.

    What is malformed stays as it is: the reader says in which line.
    """
    known, held_out = value.pop("known", []), value.get("held_out", [])
    if isinstance(known, list) and isinstance(held_out, list):
        held = {key for key in held_out if isinstance(key, str)}
        known = [key for key in known if not isinstance(key, str) or key not in held]
    return {**value, "trained_on": known}


MIGRATIONS: Mapping[int, Migration] = {1: _disjoint_lists}
"""By the format that they start from."""


def migrated(value: dict[str, Any], *, version: int) -> dict[str, Any]:
    """Return a parsed file of an older format, without ``format``, as one of ``FORMAT_VERSION``."""
    for older in range(version, FORMAT_VERSION):
        value = MIGRATIONS[older](value)
    return value
