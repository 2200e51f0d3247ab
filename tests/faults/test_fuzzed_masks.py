"""Damaged and hostile mask files through the way that every mask is opened: the masks of R9."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from segtool.gui.main_window import MainWindow
from tests.faults.counting import FaultCount, Times
from tests.faults.odd_masks import Mask, MaskFile, asked_kinds, make_folder, plain_kinds
from tests.gui.conftest import images_are_waited_for, make_window, no_thread_is_left, qapp_cls  # noqa: F401

LONGEST_S = 5.0


def mutated(data: bytes, rng: np.random.Generator, *, has_meaning: bool) -> bytes:
    """Return a file with something wrong with it; ``has_meaning`` says that its colours matter."""
    content = bytearray(data)
    match rng.integers(8):
        case 0:
            del content[rng.integers(len(content)) :]
        case 1:
            content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        case 2:
            for place in rng.integers(0, len(content), rng.integers(1, 30)):
                content[place] = rng.integers(256)
        case 3:
            start = int(rng.integers(len(content)))
            content[start : start + int(rng.integers(1, 60))] = bytes(int(rng.integers(1, 60)))
        case 4:
            start = int(rng.integers(len(content)))
            content[start:start] = rng.bytes(int(rng.integers(1, 60)))
        case 5:
            content += rng.bytes(int(rng.integers(1, 3000)))
        case 6:
            # A header that lies, with the right check sum.
            place = int(rng.integers(16, 29))
            content[place] = int(rng.integers(256))
            content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
        case _:
            # Other colours, with the right check sum: they do not matter.
            at = content.find(b"PLTE")
            if at < 0 or has_meaning:
                return bytes(content[::-1])
            (length,) = struct.unpack(">I", content[at - 4 : at])
            content[at + 4 + int(rng.integers(length))] ^= 1 + int(rng.integers(255))
            content[at + 4 + length : at + 8 + length] = struct.pack(
                ">I", zlib.crc32(bytes(content[at : at + 4 + length]))
            )
    return bytes(content)


def same_header(data: bytes, changed: bytes) -> bool:
    """Tell whether the headers say the same, so that the pixels may only be what they were."""
    return data[16:29] == changed[16:29]


def test_damaged_masks_are_refused_or_what_they_were(
    make_window: Callable[[], MainWindow],  # noqa: F811
    tmp_path: Path,
    times: Times,
    counted: Callable[[FaultCount], None],
) -> None:
    count = times(quick=11, full=500)
    rng = np.random.default_rng(9)
    sound: list[MaskFile] = []
    while len(sound) < count:
        sound += [*plain_kinds(rng), *asked_kinds(rng)]
    sound = sound[:count]
    broken = [
        MaskFile(file.kind, mutated(file.data, rng, has_meaning=file.asks), file.mask, file.asks) for file in sound
    ]
    keys = make_folder(tmp_path / "photos", broken)
    window = make_window()
    assert window.opener.open(tmp_path / "photos")
    session = window._session
    faults: list[str] = []
    refused, slowest = 0, 0.0
    for key, file, original in zip(keys, broken, sound, strict=True):
        path = tmp_path / "photos" / "masks" / key
        mtime = path.stat().st_mtime_ns
        started = time.monotonic()
        session.open_image(key)
        slowest = max(slowest, time.monotonic() - started)
        document = session.document
        if document is None or document.entry.key != key:
            faults.append(f"{key} {file.kind}: not opened")
            continue
        if document.read_only_reason and document.question is None:
            refused += 1
        elif not shows(document.mask, file) and same_header(original.data, file.data):
            faults.append(f"{key} {file.kind}: silently something else")
        if path.read_bytes() != file.data or path.stat().st_mtime_ns != mtime:
            faults.append(f"{key} {file.kind}: the file was touched")
    if slowest > LONGEST_S:
        faults.append(f"{slowest:.1f} s")
    counted(
        FaultCount(
            test="R9",
            done="damaged or hostile mask file opened",
            times=count,
            bad=len(faults),
            promise="refused with the reason or the very mask that it was; no death, none above 5 s, no file touched",
            found="; ".join(faults[:3]) or f"{refused} refused, slowest {slowest:.2f} s",
        )
    )


def shows(mask: Mask, file: MaskFile) -> bool:
    return file.mask is not None and bool(np.array_equal(mask, file.mask))
