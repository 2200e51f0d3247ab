"""Loading what draws the plots: a fifth of a second that neither the start nor a running window has to spare."""

from __future__ import annotations

import importlib
import threading

_MODULES = ("segtool.gui.panels.run_plots", "segtool.gui.panels.effort_plots")
_is_loaded = threading.Event()
_begun = threading.Lock()


def is_loaded() -> bool:
    """Tell whether plots can be made without delay; if not, begin to load what draws them in another thread."""
    if not _is_loaded.is_set() and _begun.acquire(blocking=False):
        threading.Thread(target=_load, name="segtool-plots", daemon=True).start()
    return _is_loaded.is_set()


def _load() -> None:
    for name in _MODULES:
        importlib.import_module(name)
    _is_loaded.set()
