"""Opens the window as the program does and says when it was first painted (monotonic seconds) and at which memory."""

# ruff: noqa: E402

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from segtool.formats.decoder_pool import POOL, Lane

# As segtool.launch does.
POOL.start(Lane.FRONT)

from segtool.app import make_application
from segtool.gui.faults.reporter import log_path
from segtool.gui.main_window import MainWindow
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl

app = make_application()
session = Session()
window = MainWindow(session, TrainingControl(session), log_file=log_path())
window.show()
app.processEvents()
window.grab()
shown = time.monotonic()

from benchmarks.harness import peak_memory_mib  # not part of what is timed

print(shown, peak_memory_mib())
session.close()
