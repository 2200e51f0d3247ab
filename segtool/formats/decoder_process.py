"""One decoder: a process that is started before it is needed, asked one thing at a time, and ended without regret."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

import segtool
from segtool.formats.decoder_channel import Channel, ChannelClosedError, Message

# Reading Python's modules from a cold disk takes a while; nothing of a file is looked at until then.
_START_S = 60.0
# After that it is looked whether somebody has stopped it.
_LOOK_S = 4.0
_END_S = 5.0


class DecoderEndedError(Exception):
    """A decoder has ended instead of answering.

    Attributes
    ----------
    code : int or None
        As ``Popen.returncode``: what it returned, or the number of the signal that ended it, below 0; None if it
        could not be started.
    was_ready : bool
        Whether it had got as far as to take requests.
    was_asked : bool
        Whether it had been asked anything: if not, no file has anything to do with its end.
    """

    def __init__(self, code: int | None, *, was_ready: bool, was_asked: bool = True) -> None:
        self.code = code
        self.was_ready = was_ready
        self.was_asked = was_asked
        super().__init__(f"the decoder has ended ({code})")


class TooLateError(Exception):
    """A decoder has not answered in time."""


class DecoderProcess:
    """A process that runs ``decoder_child``.

    Parameters
    ----------
    niceness : int
        How far it stands back behind other processes, 0 to 19.
    idle_s : float
        Seconds without a request after which it ends by itself.
    """

    def __init__(self, *, niceness: int, idle_s: float) -> None:
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self._is_ready = self._is_over = False
        command = [sys.executable, "-m", "segtool.formats.decoder_child", str(os.getpid()), str(idle_s), str(niceness)]
        # The system can end a child with the thread that started it. This thread lives exactly as long as the child,
        # and takes note of its end, so that nothing of it stays in the table of processes.
        self._keeper = threading.Thread(target=self._keep, args=(command, theirs), name="segtool-decoder", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int | None:
        """The process; None if it could not be started."""
        self._started.wait(_START_S)
        return None if self._process is None else self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process has gone, or could not be started."""
        return self._is_over or not self._keeper.is_alive()

    def send(self, request: Message, *, check: Callable[[], None] = lambda: None) -> None:
        """Send a request, first waiting until the process has started.

        Raises
        ------
        DecoderEndedError
            If the process has ended, or does not start.
        """
        try:
            if not self._is_ready:
                self._wait_until_ready(check)
            self._channel.send(request)
        except ChannelClosedError:
            raise self._ended(was_asked=False) from None

    def receive(self, *, check: Callable[[], None]) -> Message:
        """Return the next answer; DecoderEndedError, or whatever ``check`` raises, as ``Channel.receive``."""
        try:
            return self._channel.receive(check=check)
        except ChannelClosedError:
            raise self._ended() from None

    def receive_into(self, place: memoryview, *, check: Callable[[], None]) -> None:
        """Fill a place with the bytes that follow an answer; as ``receive``."""
        try:
            self._channel.receive_into(place, check=check)
        except ChannelClosedError:
            raise self._ended() from None

    def is_at_work(self) -> bool:
        """Tell whether it works, or would if the processor were free; not if it is stopped or waits for a disk."""
        return bool(self._status() == psutil.STATUS_RUNNING)

    def end(self) -> None:
        """End the process at once, whatever it is doing."""
        self._is_over = True
        self._started.wait(_START_S)
        if self._process is not None:
            self._process.kill()
        # A process that hangs on a dead disk cannot be waited for.
        self._keeper.join(_END_S)
        self._channel.close()

    def _wait_until_ready(self, check: Callable[[], None]) -> None:
        begun = time.monotonic()

        def check_both() -> None:
            check()
            took = time.monotonic() - begun
            if took > _START_S or (took > _LOOK_S and self._status() == psutil.STATUS_STOPPED):
                self.end()
                raise DecoderEndedError(None, was_ready=False)

        self._channel.receive(check=check_both)
        self._is_ready = True

    def _status(self) -> str:
        try:
            return "" if self.pid is None else str(psutil.Process(self.pid).status())
        except psutil.Error:
            return ""

    def _ended(self, *, was_asked: bool = True) -> DecoderEndedError:
        """Say how the process ended; one that has closed its end of the socket and lives on is ended."""
        self._keeper.join(_END_S)
        self.end()
        code = None if self._process is None else self._process.returncode
        return DecoderEndedError(code, was_ready=self._is_ready, was_asked=was_asked)

    def _keep(self, command: list[str], end: socket.socket) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                stdin=end.fileno(),
                stdout=subprocess.DEVNULL,
                # Libraries write there what the answer says better.
                stderr=subprocess.DEVNULL,
                # Of no use to it, and the window's folder could not be unmounted.
                cwd=os.sep,
                env=_environment(),
                # Ctrl+C in the terminal is for the window, which saves first.
                start_new_session=True,
            )
        except OSError:
            return
        finally:
            end.close()
            self._started.set()
        self._process.wait()


def _environment() -> dict[str, str]:
    """Return this program's environment, in which the package that runs here is the one that decodes."""
    home = str(Path(segtool.__file__).resolve().parent.parent)
    paths = [home, os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        # A file of the current folder is never taken for a module.
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
