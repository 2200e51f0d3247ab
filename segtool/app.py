"""The window's composition root: builds everything, shows it, and runs until it is closed."""

from __future__ import annotations

import contextlib
import locale
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication

from segtool import __version__
from segtool.formats.decoder_pool import POOL
from segtool.gui.actions import ActionId
from segtool.gui.faults.deadline import Deadline
from segtool.gui.faults.event_log import EventLog
from segtool.gui.faults.reporter import FaultReporter, log_path
from segtool.gui.faults.starts import take_ended
from segtool.gui.faults.telling import EndTeller
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
    # First of all: a signal that arrives before the event loop runs is kept for it.
    termination = Termination(lambda: window.ending.end_now(), app, at_once=lambda: deadline.start())
    faults = FaultReporter(app)
    faults.install()
    deadline = Deadline(faults.start)
    session = Session()
    deadline.wait_for_journal = session.journal.wait_until_written
    training = TrainingControl(session)
    window = MainWindow(session, training, log_file=log_path())
    EventLog(session, training, start=faults.start, parent=app)
    app.commitDataRequest.connect(window.ending.save_for_logout)
    window.ending.began.connect(faults.note_closing)
    window.ending.began.connect(lambda: deadline.start(already=window.ending.seconds_since_logout))
    window.show()
    # After the first paint, so that a large folder does not hold the window back.
    QTimer.singleShot(0, window, lambda: _begin(window, session, folder, sample=sample))
    try:
        return app.exec()
    finally:
        deadline.cancel()
        termination.uninstall()
        faults.uninstall()
        POOL.close()
        # The window that was closed last asks for the end too: an event loop after this one would end at once.
        QCoreApplication.removePostedEvents(app, QEvent.Type.Quit.value)


def make_application() -> QApplication:
    """Return the application with its names, icon and look; the one that is there already if there is one."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication([NAME])
    # Qt takes the locale of the desktop over for the C library too. With a decimal comma, libraries that read
    # numbers from files, the inference among them, would read others; in Turkish "i" has another capital, and
    # PySide does not find "setInterval" for ``interval=``.
    locale.setlocale(locale.LC_NUMERIC, "C")
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    app.setOrganizationName(NAME)
    app.setApplicationName(NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("segtool")
    apply_theme(app, Preferences().appearance)
    app.setWindowIcon(app_icon())
    return app


def _begin(window: MainWindow, session: Session, folder: Path | None, *, sample: bool) -> None:
    """Tell of an earlier end, then open what is to be opened: one question after the other."""
    ends = EndTeller(
        take_ended(log_path().parent),
        session,
        window=window,
        export=window.action_set[ActionId.EXPORT_LOGS].trigger,
    )
    ends.tell_crash()
    if window.ending.is_final:
        return
    if sample:
        window.opener.open_sample()
    elif folder is not None:
        window.opener.open(folder)
    ends.tell_other_end()
