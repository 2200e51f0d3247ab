"""The decoders of this program: two, so that nobody who waits for an image waits behind a hundred thumbnails."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from segtool.formats.decoder_process import DecoderEndedError, DecoderProcess

CAN_ISOLATE = sys.platform != "win32"
"""Whether images are decoded in processes of their own; elsewhere in the process that asks."""

IDLE_S = 600.0
_NICENESS = 10


class Lane(Enum):
    """Who asks.

    FRONT is for the image that a person wants to see, and those loaded ahead. BACK is for all others, and stands back
    behind the window.
    """

    FRONT = "front"
    BACK = "back"


class DecoderPool:
    """A decoder for each lane, started when it is first needed and replaced when it has ended; thread-safe."""

    def __init__(self) -> None:
        self._locks: dict[Lane, threading.Lock]
        self._decoders: dict[Lane, DecoderProcess]
        self.forget()

    def start(self, lane: Lane) -> None:
        """Start the decoder of a lane unless there is one; returns at once if nobody uses it."""
        if CAN_ISOLATE:
            # Whoever asks for an image will be told.
            with self._locks[lane], suppress(DecoderEndedError):
                self._get(lane)

    @contextmanager
    def decoder(self, lane: Lane) -> Iterator[DecoderProcess]:
        """Have a decoder to oneself; one that did not do what it was asked for is ended, and the next started.

        DecoderEndedError if there is none and none can be started.
        """
        with self._locks[lane]:
            decoder = self._get(lane)
            try:
                yield decoder
            except BaseException as error:
                decoder.end()
                if isinstance(error, Exception):
                    with suppress(DecoderEndedError):
                        self._get(lane)
                raise

    def break_off(self) -> None:
        """End the decoders that somebody waits for: the window closes and waits for nothing."""
        for lane in Lane:
            decoder = self._decoders.get(lane)
            if decoder is not None and self._locks[lane].locked():
                decoder.end()

    def close(self) -> None:
        """End all decoders; whoever asks after that starts new ones."""
        for lane in Lane:
            # Not waiting for the lock: whoever holds it waits for the process that is ended here.
            decoder = self._decoders.get(lane)
            if decoder is not None:
                decoder.end()
            with self._locks[lane]:
                left = self._decoders.pop(lane, None)
            if left is not None:
                left.end()

    def _get(self, lane: Lane) -> DecoderProcess:
        found = self._decoders.get(lane)
        # No file is to blame for what ended it while nobody used it.
        if found is not None and found.has_ended:
            found.end()
            found = None
        if found is None:
            niceness = _NICENESS if lane is Lane.BACK else 0
            try:
                found = self._decoders[lane] = DecoderProcess(niceness=niceness, idle_s=IDLE_S)
            except (OSError, RuntimeError) as cause:
                # No file, or no thread, may be opened any more.
                raise DecoderEndedError(None, was_ready=False) from cause
        return found

    def forget(self) -> None:
        """Let go of all decoders without ending them: after a fork they are those of another process."""
        self._locks = {lane: threading.Lock() for lane in Lane}
        self._decoders = {}


POOL = DecoderPool()
atexit.register(POOL.close)
if CAN_ISOLATE:
    os.register_at_fork(after_in_child=POOL.forget)
