"""R14 and the model files of R9: damaged and hostile models, through the session, the runtime and the training."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot

from segtool import cli
from segtool.app import make_application
from segtool.core.errors import ModelError
from segtool.formats.mask_png import read_mask
from segtool.gui.session import Session
from segtool.gui.session_state import Overwrite
from segtool.inference.runtime import Runtime
from segtool.models.card import CARD_FILE, MODEL_FILES, NETWORK_DATA_FILE, NETWORK_FILE, WEIGHTS_FILE, read_card
from segtool.models.self_test import TOLERANCE
from tests.faults.counting import FaultCount, Times
from tests.faults.model_attacks import MARKER, NETWORK_ATTACKS, WEIGHTS_ATTACKS, flip, mutate, put_foreign_models
from tests.model_fixtures import seal_files, texture

Counted = Callable[[FaultCount], None]
BEFORE, ACTIVE = "0001-before", "0002-active"
MOST_SECONDS = 60.0
MOST_BYTES = 1024**3


@pytest.fixture
def photos(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """A folder of two images and two versions, of which the last was chosen."""
    folder = tmp_path / "photos"
    for name in (BEFORE, ACTIVE):
        shutil.copytree(tiny_model_folder, folder / "models" / name)
    for number in range(2):
        assert cv2.imwrite(str(folder / f"{number}.png"), texture(64, 64, seed=number))
    (folder / "segtool.json").write_text(json.dumps({"format": 1, "active_model": ACTIVE}), encoding="utf-8")
    return folder


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    make_application()
    session = Session(autosave_ms=3_600_000, suggest_models=False)
    yield session
    session.close()


def restore(source: Path, folder: Path) -> None:
    """Put a whole model into the place of what is left of one."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    shutil.copytree(source, folder)


def chosen_on_disk(photos: Path) -> str:
    return str(json.loads((photos / "segtool.json").read_text(encoding="utf-8"))["active_model"])


def test_what_is_damaged_is_never_used_and_is_named(
    photos: Path, tiny_model_folder: Path, session: Session, times: Times, counted: Counted
) -> None:
    told: list[str] = []
    session.message.connect(lambda text, _level: told.append(text))
    active, whole = photos / "models" / ACTIVE, read_card(tiny_model_folder)
    rng, bad, done, harmless = np.random.default_rng(14), [], 0, 0
    for name in (*MODEL_FILES, CARD_FILE):
        data = (tiny_model_folder / name).read_bytes()
        cut = [data[: int(len(data) * part)] for part in (0.0, 0.5, 0.99)]
        flipped = [flip(data, int(bit)) for bit in rng.integers(8 * len(data), size=times(quick=4, full=200))]
        for changed in (*cut, *flipped):
            (active / name).write_bytes(changed)
            told.clear()
            assert session.open_folder(photos)
            done += 1
            found = next((entry for entry in session.models if entry.name == ACTIVE), None)
            if found is not None and found.card == whole and name == CARD_FILE:
                harmless += 1  # a blank for another, say
            elif found is not None or session.model is None:
                bad.append(f"{name} was used")
            elif not any(str(active / name) in text for text in told):
                bad.append(f"{name} was not named: {told}")
        (active / name).write_bytes(data)
    assert session.open_folder(photos)
    assert session.model is not None
    assert session.model.name == ACTIVE
    counted(
        FaultCount(
            test="R14",
            done="files of the active model cut to 0, 50 and 99 %, and single bits of them flipped",
            times=done,
            bad=len(bad),
            promise="the model is not used, another one is active, a message names the file",
            found="; ".join(bad[:3]) or f"{harmless} flips in the card left its content as it was",
        )
    )


def test_a_change_with_fitting_hashes_does_not_change_the_answer_unseen(
    tiny_model_folder: Path, tmp_path: Path, times: Times, counted: Counted
) -> None:
    image = texture(96, 96, channels=3, seed=5)[None].astype(np.float32) / 255
    expected = Runtime.load(tiny_model_folder).probabilities(image)
    rng, bad, same, most, slowest = np.random.default_rng(9), [], 0, 0.0, 0.0
    count = times(quick=2, full=200)
    for number in range(count):
        folder = tmp_path / "model"
        restore(tiny_model_folder, folder)
        name = (NETWORK_FILE, NETWORK_DATA_FILE)[number % 2]
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(flip(data, int(rng.integers(8 * len(data)))))
        seal_files(folder)
        started = time.monotonic()
        try:
            runtime = Runtime.load(folder)
        except ModelError as error:
            if error.path is None or folder not in error.path.parents:
                bad.append(f"{number}: no file is named")
        else:
            same += 1
            test = runtime.card.self_test
            assert test is not None
            apart = float(np.abs(runtime.probabilities(image) - expected).max())
            most = max(most, apart)
            # On another image than the one that was tested, a little more is let pass.
            if apart > 4 * (TOLERANCE + 1) / 255:
                bad.append(f"{number}: {name} answers {apart:.3f} apart")
        slowest = max(slowest, time.monotonic() - started)
    found = f"{same} loaded, at most {most:.4f} apart on another image; slowest {slowest:.1f} s"
    counted(
        FaultCount(
            test="R14",
            done="single bits of a network flipped and the card's hashes made to fit",
            times=count,
            bad=len(bad),
            promise="refused with the file's name, or the answer is the same",
            found="; ".join((*bad[:3], found)),
        )
    )


