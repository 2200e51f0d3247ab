"""The window's composition root: builds everything, shows it, and runs until it is closed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from segtool import __version__
from segtool.core.errors import SegToolError
from segtool.gui.fault_log import FaultReporter, log_path
from segtool.gui.main_window import MainWindow
from segtool.gui.preferences import Preferences
from segtool.gui.sample_folder import copy_sample
from segtool.gui.session import Session
from segtool.gui.termination import Termination
from segtool.gui.theme import app_icon, apply_theme
from segtool.gui.training_control import TrainingControl

NAME = "SegTool"
_PLATFORMS_WITHOUT_SCREEN = frozenset({"offscreen", "minimal", "vnc", "linuxfb", "eglfs"})


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, or work without one where there is no display.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; those of the process if not given.

    Returns
    -------
    int
        Exit status: 0 if all went well.
    """
    arguments = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    if not has_display():
        sys.stderr.write("There is no display, so no window can be opened: working on the folder without one.\n")
        return _run_without_display(arguments)
    app = make_application()
    faults = FaultReporter(app)
    faults.install()
    session = Session()
    training = TrainingControl(session)
    window = MainWindow(session, training, log_file=log_path())
    termination = Termination(window.end_now, app)
    window.show()
    # After the first paint, so that a large folder does not hold the window back.
    QTimer.singleShot(0, window, lambda: _open(window, arguments))
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


def has_display() -> bool:
    """Tell whether a window can be opened: only Linux and its like can be without a display."""
    if sys.platform in ("win32", "darwin"):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in _PLATFORMS_WITHOUT_SCREEN:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="segtool", description="Label every pixel of your images with a U-Net, correct the masks, retrain."
    )
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of images, or one image in it")
    parser.add_argument("--sample", action="store_true", help="open a copy of the sample images")
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    return parser


def _open(window: MainWindow, arguments: argparse.Namespace) -> None:
    if arguments.sample:
        window.opener.open_sample()
    elif arguments.folder is not None:
        window.opener.open(arguments.folder)


def _run_without_display(arguments: argparse.Namespace) -> int:
    # Not at the top: it brings the inference runtime along, which the window loads only when it segments.
    from segtool.headless import run_headless

    try:
        folder = arguments.folder if arguments.folder is not None and not arguments.sample else copy_sample()
        return run_headless(folder)
    except SegToolError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
