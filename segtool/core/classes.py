"""The classes of a project or a model: ids, names and colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.errors import SegToolError
from segtool.core.palette import Colour, default_colour

BACKGROUND = 0
VOID = 255
_BAND_ROWS = 256
# Longer ones would take seconds to lay out wherever classes are listed.
MAX_NAME = 200
MAX_CLASS_ID = 254


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class: its id in masks (0…254), its name and its display colour (red, green, blue)."""

    id: int
    name: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class ClassSet:
    """The classes of a project or model, in id order; id 0 is always among them.

    Changing methods return a new set.
    """

    classes: tuple[ClassInfo, ...]

    def __post_init__(self) -> None:
        ids = [item.id for item in self.classes]
        names = [item.name.casefold() for item in self.classes]
        if ids != sorted(set(ids)) or not ids or ids[0] != BACKGROUND or ids[-1] > MAX_CLASS_ID:
            raise SegToolError(f"class ids must be unique, start at 0 and stay below 255, but are {ids}")
        if (longest := max(map(len, names))) > MAX_NAME:
            raise SegToolError(f"a class name has {longest} characters, {MAX_NAME} are the most")
        if len(set(names)) != len(names) or any(not name.strip() for name in names):
            raise SegToolError(f"class names must be unique and not empty, but are {[c.name for c in self.classes]}")

    def __iter__(self) -> Iterator[ClassInfo]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def __contains__(self, class_id: object) -> bool:
        return any(item.id == class_id for item in self.classes)

    @property
    def ids(self) -> tuple[int, ...]:
        """Class ids in rising order, void not among them."""
        return tuple(item.id for item in self.classes)

    def get(self, class_id: int) -> ClassInfo:
        """Return the class with that id; KeyError if there is none."""
        for item in self.classes:
            if item.id == class_id:
                return item
        raise KeyError(class_id)

    def named(self, name: str) -> ClassInfo | None:
        """Return the class of that name, upper and lower case alike, or None."""
        return next((item for item in self.classes if item.name.casefold() == name.casefold()), None)

    def label(self, value: int) -> str:
        """Return what to call a mask value: a class name, "void" or "id 37 (no class)"."""
        if value == VOID:
            return "void"
        return self.get(value).name if value in self else f"id {value} (no class)"

    def free_id(self) -> int:
        """Return the smallest id that no class has."""
        free = next((i for i in range(MAX_CLASS_ID + 1) if i not in self), None)
        if free is None:
            raise SegToolError("there is no free class id left: 255 classes are the most that a mask can hold")
        return free

    def with_added(self, name: str, *, colour: Colour | None = None) -> ClassSet:
        """Return the set with one more class under the smallest free id."""
        new_id = self.free_id()
        item = ClassInfo(new_id, name.strip(), default_colour(new_id) if colour is None else colour)
        return ClassSet(tuple(sorted((*self.classes, item), key=lambda c: c.id)))

    def with_renamed(self, class_id: int, name: str) -> ClassSet:
        """Return the set with another name for one class."""
        return self._with(replace(self.get(class_id), name=name.strip()))

    def with_recoloured(self, class_id: int, colour: Colour) -> ClassSet:
        """Return the set with another colour for one class."""
        return self._with(replace(self.get(class_id), colour=colour))

    def without(self, class_id: int) -> ClassSet:
        """Return the set without one class; id 0 cannot go."""
        if class_id == BACKGROUND:
            raise SegToolError("the class with id 0 cannot be removed")
        return ClassSet(tuple(item for item in self.classes if item.id != class_id))

    def _with(self, changed: ClassInfo) -> ClassSet:
        return ClassSet(tuple(changed if item.id == changed.id else item for item in self.classes))

    def unknown_ids(self, mask: npt.NDArray[np.uint8]) -> tuple[int, ...]:
        """Return the values of a mask (H×W uint8) that are neither a class nor void."""
        if mask.size == 0:
            return ()
        table = np.ones(VOID + 1, dtype=np.uint8)
        table[[*self.ids, VOID]] = 0
        found: set[int] = set()
        # Looking up a table takes a tenth of the time of counting, and hardly ever finds any; in bands, it needs no
        # memory beside a large mask.
        for top in range(0, mask.shape[0], _BAND_ROWS):
            band = mask[top : top + _BAND_ROWS]
            is_unknown = cv2.LUT(band, table).astype(np.bool_)
            if is_unknown.any():
                found.update(map(int, np.unique(band[is_unknown])))
        return tuple(sorted(found))

    def without_unknown(self, mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return a mask (H×W uint8) in which ids without a class are void; the mask itself if it has none."""
        if not self.unknown_ids(mask):
            return mask
        table = np.full(VOID + 1, VOID, dtype=np.uint8)
        table[list(self.ids)] = self.ids
        return np.asarray(cv2.LUT(mask, table), dtype=np.uint8)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the classes as a list that ``from_json`` reads back."""
        return [{"id": c.id, "name": c.name, "colour": list(c.colour)} for c in self.classes]

    @classmethod
    def from_json(cls, value: object) -> ClassSet:
        """Build from a list of ``{"id", "name"[, "colour"]}``; an entry for void (255) is passed over.

        A missing id 0 is added as *background*. Raises SegToolError if the list is malformed.
        """
        if not isinstance(value, list):
            raise SegToolError('classes must be a list of {"id", "name"}')
        items = [_class_from_json(entry) for entry in value]
        kept = sorted((item for item in items if item.id != VOID), key=lambda c: c.id)
        if not kept or kept[0].id != BACKGROUND:
            kept.insert(0, ClassInfo(BACKGROUND, "background", default_colour(BACKGROUND)))
        return cls(tuple(kept))


def _class_from_json(entry: object) -> ClassInfo:
    if not isinstance(entry, dict):
        raise SegToolError(f'a class must be {{"id", "name"}}, not {entry!r}')
    class_id, name = entry.get("id"), entry.get("name")
    if isinstance(class_id, bool) or not isinstance(class_id, int) or not 0 <= class_id <= VOID:
        raise SegToolError(f"a class id must be a whole number from 0 to 254, not {class_id!r}")
    if not isinstance(name, str):
        raise SegToolError(f"the name of class {class_id} must be text, not {name!r}")
    colour = entry.get("colour", list(default_colour(class_id)))
    if not (
        isinstance(colour, list)
        and len(colour) == 3
        and all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v <= 255 for v in colour)
    ):
        raise SegToolError(f"the colour of class {class_id} must be three numbers from 0 to 255, not {colour!r}")
    return ClassInfo(class_id, name, (colour[0], colour[1], colour[2]))


