"""Runs in a forked process: the real window on a folder, brought to a moment and then told to end."""

from __future__ import annotations

import errno
import gc
import os
import signal
import threading
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shiboken6
from PySide6.QtCore import QPoint, Qt, QThread, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from segtool import launch
from segtool.core.geometry import Rect
from segtool.core.run_settings import RunSettings
from segtool.gui.session_state import SaveKind
from tests.faults.looking import look_often, the_window

EXPECTED = "expected.npy"


class Moment(StrEnum):
    """What is under way when the window is told to end."""

    IDLE = "unsaved work"
    STROKE = "a stroke"
    SAVING = "a save"
    INFERENCE = "an inference"
    TRAINING = "a training"
    DIALOG = "a modal dialog"
    RETRAIN = "the retrain dialog"
    QUESTION = "the question about unsaved work"
    LOADING = "an image being loaded"


class How(StrEnum):
    """How it is told."""

    CLOSE = "close"
    DISCARD = "close, discard"
    TERM = "SIGTERM"
    INT = "SIGINT"
    HUP = "SIGHUP"
    TWICE = "SIGTERM twice"
    LOGOUT = "end of the desktop's session"


class Saves(StrEnum):
    """What becomes of saves meanwhile."""

    WHOLE = "saves work"
    SLOW = "saves take a while"
    STUCK = "saves hang"
    FAILING = "saves fail"


_ANSWERS = {How.CLOSE: ("Save", "Stop training"), How.DISCARD: ("Discard", "Stop training")}
_SLOW_S, _STUCK_S = 0.4, 600.0
_THREAD_LEFT = 7


def run(say: Callable[[str], None], *, folder: str, moment: str, how: str, saves: str, delay_ms: int) -> int:
    """Open the window, bring it to the moment, save what is to be expected, and end it."""
    _break_saves(Saves(saves))
    _Driver(say, Path(folder), Moment(moment), How(how), delay_ms)
    code = launch.main([folder])
    threads = [item for item in gc.get_objects() if isinstance(item, QThread) and shiboken6.isValid(item)]
    # Qt aborts a program that lets go of a thread which still runs.
    return _THREAD_LEFT if any(thread.isRunning() for thread in threads) else code


class _Driver:
    """Looks every few milliseconds whether the window is where it is wanted."""

    def __init__(self, say: Callable[[str], None], folder: Path, moment: Moment, how: How, delay_ms: int) -> None:
        self._say, self._folder, self._moment, self._how, self._delay = say, folder, moment, how, delay_ms
        self._is_under_way = self._is_ready = False
        look_often(self._look)

    def _look(self) -> None:
        session = the_window()._session
        modal = QApplication.activeModalWidget()
        if self._is_ready:
            self._answer(modal)
        elif self._moment is Moment.LOADING and session.project is not None:
            self._end()
        elif session.document is None:
            return
        elif not self._is_under_way:
            self._is_under_way = True
            QTimer.singleShot(0, the_window(), self._begin)
        elif self._has_come(modal):
            self._is_ready = True
            QTimer.singleShot(self._delay, the_window(), self._end)

    def _begin(self) -> None:
        window, session = the_window(), the_window()._session
        session.apply_pixels("Fill", Rect(3, 4, 5, 6), np.ones((6, 5), dtype=np.uint8))
        match self._moment:
            case Moment.STROKE:
                at = QPoint(window.canvas.width() // 2, window.canvas.height() // 2)
                view = window.canvas.childAt(at) or window.canvas
                QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=view.mapFrom(window.canvas, at))
            case Moment.SAVING:
                session.save_all()
            case Moment.INFERENCE:
                assert session.segment(["b.png"])
            case Moment.TRAINING:
                assert window._training.start(RunSettings(), base="none", name="0001-new")
            case Moment.DIALOG:
                window.show_about()
            case Moment.RETRAIN:
                window.ask_for_training()
            case Moment.QUESTION:
                window.close()

    def _has_come(self, modal: object) -> bool:
        session = the_window()._session
        match self._moment:
            case Moment.INFERENCE:
                return session.job is not None
            case Moment.TRAINING:
                return the_window()._training.is_running
            case Moment.DIALOG | Moment.RETRAIN | Moment.QUESTION:
                return modal is not None
            case Moment.SAVING:
                return session.save_state.kind in (SaveKind.SAVING, SaveKind.FAILED) or not session.is_dirty
            case _:
                return True

    def _end(self) -> None:
        self._is_ready = True
        window = the_window()
        document = window._session.document
        if document is not None:
            np.save(self._folder / EXPECTED, document.mask)
        self._say("asked")
        match self._how:
            case How.CLOSE | How.DISCARD:
                window.close()
            case How.LOGOUT:
                # What the desktop's signal is connected to, and what Qt does once the desktop has been answered.
                window.ending.save_for_logout()
                QApplication.quit()
            case How.TWICE:
                os.kill(os.getpid(), signal.SIGTERM)
                QTimer.singleShot(1, partial(os.kill, os.getpid(), signal.SIGTERM))
            case _:
                os.kill(os.getpid(), signal.Signals[self._how.value])
        if self._how in _ANSWERS and window.isVisible():
            self._say("stayed, dirty" if window._session.has_unsaved() else "stayed")
            os._exit(0)

    def _answer(self, modal: object) -> None:
        if isinstance(modal, QMessageBox):
            for button in modal.findChildren(QPushButton):
                if button.text().replace("&", "") in _ANSWERS.get(self._how, ()):
                    button.click()


def _break_saves(saves: Saves) -> None:
    sync, replace = os.fsync, os.replace

    def slow_sync(descriptor: int) -> None:
        # Masks are written in a thread of their own; segtool.json is in the window's.
        if threading.current_thread() is not threading.main_thread():
            threading.Event().wait(_SLOW_S if saves is Saves.SLOW else _STUCK_S)
        sync(descriptor)

    def failing_replace(source: Any, target: Any, **more: Any) -> None:
        if Path(target).parent.name == "masks":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target, **more)

    if saves in (Saves.SLOW, Saves.STUCK):
        os.fsync = slow_sync
    elif saves is Saves.FAILING:
        os.replace = failing_replace
