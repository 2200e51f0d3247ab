"""A zip for a maintainer: logs, traces, versions, system and settings; no image, no mask, and no name unless wanted."""

from __future__ import annotations

import io
import json
import os
import platform
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

import segtool
from segtool.formats.atomic import write_atomic
from segtool.gui.faults.redaction import Redactor
from segtool.gui.faults.starts import MAX_TRACE_CHARS, kept_traces
from segtool.gui.jobs.worker import Job

_MAX_LOG_BYTES = 1_000_000
_MAX_TRACES = 20

_README = """This is a log bundle of SegTool, made by a person who wants to report a fault.

log/        what the program has logged, the newest last; each file is cut to its last megabyte
ended/      what is known of starts that did not end in order, with the interpreter's traces
system.json versions, computer, and what was open in numbers
settings.json how the window is set up

It holds no image and no mask. {names}
"""
_NAMES_OUT = (
    "Names of folders and images were replaced by a few letters, the same for the same name; "
    "the home folder by ~. A name in an unforeseen place may have stayed: look through it before you hand it on."
)
_NAMES_IN = "Names of folders and images were left in; the home folder was replaced by ~."


@dataclass(frozen=True, slots=True)
class BundleContents:
    """What the window knows that goes into a bundle.

    Attributes
    ----------
    log : Path
        The log file; what belongs to it lies beside it.
    system : mapping
        Versions and the like, as JSON.
    settings : mapping
        Settings without paths, as JSON.
    folders : tuple of str
        Folders whose names are to go.
    keeps_names : bool
        Whether names of folders and images stay.
    """

    log: Path
    system: Mapping[str, object]
    settings: Mapping[str, object]
    folders: tuple[str, ...] = ()
    keeps_names: bool = False


def write_bundle(path: Path, contents: BundleContents) -> Job:
    """Write a bundle.

    Yields
    ------
    Path
        The bundle, at the end.

    Raises
    ------
    SaveError
        If it cannot be written; a file that was there is untouched.
    """
    write_atomic(path, bundle_bytes(contents))
    yield path


def bundle_bytes(contents: BundleContents) -> bytes:
    """Return a bundle as the bytes of a zip; a few megabytes at most before they are packed."""
    redactor = Redactor(
        home=str(Path.home()) if _has_home() else "",
        folders=contents.folders,
        code={sys.prefix, sys.base_prefix, os.fspath(Path(segtool.__file__).resolve().parent.parent)},
        keeps_names=contents.keeps_names,
    )
    system = {**contents.system, **computer()}
    parts = {
        "README.txt": _README.format(names=_NAMES_IN if contents.keeps_names else _NAMES_OUT),
        "system.json": redactor.text(json.dumps(system, indent=2, ensure_ascii=False)),
        "settings.json": json.dumps(contents.settings, indent=2, ensure_ascii=False),
    }
    for log in (contents.log.with_name(contents.log.name + ".1"), contents.log):
        text = _end_of(log)
        if text:
            parts[f"log/{log.name}"] = redactor.text(text)
    for number, trace in enumerate(kept_traces(contents.log.parent)):
        if number < _MAX_TRACES:
            parts[f"ended/{trace.name}"] = _told_end(trace, redactor)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text.encode("utf-8", errors="replace"))
    return packed.getvalue()


def computer() -> dict[str, object]:
    """Return what the computer is like, in numbers and versions."""
    found: dict[str, object] = {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "python": sys.version,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "memory_free_gb": round(psutil.virtual_memory().available / 1e9, 1),
        "filesystem_encoding": sys.getfilesystemencoding(),
    }
    for name in ("LANG", "LC_ALL", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR"):
        if name in os.environ:
            found[name] = os.environ[name][:100]
    return found


def _told_end(path: Path, redactor: Redactor) -> str:
    text = _end_of(path, limit=MAX_TRACE_CHARS)
    try:
        # Names in a note stand between straight quotes, as JSON has it.
        note = json.loads(text)
    except ValueError:
        return redactor.text(text)
    if isinstance(note, dict) and isinstance(note.get("folder"), str):
        note["folder"] = redactor.text(note["folder"])
    return json.dumps(note, indent=2, ensure_ascii=False)


def _end_of(path: Path, *, limit: int = _MAX_LOG_BYTES) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit))
            data = file.read(limit)
    except OSError:
        return ""
    text = data.decode("utf-8", errors="replace")
    # The first line is cut: half a name in it might not be found.
    return text.partition("\n")[2] if size > limit else text


def _has_home() -> bool:
    try:
        return bool(Path.home())
    except RuntimeError:
        return False
