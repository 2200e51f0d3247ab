"""Every kind of image file comes out as it was drawn, or is refused by name: in the window, on the command line and
for training (R8)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.classes import DEFAULT_CLASSES
from segtool.core.errors import ImageError
from segtool.core.normalisation import Normalisation
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.image_list_model import Role
from segtool.project.sources import Source
from segtool.training.patches import load_samples
from tests.faults.corpus import Case, Pixels, corpus, digest
from tests.faults.counting import FaultCount, Times
from tests.gui.conftest import (  # noqa: F401
    images_are_waited_for,
    make_window,
    no_thread_is_left,
    qapp_cls,
    window,
)

ROOT = Path(__file__).resolve().parent.parent.parent
_QUICK_EVERY = 7


def chosen(times: Times) -> list[tuple[Case, int]]:
    """Return the files and their orientations: all of both, or every seventh file and one orientation of each."""
    cases = corpus()
    if times(quick=0, full=1):
        return [(case, turn) for case in cases for turn in range(1, 9) if turn == 1 or case.can_turn]
    some = cases[::_QUICK_EVERY]
    return [(case, 1 + place % 8 if case.can_turn else 1) for place, case in enumerate(some)]


def fault_of(case: Case, orientation: int, found: Pixels) -> str:
    """Return what is wrong with the pixels that came out, "" if nothing is."""
    wanted = case.expected(orientation)
    if found.shape != wanted.shape:
        return f"{found.shape} instead of {wanted.shape}"
    if case.damage:
        found, wanted = found[: case.rows], wanted[: case.rows]
    if case.tolerance:
        off = float(np.abs(found.astype(float) - wanted).mean())
        return "" if off <= case.tolerance else f"off by {off:.1f}"
    return "" if digest(found) == digest(wanted) else "other pixels"


@pytest.fixture
def files(times: Times, tmp_path: Path) -> dict[str, tuple[Case, int]]:
    """The files in a folder, by name."""
    folder = tmp_path / "photos"
    folder.mkdir()
    return {case.put(folder, orientation=turn).name: (case, turn) for case, turn in chosen(times)}


def test_there_are_as_many_kinds_as_promised() -> None:
    cases = corpus()
    assert len({case.name for case in cases}) == len(cases) >= 65
    assert all((case.pixels is None) is bool(case.reason) for case in cases)
    assert sum(case.can_turn for case in cases) >= 50


def shown_faults(window: MainWindow, files: dict[str, tuple[Case, int]], qtbot: QtBot) -> Iterator[str]:  # noqa: F811
    """Yield what the window shows wrongly."""
    session = window._session
    for name, (case, turn) in files.items():
        is_shown = session.open_image(name)
        reason = session.entry_reason(name)
        if case.reason:
            if is_shown or case.reason not in reason:
                yield f"{name}: {reason or 'is shown'}"
            row = window.images.model.index(window.images.model.row_of(name))
            if not str(row.data(Role.REASON)):
                yield f"{name}: its row says nothing"
            continue
        document = session.document
        if not is_shown or document is None or document.entry.key != name:
            yield f"{name}: is not shown ({reason})"
            continue
        if fault := fault_of(case, turn, document.image.pixels):
            yield f"{name}: {fault}"
        if case.damage not in document.image.damage or bool(case.damage) is not bool(document.read_only_reason):
            yield f"{name}: {document.image.damage or document.read_only_reason or 'no word of the damage'}"
        told = window.status.notes_label.toolTip().lower()
        if missing := [note for note in case.notes if note.lower() not in told]:
            yield f"{name}: no word of {missing}"
        window.canvas.grab()


@pytest.mark.timeout(900)
def test_the_window_shows_it_or_says_why_not(
    window: MainWindow,  # noqa: F811
    files: dict[str, tuple[Case, int]],
    tmp_path: Path,
    qtbot: QtBot,
    counted: Callable[[FaultCount], None],
) -> None:
    assert window.opener.open(tmp_path / "photos")
    assert window._session.project is not None
    assert {entry.key for entry in window._session.project.entries} == set(files)
    faults = list(shown_faults(window, files, qtbot))
    counted(
        FaultCount(
            test="R8",
            done="files of every kind, and their EXIF orientations, opened in the window",
            times=len(files),
            bad=len(faults),
            promise="the pixels that were drawn, or the reason in its row",
            found="; ".join(faults[:5]),
        )
    )


@pytest.mark.timeout(900)
def test_training_reads_it_or_names_it(
    files: dict[str, tuple[Case, int]], tmp_path: Path, counted: Callable[[FaultCount], None]
) -> None:
    faults = []
    for name, (case, turn) in files.items():
        path, mask_path = tmp_path / "photos" / name, tmp_path / "mask.png"
        shape = (48, 64) if case.pixels is None else case.expected(turn).shape[:2]
        write_mask(mask_path, np.ones(shape, dtype=np.uint8))
        try:
            samples = load_samples([Source(name, path, mask_path)], DEFAULT_CLASSES, Normalisation(), seed=0)
        except ImageError as error:
            if not (case.reason or case.damage) or error.path != path:
                faults.append(f"{name}: {error}")
            continue
        except Exception as error:
            # Nothing but void is left of an image without any value.
            if "nothing-but-nan" not in name:
                faults.append(f"{name}: {type(error).__name__} {error}")
            continue
        fault = "is trained on" if case.reason or case.damage else fault_of(case, turn, samples[0].pixels)
        is_labelled = np.isfinite(samples[0].pixels.reshape(*shape, -1)).all(axis=2)
        if not fault and not np.array_equal(samples[0].mask == 1, is_labelled):
            fault = "what has no value is learned from"
        faults += [f"{name}: {fault}"] if fault else []
    counted(
        FaultCount(
            test="R8",
            done="the same files read for training",
            times=len(files),
            bad=len(faults),
            promise="the pixels that were drawn, or an error that names the file; damaged files are never learned from",
            found="; ".join(faults[:5]),
        )
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_command_line_goes_on_and_names_what_it_cannot_read(
    tmp_path: Path, counted: Callable[[FaultCount], None]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    cases = {case.put(folder).name: case for case in corpus()}
    done = subprocess.run(
        [sys.executable, "-m", "segtool", "segment", os.fspath(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=800,
    )
    faults = [] if done.returncode == 0 else [f"ends with {done.returncode}"]
    faults += ["Traceback"] if "Traceback" in done.stdout + done.stderr else []
    masks = {entry.name for entry in (folder / "masks").iterdir()}
    for name, case in cases.items():
        mask = next((item for item in (f"{name}.png", f"{Path(name).stem}.png") if item in masks), "")
        if case.reason or case.damage:
            is_named = any(name in line and "Traceback" not in line for line in done.stderr.splitlines())
            faults += [] if is_named and not mask else [f"{name}: {'segmented' if mask else 'not named'}"]
        elif not mask:
            faults.append(f"{name}: no mask")
        elif case.pixels is not None and read_mask(folder / "masks" / mask).shape != case.pixels.shape[:2]:
            faults.append(f"{name}: a mask of another size")
    counted(
        FaultCount(
            test="R8",
            done="segtool segment on a folder of every kind of file",
            times=len(cases),
            bad=len(faults),
            promise="goes on to the end, a mask for each sound file, each other one named, no traceback",
            found="; ".join(faults[:5]),
        )
    )