def test_hostile_models_do_no_harm(
    photos: Path,
    tiny_model_folder: Path,
    session: Session,
    times: Times,
    counted: Counted,
    qtbot: QtBot,
) -> None:
    told: list[str] = []
    session.message.connect(lambda text, _level: told.append(text))
    active, marker, bad = photos / "models" / ACTIVE, photos / MARKER, []
    attacks, memory = list(NETWORK_ATTACKS.items()), psutil.Process().memory_info
    before = most = memory().rss
    chosen = (
        attacks if times(quick=0, full=1) else [item for item in attacks if "160 GB" in item[0] or "ends" in item[0]]
    )
    for name, attack in chosen:
        restore(tiny_model_folder, active)
        attack(active, marker)
        told.clear()
        assert session.open_folder(photos)
        assert session.open_image("0.png")
        if session.model is not None and session.model.name == ACTIVE:
            session.segment(["0.png"], policy=Overwrite.REPLACE)
            sizes = [memory().rss]
            qtbot.waitUntil(lambda sizes=sizes: sizes.append(memory().rss) or session.job is None, timeout=90_000)
            most = max(most, *sizes)
            document = session.document
            if document is not None and (document.mask != 255).any():
                bad.append(f"{name}: it has segmented")
        if session.model is None or session.model.name == ACTIVE:
            bad.append(f"{name}: {ACTIVE} is still active")
        if not any(str(active) in text for text in told):
            bad.append(f"{name}: not named")
        if marker.exists() or chosen_on_disk(photos) != ACTIVE:
            bad.append(f"{name}: something was changed")
    if most - before > MOST_BYTES:
        bad.append("the window's memory grew")
    counted(
        FaultCount(
            test="R14",
            done="hostile networks (wrong architecture, not a number, 160 GB, pickles, entities, 2.5 GB for a tile)",
            times=len(chosen),
            bad=len(bad),
            promise="nothing runs, no memory is lost, another model is active, the file is named, the choice stays",
            found="; ".join(bad[:3]) or f"{(most - before) / 1024**2:.0f} MB more at most",
        )
    )


def test_hostile_weights_and_foreign_models_are_not_opened(
    photos: Path, tiny_model_folder: Path, session: Session, counted: Counted, capsys: pytest.CaptureFixture[str]
) -> None:
    from segtool.training.export import load_model

    told: list[str] = []
    session.message.connect(lambda text, _level: told.append(text))
    marker, bad = photos.parent / MARKER, []
    foreign = put_foreign_models(photos / "models", marker)
    assert len(foreign) == 6
    assert session.open_folder(photos)
    for path in foreign:
        if not any(path.name in text and "train a version here" in text for text in told):
            bad.append(f"{path.name} was not named: {told}")
        if any(entry.folder == path for entry in session.models):
            bad.append(f"{path.name} can be chosen")
        code = cli.main(["segment", str(photos), "--model", str(path), "--out", str(photos.parent / "out")])
        if code == 0 or path.name not in capsys.readouterr().err:
            bad.append(f"{path.name} was taken by the command line")
    folder = photos / "models" / ACTIVE
    for name, attack in WEIGHTS_ATTACKS.items():
        restore(tiny_model_folder, folder)
        attack(folder, marker)
        try:
            load_model(folder)
        except ModelError as error:
            if error.path != folder / WEIGHTS_FILE:
                bad.append(f"{name}: {error.path} is named")
        else:
            bad.append(f"{name}: loaded")
    if marker.exists():
        bad.append("a program has run")
    counted(
        FaultCount(
            test="R14",
            done="Keras archives, HDF5 files, pickles and links put where a model or its weights belong",
            times=len(foreign) + len(WEIGHTS_ATTACKS),
            bad=len(bad),
            promise="nothing of it is opened or runs, the file is named with what to do",
            found="; ".join(bad[:3]),
        )
    )


def _cut(active: Path) -> None:
    for path in active.iterdir():
        path.write_bytes(path.read_bytes()[:100])


