"""What a project remembers about itself, and ``segtool.json``, the file that it is kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from segtool.core.classes import DEFAULT_CLASSES, ClassSet
from segtool.core.errors import ProjectError, SaveError, SegToolError
from segtool.formats.atomic import write_atomic
from segtool.project.status import Status

FORMAT_VERSION = 1
_REMEDY = "Correct the file, or move it away to start anew; masks are not touched."


@dataclass(frozen=True, slots=True)
class ProjectState:
    """The contents of ``segtool.json``.

    Attributes
    ----------
    classes : ClassSet
        *background* and *object* as long as none are known.
    has_classes : bool
        Whether the classes are known: set by somebody, or found in a file.
    statuses : mapping of str to Status
        By key; images that are no longer there stay in it, they may come back.
    predicted_by : mapping of str to str
        By key, the name of the model whose prediction is or was the mask of an image.
    held_out : tuple of str
        Keys of the images that are never trained on, sorted.
    known : tuple of str
        Keys that took part in a hold-out choice, sorted: those not held out may have been trained on.
    active_model : str
        Name of the model that segments; "" if none was chosen.
    images_in : str
        How the folder was read (see ``layout.find_layout``); "" if not known.
    images_from : str
        Folder of the images if it is another one than that of the file; else "".
    extra : mapping
        Entries of the file that this version does not know; they are written back.
    """

    classes: ClassSet = DEFAULT_CLASSES
    has_classes: bool = False
    statuses: Mapping[str, Status] = field(default_factory=dict)
    predicted_by: Mapping[str, str] = field(default_factory=dict)
    held_out: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    active_model: str = ""
    images_in: str = ""
    images_from: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_state(path: Path) -> ProjectState | None:
    """Read ``segtool.json``; None if there is none.

    Raises
    ------
    ProjectError
        If the file cannot be read, is malformed (with the line) or was written by a newer version.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ProjectError(
            f"the file cannot be read ({exc.strerror})", path=path, remedy="Check who may read it."
        ) from exc
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise ProjectError(f"line {line} is not UTF-8 text", path=path, remedy=_REMEDY) from exc
    try:
        value = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ProjectError(f"line {exc.lineno} is not valid JSON ({exc.msg})", path=path, remedy=_REMEDY) from exc
    except (ValueError, RecursionError) as exc:
        raise ProjectError(f"the file is not valid JSON ({exc})", path=path, remedy=_REMEDY) from exc
    return _Reader(path, text, value).state()


def write_state(path: Path, state: ProjectState) -> None:
    """Write ``segtool.json`` atomically, making its folder if need be; SaveError if that fails."""
    value: dict[str, Any] = {
        **state.extra,
        "format": FORMAT_VERSION,
        "statuses": {key: status.value for key, status in state.statuses.items()},
        "held_out": sorted(state.held_out),
        "known": sorted(state.known),
        "active_model": state.active_model,
    }
    if state.has_classes:
        value["classes"] = state.classes.to_json()
    if state.predicted_by:
        value["predicted_by"] = dict(state.predicted_by)
    for name, text in (("images_in", state.images_in), ("images_from", state.images_from)):
        if text:
            value[name] = text
    try:
        data = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # File names that are not Unicode carry lone surrogates, which JSON can only hold escaped.
        data = json.dumps(value, indent=2, sort_keys=True).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SaveError(
            f"could not be saved: its folder cannot be made ({exc.strerror})",
            path=path,
            remedy="Check that the folder may be written to, or choose another place.",
        ) from exc
    write_atomic(path, data + b"\n")


def merge_states(base: ProjectState, *, ours: ProjectState, theirs: ProjectState) -> ProjectState:
    """Bring our changes and those of another program together, ours winning where both changed the same thing.

    Parameters
    ----------
    base : ProjectState
        What both started from.
    ours, theirs : ProjectState
        What is in memory, and what is in the file now.

    Returns
    -------
    ProjectState
        An image that either side may have trained on is not held out.
    """
    changed = {key: status for key, status in ours.statuses.items() if base.statuses.get(key) is not status}
    predicted = {key: name for key, name in ours.predicted_by.items() if base.predicted_by.get(key) != name}
    trained = (set(ours.known) - set(ours.held_out)) | (set(theirs.known) - set(theirs.held_out))
    classes_from = theirs if ours.has_classes == base.has_classes and ours.classes == base.classes else ours
    return ProjectState(
        classes=classes_from.classes,
        has_classes=classes_from.has_classes,
        statuses={**theirs.statuses, **changed},
        predicted_by={**theirs.predicted_by, **predicted},
        held_out=tuple(sorted((set(ours.held_out) | set(theirs.held_out)) - trained)),
        known=tuple(sorted(set(ours.known) | set(theirs.known))),
        active_model=theirs.active_model if ours.active_model == base.active_model else ours.active_model,
        images_in=ours.images_in,
        images_from=ours.images_from,
        extra=theirs.extra,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the parsed file into a state, or says in which line it cannot."""

    path: Path
    text: str
    value: object

    def state(self) -> ProjectState:
        if not isinstance(self.value, dict):
            self._fail("the file must hold a JSON object")
        rest = dict(self.value)
        version = rest.pop("format", None)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            self._fail(f"format must be {FORMAT_VERSION}, not {version!r}", near="format")
        if version > FORMAT_VERSION:
            raise ProjectError(
                f"the file has format {version}, this program reads up to {FORMAT_VERSION}",
                path=self.path,
                remedy="Open the folder with a newer version of SegTool.",
            )
        classes = self._classes(rest.pop("classes", None))
        return ProjectState(
            classes=DEFAULT_CLASSES if classes is None else classes,
            has_classes=classes is not None,
            statuses=self._statuses(rest.pop("statuses", {})),
            predicted_by=self._names("predicted_by", rest.pop("predicted_by", {})),
            held_out=self._keys("held_out", rest.pop("held_out", [])),
            known=self._keys("known", rest.pop("known", [])),
            active_model=self._text("active_model", rest.pop("active_model", "")),
            images_in=self._text("images_in", rest.pop("images_in", "")),
            images_from=self._text("images_from", rest.pop("images_from", "")),
            extra=rest,
        )

    def _classes(self, value: object) -> ClassSet | None:
        if value is None:
            return None
        try:
            return ClassSet.from_json(value)
        except SegToolError as exc:
            self._fail(exc.reason, near="classes")

    def _statuses(self, value: object) -> dict[str, Status]:
        if not isinstance(value, dict):
            self._fail("statuses must be an object", near="statuses")
        statuses = {}
        for key, name in value.items():
            if name not in tuple(Status):
                self._fail(f"the status of {key} must be one of {', '.join(Status)}, not {name!r}", near=key)
            statuses[key] = Status(name)
        return statuses

    def _names(self, name: str, value: object) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            self._fail(f"{name} must be an object of names", near=name)
        return value

    def _keys(self, name: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
            self._fail(f"{name} must be a list of images", near=name)
        return tuple(sorted(set(value)))

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            self._fail(f"{name} must be text, not {value!r}", near=name)
        return value

    def _fail(self, reason: str, *, near: str = "") -> NoReturn:
        spellings = (json.dumps(near, ensure_ascii=False), json.dumps(near))
        found = next((place for text in spellings if (place := self.text.find(text)) >= 0), 0) if near else 0
        line = self.text.count("\n", 0, found) + 1
        raise ProjectError(f"line {line}: {reason}", path=self.path, remedy=_REMEDY)
