"""A signal that comes after a network was unloaded by another thread does not end the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# The memory of the stack that OpenVINO sets up is unmapped with the last network, here in another thread.
_LOAD_UNLOAD_SIGNAL = """
import faulthandler, gc, os, signal, sys, threading
from pathlib import Path
from segtool.inference.runtime import Runtime
faulthandler.enable()
holder = [Runtime.load(Path(sys.argv[1]))]
def drop():
    holder.clear()
    gc.collect()
thread = threading.Thread(target=drop)
thread.start()
thread.join()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there is the stack replaced")
def test_a_signal_after_the_network_is_gone_is_handled(tiny_model_folder: Path) -> None:
    command = [sys.executable, "-c", _LOAD_UNLOAD_SIGNAL, str(tiny_model_folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "handled"), done.stderr
