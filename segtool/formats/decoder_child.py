"""The process that decodes images for the window: ``python -m segtool.formats.decoder_child PARENT IDLE_S NICE``.

It reads files that others have made, with libraries in which faults are found every year. Whatever such a file does
to it costs this process and that one image.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from dataclasses import asdict, fields
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.errors import SegToolError
from segtool.formats.decoder_channel import Channel, ChannelClosedError, Message
from segtool.formats.decoder_limits import hold_no_more, hold_to, leave_no_core, limits_for
from segtool.formats.image import Image, probe_image, read_image

_END_WITH_PARENT, _SIGKILL = 1, 9


def main(parent: int, idle_s: float, niceness: int) -> None:
    """Answer requests from standard input, a socket, until nobody asks any more.

    Parameters
    ----------
    parent : int
        The process that this one serves; without it, this one ends.
    idle_s : float
        Seconds without a request after which it ends, too.
    niceness : int
        How far it stands back behind other processes.
    """
    leave_no_core()
    os.nice(niceness)
    # Threads would gain nothing, and take room for their stacks out of the limit.
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        # Also while a library is busy; elsewhere the clock ends it.
        ctypes.CDLL(None).prctl(_END_WITH_PARENT, _SIGKILL)
    if os.getppid() != parent:
        return
    channel = Channel(socket.socket(fileno=0))
    try:
        channel.send({"ready": True})
        while channel.wait(idle_s):
            _answer(channel, channel.receive())
    except ChannelClosedError:
        return


def _answer(channel: Channel, request: Message) -> None:
    path = Path(request["path"])
    partial = bool(request["partial"])
    pixels: npt.NDArray[np.generic] | None = None
    try:
        file_bytes = _size_of(path)
        hold_to(limits_for(file_bytes))
        header = probe_image(path, partial=partial)
        answer: Message = {"header": asdict(header)}
        if request["pixels"]:
            # Before the long part: whoever waits learns how long that may take.
            channel.send(answer)
            hold_to(limits_for(file_bytes, header))
            image = read_image(path, partial=partial)
            pixels = image.pixels
            about = {field.name: getattr(image, field.name) for field in fields(Image)}
            del about["pixels"], about["path"]
            answer = {"image": about, "shape": pixels.shape, "dtype": pixels.dtype.name}
    except SegToolError as error:
        pixels, answer = None, {"reason": error.reason, "remedy": error.remedy}
    hold_no_more()
    channel.send(answer)
    if pixels is not None:
        channel.send_bytes(pixels.data.cast("B"))


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        # Whoever opens it says why.
        return 0


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
