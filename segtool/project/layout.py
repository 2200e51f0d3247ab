"""Where the images of a folder lie and which file holds the mask of each."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from segtool.core.errors import ProjectError
from segtool.formats.image import IMAGE_SUFFIXES
from segtool.project.natural_order import in_natural_order

STATE_FILE = "segtool.json"
CLASSES_FILE = "classes.json"
IMAGES_FOLDER = "images"
MASKS_FOLDER = "masks"
MODELS_FOLDER = "models"
OWN_FOLDER = ".segtool"
OVERLAYS_FOLDER = "overlays"
REPORTS_FOLDER = "segtool-reports"
WHOLE_FOLDER = "."

_STRAYS_NAMED = 3
_OWN_FOLDERS = frozenset({MODELS_FOLDER, OVERLAYS_FOLDER, REPORTS_FOLDER})
_Found = dict[str, list[str]]
"""Folder ("" or with a final "/") → names of the images in it."""


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One image of a project.

    Paths are made when they are asked for: for 100,000 images that would take longer than all else.

    Attributes
    ----------
    key : str
        Path relative to the folder of images, "/" between its parts.
    file, mask_file : str or path-like
        The same as ``path`` and ``mask_path``.
    """

    key: str
    file: str | os.PathLike[str]
    mask_file: str | os.PathLike[str]

    @property
    def path(self) -> Path:
        """The image, which need not be readable."""
        return Path(self.file)

    @property
    def mask_path(self) -> Path:
        """Where its mask is or will be. No two images of a project have the same."""
        return Path(self.mask_file)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a look at a folder has found.

    Attributes
    ----------
    images_in : str
        "." if images are read from the whole folder, "images" if they lie in ``images/`` beside ``masks/``.
    entries : tuple of ImageEntry
        In natural order of their keys.
    with_mask : frozenset of str
        Keys of the images whose mask file is there.
    notes : tuple of str
        What a person should know: files passed over, masks that could belong to more than one image.
    """

    images_in: str
    entries: tuple[ImageEntry, ...]
    with_mask: frozenset[str]
    notes: tuple[str, ...]


def find_layout(root: Path, *, masks_root: Path, recorded: Collection[str] = (), images_in: str = "") -> Layout:
    """Look for images and their masks without opening any of them.

    Masks lie under ``masks_root`` in the sub-folder of their image and are called like it, with ``.png`` for its
    suffix. If two images in one sub-folder have the same stem, the suffix is kept: ``a.jpg.png``, ``a.tif.png``.
    A mask that is there already is never handed to another image: beside ``a.jpg`` and ``a.tif``, ``a.png`` goes on
    being the mask of the one of them that is ``recorded`` alone and has no long name; else it is nobody's,
    and a note says so. An image that is alone keeps a mask with the long name if it has one.

    A folder with ``images/`` in it is read in the way in which more of the masks find an image: as ``images/``
    beside ``masks/``, or as a folder with a sub-folder that happens to be called images. If that does not tell,
    ``images_in`` does; else the first way is taken if ``masks/`` is there or no image lies outside ``images/``.

    Parameters
    ----------
    root : Path
        The folder that a person opened. Hidden names, every ``masks/``, its own ``models/`` and ``overlays/``, and
        links to folders are passed over, and so are the program's reports; only ``images/`` itself may be a link.
    masks_root : Path
        Folder of the masks; need not exist.
    recorded : collection of str
        Keys of the images that were worked on before, as the project remembers them.
    images_in : str
        How the folder was read before; "" if it never was.

    Raises
    ------
    ProjectError
        If the folder cannot be listed.
    """
    found, notes = _scan(root)
    whole = _assign(found, masks_root, frozenset(recorded))
    inside_prefix = f"{IMAGES_FOLDER}/"
    inside = {name[len(inside_prefix) :]: names for name, names in found.items() if name.startswith(inside_prefix)}
    outside = sum(len(names) for name, names in found.items() if not name.startswith(inside_prefix))
    if not inside:
        return _layout(WHOLE_FOLDER, root, whole, notes)
    beside = _assign(inside, masks_root, frozenset(recorded))
    if len(beside.with_mask) != len(whole.with_mask):
        is_beside = len(beside.with_mask) > len(whole.with_mask)
    elif images_in in (WHOLE_FOLDER, IMAGES_FOLDER):
        is_beside = images_in == IMAGES_FOLDER
    else:
        is_beside = not outside or os.path.isdir(root / MASKS_FOLDER) or os.path.isdir(masks_root)
    if not is_beside:
        return _layout(WHOLE_FOLDER, root, whole, notes)
    if outside:
        notes.append(f"Images are read from {inside_prefix} only: {outside} outside of it are not shown.")
    return _layout(IMAGES_FOLDER, root / IMAGES_FOLDER, beside, notes)


def _scan(root: Path) -> tuple[_Found, list[str]]:
    found: _Found = {}
    notes: list[str] = []
    seen: set[tuple[int, int]] = set()
    waiting = [("", os.fspath(root))]
    while waiting:
        prefix, folder = waiting.pop()
        try:
            identity = os.stat(folder)
            if (identity.st_dev, identity.st_ino) in seen:
                continue
            seen.add((identity.st_dev, identity.st_ino))
            with os.scandir(folder) as listing:
                items = list(listing)
        except OSError as exc:
            if not prefix:
                raise ProjectError(
                    f"the folder cannot be opened ({exc.strerror})",
                    path=root,
                    remedy="Open a folder that holds images.",
                ) from exc
            notes.append(f"The folder {prefix} cannot be read ({exc.strerror}): its images are not shown.")
            continue
        names = []
        for item in items:
            if item.name.startswith("."):
                continue
            if _has_image_suffix(item.name) and _is_image(item):
                names.append(item.name)
            elif _is_searched(item, top=not prefix):
                waiting.append((f"{prefix}{item.name}/", item.path))
        if names:
            found[prefix] = names
    return found, notes


def _has_image_suffix(name: str) -> bool:
    return name[name.rfind(".") :].lower() in IMAGE_SUFFIXES


def _is_image(item: os.DirEntry[str]) -> bool:
    # A pipe, a device, and a link to what is gone stay in the list, where their error can be read; none is opened.
    return not (os.path.isdir(item.path) if item.is_symlink() else item.is_dir(follow_symlinks=False))


def _is_searched(item: os.DirEntry[str], *, top: bool) -> bool:
    if item.name == MASKS_FOLDER or (top and item.name in _OWN_FOLDERS):
        return False
    if item.is_symlink():
        return top and item.name == IMAGES_FOLDER and os.path.isdir(item.path)
    return item.is_dir(follow_symlinks=False)


@dataclass(slots=True)
class _Assignment:
    """The mask file of each image, both as paths relative to their folders."""

    masks_root: Path
    mask_names: dict[str, str] = field(default_factory=dict)
    with_mask: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def _layout(images_in: str, images_root: Path, chosen: _Assignment, notes: list[str]) -> Layout:
    names = chosen.mask_names
    # The empty last part ends each of them with a separator.
    images, masks = os.path.join(images_root, ""), os.path.join(chosen.masks_root, "")
    return Layout(
        images_in=images_in,
        entries=tuple(ImageEntry(key, images + key, masks + names[key]) for key in in_natural_order(names)),
        with_mask=frozenset(chosen.with_mask),
        notes=(*notes, *chosen.notes),
    )


def _assign(found: _Found, masks_root: Path, recorded: frozenset[str]) -> _Assignment:
    result = _Assignment(masks_root)
    left_over: list[str] = []
    for prefix, names in found.items():
        masks = _MaskListing(masks_root / prefix, shown_as=f"{MASKS_FOLDER}/{prefix}")
        here = frozenset(name for name in names if f"{prefix}{name}" in recorded)
        for name, mask_name in _name_masks(names, masks, here).items():
            result.mask_names[f"{prefix}{name}"] = f"{prefix}{mask_name}"
            if masks.has(mask_name):
                result.with_mask.add(f"{prefix}{name}")
        result.notes += masks.notes
        used = {_fold(result.mask_names[f"{prefix}{name}"].removeprefix(prefix)) for name in names}
        told = " ".join(masks.notes)
        left_over += [f"{prefix}{name}" for name in masks.names if _is_stray(name, used) and name not in told]
    if left_over:
        result.notes.append(_stray_note(sorted(left_over)))
    return result


def _is_stray(name: str, used: set[str]) -> bool:
    return name[name.rfind(".") :].lower() in IMAGE_SUFFIXES and name[0] != "." and _fold(name) not in used


def _stray_note(names: list[str]) -> str:
    first = ", ".join(names[:_STRAYS_NAMED]) + (" and more" if len(names) > _STRAYS_NAMED else "")
    what = "1 file" if len(names) == 1 else f"{len(names)} files"
    return (
        f"{what} in {MASKS_FOLDER}/ {'belongs' if len(names) == 1 else 'belong'} to no image: {first}. A mask has the "
        "name of its image and ends in .png."
    )


class _MaskListing:
    """The names in one folder of masks, listed once: asking for 10,000 files one by one is slow on a network drive."""

    def __init__(self, folder: Path, *, shown_as: str) -> None:
        self.shown_as = shown_as
        self.notes: list[str] = []
        self._folder = folder
        try:
            self.names = frozenset(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            self.names = frozenset()
        except OSError as exc:
            self.names = frozenset()
            self.notes.append(f"The folder {shown_as} cannot be read ({exc.strerror}): its masks are not shown.")
        self._folded = frozenset(_fold(name) for name in self.names)

    def has(self, name: str) -> bool:
        """Tell whether the file is there; the file system decides about upper case and accents."""
        return name in self.names or (_fold(name) in self._folded and os.path.exists(self._folder / name))


def _name_masks(names: list[str], masks: _MaskListing, recorded: frozenset[str]) -> dict[str, str]:
    """Return image name → mask name for the images of one sub-folder; all mask names differ."""
    # Nearly every image is alone with its stem: a list for each of 100,000 would cost more than all else here.
    alone: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        stem = _fold(_stem(name))
        first = alone.setdefault(stem, name)
        if first is not name:
            groups.setdefault(stem, [first]).append(name)
    crowded = frozenset(_fold(name) for group in groups.values() for name in group)
    chosen: dict[str, str] = {}
    for stem, first in alone.items():
        # Beside a.jpg and a.tif, a.jpg.png is the mask of a.jpg, so the image a.jpg.tif cannot have it.
        if stem in crowded:
            group = groups.get(stem, [first])
            chosen.update((name, _long(name)) for name in group)
            for name in group:
                if masks.has(_short(name)) and not masks.has(_long(name)):
                    masks.notes.append(f"{masks.shown_as}{_short(name)} is the mask of {_stem(name)}, not of {name}.")
        elif stem in groups:
            chosen.update(_share(groups[stem], masks, recorded))
        else:
            chosen[first] = _name_alone(first, masks, alone)
    return chosen


def _name_alone(name: str, masks: _MaskListing, stems: Collection[str]) -> str:
    """Name the mask of an image whose stem no other has; ``stems`` are those of all images, folded."""
    short, long = _short(name), _long(name)
    # A long name is left over from the time when another image had the same stem. It is the short one of an image
    # with a longer stem.
    if not masks.has(long) or _fold(name) in stems:
        return short
    if masks.has(short):
        masks.notes.append(f"The mask of {name} is {masks.shown_as}{long}; {masks.shown_as}{short} is not used.")
    return long


def _share(group: list[str], masks: _MaskListing, recorded: frozenset[str]) -> dict[str, str]:
    """Name the masks of images with one stem: long names, but a short one that is somebody's stays theirs."""
    chosen = {name: _long(name) for name in group}
    claims: dict[str, list[str]] = {}
    for name in sorted(group):
        claims.setdefault(_short(name), []).append(name)
    # A.jpg and a.tif: with both spellings possible, the one on disk tells whose the mask is.
    present = [short for short in claims if short in masks.names]
    if not present and any(masks.has(short) for short in claims):
        present = [next(iter(claims))]
        claims = {present[0]: sorted(group)}
    for short in present:
        claimants = claims[short]
        owners = [name for name in claimants if not masks.has(_long(name))]
        if len(claimants) > 1:
            owners = [name for name in owners if name in recorded]
        if len(owners) == 1:
            chosen[owners[0]] = _short(owners[0])
            continue
        masks.notes.append(
            f"{masks.shown_as}{short} could be the mask of {' or of '.join(claimants)}, so it is not used: "
            f"rename it to {' or '.join(_long(name) for name in claimants)}."
        )
    return chosen


def _stem(name: str) -> str:
    # Every name here has a suffix, and none begins with a dot.
    return name[: name.rfind(".")]


def _short(name: str) -> str:
    return f"{_stem(name)}.png"


def _long(name: str) -> str:
    return f"{name}.png"


def _fold(name: str) -> str:
    # What file systems that ignore case, or how accents are spelled, take for the same name.
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
