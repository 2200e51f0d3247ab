"""Bases: trained weights to start a training from, without a network to segment with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from segtool.core.classes import ClassSet, is_background
from segtool.core.errors import ModelError
from segtool.core.run_settings import FINE_TUNING_RATE, FROM_SCRATCH_RATE, NEW_CLASSES_RATE
from segtool.models.card import CARD_FILE, WEIGHTS_FILE, read_card
from segtool.models.integrity import verify_model
from segtool.models.store import DEFAULT_MODEL, ModelEntry, ModelStore
from segtool.resources import resource_path

GENERAL = "general"
FROM_SCRATCH = "none"
_SEPARATOR = ": "
_BASE_FILES = (WEIGHTS_FILE,)


def bundled_bases() -> list[ModelEntry]:
    """Return the whole bases that come with the program, by name; their cards' classes are those of ``heads``."""
    # One that is damaged is as good as not there: another start is offered instead.
    return [found for found in _look_at_bases() if isinstance(found, ModelEntry)]


def base_problems() -> list[ModelError]:
    """Return why bases that are there are not among them."""
    return [found for found in _look_at_bases() if isinstance(found, ModelError)]


def _look_at_bases() -> list[ModelEntry | ModelError]:
    found: list[ModelEntry | ModelError] = []
    for path in sorted(resource_path("bases").glob(f"*/{CARD_FILE}")):
        folder = path.parent
        try:
            card = verify_model(folder, required=_BASE_FILES)
        except ModelError as exc:
            found.append(exc)
        else:
            found.append(ModelEntry(folder.name, folder, card, bundled=True))
    return found


def resolve_base(store: ModelStore, name_or_dir: str) -> Path:
    """Return the folder of a base or a model given by its name, or as a folder; ModelError if there is none."""
    for entry in bundled_bases():
        if entry.name == name_or_dir:
            return entry.folder
    return store.resolve(name_or_dir)


def default_base(models: Sequence[ModelEntry], classes: ClassSet) -> str:
    """Return what a training starts from unless a person says otherwise: always from what came with the program.

    A version that was trained before has seen the early corrections longest; starting from the base with all
    corrections treats them alike, and takes no longer.

    Parameters
    ----------
    models : sequence of ModelEntry
        Those that there are.
    classes : ClassSet
        The folder's.

    Returns
    -------
    str
        A bundled model that tells these very classes apart, else the general base, else whatever model there
        is, else "none".
    """
    wanted = {item.name.casefold() for item in classes}
    for entry in models:
        if entry.bundled and {item.name.casefold() for item in entry.card.classes} == wanted:
            return entry.name
    names = [entry.name for entry in (*bundled_bases(), *models)]
    if GENERAL not in names and DEFAULT_MODEL in names:
        return DEFAULT_MODEL
    return names[0] if names else FROM_SCRATCH


def fitting_rate(base: Path | None, classes: ClassSet) -> float:
    """Return the learning rate that fits a start: low where the classes are known, higher where a head is to be learnt.

    ModelError if the base cannot be read.
    """
    if base is None:
        return FROM_SCRATCH_RATE
    is_known = matching_outputs(read_card(base).classes, classes) is not None
    return FINE_TUNING_RATE if is_known else NEW_CLASSES_RATE


def heads(classes: ClassSet) -> dict[str, dict[str, int]]:
    """Return the heads of a base: by the name of each the places of its classes among the network's outputs.

    The classes of a base are called "nuclei: background", "nuclei: nucleus", "aerial: land", and so on.
    """
    found: dict[str, dict[str, int]] = {}
    for place, item in enumerate(classes):
        head, separator, name = item.name.partition(_SEPARATOR)
        if separator:
            found.setdefault(head, {})[name.casefold()] = place
    return found


def matching_outputs(base: ClassSet, classes: ClassSet) -> list[int] | None:
    """Return the outputs of a base or a model that tell classes apart, in their order; None if no head knows all.

    A head without a class for the background cannot stand for one that has it.
    """
    wanted = [item.name.casefold() for item in classes]
    if all(is_background(item) for item in classes):
        return None
    plain = {item.name.casefold(): place for place, item in enumerate(base)}
    for places in heads(base).values() or [plain]:
        if all(name in places for name in wanted):
            return [places[name] for name in wanted]
    return None
