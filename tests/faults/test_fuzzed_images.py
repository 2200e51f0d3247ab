"""Damaged and hostile image files through the way that every image is opened, and decoders that die (R9)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image as PillowImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.core.errors import ImageError
from segtool.formats import isolated
from segtool.formats.decoder_pool import CAN_ISOLATE, POOL, Lane
from segtool.formats.image import Image, read_image
from segtool.gui.panels.thumbnails import Thumbnails
from segtool.gui.session import Session
from tests.faults.counting import FaultCount, Times
from tests.faults.fuzzing import Damage, Mutant, mutants, seeds
from tests.gui.conftest import images_are_waited_for, no_thread_is_left, qapp_cls, session  # noqa: F401

pytestmark = pytest.mark.skipif(not CAN_ISOLATE, reason="images are decoded in this process")

LONGEST_S = 5.0
MOST_BYTES = 1 << 30


@pytest.fixture
def thumbnails(qapp: QApplication) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.close()


def decoders() -> list[psutil.Process]:
    """Return the decoders that are there."""
    return [psutil.Process(item.pid) for item in POOL._decoders.values() if item.pid is not None]


def memory_in_use() -> int:
    """Return the bytes of this process and its decoders."""
    total = psutil.Process().memory_info().rss
    for process in decoders():
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def what_came(mutant: Mutant, image: Image | None, sound: Image) -> str:
    """Return what came of a file: an error, the sound pixels, others and a word about it, or others without one."""
    if image is None:
        return "refused"
    same = image.pixels.shape == sound.pixels.shape and np.array_equal(image.pixels, sound.pixels, equal_nan=True)
    if same:
        return "sound"
    if getattr(image, "damage", "") or set(image.notes) - set(sound.notes):
        return "told"
    if mutant.damage is Damage.FORGED:
        return "forged"
    # A PNG has check sums, and of a file that was cut something is missing: both can be found out.
    can_be_told = mutant.seed.endswith(".png") or mutant.damage is Damage.CUT
    return "silent" if can_be_told else "cannot be told"


def test_damaged_images_are_refused_told_or_what_they_were(
    session: Session,  # noqa: F811
    thumbnails: Thumbnails,
    qtbot: QtBot,
    tmp_path: Path,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    count = times(quick=15, full=3000)
    folder = tmp_path / "photos"
    folder.mkdir()
    sound = {}
    for name, data in seeds().items():
        (tmp_path / name).write_bytes(data)
        sound[name] = read_image(tmp_path / name)
    broken = mutants(count, seed=9)
    keys = [f"{number:04d}-{mutant.seed}" for number, mutant in enumerate(broken)]
    for key, mutant in zip(keys, broken, strict=True):
        (folder / key).write_bytes(mutant.data)
    assert session.open_folder(folder)
    assert session.project is not None
    session.navigation.ask_large = lambda key, found: False
    made: set[Path] = set()
    thumbnails.ready.connect(made.add)
    came, silent, slow = Counter[str](), list[str](), list[str]()
    before, most, longest = memory_in_use(), 0, 0.0
    for key, mutant in zip(keys, broken, strict=True):
        begun = time.monotonic()
        thumbnails.get(folder / key)
        session.open_image(key)
        qtbot.waitUntil(lambda: session.navigation.opening is None, timeout=60_000)
        document = session.document
        is_shown = document is not None and document.entry.key == key
        qtbot.waitUntil(lambda key=key: folder / key in made, timeout=60_000)
        took = time.monotonic() - begun
        most, longest = max(most, memory_in_use() - before), max(longest, took)
        found = document.image if is_shown and document is not None else None
        word = what_came(mutant, found, sound[mutant.seed])
        came[word] += 1
        if word == "silent":
            silent.append(f"{key} {mutant.damage.value}")
        if took > LONGEST_S:
            slow.append(f"{key} {mutant.damage.value} {took:.1f} s")
    bad = len(silent) + len(slow) + (most > MOST_BYTES)
    counted(
        FaultCount(
            test="R9",
            done="open an image file that was cut, flipped, swapped, spliced or forged, and make its thumbnail",
            times=count,
            bad=bad,
            promise="the window lives, says why within 5 s or shows the image, memory stays below 1 GB; of a PNG and "
            "of a file that was cut nothing else is shown as if it were sound",
            found=f"{', '.join(f'{word} {number}' for word, number in came.most_common())} (formats without check "
            f"sums); longest {longest:.1f} s; most memory {most / 1e6:.0f} MB"
            + "".join(f"; {text}" for text in (silent + slow)[:4]),
        )
    )


def test_a_decoder_that_is_killed_costs_one_image(
    session: Session,  # noqa: F811
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    count = times(quick=3, full=60)
    monkeypatch.setattr("segtool.gui.loading.loader.PATIENCE_MS", 0)
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (1200, 1600), dtype=np.uint8)
    PillowImage.fromarray(pixels).save(folder / "a.png", compress_level=1)
    # One for each time: what was shown once may still be in memory.
    keys = [f"b{number}.png" for number in range(count)]
    for key in keys:
        os.link(folder / "a.png", folder / key)
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    qtbot.waitUntil(lambda: session.document is not None)
    bad, found = 0, Counter[str]()
    for number, key in enumerate(keys):
        how = (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGSTOP)[number % 4]
        # What is loaded ahead, too, is read by the decoder that is killed.
        session.navigation.loader.forget()
        POOL.start(Lane.FRONT)
        decoder = POOL._decoders[Lane.FRONT]
        assert decoder.pid is not None
        session.open_image(key)
        # At a random moment: while it starts, before it is asked, in the middle, or when it is done.
        until = time.monotonic() + float(rng.uniform(0, 0.06))
        qtbot.waitUntil(lambda until=until: time.monotonic() >= until)
        with contextlib.suppress(ProcessLookupError):
            os.kill(decoder.pid, how)
        qtbot.waitUntil(lambda: session.navigation.opening is None, timeout=60_000)
        shown = session.document
        assert shown is not None
        is_there = shown.entry.key == key
        found["shown" if is_there else "refused"] += 1
        is_right = np.array_equal(shown.image.pixels, pixels)
        is_told = key in session._documents.reasons.get(key, "")
        # The next one is a decoder that knows nothing of it; one that stands still is given up when it is asked.
        if how is signal.SIGSTOP:
            decoder.end()
        session.open_image("a.png")
        qtbot.waitUntil(lambda: session.navigation.opening is None, timeout=60_000)
        is_back = session.document is not None and session.document.entry.key == "a.png"
        bad += not (is_right and (is_there or is_told) and is_back)
    counted(
        FaultCount(
            test="R9",
            done="kill or stop the decoder at a random moment while an image is opened (4 signals)",
            times=count,
            bad=bad,
            promise="the window lives and shows the image or says what happened to it; the next image opens",
            found=", ".join(f"{word} {number}" for word, number in found.most_common()),
        )
    )


def test_what_a_library_says_about_a_file_stays_off_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for mutant in mutants(60, seed=3):
        path = tmp_path / mutant.seed
        path.write_bytes(mutant.data)
        with contextlib.suppress(ImageError):
            isolated.read_image(path)
    assert capfd.readouterr() == ("", "")
