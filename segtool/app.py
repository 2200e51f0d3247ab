"""The window's composition root: builds everything, shows it, and runs until it is closed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from segtool import __version__
from segtool.gui.fault_log import FaultReporter, log_path
from segtool.gui.main_window import MainWindow
from segtool.gui.preferences import Preferences
from segtool.gui.session import Session
from segtool.gui.termination import Termination
from segtool.gui.theme import app_icon, apply_theme
from segtool.gui.training_control import TrainingControl

NAME = "SegTool"


def run_window(folder: Path | None = None, *, sample: bool = False) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    folder : Path, optional
        A folder of images, or one image in it, to open at once.
    sample : bool
        Open a copy of the sample images instead.

    Returns
    -------
    int
        Exit status: 0 if all went well.
    """
    app = make_application()
    faults = FaultReporter(app)
    faults.install()
    session = Session()
    training = TrainingControl(session)
    window = MainWindow(session, training, log_file=log_path())
    termination = Termination(window.end_now, app)
    window.show()
    # After the first paint, so that a large folder does not hold the window back.
    QTimer.singleShot(0, window, lambda: _open(window, folder, sample=sample))
    try:
        return app.exec()
    finally:
        termination.uninstall()
        faults.uninstall()


def make_application() -> QApplication:
    """Return the application with its names, icon and look; the one that is there already if there is one."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication([NAME])
    app.setOrganizationName(NAME)
    app.setApplicationName(NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("segtool")
    apply_theme(app, Preferences().appearance)
    app.setWindowIcon(app_icon())
    return app


def _open(window: MainWindow, folder: Path | None, *, sample: bool) -> None:
    if sample:
        window.opener.open_sample()
    elif folder is not None:
        window.opener.open(folder)
