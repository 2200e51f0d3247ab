"""R5: the open folder becomes read-only, is renamed, removed or unmounted, or answers late."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import TimeoutError
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import read_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.session_state import SaveKind
from segtool.sample import draw_nuclei
from tests.faults.counting import FaultCount, Times
from tests.gui.conftest import images_are_waited_for, make_window, no_thread_is_left  # noqa: F401 - fixtures

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is nothing to mount or rename while it is open")

Vanish = Callable[[Path], "contextlib.AbstractContextManager[None]"]


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def _drive(place: Path) -> Iterator[bool]:
    """Mount a drive in memory; False where that is not allowed."""
    place.mkdir()
    is_mounted = sys.platform == "linux" and shutil.which("mount") is not None
    is_mounted = is_mounted and _mount("-t", "tmpfs", "-o", "size=8m", "segtool-test", os.fspath(place))
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", os.fspath(place)], capture_output=True, check=False)


@contextlib.contextmanager
def _read_only_mask(folder: Path) -> Iterator[None]:
    mask = os.fspath(folder / "masks" / "a.png")
    assert _mount("--bind", mask, mask)
    assert _mount("-o", "remount,bind,ro", mask)
    try:
        yield
    finally:
        subprocess.run(["umount", mask], capture_output=True, check=True)


@contextlib.contextmanager
def _unmounted(folder: Path) -> Iterator[None]:
    """Move the drive away, which leaves the empty folder that it was mounted at, as an unmount does."""
    drive, elsewhere = folder.parent, folder.parent.with_name("elsewhere")
    elsewhere.mkdir(exist_ok=True)
    assert _mount("--bind", os.fspath(drive), os.fspath(elsewhere))
    subprocess.run(["umount", "-l", os.fspath(drive)], capture_output=True, check=True)
    try:
        yield
    finally:
        assert _mount("--bind", os.fspath(elsewhere), os.fspath(drive))
        subprocess.run(["umount", "-l", os.fspath(elsewhere)], capture_output=True, check=True)


@contextlib.contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Leave the folder itself empty: what a folder looks like that was the place of a drive."""
    kept = folder.with_name("kept")
    folder.rename(kept)
    folder.mkdir()
    try:
        yield
    finally:
        folder.rmdir()
        kept.rename(folder)


@contextlib.contextmanager
def _renamed(folder: Path) -> Iterator[None]:
    other = folder.with_name("renamed")
    folder.rename(other)
    try:
        yield
    finally:
        other.rename(folder)


@contextlib.contextmanager
def _removed(folder: Path) -> Iterator[None]:
    kept = Path(shutil.copytree(folder, folder.with_name("kept"), copy_function=shutil.copy2))
    shutil.rmtree(folder)
    try:
        yield
    finally:
        kept.rename(folder)


MOUNTED: dict[str, Vanish] = {
    "read-only mask": _read_only_mask,
    "unmounted drive": _unmounted,
}
ANYWHERE: dict[str, Vanish] = {"renamed": _renamed, "removed": _removed, "emptied": _emptied}


def _open(make: Callable[..., MainWindow], folder: Path, qtbot: QtBot) -> MainWindow:
    """Open a window on two drawn images and save a mask of the first."""
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.png")):
        pixels, _ = draw_nuclei(number, size=(60, 80))
        assert cv2.imwrite(os.fspath(folder / name), pixels)
    window = make()
    assert window.opener.open(folder)
    _paint_and_save(window, 0)
    qtbot.waitUntil(lambda: window._session.save_state.kind is SaveKind.SAVED)
    return window


def _paint_and_save(window: MainWindow, number: int) -> None:
    value = 1 + number % 2
    assert window._session.apply_pixels("Fill", Rect(4, 3, 20, 20), np.full((20, 20), value % 2, dtype=np.uint8))
    window._session.save()


def _becomes(kind: SaveKind, window: MainWindow, qtbot: QtBot) -> bool:
    with contextlib.suppress(TimeoutError):
        qtbot.waitUntil(lambda: window._session.save_state.kind is kind, timeout=10_000)
    return window._session.save_state.kind is kind


