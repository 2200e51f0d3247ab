"""Which version was trained from which."""

from __future__ import annotations

from collections.abc import Sequence

from segtool.models.store import ModelEntry


def parent_name(entry: ModelEntry) -> str:
    """Return the name of the model that a version was trained from; "" if it started from random weights.

    What comes with the program was started from something that did not: it has no parent here.
    """
    base = entry.card.training.get("base")
    return base if isinstance(base, str) and base != "none" and not entry.bundled else ""


def parent_of(entry: ModelEntry, entries: Sequence[ModelEntry]) -> ModelEntry | None:
    """Return the model that a version was trained from, None if it has none or that is not there any more."""
    name = parent_name(entry)
    return next((item for item in entries if item.name == name), None)


def name_before(entry: ModelEntry) -> str:
    """Return the name of the model that was active when a version was trained, which it took the place of.

    Versions start from the same base again and again, so that this is another one than the parent; for cards that do
    not tell, it is the parent.
    """
    before = entry.card.training.get("before")
    return before if isinstance(before, str) and not entry.bundled else parent_name(entry)


def before(entry: ModelEntry, entries: Sequence[ModelEntry]) -> ModelEntry | None:
    """Return the model that a version took the place of, None if that is not known or not there any more."""
    name = name_before(entry)
    return next((item for item in entries if item.name == name), None)


def ancestor_names(entry: ModelEntry, entries: Sequence[ModelEntry]) -> tuple[str, ...]:
    """Return the names of a version's parent, the parent's parent and so on, the oldest first.

    The oldest may be one that is not there any more. A card from elsewhere may lead in a circle: that is cut.
    """
    by_name = {item.name: item for item in entries}
    found: list[str] = []
    at: ModelEntry | None = entry
    while at is not None and (name := parent_name(at)) and name not in (entry.name, *found):
        found.append(name)
        at = by_name.get(name)
    return tuple(reversed(found))


def children_of(name: str, entries: Sequence[ModelEntry]) -> tuple[ModelEntry, ...]:
    """Return the versions that were trained from a model."""
    return tuple(item for item in entries if parent_name(item) == name)
