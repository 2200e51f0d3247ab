"""Files that are small on the disk and large, slow or endless when opened (R10)."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from segtool.core.errors import ImageError
from segtool.formats import isolated
from segtool.formats.decoder_pool import CAN_ISOLATE, POOL
from segtool.gui.panels.thumbnails import Thumbnails
from segtool.gui.session import Session
from tests.faults.bombs import bombs, progressive
from tests.faults.counting import FaultCount, Times
from tests.faults.test_fuzzed_images import decoders, thumbnails  # noqa: F401
from tests.formats.file_makers import noise, png_of
from tests.gui.conftest import images_are_waited_for, no_thread_is_left, qapp_cls, session  # noqa: F401

pytestmark = pytest.mark.skipif(not CAN_ISOLATE, reason="images are decoded in this process")

MOST_BYTES = 200_000_000


class Peaks:
    """The largest sizes of this process and its decoders since they were last looked at, where the system tells."""

    def __init__(self) -> None:
        self._before: dict[int, int] = {}

    def begin(self) -> None:
        """Look at them anew from here."""
        self._before = {}
        for process in (psutil.Process(), *decoders()):
            place = Path(f"/proc/{process.pid}/clear_refs")
            if place.exists():
                place.write_text("5")
                self._before[process.pid] = _peak(process.pid)

    def growth(self) -> int:
        """Return by how many bytes they have all been larger at most; one that has ended counts as nothing."""
        return sum(max(0, _peak(pid) - before) for pid, before in self._before.items())


def work_s() -> float:
    """Return how many seconds this process and its decoders have worked."""
    total = 0.0
    for process in (psutil.Process(), *decoders()):
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = process.cpu_times()
            total += spent.user + spent.system
    return total


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def test_a_bomb_is_refused_or_asked_about_from_its_header(
    session: Session,  # noqa: F811
    thumbnails: Thumbnails,  # noqa: F811
    qtbot: QtBot,
    tmp_path: Path,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    # A machine that runs other tests is slow, too: what counts is how long somebody has worked.
    most_work_s, longest_s = 1.0, times(quick=20, full=10)
    all_bombs = bombs()
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(png_of(noise((30, 40), "uint8"), colour_type=0))
    for bomb in all_bombs:
        (folder / bomb.name).write_bytes(bomb.data)
    asked: list[str] = []

    def no(key: str, found: object) -> bool:
        asked.append(key)
        return False

    session.navigation.ask_large = no
    assert session.open_folder(folder)
    assert session.open_image("a.png")
    made: set[Path] = set()
    thumbnails.ready.connect(made.add)
    came, bad = Counter[str](), list[str]()
    longest, most_work, most = 0.0, 0.0, 0
    peaks = Peaks()
    for bomb in all_bombs:
        session.open_image("a.png")
        session.navigation.loader.forget()
        qtbot.waitUntil(lambda: session.document is not None and session.navigation.opening is None)
        for lane in POOL._decoders:
            POOL.start(lane)
        peaks.begin()
        begun, worked = time.monotonic(), work_s()
        session.open_image(bomb.name)
        qtbot.waitUntil(lambda: session.navigation.opening is None, timeout=60_000)
        took, work = time.monotonic() - begun, work_s() - worked
        thumbnails.get(folder / bomb.name)
        qtbot.waitUntil(lambda bomb=bomb: folder / bomb.name in made, timeout=60_000)
        document = session.document
        if document is not None and document.entry.key == bomb.name:
            word = "opened"
        else:
            word = "asked" if bomb.name in asked else "refused"
        came[word] += 1
        grown = peaks.growth()
        longest, most_work, most = max(longest, took), max(most_work, work), max(most, grown)
        is_late, is_large = work > most_work_s or took > longest_s, grown > MOST_BYTES
        if is_late or is_large or (word == "opened" and not bomb.may_open):
            bad.append(f"{bomb.name} {word} in {took:.2f} s ({work:.2f} s of work), {grown / 1e6:.0f} MB")
    counted(
        FaultCount(
            test="R10",
            done="open a small file that is large, slow or endless",
            times=len(all_bombs),
            bad=len(bad),
            promise="refused, asked about or harmless within 1 s of work and 200 MB",
            found=f"{', '.join(f'{word} {number}' for word, number in came.most_common())}; longest {longest:.2f} s, "
            f"most work {most_work:.2f} s, most memory {most / 1e6:.0f} MB" + "".join(f"; {text}" for text in bad[:4]),
        )
    )


@pytest.mark.slow
def test_what_its_header_does_not_give_away_is_given_up_when_it_takes_too_long(
    tmp_path: Path, counted: Callable[[FaultCount], None]
) -> None:
    path = tmp_path / "many scans.jpg"
    path.write_bytes(progressive(16_000, 180))
    begun = time.monotonic()
    worked = psutil.Process().cpu_times().user
    try:
        isolated.read_image(path)
        word = "opened"
    except ImageError as error:
        word = error.reason
    took = time.monotonic() - begun
    counted(
        FaultCount(
            test="R10",
            done="read a JPEG of 256 megapixels in 180 scans",
            times=1,
            bad=int(word != "takes far too long to decode for its size and was given up"),
            promise="given up when it has worked for far longer than a sound file",
            found=f"{word}, {took:.0f} s; the window's own work {psutil.Process().cpu_times().user - worked:.1f} s",
        )
    )
