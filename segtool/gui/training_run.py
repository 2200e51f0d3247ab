"""One run as a child process: its command line, its events and the one way in which it ends."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from PySide6.QtCore import QObject, QProcess, QTemporaryDir, QTimer, Signal

from segtool.core.errors import TrainingError
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunFailed, RunProgress, from_line
from segtool.core.run_settings import RunSettings
from segtool.gui.training_child import (
    UNCHANGED,
    LineReader,
    child_environment,
    default_program,
    explain_end,
    lower_priority,
)
from segtool.models.drafts import names_in, remove_drafts

_log = logging.getLogger(__name__)

LOG_LINES = 50
STOP_PATIENCE_MS = 180_000
END_PATIENCE_MS = 20_000
# A run that has failed has no model to be waited for, and a person is to hear of it.
FAILURE_PATIENCE_MS = 2_000
# A process that writes more than this beside its events is no training, whatever it is.
MOST_CHATTER_BYTES = 16 << 20


class ChildRequest(Protocol):
    """What a child process is to make: a model folder, by a command of the program."""

    @property
    def command(self) -> str:
        """The command: "train" for example."""

    @property
    def called(self) -> str:
        """What a person is to call the run: "training" for example."""

    @property
    def out(self) -> Path:
        """Folder of the new model; it must not exist yet."""

    def arguments(self, scratch: Path) -> list[str]:
        """Return what follows the command; files that it needs are written into ``scratch``, a folder."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to train.

    Attributes
    ----------
    root : Path
        The project's folder.
    base : str
        Name of a model, or "none" to start from scratch.
    out : Path
        Folder of the new model; it must not exist yet.
    settings : RunSettings
        Everything else.
    data_root : Path or None
        Where masks and models lie if not in ``root``.
    compare : str
        Name of a model to score beside the new one; "" for none but the base.
    checkpoint : Path or None
        Where the run keeps its state; None: where the command does by itself.
    resumes : bool
        Go on with the run of the checkpoint: ``base`` and ``settings`` are what it was begun with.
    """

    root: Path
    base: str
    out: Path
    settings: RunSettings
    data_root: Path | None = None
    compare: str = ""
    checkpoint: Path | None = None
    resumes: bool = False
    command: ClassVar[str] = "train"
    called: ClassVar[str] = "training"

    def arguments(self, scratch: Path) -> list[str]:
        """Return what follows the command; TrainingError if the settings cannot be written."""
        arguments = [str(self.root), "--out", str(self.out), "--events", "--tied"]
        if self.resumes:
            arguments.append("--resume")
        else:
            arguments += ["--base", self.base, "--settings", str(self._written_settings(scratch))]
        if self.checkpoint is not None:
            arguments += ["--checkpoint", str(self.checkpoint)]
        if self.data_root is not None:
            arguments += ["--data", str(self.data_root)]
        if self.compare:
            arguments += ["--compare", self.compare]
        return arguments

    def _written_settings(self, scratch: Path) -> Path:
        path = scratch / "settings.json"
        try:
            path.write_text(json.dumps(self.settings.to_json()), encoding="utf-8")
        except OSError as exc:
            raise TrainingError(f"the training's settings cannot be written ({exc.strerror})", path=path) from exc
        return path


class TrainingRun(QObject):
    """A training, or a mix of two models, in a process of its own.

    Exactly one of ``finished``, ``failed`` and ``cancelled`` is emitted, once, after the process has ended.
    Until then ``reported`` passes on every event. The model's folder is whole when ``finished`` is
    emitted, and what a broken-off run left of it is removed before the other two.

    Parameters
    ----------
    request : ChildRequest
    program : sequence of str, optional
        What stands before the arguments; ``default_program`` of the request's command if not given.
    stop_patience_ms, end_patience_ms : int
        How long a run may take to finish after ``stop()``, and to exit after its last event, before it is killed.
    """

    reported = Signal(object)
    finished = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(
        self,
        request: ChildRequest,
        *,
        program: Sequence[str] | None = None,
        stop_patience_ms: int = STOP_PATIENCE_MS,
        end_patience_ms: int = END_PATIENCE_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._program = tuple(program or default_program(request.command))
        self._out_lines, self._err_lines = LineReader(), LineReader()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._last: RunDone | RunFailed | None = None
        self._stopping = self._killed = self._ended = self._has_epoch = False
        self._chatter, self._why_killed = 0, ""
        self._there_before: frozenset[str] = frozenset()
        self._scratch = QTemporaryDir()
        self._stop_patience_ms, self._end_patience_ms = stop_patience_ms, end_patience_ms
        self._patience = QTimer(self, singleShot=True)
        self._patience.timeout.connect(self._lose_patience)
        self._process = QProcess(self)
        self._process.started.connect(self._on_started)
        self._process.readyReadStandardOutput.connect(self._read_output)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)

    @property
    def log(self) -> str:
        """The last lines that the process wrote to its standard error."""
        return "\n".join(self._log)

    @property
    def is_running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def start(self) -> None:
        """Start the process; TrainingError if what it needs cannot be written or the model's name is taken."""
        out = self._request.out
        if out.exists():
            raise TrainingError("there is already something under the new version's name", path=out)
        if not self._scratch.isValid():
            raise TrainingError("a temporary folder cannot be made", remedy=self._scratch.errorString())
        arguments = self._request.arguments(Path(self._scratch.path()))
        self._there_before = frozenset(names_in(out.parent))
        self._process.setProcessEnvironment(child_environment())
        self._process.start(self._program[0], [*self._program[1:], *arguments])

    def stop(self) -> None:
        """Ask the run to finish with the best weights so far; asked twice, end it at once and keep nothing."""
        if not self.is_running:
            return
        if self._stopping:
            self.kill()
            return
        self._stopping = True
        self._process.write(b"stop\n")
        self._patience.start(self._stop_patience_ms)

    def kill(self) -> None:
        """End the process at once; ``cancelled`` follows unless its model was already whole."""
        if self.is_running:
            self._killed = True
            self._process.kill()

    def shut_down(self, timeout_ms: int = 3000) -> None:
        """Kill the process and wait until it is gone: for closing the window."""
        self.kill()
        if self.is_running:
            self._process.waitForFinished(timeout_ms)

    def _on_started(self) -> None:
        lower_priority(self._process.processId())

    def _read_output(self) -> None:
        self._take(self._out_lines.feed(bytes(self._process.readAllStandardOutput().data())))

    def _read_errors(self) -> None:
        self._log.extend(self._err_lines.feed(bytes(self._process.readAllStandardError().data())))

    def _take(self, lines: list[str]) -> None:
        events: list[RunEvent] = []
        for line in lines:
            event = from_line(line)
            if event is None:
                self._chatter += len(line) + 1
            elif isinstance(event, RunProgress) and events and isinstance(events[-1], RunProgress):
                # However many a process sends at once, the last one says it all.
                events[-1] = event
            else:
                events.append(event)
        for event in events:
            self._report(event)
        if self._chatter > MOST_CHATTER_BYTES and self._last is None and self.is_running:
            self._why_killed = (
                f"The {self._request.called} was ended, because its process wrote something else than a "
                f"{self._request.called} does. {UNCHANGED} Try again; if it happens again, install the program anew."
            )
            self._process.kill()

    def _report(self, event: RunEvent) -> None:
        if self._last is not None:
            return
        if isinstance(event, RunDone | RunFailed):
            self._last = event
            patience = self._end_patience_ms
            self._patience.start(patience if isinstance(event, RunDone) else min(FAILURE_PATIENCE_MS, patience))
        self._has_epoch |= isinstance(event, RunEpoch)
        self.reported.emit(event)

    def _lose_patience(self) -> None:
        # After its last event a run has nothing left to do: its outcome stands, whatever keeps the process.
        if self._last is None:
            self.kill()
        else:
            self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            called = self._request.called
            self._end(
                f"The {called} could not be started ({self._process.errorString()}). {UNCHANGED} "
                "Try again; if it happens again, install the program anew."
            )

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_output()
        self._take(self._out_lines.rest())
        self._read_errors()
        self._log.extend(self._err_lines.rest())
        has_crashed = status is QProcess.ExitStatus.CrashExit
        how = "signal" if has_crashed else "exit code"
        _log.info("process of the %s ended: %s %d", self._request.called, how, code)
        self._end(explain_end(code, crashed=has_crashed, log=self.log, called=self._request.called))

    def _end(self, explanation: str) -> None:
        if self._ended:
            return
        self._ended = True
        self._patience.stop()
        if isinstance(self._last, RunDone):
            self.finished.emit(self._last)
            return
        remove_drafts(self._request.out, there_before=self._there_before)
        # Stopped before there was anything to keep: that is what was asked for, not a failure.
        stopped_early = self._stopping and not self._has_epoch
        if self._killed or stopped_early:
            self.cancelled.emit()
        elif isinstance(self._last, RunFailed):
            self.failed.emit(self._last.message)
        else:
            self.failed.emit(self._why_killed or explanation)