def _empty(active: Path) -> None:
    (active / NETWORK_DATA_FILE).write_bytes(b"")


def _remove(active: Path) -> None:
    shutil.rmtree(active)


def _replace_by_file(active: Path) -> None:
    shutil.rmtree(active)
    active.write_bytes(b"not a folder")


def _loop(active: Path) -> None:
    shutil.rmtree(active)
    active.symlink_to(active)


DAMAGE_WHILE_OPEN = {"cut": _cut, "empty": _empty, "removed": _remove, "a file": _replace_by_file, "a loop": _loop}


def test_a_model_that_is_damaged_while_the_window_is_open(
    photos: Path, tiny_model_folder: Path, session: Session, times: Times, counted: Counted, qtbot: QtBot
) -> None:
    told: list[str] = []
    session.message.connect(lambda text, _level: told.append(text))
    active, bad, done = photos / "models" / ACTIVE, [], 0
    for name, damage in list(DAMAGE_WHILE_OPEN.items())[:: times(quick=2, full=1)]:
        for in_memory in (False, True):
            restore(tiny_model_folder, active)
            shutil.rmtree(photos / "masks", ignore_errors=True)
            assert session.open_folder(photos)
            assert session.set_active_model(BEFORE)
            assert session.set_active_model(ACTIVE)
            if in_memory:
                assert session.segment(["0.png"], policy=Overwrite.REPLACE)
                qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
            damage(active)
            told.clear()
            done += 1
            assert session.segment(["0.png", "1.png"], policy=Overwrite.REPLACE)
            qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
            if session.model is None or (session.model.name != BEFORE and not in_memory):
                bad.append(f"{name}: {session.model} is active")
            if not in_memory and not any(str(active) in text for text in told):
                bad.append(f"{name}: not named in {told}")
            assert session.segment(["0.png", "1.png"], policy=Overwrite.REPLACE)
            qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
            assert session.wait_until_saved()
            for number in range(2):
                mask = read_mask(photos / "masks" / f"{number}.png")
                if (mask == 255).any():
                    bad.append(f"{name}: {number}.png is half segmented")
            if chosen_on_disk(photos) != ACTIVE:
                bad.append(f"{name}: the choice was forgotten")
    counted(
        FaultCount(
            test="R14",
            done="the active model cut off, emptied, removed or replaced while the window has it, in memory or not",
            times=done,
            bad=len(bad),
            promise="the last good one segments every image whole, the folder is named, the choice on record stays",
            found="; ".join(bad[:3]),
        )
    )


def test_fuzzed_model_files_are_opened_or_refused(
    tiny_model_folder: Path, tmp_path: Path, times: Times, counted: Counted
) -> None:
    count, rng, bad, refused, slowest = times(quick=4, full=200), np.random.default_rng(200), [], 0, 0.0
    # Weights are read by trainings only, which are processes of their own.
    program = "import sys; from pathlib import Path; from segtool.training.weights_file import check_weights_file\n"
    program += "from segtool.core.errors import ModelError\nfor name in sys.stdin:\n"
    program += "    try: check_weights_file(Path(name.strip())); print('whole', flush=True)\n"
    program += "    except ModelError: print('refused', flush=True)\n"
    reader = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    with reader:
        for number in range(count):
            folder, name = tmp_path / "model", (NETWORK_FILE, NETWORK_DATA_FILE, CARD_FILE, WEIGHTS_FILE)[number % 4]
            restore(tiny_model_folder, folder)
            (folder / name).write_bytes(mutate((folder / name).read_bytes(), rng))
            if name != CARD_FILE:
                seal_files(folder)
            started = time.monotonic()
            if name == WEIGHTS_FILE:
                reader.stdin.write(f"{folder / name}\n")
                reader.stdin.flush()
                said = reader.stdout.readline().strip()
                refused += said == "refused"
                if said not in ("whole", "refused"):
                    bad.append(f"{number}: the reader of weights is gone")
                    break
            else:
                try:
                    Runtime.load(folder)
                except ModelError:
                    refused += 1
                except Exception as error:
                    bad.append(f"{number}: {error!r}")
            slowest = max(slowest, time.monotonic() - started)
        reader.stdin.close()
    if slowest > MOST_SECONDS:
        bad.append("one took too long")
    counted(
        FaultCount(
            test="R9",
            done="model files changed at random (network, constants, card, weights), with hashes that fit",
            times=count,
            bad=len(bad),
            promise="loaded or refused: the process lives, no other error, no end to waiting",
            found="; ".join((*bad[:3], f"{refused} refused, slowest {slowest:.1f} s")),
        )
    )
