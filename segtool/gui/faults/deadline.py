"""The program ends, whatever keeps a thread: a save to a drive that does not answer for example."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading

from segtool.gui.faults.starts import RunningStart

_LEAST_S = 1.0

_log = logging.getLogger("segtool.window")


class Deadline:
    """Ends the process some time after it was started, unless it is called off.

    Files are replaced whole and the journal is on disk by then, so no moment is a wrong one.

    Parameters
    ----------
    start : RunningStart or None
        The record of this start: what every thread was doing goes into its trace.
    seconds : float
        How long closing may take.
    """

    def __init__(self, start: RunningStart | None, *, seconds: float = 4.0) -> None:
        self._start, self._seconds = start, seconds
        self._timer: threading.Timer | None = None

    def start(self, *, already: float = 0.0) -> None:
        """Count from now, less what the end has taken ``already`` in seconds; a second call changes nothing."""
        if self._timer is None:
            self._timer = threading.Timer(max(_LEAST_S, self._seconds - already), self._end)
            self._timer.daemon = True
            self._timer.start()

    def cancel(self) -> None:
        """Call it off."""
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        _log.error("closing took too long: ended without waiting any more")
        if self._start is not None:
            self._start.trace.write("Closing took too long.\n")
            self._start.trace.flush()
            faulthandler.dump_traceback(self._start.trace)
            self._start.end()
        logging.shutdown()
        os._exit(1)
