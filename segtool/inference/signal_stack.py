"""Keeping a thread's alternate signal stack as it is."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Stack(ctypes.Structure):
    """``stack_t`` of Linux."""

    _fields_ = (("pointer", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def kept_signal_stack() -> Iterator[None]:
    """Put the calling thread's alternate signal stack back afterwards; does nothing but on Linux.

    OpenVINO 2026.4 gives the thread that compiles a network a stack of its own for signal handlers, and frees
    that memory with its last network, whichever thread that happens in. If the stack is still in use then, the
    next signal (Ctrl+C, say) ends the process with a segmentation fault.
    """
    if sys.platform != "linux":
        yield
        return
    library = ctypes.CDLL(None)
    before = _Stack()
    known = library.sigaltstack(None, ctypes.byref(before)) == 0
    try:
        yield
    finally:
        if known:
            library.sigaltstack(ctypes.byref(before), None)
