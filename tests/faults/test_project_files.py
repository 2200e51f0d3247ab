"""Project files that somebody has damaged, or made up, through the real way of opening a folder (R9)."""

from __future__ import annotations

import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.formats.mask_png import write_mask
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.project.effort import EFFORT_FILE
from segtool.project.project import Project
from segtool.project.status import Status
from tests.faults.counting import FaultCount, Times

Counted = Callable[[FaultCount], None]
# Of the processor: what else the machine does is not the program's fault. Whoever waits for a file does not work.
LONGEST_S, LONGEST_WAIT_S = 5.0, 60.0
IMAGES = ("a.png", "b.png", "sub/c.png")
ODD: list[Callable[[], Any]] = [
    lambda: None,
    lambda: True,
    lambda: -1,
    lambda: 10**400,
    lambda: math.nan,
    lambda: math.inf,
    lambda: "",
    lambda: "\ud800",
    lambda: "a\0b",
    lambda: "line\nline",
    lambda: "\u202ex" * 50,
    lambda: "x" * 100_000,
    lambda: "../../outside/a.png",
    lambda: "/etc/passwd",
    list,
    dict,
    lambda: [[[[]]]],
    lambda: [{"id": number, "name": f"class {number}"} for number in range(300)],
    lambda: {"id": 0, "name": "\udcff"},
    lambda: {"../../outside/a.png": "approved"},
]


@pytest.fixture(autouse=True)
def images_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 20_000)


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    window = MainWindow(session, TrainingControl(session), log_file=tmp_path / "segtool.log")
    window.show()
    yield window
    window._asks_on_close = False
    window.close()
    window.deleteLater()


def make_folder(folder: Path) -> Path:
    """Make a folder of three images with masks, and everything that a project file can hold."""
    for name in IMAGES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(os.fspath(folder / name), np.full((20, 30), 90, dtype=np.uint8))
        write_mask(folder / "masks" / name, np.full((20, 30), 1, dtype=np.uint8))
    project = Project.open(folder)
    project.set_classes(project.classes.with_added("scratch"))
    for name, status in zip(IMAGES, Status, strict=False):
        project.set_status(name, status)
        project.note_prediction(name, "0001-nuclei")
    project.ensure_held_out(IMAGES)
    project.set_active_model("nuclei")
    project.save_state()
    (folder / "classes.json").write_text(json.dumps(project.classes.to_json()))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file that a person could miss: what is below the folder, but for what may be deleted."""
    paths = (path for path in folder.rglob("*") if path.is_file() and ".segtool" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return a file with a few bytes changed, cut, doubled or thrown in, or with odd values in it."""
    if rng.random() < 0.5:
        value = json.loads(data)
        for _ in range(rng.randint(1, 3)):
            _put_odd(value, rng)
        return json.dumps(value).encode()
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(5):
            case 0 if place < len(changed):
                changed[place] ^= 1 << rng.randrange(8)
            case 1:
                del changed[place:]
            case 2:
                changed[place:place] = rng.randbytes(rng.randint(1, 30))
            case 3:
                changed[place:place] = changed[place : place + rng.randint(1, 200)]
            case _:
                changed[place : place + rng.randint(1, 40)] = b""
    return bytes(changed)


def _put_odd(value: Any, rng: random.Random) -> None:
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and rng.random() < 0.6:
            value = value[key]
            continue
        if isinstance(value, dict) and rng.random() < 0.3:
            value[str(rng.choice(ODD)())] = value.pop(key)
        else:
            value[key] = rng.choice(ODD)()
        return


def test_mutated_project_files_are_opened_or_refused_and_never_touched(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, times: Times, counted: Counted
) -> None:
    rounds, rng, wrong, read_only, slowest = times(quick=6, full=500), random.Random(9), [], 0, 0.0
    folder, empty = make_folder(tmp_path / "photos"), tmp_path / "empty"
    empty.mkdir()
    session = window._session
    whole = {name: (folder / name).read_bytes() for name in ("segtool.json", "classes.json")}
    for turn in range(rounds):
        # Without a project file the classes are looked for in the other one.
        name = "classes.json" if turn % 5 == 0 else "segtool.json"
        for other, data in whole.items():
            (folder / other).write_bytes(data)
        if name == "classes.json":
            (folder / "segtool.json").unlink()
        data = mutated(whole[name], rng)
        (folder / name).write_bytes(data)
        before, started, worked = contents(folder), time.monotonic(), time.process_time()
        try:
            with qtbot.captureExceptions() as raised:
                is_open = window.opener.open(folder)
                is_damaged = is_open and session.project.damage is not None
                if is_open:
                    session.open_image("b.png")
                    session.approve()
                    if turn % 10 == 0:
                        session.holding.edit_here()
                after = contents(folder)
                window.opener.open(empty)
                qtbot.wait_until(lambda: session.job is None)
        except Exception as exc:
            wrong.append(f"{data[:80]!r}: {exc!r}")
            continue
        took, waited = time.process_time() - worked, time.monotonic() - started
        slowest, read_only = max(slowest, took), read_only + is_damaged
        # What the program adds to is compared only where nothing may be added.
        changed = {path for path, content in before.items() if after.get(path) != content}
        kept = not changed if is_damaged else changed <= {"segtool.json", EFFORT_FILE}
        if raised or not is_open or not kept or took > LONGEST_S or waited > LONGEST_WAIT_S:
            wrong.append(
                f"{data[:80]!r}: raised {raised}, open {is_open}, changed {changed}, {took:.1f} s of {waited:.1f}"
            )
    counted(
        FaultCount(
            test="R9",
            done="opening folders with a mutated segtool.json or classes.json",
            times=rounds,
            bad=len(wrong),
            promise="no error but in words, no more than 5 s of work; masks and whatever is damaged stay as they are",
            found="; ".join([f"{read_only} opened read-only, slowest {slowest:.1f} s", *wrong[:3]]),
        )
    )


def test_names_in_project_files_never_lead_out_of_the_folder(window: MainWindow, tmp_path: Path) -> None:
    outside = make_folder(tmp_path / "outside")
    (outside / "models" / "0001-evil").mkdir(parents=True)
    folder = make_folder(tmp_path / "photos")
    lead = [os.fspath(outside / "a.png"), "../outside/a.png", "sub/../../outside/a.png", "../outside/models/0001-evil"]
    value = json.loads((folder / "segtool.json").read_bytes())
    value |= {
        "statuses": dict.fromkeys(lead, "approved"),
        "predicted_by": {"a.png": lead[3], **dict.fromkeys(lead, lead[3])},
        "held_out": lead,
        "trained_on": lead[:1],
        "active_model": lead[3],
        "images_in": "../outside",
        "images_from": os.fspath(outside),
    }
    (folder / "segtool.json").write_text(json.dumps(value))
    before, touched, listening = contents(outside), [], True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if listening and any(os.fspath(outside) in os.path.abspath(a) for a in arguments if isinstance(a, str)):
            touched.append((event, arguments))

    sys.addaudithook(listen)
    try:
        session = window._session
        assert window.opener.open(folder)
        for name in IMAGES:
            assert session.open_image(name)
            session.approve()
        assert session.wait_until_saved()
        assert [entry.key for entry in session.project.entries] == list(IMAGES)
        assert session.model.name == "nuclei"
    finally:
        listening = False
    assert touched == []
    assert contents(outside) == before
