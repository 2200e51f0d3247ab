"""How much time and memory the decoding of one file may take: far more than a sound file needs, and no more."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segtool.formats.inspection import ImageHeader

_MIB = 2**20
PATIENCE = 10
"""How many times its limit on the clock a decoding may take while it is at work, and only others hold it up."""

_STATM = Path("/proc/self/statm")

# Before the header is known.
_HEADER_CPU_S, _HEADER_WALL_S, _HEADER_MEMORY = 2.0, 3.0, 256 * _MIB
# Sound files take 1 to 20 ms of work a megapixel.
_CPU_S, _CPU_S_PER_MEGAPIXEL = 3.0, 0.1
# On the clock there is also a disk that is slow.
_WALL_S, _WALL_S_PER_MEGAPIXEL, _BYTES_PER_S = 4.0, 0.2, 2_000_000
# The file may be held twice, and once more by what unpacks it.
_MEMORY_PER_FILE_BYTE = 4
_MEMORY_PER_PIXEL, _COPIES = 16, 4
_BYTES_OF = {"uint8": 1, "uint16": 2, "float32": 4}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a decoding may take.

    Attributes
    ----------
    cpu_s : float
        Seconds of work of the processor.
    wall_s : float
        Seconds on the clock, after which it is looked whether the process is at work at all.
    memory : int
        Bytes beyond what the process has before it begins.
    """

    cpu_s: float
    wall_s: float
    memory: int


def limits_for(file_bytes: int, header: ImageHeader | None = None) -> Limits:
    """Return the limits of a file.

    Parameters
    ----------
    file_bytes : int
        Size of the file.
    header : ImageHeader or None
        What its header says; None for reading the header.
    """
    reading_s = file_bytes / _BYTES_PER_S
    held = file_bytes * _MEMORY_PER_FILE_BYTE
    if header is None:
        return Limits(_HEADER_CPU_S + reading_s / 10, _HEADER_WALL_S + reading_s, _HEADER_MEMORY + held)
    pixels = header.width * header.height
    megapixels = pixels / 1_000_000
    per_pixel = _MEMORY_PER_PIXEL + _COPIES * header.channels * _BYTES_OF.get(header.dtype, 8)
    return Limits(
        _CPU_S + megapixels * _CPU_S_PER_MEGAPIXEL + reading_s / 10,
        _WALL_S + megapixels * _WALL_S_PER_MEGAPIXEL + reading_s,
        _HEADER_MEMORY + held + pixels * per_pixel,
    )


if sys.platform != "win32":
    import resource

    def hold_to(limits: Limits) -> None:
        """Let the system end this process when it has worked for too long, and refuse it more memory.

        The timers are the system's: they work while a library is busy and nothing of Python is run. Where the system
        does not tell how large the process is (macOS), memory has no limit.
        """
        for timer, seconds in ((signal.ITIMER_PROF, limits.cpu_s), (signal.ITIMER_REAL, limits.wall_s * PATIENCE)):
            signal.setitimer(timer, seconds)
        if _STATM.exists():
            _limit_memory(int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGESIZE") + limits.memory)

    def hold_no_more() -> None:
        """Take all limits away."""
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        _limit_memory(resource.RLIM_INFINITY)

    def leave_no_core() -> None:
        """Write no image of the memory when a library crashes: it would lie in somebody's folder."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def _limit_memory(size: int) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY:
            size = hard if size == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_AS, (size, hard))
