"""Standard input, output and error as whoever started the program has left them."""

from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Make it safe to write to the standard streams: those that are closed lead nowhere from now on.

    A closed descriptor is given to the next file that is opened. That may be a mask, and whatever a library of
    the system says on standard error would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given, and those below are in use by now. Child processes inherit it.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by whoever started the program (`>&-`), or started without a console.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            # A file's name may hold what the terminal's encoding does not have.
            stream.reconfigure(errors="backslashreplace")
