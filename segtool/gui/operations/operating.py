"""Running operations on the open mask: shown while a person makes up their mind, or done at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segtool.core.geometry import Rect
from segtool.core.operations.change import Mask, MaskChange, Tick
from segtool.core.paint_rules import PaintRules
from segtool.gui.documents import Documents
from segtool.gui.mask_edits import MaskEdits
from segtool.gui.region_work import PixelPainting, RegionWork
from segtool.gui.tool_state import ToolState
from segtool.project.document import Document

Work = Callable[[Mask, Tick], MaskChange | None]
"""Returns what an operation changes in a mask; called in another thread, which may be told to give up by the tick."""

# What is computed for a value that is out of date is waited for so long: then it is worth showing while a slider moves.
_PATIENCE_MS = 400


class _GivenUpError(Exception):
    """Nobody wants the result any more."""


@dataclass(slots=True, eq=False)
class _Request:
    work: Work
    is_unwanted: Event
    count: int = 0
    has_failed: bool = False


class Operating(QObject):
    """Shows on the mask what an operation would do, and makes it one edit when the person says so.

    An operation that is shown is a stroke that is revised. Whatever else ends that stroke takes it back.

    Parameters
    ----------
    session : ToolState
        Owner.
    documents, edits, regions
        Parts of the session that it works with.

    Signals
    -------
    changed()
        ``is_busy`` or ``count`` is another one.
    ended()
        What was shown has become an edit or has been taken back.
    """

    changed = Signal()
    ended = Signal()

    def __init__(self, session: ToolState, documents: Documents, *, edits: MaskEdits, regions: RegionWork) -> None:
        super().__init__(session)
        self._session, self._documents, self._edits, self._regions = session, documents, edits, regions
        self._name = self._if_nothing = ""
        self._stroke = 0
        self._wanted: Work | None = None
        self._request: _Request | None = None
        self._shown: _Request | None = None
        self._applies_then = False
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._start)
        regions.busy_changed.connect(self._on_busy)
        session.stroke_ended.connect(self._on_stroke_ended)
        session.rules_changed.connect(self._on_rules)

    @property
    def is_under_way(self) -> bool:
        """Whether an operation is being shown or done."""
        return self._stroke != 0

    @property
    def is_busy(self) -> bool:
        """Whether what is wanted last is still being computed."""
        return self._wanted is not None and (self._shown is None or self._shown.work is not self._wanted)

    @property
    def count(self) -> int | None:
        """How many pixels differ on the mask because of what is shown; None if nothing is."""
        return None if self._shown is None else self._shown.count

    def begin(self, name: str) -> bool:
        """Begin to show an operation; False, with a message, if the open mask must not be changed."""
        if self._documents.current is None or not self._edits.begin_stroke(name, is_preview=True):
            return False
        self._stroke = self._edits.stroke_number
        self._name, self._if_nothing = name, f"{name}: nothing changes."
        self._wanted = self._request = self._shown = None
        self._applies_then = False
        return True

    def show(self, work: Work) -> None:
        """Show what ``work`` changes in the mask as it was before, as soon as that is known."""
        self._wanted = work
        if not self._regions.is_busy:
            self._start()
        elif not self._patience.isActive():
            self._patience.start()
        self.changed.emit()

    def show_nothing(self) -> None:
        """Show the mask as it was before."""
        self._give_up()
        self._patience.stop()
        self._wanted = self._request = self._shown = None
        if self._stroke:
            # A request that paints nothing takes back what is shown, and goes before what is being computed.
            self._regions.request(lambda: None)
        self.changed.emit()

    def apply(self, work: Work) -> None:
        """Make what ``work`` changes one edit, as soon as it is known."""
        self._applies_then = True
        if self._shown is not None and self._shown.work is work:
            self._keep()
        else:
            self.show(work)

    def run(self, name: str, work: Work, *, if_nothing: str = "") -> bool:
        """Do an operation without showing it first; False, with a message, if the mask must not be changed.

        ``if_nothing`` is what the person is told if no pixel changes.
        """
        if self._edits.ends_by_itself():
            # What is being found for a click is painted first.
            document = self._documents.current
            self._edits.after_stroke(
                lambda: document is self._documents.current and self.run(name, work, if_nothing=if_nothing)
            )
            return True
        if not self.begin(name):
            return False
        self._if_nothing = if_nothing or self._if_nothing
        self.apply(work)
        return True

    def cancel(self) -> None:
        """Take back what is shown."""
        if self._stroke:
            self._edits.cancel_stroke()

    def mask_in_memory(self, key: str) -> Mask | None:
        """Return the mask of an image of the folder if it is in memory, with edits that may not be saved yet."""
        document = self._documents.get(key)
        return None if document is None else document.mask

    def close(self) -> None:
        """Take back what is shown, which closes its dialog, and give up what is being computed: the program ends."""
        self._applies_then = False
        self.cancel()

    @Slot()
    def _start(self) -> None:
        document = self._documents.current
        if not self._stroke or self._wanted is None or document is None:
            return
        self._patience.stop()
        self._give_up()
        request = self._request = _Request(self._wanted, Event())
        rules = self._session.rules
        self._regions.request(lambda: _painting(request, document, self._regions.original, rules=rules))

    def _give_up(self) -> None:
        if self._request is not None:
            self._request.is_unwanted.set()

    def _keep(self) -> None:
        count, if_nothing = self.count, self._if_nothing
        self._applies_then = False
        self._edits.keep_preview()
        self._edits.end_stroke()
        if not count:
            self._session.info(if_nothing)

    @Slot(bool)
    def _on_busy(self, busy: bool) -> None:
        if busy or not self._stroke or self._edits.stroke_number != self._stroke:
            return
        self._shown = self._request
        if self.is_busy:
            self._start()
        elif self._shown is not None and self._applies_then:
            self._keep()
        self.changed.emit()

    @Slot()
    def _on_stroke_ended(self) -> None:
        if self._stroke and self._edits.stroke_number != self._stroke:
            self._give_up()
            self._patience.stop()
            was_cut_short = self._applies_then and (self._request is None or not self._request.has_failed)
            self._stroke = 0
            self._wanted = self._request = self._shown = None
            self._applies_then = False
            self.ended.emit()
            if was_cut_short:
                self._session.warn(f"{self._name} was stopped before it was done, so nothing has changed.")

    @Slot()
    def _on_rules(self) -> None:
        if self._stroke and self._wanted is not None:
            # The same work has another result: what is shown counts for nothing.
            self._shown = None
            self._start()


def _painting(
    request: _Request, document: Document, original: Callable[[Rect], Mask], *, rules: PaintRules
) -> PixelPainting | None:
    """Compute in another thread what is to be painted, and count what of it the rules allow."""

    def tick() -> None:
        if request.is_unwanted.is_set():
            raise _GivenUpError

    try:
        tick()
        mask = original(Rect.of_shape(document.mask.shape))
        change = request.work(mask, tick)
        if change is None:
            return None
        allowed = rules.allowed(change.rect, mask=mask, pixels=document.image.pixels)
    except _GivenUpError:
        return None
    except Exception:
        # The person is told why, and not that it was stopped.
        request.has_failed = True
        raise
    if allowed is None:
        request.count = change.count
    else:
        request.count = int(np.count_nonzero((mask[change.rect.slices] != change.pixels) & allowed))
    return PixelPainting(change.rect, change.pixels)
