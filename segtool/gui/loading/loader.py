"""The thread that loads images: the one that is asked for first, then those that may be asked for next."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.loading import memory
from segtool.gui.loading.load_job import Loaded, LoadProgress, LoadRequest, LoadTask

PATIENCE_MS = 40
"""How long the window's thread waits for an image: a small one is shown without a flicker of anything else.

With 0 the event loop shows every image that is not loaded ahead.
"""


class Loader(QObject):
    """Loads one image at a time; a newer request takes the place of an older one.

    Nothing that is loaded ahead is claimed: whoever takes it claims it and looks whether its files are unchanged.

    Signals
    -------
    loaded(object)
        What was asked for has come to an end after ``load`` had returned: its LoadTask.
    progressed(object)
        How far it is: a LoadProgress.
    """

    loaded = Signal(object)
    progressed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Submitted, and their end not heard of yet, the oldest first.
        self._tasks: deque[LoadTask] = deque()
        self._ahead: dict[str, Loaded] = {}
        self._to_come: list[LoadRequest] = []
        self._wanted: LoadTask | None = None
        self._thread = WorkerThread("segtool-loading")
        worker = self._thread.worker
        worker.progressed.connect(self._on_progress)
        worker.finished.connect(self._on_end)
        worker.failed.connect(self._on_end)
        worker.cancelled.connect(self._on_end)

    @property
    def bytes_ahead(self) -> int:
        """About how many bytes images take that nobody has asked for yet."""
        return sum(memory.bytes_held(item.document) for item in self._ahead.values())

    @property
    def keys_ahead(self) -> tuple[str, ...]:
        """The images that are loaded ahead."""
        return tuple(self._ahead)

    @property
    def is_busy(self) -> bool:
        """Whether anything is being loaded, or is to be loaded ahead."""
        return bool(self._to_come) or self._running() is not None

    def load(self, request: LoadRequest, *, limit: int | None) -> LoadTask:
        """Load an image instead of the one that is being waited for.

        Parameters
        ----------
        request : LoadRequest
            The image.
        limit : int or None
            Bytes that it may take; None for any number. One that is loaded ahead takes less in any case.

        Returns
        -------
        LoadTask
            Done if the image was there already or came within ``PATIENCE_MS``; else ``loaded`` follows.
        """
        has_waited = self._wanted is not None and not self._wanted.is_done
        self._take_what_is_done()
        ready = self._ahead.pop(request.entry.key, None)
        if ready is not None and _is_usable(ready, request):
            self.cancel()
            return LoadTask.done_with(ready)
        running = self._running()
        if running is not None and running.request == request:
            running.is_wanted, task = True, running
        else:
            self._drop_running()
            task = LoadTask(request, limit, is_wanted=True)
            self._submit(task)
        self._wanted = task
        # Whoever holds a key down is not waited for: the window would stand still.
        if PATIENCE_MS and not has_waited and task.wait(PATIENCE_MS / 1000):
            self._wanted, task.is_taken = None, True
        return task

    def prefetch(self, requests: Sequence[LoadRequest]) -> None:
        """Load these ahead, in this order, as far as there is memory for them; let go of all others."""
        self._take_what_is_done()
        wanted = {request.entry.key: request for request in requests}
        self._ahead = {key: item for key, item in self._ahead.items() if wanted.get(key) == item.request}
        running = self._running()
        if running is not None and not running.is_wanted and running.request not in requests:
            self._drop_running()
            running = None
        under_way = None if running is None else running.request
        self._to_come = [item for item in requests if item.entry.key not in self._ahead and item != under_way]
        self._go_on()

    def cancel(self) -> None:
        """Do not load what is being waited for."""
        if self._wanted is not None:
            self._drop_running()
        self._wanted = None

    def forget(self) -> None:
        """Let go of everything: another folder is open."""
        self._drop_running()
        self._wanted = None
        self._to_come.clear()
        self._ahead.clear()

    def close(self) -> None:
        """End the thread."""
        self.forget()
        self._thread.close()

    # The thread --------------------------------------------------------------------------------

    def _submit(self, task: LoadTask) -> None:
        self._tasks.append(task)
        self._thread.submit(task.run())

    def _running(self) -> LoadTask | None:
        return next((task for task in self._tasks if not task.is_done and not task.is_taken), None)

    def _drop_running(self) -> None:
        for task in self._tasks:
            task.is_taken = True
        self._thread.cancel()

    def _take_what_is_done(self) -> None:
        """Put what was loaded ahead where it is looked for; its end may not have been heard of."""
        for task in self._tasks:
            if task.is_done and not task.is_taken and not task.is_wanted:
                task.is_taken = True
                if isinstance(task.outcome, Loaded):
                    self._ahead[task.key] = task.outcome

    def _go_on(self) -> None:
        if not self._to_come or self._running() is not None or self._thread.is_over:
            return
        in_use = self.bytes_ahead
        room = memory.prefetch_limit(in_use=in_use) - in_use
        if room <= 0:
            self._to_come.clear()
        else:
            self._submit(LoadTask(self._to_come.pop(0), room, is_wanted=False))

    @Slot(object)
    def _on_progress(self, progress: LoadProgress) -> None:
        if self._wanted is not None and self._wanted.key == progress.key:
            self.progressed.emit(progress)

    @Slot()
    @Slot(object)
    def _on_end(self, _last: object = None) -> None:
        self._take_what_is_done()
        task = self._tasks.popleft()
        if task is self._wanted and not task.is_taken:
            self._wanted, task.is_taken = None, True
            self.loaded.emit(task)
        self._go_on()


def _is_usable(ready: Loaded, request: LoadRequest) -> bool:
    """Tell whether an image that was loaded ahead is what would be loaded now."""
    # What keeps a mask from being edited may be gone without a change of its file.
    document = ready.document
    is_editable = document.question is not None or document.read_only_reason in ("", request.writable_reason)
    return ready.request == request and is_editable and ready.is_current()
