"""What the active model says of the open image, for as long as something needs it: one computation for all of them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from enum import Enum, auto

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Slot

from segtool.core.classes import VOID, ids_in
from segtool.core.errors import ModelError
from segtool.gui.documents import Documents
from segtool.gui.jobs.known_prediction import KnownPrediction
from segtool.gui.jobs.prediction_job import TITLE, PredictionRequest, prediction_job
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.model_choice import ModelChoice
from segtool.gui.segmenting import Segmenting
from segtool.gui.session_state import JobState
from segtool.gui.tool_state import ToolState
from segtool.gui.tools.tool_id import ToolId
from segtool.project.document import FilePrint
from segtool.project.expected_errors import model_print

# Bytes of the predictions that are not needed now: enough to go back and forth between a few images.
_MOST_BYTES = 64 * 1024 * 1024


class PredictionUse(Enum):
    """What a prediction of the open image is needed for."""

    UNCERTAINTY = auto()
    BRUSH = auto()
    THRESHOLD = auto()


class PredictionMap(QObject):
    """Has the open image predicted while something needs that; otherwise nothing is computed.

    It has a thread of its own, so that segmenting need not wait for it, and takes what segmenting has found out
    instead of computing it again. It never changes a mask. Every change emits ``prediction_changed``.

    Parameters
    ----------
    session : ToolState
        Owner.
    documents : Documents
    models : ModelChoice
    segmenting : Segmenting
        Holds the network.
    """

    def __init__(
        self, session: ToolState, documents: Documents, models: ModelChoice, *, segmenting: Segmenting
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._models, self._segmenting = session, documents, models, segmenting
        # By use, the class whose probability it needs too, if any.
        self._wanted: dict[PredictionUse, int | None] = {}
        self._known: KnownPrediction | None = None
        self._progress: JobState | None = None
        self._request: PredictionRequest | None = None
        self._kept: deque[KnownPrediction] = deque()
        self._averaged = session.averages_turns
        self._holds_brush = False
        # Generators that have been submitted and not ended: all but the last are cancelled.
        self._under_way = 0
        self._thread = WorkerThread("segtool-prediction")
        worker = self._thread.worker
        worker.progressed.connect(self._on_item)
        worker.finished.connect(self._on_end)
        worker.cancelled.connect(self._on_end)
        worker.failed.connect(self._on_failed)
        session.prediction_known.connect(self._on_item)
        session.project_changed.connect(self._forget)
        session.document_changed.connect(self._follow)
        session.model_changed.connect(self._follow)
        session.tool_changed.connect(self._follow_averaging)
        session.tool_changed.connect(self._follow_tool)

    @property
    def known(self) -> KnownPrediction | None:
        """What the active model says of the open image, with its pixels; None while it is not known or not needed."""
        return self._known

    @property
    def progress(self) -> JobState | None:
        """How far the computation is; None while there is none."""
        return self._progress

    def is_wanted(self, use: PredictionUse) -> bool:
        """Tell whether something needs the prediction for that."""
        return use in self._wanted

    def want(self, use: PredictionUse, *, probability_of: int | None = None) -> None:
        """Have each image that is open from now on predicted.

        Parameters
        ----------
        use : PredictionUse
            What for.
        probability_of : int, optional
            Id on the model's card of a class whose probability is needed everywhere.
        """
        if use not in self._wanted or self._wanted[use] != probability_of:
            self._wanted[use] = probability_of
            self._follow()
            self._session.prediction_changed.emit()

    def drop(self, use: PredictionUse) -> None:
        """Need it for that no longer; what is being computed for nothing else is given up."""
        if use in self._wanted:
            del self._wanted[use]
            self._follow()
            self._session.prediction_changed.emit()

    def cancel(self) -> None:
        """Give up what is being computed, and whatever needs it."""
        self._wanted.clear()
        self._follow()
        self._session.prediction_changed.emit()

    def project_ids(self) -> npt.NDArray[np.uint8]:
        """Return the table (uint8, 256) from the active model's class ids to the folder's; void: no such class."""
        project, model = self._documents.project, self._models.active
        if project is None or model is None:
            return np.full(256, VOID, dtype=np.uint8)
        return ids_in(model.card.classes, project.classes)

    def in_memory(self) -> KnownPrediction | None:
        """Return what is known of the open image from the active model, whether it is needed now or not."""
        return next((item for item in self._kept if self._fits(item)), None)

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    # What is to be computed --------------------------------------------------------------------

    @Slot()
    def _forget(self) -> None:
        self._kept.clear()
        self._follow()

    @Slot()
    def _follow_averaging(self) -> None:
        if self._averaged is not self._session.averages_turns:
            self._averaged = self._session.averages_turns
            self._follow()

    @Slot()
    def _follow_tool(self) -> None:
        """Have the prediction ready for the brush that paints it."""
        holds_brush = self._session.tool is ToolId.PREDICTION_BRUSH
        if holds_brush is not self._holds_brush:
            self._holds_brush = holds_brush
            (self.want if holds_brush else self.drop)(PredictionUse.BRUSH)

    @Slot()
    def _follow(self) -> None:
        """Show what is known of the open image and the active model, or have it computed."""
        request = self._needed()
        if request is None:
            self._stop()
            self._show(None, None)
            return
        file = FilePrint.of_readable(request.path)
        found = next((item for item in self._kept if self._fits(item) and item.file == file), None)
        if found is not None and self._is_enough(found):
            self._stop()
            self._show(found, None)
        elif self._request is not None and _is_the_same(self._request, request):
            self._show(found, self._progress)
        else:
            self._stop()
            self._request = request
            self._under_way += 1
            self._show(found, JobState(TITLE, 0, 1, request.key))
            self._thread.submit(prediction_job(request, self._segmenting.runtimes))

    def _needed(self) -> PredictionRequest | None:
        document, model = self._documents.current, self._models.active
        if not self._wanted or document is None or model is None:
            return None
        entry = document.entry
        # Of two classes, the probability of one tells that of the other.
        wanted = self._probability_of() if len(model.card.classes) > 2 else None
        return PredictionRequest(
            entry.key, entry.path, document.image.pixels, model.folder, self._averaged, probability_of=wanted
        )

    def _probability_of(self) -> int | None:
        return self._wanted.get(PredictionUse.THRESHOLD)

    def _stop(self) -> None:
        self._thread.cancel()
        self._request = None

    def _fits(self, item: KnownPrediction) -> bool:
        """Tell whether something is about the open image and the active model."""
        document, model = self._documents.current, self._models.active
        return (
            document is not None
            and model is not None
            and item.confidence is not None
            and item.confidence.shape == document.mask.shape
            and (item.path, item.model) == (document.entry.path, model_print(model.card))
            and item.averaged is self._averaged
        )

    def _is_enough(self, item: KnownPrediction) -> bool:
        wanted = self._probability_of()
        return wanted is None or item.tells_probability(wanted)

    def _show(self, known: KnownPrediction | None, progress: JobState | None) -> None:
        if known is not self._known or progress != self._progress:
            self._known, self._progress = known, progress
            self._trim()
            self._session.prediction_changed.emit()

    # What is found out -------------------------------------------------------------------------

    @Slot(object)
    def _on_item(self, item: object) -> None:
        if isinstance(item, JobState):
            # One that was cancelled may still be saying something.
            if self._progress is not None and item.text == self._progress.text:
                self._show(self._known, item)
        elif isinstance(item, KnownPrediction) and item.confidence is not None:
            kept = self._keep(item)
            if self._wanted and self._fits(kept):
                if self._is_enough(kept):
                    self._stop()
                self._show(kept, self._progress if self._request is not None else None)
            self._trim()

    def _keep(self, item: KnownPrediction) -> KnownPrediction:
        """Keep a prediction in the place of an older one; what that knew beside it still holds if the file is."""
        about = (item.path, item.model, item.averaged)
        older = next((known for known in self._kept if (known.path, known.model, known.averaged) == about), None)
        if older is not None:
            self._kept.remove(older)
            if older.file == item.file:
                item = replace(item, probabilities={**older.probabilities, **item.probabilities})
        self._kept.appendleft(item)
        return item

    def _trim(self) -> None:
        """Let go of what was found out longest ago; what is needed now stays whatever its size."""
        others = [item for item in self._kept if item is not self._known]
        size = sum(item.size for item in others)
        while size > _MOST_BYTES:
            last = others.pop()
            self._kept.remove(last)
            size -= last.size

    @Slot()
    @Slot(object)
    def _on_end(self, _last: object = None) -> None:
        self._under_way -= 1

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._under_way -= 1
        if self._under_way or self._progress is None:
            return
        self._session.report(error)
        self.cancel()
        if isinstance(error, ModelError):
            self._models.model_failed(error)


def _is_the_same(one: PredictionRequest, other: PredictionRequest) -> bool:
    """Tell whether what is under way for one request serves another."""
    return (
        one.pixels is other.pixels
        and (one.path, one.model_folder, one.averaged) == (other.path, other.model_folder, other.averaged)
        and other.probability_of in (None, one.probability_of)
    )
