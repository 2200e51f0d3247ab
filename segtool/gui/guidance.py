"""Where a person's work is needed: the next image, and the places in it that the model is unsure of."""

from __future__ import annotations

from segtool.gui.documents import Documents
from segtool.gui.expectations import Expectations
from segtool.gui.jobs.runner import JobRunner
from segtool.gui.model_choice import ModelChoice
from segtool.gui.navigation import Navigation
from segtool.gui.overlays import Overlays
from segtool.gui.prediction_map import PredictionMap
from segtool.gui.segmenting import Segmenting
from segtool.gui.tool_state import ToolState
from segtool.gui.uncertainty_map import UncertaintyMap
from segtool.gui.what_next import WhatNext


class Guidance:
    """The parts of the session that say where to work.

    Attributes
    ----------
    expectations : Expectations
        What the active model expects to get wrong in each image.
    what_next : WhatNext
        Suggests images.
    prediction : PredictionMap
        What the active model says of the open image.
    uncertainty : UncertaintyMap
        How unsure the active model is of the pixels of the open image.
    overlays : Overlays
        What is laid over the open image: that, or what has changed since the mask was saved last.
    """

    def __init__(
        self,
        session: ToolState,
        documents: Documents,
        models: ModelChoice,
        navigation: Navigation,
        segmenting: Segmenting,
        jobs: JobRunner,
    ) -> None:
        self.expectations = Expectations(session, documents, models, segmenting=segmenting, jobs=jobs)
        self.what_next = WhatNext(session, documents, navigation=navigation, expectations=self.expectations)
        self.prediction = PredictionMap(session, documents, models, segmenting=segmenting)
        self.uncertainty = UncertaintyMap(session, self.prediction)
        self.overlays = Overlays(session, documents, uncertainty=self.uncertainty, prediction=self.prediction)

    def close(self) -> None:
        """End the threads."""
        self.expectations.close()
        self.prediction.close()
        self.overlays.close()