DEFAULT_CLASSES = ClassSet(
    (
        ClassInfo(BACKGROUND, "background", default_colour(BACKGROUND)),
        ClassInfo(1, "object", default_colour(1)),
    )
)


def is_background(item: ClassInfo) -> bool:
    """Tell whether a class is called background: such a class is left out of mean metrics."""
    return item.name.casefold() == "background"


def match_classes(source: ClassSet, target: ClassSet) -> tuple[ClassSet, npt.NDArray[np.uint8]]:
    """Fit one set of classes into another by name.

    Parameters
    ----------
    source : ClassSet
        Classes that a model (or an imported mask) uses.
    target : ClassSet
        Classes of the project.

    Returns
    -------
    ClassSet
        The target, with every source class that it lacked added under a free id, in a colour that
        no other class of it has. A source's "background" with id 0 is the target's id 0, whatever
        that is called.
    ndarray of uint8, shape (256,)
        Table from source id to target id; void stays void.
    """
    merged = target
    table = np.full(256, VOID, dtype=np.uint8)
    for item in source:
        found = _counterpart(item, merged)
        if found is None:
            merged = merged.with_added(item.name, colour=_free_colour(merged, wanted=item.colour))
            found = merged.named(item.name)
            assert found is not None
        table[item.id] = found.id
    return merged, table


def ids_in(source: ClassSet, target: ClassSet) -> npt.NDArray[np.uint8]:
    """Return the ids that classes have in another set: as `match_classes`, but a class that it lacks is void there.

    Returns
    -------
    ndarray of uint8, shape (256,)
        Table from source id to target id.
    """
    table = np.full(256, VOID, dtype=np.uint8)
    for item in source:
        found = _counterpart(item, target)
        if found is not None:
            table[item.id] = found.id
    return table


def _counterpart(item: ClassInfo, classes: ClassSet) -> ClassInfo | None:
    """Return the class of the same name; for "background" with id 0 it is the one with id 0."""
    found = classes.named(item.name)
    if found is None and item.id == BACKGROUND and is_background(item):
        return classes.get(BACKGROUND)
    return found


def _free_colour(classes: ClassSet, *, wanted: Colour) -> Colour:
    """Return the wanted colour, or the first default one that no class has yet."""
    taken = {item.colour for item in classes}
    candidates = (wanted, *map(default_colour, range(1, VOID)))
    return next((colour for colour in candidates if colour not in taken), wanted)
