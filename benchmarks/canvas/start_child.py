"""Opens the window on a folder as the program does and says when its first image was painted (monotonic seconds)."""

# ruff: noqa: E402

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

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
training = TrainingControl(session)
window = MainWindow(session, training, log_file=log_path())
window.show()
app.processEvents()
window.opener.open(Path(sys.argv[1]))
while session.document is None:
    app.processEvents()
window.grab()
print(time.monotonic())
window.images.close_thread()
training.close()
session.close()
