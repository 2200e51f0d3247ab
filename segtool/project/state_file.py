"""``segtool.json``, the file that what a project remembers is kept in."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from segtool import __version__
from segtool.core.classes import DEFAULT_CLASSES, ClassSet
from segtool.core.errors import ProjectError, SaveError, SegToolError
from segtool.formats.atomic import write_atomic
from segtool.formats.source import open_regular, why
from segtool.project.migrations import FORMAT_VERSION, migrated
from segtool.project.state import ProjectState
from segtool.project.status import Status

_MAX_BYTES = 256 * 2**20
# No path is longer, and longer texts would take seconds to lay out wherever they are shown.
_MAX_TEXT = 4096
_MAX_REASON = 300
_REMEDY = "Open the folder in the window to use a backup, or move the file away to start anew; masks are not touched."


class NewerFileError(ProjectError):
    """The file is of a format that only a newer version of the program knows."""


@dataclass(frozen=True, slots=True)
class StateFile:
    """A ``segtool.json`` that was read whole: what it says, its bytes, and the format that it was written in."""

    state: ProjectState
    data: bytes
    format: int


FileVersion = tuple[int, int, int]
"""What tells one version of the file from the next, which is another file: see ``write_atomic``."""


def file_version(path: Path) -> FileVersion | None:
    """Return what tells the file from an earlier or later one of the same name; None if there is none to be seen."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_state_file(path: Path) -> StateFile | None:
    """Read ``segtool.json``, of this or an older format; None if there is none.

    Raises
    ------
    NewerFileError
        If a newer version has written it.
    ProjectError
        If the file cannot be read or is malformed (with the line).
    """
    data = _content(path)
    return None if data is None else parse_state(data, path=path)


def parse_state(data: bytes, *, path: Path) -> StateFile:
    """Understand the content of a ``segtool.json``; errors as of ``read_state_file``, which name ``path``."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise ProjectError(f"line {line} is not UTF-8 text", path=path, remedy=_REMEDY) from exc
    try:
        value = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ProjectError(f"line {exc.lineno} is not valid JSON ({exc.msg})", path=path, remedy=_REMEDY) from exc
    except (ValueError, RecursionError) as exc:
        raise ProjectError(f"the file is not valid JSON ({exc})", path=path, remedy=_REMEDY) from exc
    return _Reader(path, text, value).file(data)


def write_state(path: Path, state: ProjectState) -> bytes:
    """Write ``segtool.json`` atomically, with its folder if need be, and return its content; SaveError if it fails."""
    value: dict[str, Any] = {
        **state.extra,
        "format": FORMAT_VERSION,
        "written_by": f"SegTool {__version__}",
        "statuses": {key: status.value for key, status in state.statuses.items()},
        "held_out": sorted(state.held_out),
        "trained_on": sorted(set(state.known) - set(state.held_out)),
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
    data += b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SaveError(
            f"could not be saved: its folder cannot be made ({exc.strerror})",
            path=path,
            remedy="Check that the folder may be written to, or choose another place.",
        ) from exc
    write_atomic(path, data)
    return data


def _content(path: Path) -> bytes | None:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        # Opening it fails for the same reason, and says so.
        pass
    try:
        with open_regular(path, error=ProjectError) as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as exc:
        raise ProjectError(f"the file cannot be read ({why(exc)})", path=path, remedy="Check who may read it.") from exc
    if len(data) > _MAX_BYTES:
        raise ProjectError("the file is too large to be one of this program", path=path, remedy=_REMEDY)
    return data


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the parsed file into a state, or says in which line it cannot."""

    path: Path
    text: str
    value: object

    def file(self, data: bytes) -> StateFile:
        if not isinstance(self.value, dict):
            self._fail("the file must hold a JSON object")
        rest = dict(self.value)
        version = rest.pop("format", None)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            self._fail(f"format must be a whole number from 1 to {FORMAT_VERSION}, not {version!r}", near="format")
        if version > FORMAT_VERSION:
            writer = rest.get("written_by")
            by = f" by {writer[:40]}" if isinstance(writer, str) and writer.isprintable() else ""
            raise NewerFileError(
                f"the file was written{by} in format {version}, this program reads up to {FORMAT_VERSION}",
                path=self.path,
                remedy="Open the folder with a newer version of SegTool.",
            )
        return StateFile(self._state(migrated(rest, version=version), version), data, version)

    def _state(self, rest: dict[str, Any], version: int) -> ProjectState:
        rest.pop("written_by", None)
        classes = self._classes(rest.pop("classes", None))
        held_out = self._keys("held_out", rest.pop("held_out", []))
        trained_on = self._keys("known" if version == 1 else "trained_on", rest.pop("trained_on", []))
        was_trained_on = frozenset(trained_on)
        held_out = tuple(key for key in held_out if key not in was_trained_on)
        return ProjectState(
            classes=DEFAULT_CLASSES if classes is None else classes,
            has_classes=classes is not None,
            statuses=self._statuses(rest.pop("statuses", {})),
            predicted_by=self._names("predicted_by", rest.pop("predicted_by", {})),
            held_out=held_out,
            known=tuple(sorted([*held_out, *trained_on])),
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
        if not isinstance(value, dict) or not all(isinstance(v, str) and len(v) <= _MAX_TEXT for v in value.values()):
            self._fail(f"{name} must be an object of names", near=name)
        return value

    def _keys(self, name: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
            self._fail(f"{name} must be a list of images", near=name)
        return tuple(sorted(set(value)))

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            self._fail(f"{name} must be text, not {value!r}", near=name)
        if len(value) > _MAX_TEXT:
            self._fail(f"{name} must have at most {_MAX_TEXT} characters, not {len(value)}", near=name)
        return value

    def _fail(self, reason: str, *, near: str = "") -> NoReturn:
        spellings = (json.dumps(near, ensure_ascii=False), json.dumps(near))
        found = next((place for text in spellings if (place := self.text.find(text)) >= 0), 0) if near else 0
        line = self.text.count("\n", 0, found) + 1
        shown = reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}…"
        raise ProjectError(f"line {line}: {shown}", path=self.path, remedy=_REMEDY)
