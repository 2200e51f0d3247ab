"""The real window in a strange environment: it opens a folder, a stroke is painted and saved, the window closes."""

from __future__ import annotations

import locale
import os
import resource
import sys
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox

from segtool import app, launch
from segtool.gui.faults.deadline import Deadline
from tests.faults.looking import look_often, the_window

_LIMIT_S = 60


def main() -> int:
    """Do it; what came of it is written into a file: there may be no standard output."""
    folder, result = Path(sys.argv[1]), Path(sys.argv[2])
    options = dict(item.split("=", 1) for item in sys.argv[3:])
    _prepare(options)
    step = 0
    began = time.monotonic()

    def look() -> None:
        nonlocal step
        window = the_window()
        session = window._session
        if time.monotonic() - began > _LIMIT_S:
            result.write_text(f"stuck at step {step}: {window.messages.texts}", encoding="utf-8")
            os._exit(3)
        if step == 0 and session.document is not None:
            at = QPoint(window.canvas.width() // 2, window.canvas.height() // 2)
            view = window.canvas.childAt(at) or window.canvas
            where = view.mapFrom(window.canvas, at)
            session.set_brush_size(9)
            QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=where)
            QTest.mouseMove(view, where + QPoint(20, 10))
            QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=where + QPoint(20, 10))
            # A number as this locale writes it goes through the field and back.
            for field in window.options_bar.findChildren(QSpinBox):
                field.setValue(12)
                field.setValue(field.valueFromText(field.textFromValue(12)))
            window.grab()
            # Libraries of C read numbers from files: a decimal comma would make others of them.
            reads_points = locale.localeconv()["decimal_point"] == "."
            if session.is_dirty and session.brush_size == 12 and reads_points:
                step = 1
                if "autosave" not in options:
                    session.save()
        elif step == 1 and not session.is_dirty and session.document is not None:
            step = 2
            result.write_text("ok", encoding="utf-8")
            QTimer.singleShot(0, window, window.close)

    # How fast it closes is looked at elsewhere: this is about whether it works at all.
    app.Deadline = partial(Deadline, seconds=60.0)
    look_often(look)
    return launch.main([os.fspath(folder)])


def _prepare(options: dict[str, str]) -> None:
    if "locale" in options:
        QLocale.setDefault(QLocale(options["locale"]))
    if "umask" in options:
        os.umask(int(options["umask"], 8))
    if "files" in options:
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(options["files"]), int(options["files"])))
    if "gone" in options:
        Path(options["gone"]).mkdir()
        os.chdir(options["gone"])
        Path(options["gone"]).rmdir()
    if "clock" in options:
        _let_the_clock_jump()
    if "streams" in options:
        sys.stdin = sys.stdout = sys.stderr = None  # type: ignore[assignment]


def _let_the_clock_jump() -> None:
    """Let the clock of the wall, not the one that only counts, jump by hours to and fro at every look."""
    real, count = time.time, 0

    def jumping() -> float:
        nonlocal count
        count += 1
        return real() + (3 * 3600, -7200, 86400 * 400, -86400 * 4000)[count % 4]

    time.time = jumping


if __name__ == "__main__":
    assert QApplication.instance() is None
    sys.exit(main())
