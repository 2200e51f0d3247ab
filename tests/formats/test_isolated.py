"""Decoding in another process: the same pixels and words, and nothing that happens there happens here."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image as PillowImage

import segtool
from segtool.core.errors import ImageError
from segtool.formats import decoder_pool, decoder_process, image, isolated
from segtool.formats.decoder_channel import Message
from segtool.formats.decoder_limits import Limits, limits_for
from segtool.formats.decoder_pool import POOL, DecoderPool, Lane
from segtool.formats.decoder_process import DecoderProcess
from tests.formats.file_makers import noise, orientation_exif, pillow_bytes, png_of, tiff

pytestmark = pytest.mark.skipif(not decoder_pool.CAN_ISOLATE, reason="images are decoded in this process")


@pytest.fixture(autouse=True)
def decoders() -> Iterator[DecoderPool]:
    """The pool, ready; what a test has started or stopped is gone after it."""
    for lane in Lane:
        POOL.start(lane)
    yield POOL
    for lane in Lane:
        pid = pid_of(lane)
        if pid is not None and psutil.pid_exists(pid) and psutil.Process(pid).status() == psutil.STATUS_STOPPED:
            POOL.close()


def pid_of(lane: Lane) -> int | None:
    decoder = POOL._decoders.get(lane)
    return None if decoder is None else decoder.pid


def wait_until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come true"
        os.sched_yield()


def stopped(lane: Lane) -> int:
    """Stop a decoder that is ready, as a hanging library would; return its process."""
    decoder = POOL._decoders[lane]
    if not decoder._is_ready:
        decoder._wait_until_ready(lambda: None)
    pid = decoder.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return pid


GREY16 = noise((30, 40), "uint16", high=60_000)
KINDS = {
    "grey.png": png_of(noise((30, 40), "uint8"), colour_type=0),
    "colour.png": png_of(noise((30, 40, 3), "uint8"), colour_type=2),
    "grey16.png": png_of(GREY16, colour_type=0),
    "floats.tif": tiff(np.where(GREY16 > 59_000, np.nan, GREY16).astype("float32"), pages=3),
    "turned.jpg": pillow_bytes(
        PillowImage.fromarray(noise((30, 40, 3), "uint8")), "JPEG", exif=orientation_exif(6), quality=90
    ),
}


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("name", KINDS)
def test_it_reads_what_is_read_in_this_process(tmp_path: Path, name: str, lane: Lane) -> None:
    path = tmp_path / name
    path.write_bytes(KINDS[name])
    ours, theirs = image.read_image(path), isolated.read_image(path, lane=lane)
    np.testing.assert_array_equal(ours.pixels, theirs.pixels)
    assert (ours.pixels.dtype, ours.notes, ours.path) == (theirs.pixels.dtype, theirs.notes, theirs.path)
    assert not theirs.pixels.flags.writeable
    assert isolated.probe_image(path, lane=lane) == image.probe_image(path)


def test_an_error_has_the_same_words_and_costs_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # Its check sums agree, but libpng, which has a line to say about it, misses pixels.
    whole = png_of(noise((300, 40), "uint16"), colour_type=0)
    short = png_of(noise((30, 40), "uint16"), colour_type=0, height=300)
    assert len(short) < len(whole)
    Path("odd \udcff\n.png").write_bytes(short)
    before = pid_of(Lane.BACK)
    for path in (Path("odd \udcff\n.png"), Path("none.png"), tmp_path):
        for read in (lambda module, path: module.read_image(path), lambda module, path: module.probe_image(path)):
            found = []
            for module in (image, isolated):
                try:
                    found.append(read(module, path))
                except ImageError as error:
                    found.append((error.reason, error.remedy, error.path))
                # What libraries write in this process is not what is looked at.
                said = capfd.readouterr()
            assert found[0] == found[1]
            assert said == ("", "")
    assert pid_of(Lane.BACK) == before


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGKILL, "ended from outside"), (signal.SIGSEGV, "decoder crash (SIGSEGV)")]
)
def test_a_decoder_that_dies_costs_one_image(
    tmp_path: Path, number: signal.Signals, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, receive = threading.Event(), DecoderProcess.receive

    def note_and_receive(decoder: DecoderProcess, *, check: Callable[[], None]) -> Message:
        asked.set()
        return receive(decoder, check=check)

    monkeypatch.setattr(DecoderProcess, "receive", note_and_receive)
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    pid = stopped(Lane.BACK)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(isolated.read_image, path)
        # Before that it would have nothing to do with the image, which another one would read.
        wait_until(asked.is_set)
        os.kill(pid, number)
        # It is woken to take it; what is killed does not wait for that.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        with pytest.raises(ImageError) as caught:
            reading.result(timeout=60)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert caught.value.remedy
    assert not psutil.pid_exists(pid)
    assert isolated.read_image(path).pixels.shape == (30, 40, 3)


def test_a_decoder_that_stands_still_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    monkeypatch.setattr(isolated, "limits_for", lambda size, header=None: Limits(1.0, 0.05, 0))
    pid = stopped(Lane.BACK)
    with pytest.raises(ImageError, match="takes far too long"):
        isolated.read_image(path)
    assert not psutil.pid_exists(pid)


def test_one_that_is_stopped_before_it_has_started_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_process, "_LOOK_S", 0.05)
    POOL.close()
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    POOL.start(Lane.BACK)
    pid = pid_of(Lane.BACK)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ImageError, match="does not start"):
        isolated.read_image(path)
    assert isolated.read_image(path).pixels.shape == (30, 40, 3)


def test_limits_let_sound_files_through_and_end_in_time_for_others() -> None:
    small = limits_for(50_000)
    assert small.wall_s < 5
    assert small.cpu_s < 5
    header = image.ImageHeader(4000, 3000, "RGB", "uint8", 3, ())
    common = limits_for(4_000_000, header)
    assert 4 < common.cpu_s < 6
    assert 100_000_000 < common.memory - limits_for(4_000_000).memory < 1_000_000_000


@pytest.mark.parametrize(
    ("limits", "work", "code"),
    [
        ("Limits(0.1, 60.0, 1 << 30)", "while True: pass", -signal.SIGPROF),
        ("Limits(60.0, 0.01, 1 << 30)", "import select; select.select([], [], [], 60)", -signal.SIGALRM),
        ("Limits(60.0, 60.0, 50_000_000)", "bytearray(60_000_000)", 1),
        ("Limits(60.0, 60.0, 50_000_000)", "bytearray(40_000_000); hold_no_more(); bytearray(400_000_000)", 0),
    ],
)
def test_the_system_holds_a_process_to_its_limits(limits: str, work: str, code: int) -> None:
    text = f"from segtool.formats.decoder_limits import *; hold_to({limits})\n{work}"
    assert subprocess.run([sys.executable, "-c", text], stderr=subprocess.DEVNULL, timeout=60).returncode == code


def test_who_waits_for_an_image_does_not_wait_for_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    pid = stopped(Lane.BACK)
    with ThreadPoolExecutor(1) as threads:
        thumbnail = threads.submit(isolated.read_image, path)
        assert isolated.read_image(path, lane=Lane.FRONT).pixels.shape == (30, 40, 3)
        assert not thumbnail.done()
        os.kill(pid, signal.SIGCONT)
        assert thumbnail.result(timeout=60).pixels.shape == (30, 40, 3)


def test_a_large_image_is_broken_off_when_it_is_no_longer_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "BREAK_OFF_PIXELS", 100)
    path = tmp_path / "large.png"
    path.write_bytes(png_of(np.zeros((6000, 6000), "uint16"), colour_type=0))
    before = pid_of(Lane.FRONT)
    with pytest.raises(ImageError, match="no longer wanted"):
        isolated.read_image(path, lane=Lane.FRONT, is_wanted=lambda: False)
    assert before is not None
    assert not psutil.pid_exists(before)


def test_a_decoder_that_nobody_asks_ends_and_the_next_request_finds_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    POOL.close()
    monkeypatch.setattr(decoder_pool, "IDLE_S", 0.0)
    POOL.start(Lane.BACK)
    before = pid_of(Lane.BACK)
    assert before is not None
    # Gone from the table of processes too: nobody has to ask first.
    wait_until(lambda: not psutil.pid_exists(before))
    monkeypatch.setattr(decoder_pool, "IDLE_S", 60.0)
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    assert isolated.read_image(path).pixels.shape == (30, 40, 3)


def test_no_image_pays_for_a_decoder_that_died_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    pid = pid_of(Lane.BACK)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid))
    assert isolated.read_image(path).pixels.shape == (30, 40, 3)


_READ_AND_STAY = """
import sys, time
from pathlib import Path
from segtool.formats import isolated
from segtool.formats.decoder_pool import POOL, Lane
isolated.read_image(Path(sys.argv[1]))
print(POOL._decoders[Lane.BACK].pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["killed", "killed while it hangs", "ended"])
def test_it_ends_with_the_program_however_that_ends(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    command = [sys.executable, "-c", _READ_AND_STAY, os.fspath(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        pid = int(program.stdout.readline())
        if how == "killed while it hangs" and sys.platform == "linux":
            os.kill(pid, signal.SIGSTOP)
        if how == "ended":
            program.stdin.close()
        else:
            program.kill()
        program.wait(60)
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_nothing_is_left_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    for lane in Lane:
        isolated.read_image(path, lane=lane)
    files = psutil.Process().num_fds()
    pids = [pid_of(lane) for lane in Lane]
    POOL.close()
    assert not any(psutil.pid_exists(pid) for pid in pids if pid is not None)
    assert [thread.name for thread in threading.enumerate() if thread.name == "segtool-decoder"] == []
    assert psutil.Process().num_fds() == files - 2
    assert isolated.read_image(path).pixels.shape == (30, 40, 3)


def test_one_that_does_not_start_is_an_error_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    POOL.close()
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    monkeypatch.setattr(sys, "executable", os.fspath(tmp_path / "none"))
    with pytest.raises(ImageError, match="does not start. Close other programs") as caught:
        isolated.read_image(path)
    assert caught.value.path == path


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("localedef") is None, reason="makes a locale of its own")
def test_names_are_found_whatever_the_locale(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xe4.png"
    Path(os.fsdecode(path)).write_bytes(KINDS["colour.png"])
    name = "de_DE.ISO-8859-1"
    # It warns of what the system's description of the language says.
    subprocess.run(["localedef", "-f", "ISO-8859-1", "-i", "de_DE", tmp_path / name], capture_output=True, check=False)
    script = """
import os, sys
from pathlib import Path
from segtool.core.errors import ImageError
from segtool.formats.isolated import read_image

print(sys.getfilesystemencoding(), read_image(Path(sys.argv[1])).pixels.shape)
os.makedirs("gone")
os.chdir("gone")
os.rmdir(os.path.join("..", "gone"))
try:
    read_image(Path("a.png"))
except ImageError as error:
    print(error.reason)
"""
    environment = {**os.environ, "LOCPATH": os.fspath(tmp_path), "LC_ALL": name, "PYTHONUTF8": "0"}
    environment["PYTHONPATH"] = os.fspath(Path(segtool.__file__).parent.parent)
    command = [sys.executable, "-c", script, path]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path)
    if not found.stdout.startswith("iso8859-1"):
        pytest.skip("there is no such locale")
    assert (found.stdout.splitlines()[1:], found.stderr) == (["there is no such file"], "")
    assert "(30, 40, 3)" in found.stdout


def test_no_file_left_to_open_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["colour.png"])
    script = """
import os, resource, sys
from pathlib import Path
from segtool.core.errors import ImageError
from segtool.formats.decoder_pool import POOL, Lane
from segtool.formats.isolated import read_image

resource.setrlimit(resource.RLIMIT_NOFILE, (40, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for left in range(4):
    POOL.start(Lane.FRONT)
    try:
        read_image(Path(sys.argv[1]))
    except ImageError as error:
        assert "does not start" in error.reason, error
    os.close(held.pop())
for descriptor in held:
    os.close(descriptor)
print(read_image(Path(sys.argv[1])).pixels.shape)
"""
    found = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, timeout=60)
    assert (found.stdout, found.stderr) == ("(30, 40, 3)\n", "")


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        ({}, {}),
        ({"shape": [2, 3, 3], "dtype": "float32"}, {}),
        ({"shape": [3, 2, 3], "dtype": "uint8"}, {}),
        ({"shape": [2, 3], "dtype": "uint8"}, {}),
        ({"shape": [2, 3, 3], "dtype": "object"}, {"dtype": "object"}),
        ({"shape": [-2, -3, 3], "dtype": "uint8"}, {"height": -2, "width": -3}),
        ({"shape": [2**40, 2**40, 3], "dtype": "uint8"}, {"height": 2**40, "width": 2**40}),
    ],
)
def test_no_answer_is_believed_that_makes_no_sense(answer: dict[str, object], change: dict[str, object]) -> None:
    decoder = DecoderProcess(niceness=0, idle_s=0.0)
    question = isolated._Question(Path("a.png"), pixels=True, partial=False, is_wanted=lambda: True, decoder=decoder)
    header = replace(image.ImageHeader(3, 2, "RGB", "uint8", 3, ()), **change)
    with pytest.raises(ImageError, match="confused the image decoder"):
        question._room_for(answer, header)
    decoder.end()


def test_only_the_decoder_decodes_in_its_own_process() -> None:
    """Whoever reads a person's image in the window's process is taken down with it."""
    package = Path(segtool.__file__).parent
    call = re.compile(r"^from segtool\.formats\.image import .*\b(read|probe)_image\b", re.MULTILINE)
    found = {path.stem for path in package.rglob("*.py") if call.search(path.read_text(encoding="utf-8"))}
    assert found == {"decoder_child"}