def _wrong(window: MainWindow, folder: Path, vanish: Vanish, number: int, qtbot: QtBot) -> str:
    """Let a folder vanish, save, bring it back and save again; returns what is wrong, "" if nothing."""
    session, mask_file = window._session, folder / "masks" / "a.png"
    assert session.document is not None
    before = mask_file.read_bytes()
    with vanish(folder):
        _paint_and_save(window, number)
        if not _becomes(SaveKind.FAILED, window, qtbot):
            return f"a save that could not be made counts as {session.save_state.kind.value}"
        if not session.is_dirty:
            return "the mask does not count as unsaved"
        if not any(str(folder) in text for text in window.messages.texts):
            return f"nothing was said of it: {window.messages.texts}"
        if not session.apply_pixels("Fill", Rect(1, 1, 2, 2), np.ones((2, 2), dtype=np.uint8)):
            return "nothing can be painted any more"
    if mask_file.read_bytes() != before:
        return "the old mask is gone"
    session.save()
    if not _becomes(SaveKind.SAVED, window, qtbot):
        return f"not saved once the folder was back: {session.save_state.reason}"
    if not np.array_equal(read_mask(mask_file), session.document.mask):
        return "what was saved is not what is shown"
    return f"the message stayed: {window.messages.texts}" if window.messages.texts else ""


def test_a_folder_that_vanishes_and_comes_back(
    tmp_path: Path,
    make_window: Callable[..., MainWindow],  # noqa: F811
    qtbot: QtBot,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    rounds, done, bad = times(quick=1, full=20), 0, []
    with _drive(tmp_path / "drive") as is_mounted:
        ways = {**(MOUNTED if is_mounted else {}), **ANYWHERE}
        folder = tmp_path / "drive" / "photos"
        window = _open(make_window, folder, qtbot)
        for number in range(rounds):
            for name, vanish in ways.items():
                done += 1
                wrong = _wrong(window, folder, vanish, done, qtbot)
                if wrong:
                    bad.append(f"{name} {number}: {wrong}")
        window._session.wait_until_saved()
    counted(
        FaultCount(
            test="R5",
            done="the open folder made read-only, renamed, removed, emptied or unmounted, then brought back",
            times=done,
            bad=len(bad),
            promise="the save fails with a message that names it, the work stays, the old mask is whole, and the next "
            "save works once the folder is back",
            found="; ".join(bad[:5]) or ("" if is_mounted else "nothing could be mounted here: three ways of six"),
        )
    )


def test_no_mask_is_put_where_a_drive_was(
    tmp_path: Path,
    make_window: Callable[..., MainWindow],  # noqa: F811
    qtbot: QtBot,
) -> None:
    """An unmounted drive leaves an empty folder; a first mask in it would be hidden once the drive is back."""
    folder = tmp_path / "photos"
    window = _open(make_window, folder, qtbot)
    assert window._session.open_image("b.png")
    with _emptied(folder):
        _paint_and_save(window, 0)
        assert _becomes(SaveKind.FAILED, window, qtbot)
        assert list(folder.iterdir()) == []
    window._session.save()
    assert _becomes(SaveKind.SAVED, window, qtbot)
    assert np.any(read_mask(folder / "masks" / "b.png") == 1)


def test_a_drive_that_answers_late(
    tmp_path: Path,
    make_window: Callable[..., MainWindow],  # noqa: F811
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    """Each wait for the disk takes 2 s in full; whichever of the window's own thread's would is counted."""
    seconds, saves = times(quick=100, full=2000) / 1000, times(quick=2, full=10)
    folder = tmp_path / "photos"
    window = _open(make_window, folder, qtbot)
    session = window._session
    held_up: list[str] = []
    late = 0

    def slow(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def wait_and_call(*arguments: Any, **more: Any) -> Any:
            nonlocal late
            if threading.current_thread() is threading.main_thread():
                held_up.append(f"{name} {arguments[0]}")
            else:
                late += 1
                threading.Event().wait(seconds)
            return real(*arguments, **more)

        return wait_and_call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, slow(name))
    bad = 0
    for number in range(saves):
        held_up.clear()
        _paint_and_save(window, 1 + number)
        QApplication.processEvents()
        qtbot.waitUntil(lambda: not session.is_dirty, timeout=30_000)
        same = session.document is not None and np.array_equal(read_mask(folder / "masks/a.png"), session.document.mask)
        bad += bool(held_up) or not same
    monkeypatch.undo()
    assert late >= 2 * saves  # the drive was late at all
    counted(
        FaultCount(
            test="R5",
            done="masks saved to a drive that takes 2 s for each flush and each rename",
            times=saves,
            bad=bad,
            promise="the window's own thread waits for none of them, and the mask is on disk",
            found="; ".join(held_up[:3]),
        )
    )
