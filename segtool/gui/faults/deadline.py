"""The program ends, whatever keeps a thread: a save to a drive that does not answer for example."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
from collections.abc import Callable

from segtool.gui.faults.starts import RunningStart

_LEAST_S = 1.0
# A drive that does not answer is not waited for without end.
_JOURNAL_S = 2.0

_log = logging.getLogger("segtool.window")


class Deadline:
    """Ends the process some time after it was started, unless it is called off.

    Files are replaced whole, so no moment is a wrong one as soon as the journal holds what is unsaved: that is waited
    for, for a change of hundreds of megapixels takes longer than any closing should.

    Parameters
    ----------
    start : RunningStart or None
        The record of this start: what every thread was doing goes into its trace.
    seconds : float
        How long closing may take.

    Attributes
    ----------
    wait_for_journal : callable
        Waits, in a thread of its own, until the journal holds what is unsaved, or so many seconds in which nothing
        comes of it.
    """

    def __init__(self, start: RunningStart | None, *, seconds: float = 4.0) -> None:
        self._start, self._seconds = start, seconds
        self._timer: threading.Timer | None = None
        self.wait_for_journal: Callable[[float], bool] = lambda seconds: True

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
        if not self.wait_for_journal(_JOURNAL_S):
            _log.error("the journal could not be finished")
        _log.error("closing took too long: ended without waiting any more")
        if self._start is not None:
            self._start.trace.write("Closing took too long.\n")
            self._start.trace.flush()
            faulthandler.dump_traceback(self._start.trace)
            self._start.end()
        logging.shutdown()
        os._exit(1)
