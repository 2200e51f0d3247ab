"""R19: the window is closed, by whomever, while something is under way."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from segtool.formats.mask_png import read_mask, write_mask
from segtool.sample import draw_nuclei
from tests.faults.closing_child import EXPECTED, How, Moment, Saves
from tests.faults.counting import FaultCount, Times
from tests.faults.fork_server import Outcome, Run, fork_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

LIMIT_S = 5.0
SIGNALS = (How.TERM, How.INT, How.HUP, How.TWICE, How.LOGOUT)


def image_folder(tmp_path: Path) -> Path:
    """Three drawn images; the first has a mask, so that there is something to lose."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        pixels, mask = draw_nuclei(number, size=(90, 120))
        assert cv2.imwrite(os.fspath(folder / name), pixels)
        if number == 0:
            write_mask(folder / "masks" / "a.png", mask)
    return folder


def _scenarios(count: int) -> list[tuple[Moment, How, Saves]]:
    """Return what is done, the same each time: everything once that differs most, then anything."""
    first = [
        (Moment.QUESTION, How.TERM, Saves.WHOLE),
        (Moment.IDLE, How.CLOSE, Saves.FAILING),
        (Moment.DIALOG, How.TWICE, Saves.WHOLE),
        (Moment.STROKE, How.HUP, Saves.STUCK),
        (Moment.SAVING, How.INT, Saves.SLOW),
        (Moment.SAVING, How.DISCARD, Saves.STUCK),
        (Moment.TRAINING, How.TERM, Saves.WHOLE),
        (Moment.TRAINING, How.LOGOUT, Saves.WHOLE),
        (Moment.INFERENCE, How.CLOSE, Saves.WHOLE),
        (Moment.LOADING, How.TERM, Saves.WHOLE),
        (Moment.RETRAIN, How.TERM, Saves.WHOLE),
    ]
    rng = random.Random(19)
    while len(first) < count:
        moment, how, saves = rng.choice(list(Moment)), rng.choice(list(How)), rng.choice(list(Saves))
        if moment in (Moment.DIALOG, Moment.RETRAIN, Moment.QUESTION) and how not in SIGNALS:
            # Behind a modal dialog the window cannot be reached.
            continue
        if how is How.CLOSE and saves is Saves.STUCK:
            # A person who wants to save waits for it.
            continue
        if moment is Moment.TRAINING and saves in (Saves.STUCK, Saves.FAILING):
            # None starts before every mask is saved.
            continue
        first.append((moment, how, saves))
    return first[:count]


def _wrong(folder: Path, home: Path, before: bytes, scenario: tuple[Moment, How, Saves], outcome: Outcome) -> str:
    """Return what is wrong, "" if nothing."""
    moment, how, saves = scenario
    mask_file = folder / "masks" / "a.png"
    if any(word.startswith("failed") for word in outcome.said):
        return outcome.said[-1]
    must_stay = how is How.CLOSE and saves is Saves.FAILING and moment is not Moment.LOADING
    if must_stay:
        return "" if outcome.said[-1:] == ("stayed, dirty",) and mask_file.read_bytes() == before else "did not stay"
    if outcome.said[-1:] != ("asked",):
        return f"said {outcome.said}"
    if outcome.code not in ((0, 1) if saves is Saves.STUCK else (0,)):
        return f"exit code {outcome.code}"
    if outcome.seconds > LIMIT_S:
        return f"took {outcome.seconds:.1f} s"
    if moment is Moment.LOADING or saves in (Saves.STUCK, Saves.FAILING):
        if mask_file.read_bytes() != before:
            return "the old mask is gone"
    elif how is not How.DISCARD and not np.array_equal(read_mask(mask_file), np.load(folder / EXPECTED)):
        return "work is not on disk"
    elif how is How.DISCARD:
        read_mask(mask_file)
    left = [path.name for path in home.rglob("starts/*")]
    return f"left {left}" if left else ""


def test_closing_at_any_moment(
    tmp_path: Path, isolated_home: Path, times: Times, counted: Callable[[FaultCount], None]
) -> None:
    scenarios = _scenarios(times(quick=3, full=100))
    slowest, bad, kinds = 0.0, [], Counter[str]()
    rng = random.Random(1)
    with fork_server("tests.faults.closing_child", log=tmp_path / "child.log") as run:
        for number, scenario in enumerate(scenarios):
            folder = image_folder(tmp_path)
            before = (folder / "masks" / "a.png").read_bytes()
            outcome = _ended(run, folder, scenario, delay_ms=rng.choice((0, 0, 5, 40, 150, 400)))
            wrong = _wrong(folder, isolated_home, before, scenario, outcome)
            if wrong:
                bad.append(f"{number}: {' / '.join(scenario)}: {wrong}")
            slowest = max(slowest, outcome.seconds)
            kinds[scenario[1].value] += 1
            shutil.rmtree(folder)
    counted(
        FaultCount(
            test="R19",
            done="closed, ended by a signal or with the desktop's session during work, a save, a training, a dialog",
            times=len(scenarios),
            bad=len(bad),
            promise="ended within 5 s with every change on disk, or with the old mask whole where saves fail or "
            "hang; a window whose save fails stays open",
            found="; ".join(bad[:5]) or f"slowest end {slowest:.1f} s",
        )
    )


def _ended(run: Run, folder: Path, scenario: tuple[Moment, How, Saves], *, delay_ms: int) -> Outcome:
    moment, how, saves = scenario
    return run("run", folder=os.fspath(folder), moment=moment, how=how, saves=saves, delay_ms=delay_ms)
