"""Making a log bundle when a person asks for it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QUrl, Slot, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication

from segtool import __version__
from segtool.gui.dialogs import ask
from segtool.gui.faults.bundle import BundleContents, write_bundle
from segtool.gui.faults.event_log import library_versions
from segtool.gui.faults.reporter import log_path
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.preferences import Preferences
from segtool.gui.session import Session
from segtool.gui.session_state import Level

if TYPE_CHECKING:
    from segtool.gui.main_window import MainWindow


class LogExport(QObject):
    """Asks where a bundle goes, writes it in a thread, and says where it is.

    Parameters
    ----------
    session : Session
    preferences : Preferences
    window : MainWindow
    """

    def __init__(self, session: Session, preferences: Preferences, *, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._preferences, self._window = session, preferences, window
        # There is one only while a bundle is being written.
        self._thread: WorkerThread | None = None
        window.ending.began.connect(self._close)

    @Slot()
    def export(self) -> None:
        """Ask for a place and write a bundle there."""
        name = f"segtool-logs-{datetime.now():%Y%m%d-%H%M}.zip"
        answer = ask.ask_log_bundle(self._window, start=Path.home() / name)
        if answer is None or self._thread is not None:
            return
        path, keeps_names = answer
        path = path if path.suffix else path.with_suffix(".zip")
        self._thread = WorkerThread("segtool-log-bundle")
        self._thread.worker.finished.connect(self._on_written)
        self._thread.worker.failed.connect(self._on_failed)
        self._thread.submit(write_bundle(path, self.contents(keeps_names=keeps_names)))

    def contents(self, *, keeps_names: bool = False) -> BundleContents:
        """Return what goes into a bundle now."""
        folders = {folder for known in self._preferences.recent() for folder in (known.root, known.data_root)}
        project = self._session.project
        if project is not None:
            folders |= {str(project.root), str(project.data_root)}
        return BundleContents(
            log=log_path(),
            system=self._system(),
            settings=self._settings(),
            folders=tuple(filter(None, folders)),
            keeps_names=keeps_names,
        )

    def _system(self) -> dict[str, object]:
        project, document, model = self._session.project, self._session.document, self._session.model
        return {
            "segtool": __version__,
            "qt": qVersion(),
            "libraries": library_versions(),
            "qt_platform": QGuiApplication.platformName(),
            "locale": QLocale().name(),
            "screens": [
                f"{screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}"
                for screen in QGuiApplication.screens()
            ],
            "images": 0 if project is None else len(project.entries),
            "classes": 0 if project is None else len(project.classes),
            "is_writable": project is None or not project.writable_reason,
            "open_mask": None if document is None else list(document.mask.shape),
            "unsaved_masks": len(self._session.unsaved_keys()),
            "save_state": self._session.save_state.kind.value,
            "model": None if model is None else model.name,
        }

    def _settings(self) -> dict[str, object]:
        chosen = self._preferences
        return {
            "appearance": chosen.appearance.value,
            "mask_style": chosen.mask_style.value,
            "outline_width": chosen.outline_width,
            "averages_turns": chosen.averages_turns,
            "view": asdict(chosen.view_options),
            "recent_folders": len(chosen.recent()),
            "has_layout": not chosen.layout()[1].isEmpty(),
        }

    @Slot(object)
    def _on_written(self, path: object) -> None:
        self._close()
        folder = Path(str(path)).parent
        self._session.ask(
            f"The log bundle is in {path}. Nothing was sent anywhere.",
            Level.INFO,
            [("Show folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))))],
        )

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._close()
        self._session.report(error)

    @Slot()
    def _close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()
