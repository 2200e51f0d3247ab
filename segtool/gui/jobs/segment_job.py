"""The job that segments images one after the other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet
from segtool.core.errors import ImageError, MaskError, SaveError
from segtool.formats.isolated import read_image
from segtool.formats.mask_png import read_mask, write_mask
from segtool.gui.jobs.claims import MaskClaims
from segtool.gui.jobs.known_prediction import known_prediction
from segtool.gui.jobs.worker import Job
from segtool.gui.session_state import JobState
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Prediction, segment
from segtool.project.document import FilePrint

TITLE = "Segment"
REFRESH_TITLE = "Segment again"
Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRequest:
    """One image to segment.

    Attributes
    ----------
    key : str
        Its key in the project.
    path, mask_path : Path
        Where image and mask lie.
    pixels : ndarray or None
        The image if it is in memory: (H, W) or (H, W, 3).
    fill_void : bool
        Whether only void pixels get a class; otherwise all do.
    spares_work : bool
        Whether the mask is left alone if a person has worked on it since the job started, or another program
        has changed its file; otherwise its void pixels get a class then.
    """

    key: str
    path: Path
    mask_path: Path
    pixels: npt.NDArray[np.generic] | None
    fill_void: bool
    spares_work: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PredictedMask:
    """A prediction for an image whose mask is in memory: the window is to apply it.

    ``class_ids`` are the project's, uint8 of shape (H, W). ``mask_file`` is the mask's file as it was when the job
    started, None if there was none or work is not spared; the rest is as in the request.
    """

    key: str
    class_ids: Mask
    fill_void: bool
    spares_work: bool
    mask_file: FilePrint | None = None


@dataclass(frozen=True, slots=True)
class WrittenMask:
    """A prediction that has been written to the mask's file.

    Attributes
    ----------
    key : str
        The image.
    changed : bool
        Whether the file has changed.
    filled : bool
        Whether it held classes that were kept.
    demoted : bool
        Whether only void was filled although everything was to be replaced, because a person has
        changed the mask since the job started.
    """

    key: str
    changed: bool
    filled: bool
    demoted: bool


@dataclass(frozen=True, slots=True)
class SparedMask:
    """A mask that was left alone, because a person or another program has changed it since the job started."""

    key: str


@dataclass(frozen=True, slots=True)
class NotSegmented:
    """An image that the job has passed over, and why."""

    key: str
    error: ImageError | MaskError | SaveError


class RuntimeCache:
    """The network that was used last, kept so that the next image starts at once; for any thread but the window's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._runtime: Runtime | None = None

    def get(self, folder: Path) -> Runtime:
        """Return the network of a model folder, loaded now unless it was the last one; ModelError if it cannot be."""
        with self._lock:
            if self._runtime is None or self._folder != folder:
                self._runtime = None
                self._runtime = Runtime.load(folder)
                self._folder = folder
            return self._runtime

    def free(self) -> None:
        """Let go of the network; nobody may ask for one any more, but a job that has it keeps it to its end.

        Taking a network apart can last 0.1 s: that is done in a thread which nobody waits for.
        """
        if self._runtime is not None:
            threading.Thread(target=self._let_go, name="segtool-free-network").start()

    def _let_go(self) -> None:
        with self._lock:
            self._runtime = None


def merge_prediction(old: Mask | None, class_ids: Mask, *, fill_void: bool) -> Mask:
    """Return the mask (H, W) after a prediction: where ``fill_void``, classes of the old mask are kept."""
    if old is None or not fill_void:
        return class_ids
    return np.where(old == VOID, class_ids, old)


def segment_images(
    requests: Sequence[SegmentRequest],
    *,
    model_folder: Path,
    runtimes: RuntimeCache,
    classes: ClassSet,
    id_table: npt.NDArray[np.uint8],
    claims: MaskClaims,
    tta: bool = False,
    title: str = TITLE,
) -> Job:
    """Segment images; what fails for one image does not keep the next from being segmented.

    Parameters
    ----------
    requests : sequence of SegmentRequest
        What to segment.
    model_folder : Path
        The model.
    runtimes : RuntimeCache
        Holds the network between jobs.
    classes : ClassSet
        The project's; a mask file with other ids is left as it is.
    id_table : ndarray of uint8, shape (256,)
        From the model's class ids to the project's.
    claims : MaskClaims
        Which masks are in memory.
    tta : bool
        Whether predictions are averaged over flips and turns.
    title : str
        What the job is called.

    Yields
    ------
    JobState
        Progress: tiles for one image, else images.
    KnownPrediction
        How sure the model is of the image that is segmented next.
    PredictedMask, WrittenMask, SparedMask or NotSegmented
        Once for each image.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    SegToolError
        If the network cannot be run.
    """
    # Whatever another program does to a mask from here on is not to be overwritten unasked.
    mask_files = {item.key: FilePrint.of_readable(item.mask_path) for item in requests if item.spares_work}
    yield JobState(title, 0, len(requests), "Loading the model")
    runtime = runtimes.get(model_folder)
    for index, request in enumerate(requests):
        is_one = len(requests) == 1
        text = request.key if is_one else f"{index + 1} of {len(requests)}  ·  {request.key}"
        yield JobState(title, index, len(requests), text)
        if request.spares_work and claims.was_edited(request.key):
            yield SparedMask(request.key)
            continue
        try:
            file = FilePrint.of_readable(request.path)
            pixels = read_image(request.path).pixels if request.pixels is None else request.pixels
            class_ids: Mask | None = None
            for item in segment(pixels, runtime, tta=tta):
                if isinstance(item, Prediction):
                    yield known_prediction(
                        request.key,
                        request.path,
                        item,
                        runtime.card,
                        file=file,
                        averaged=tta,
                        is_kept=request.pixels is not None,
                    )
                    # Unlike indexing, this leaves the window's thread the interpreter: 24 megapixels take a while.
                    class_ids = np.asarray(cv2.LUT(item.class_ids, id_table), dtype=np.uint8)
                elif is_one:
                    yield JobState(title, item.done, item.total, text)
                else:
                    # The same again, so that the job can be cancelled between two tiles.
                    yield JobState(title, index, len(requests), text)
            assert class_ids is not None
            yield _land(request, class_ids, classes, claims, mask_file=mask_files.get(request.key))
        except (ImageError, MaskError, SaveError) as exc:
            yield NotSegmented(request.key, exc)


def _land(
    request: SegmentRequest, class_ids: Mask, classes: ClassSet, claims: MaskClaims, *, mask_file: FilePrint | None
) -> PredictedMask | WrittenMask | SparedMask:
    with claims.unclaimed(request.key) as is_free:
        if not is_free:
            return PredictedMask(request.key, class_ids, request.fill_void, request.spares_work, mask_file)
        if request.spares_work and (
            claims.was_edited(request.key) or FilePrint.of_readable(request.mask_path) != mask_file
        ):
            return SparedMask(request.key)
        demoted = not request.fill_void and claims.was_edited(request.key)
        old = read_mask(request.mask_path) if request.mask_path.exists() else None
        if old is not None and old.shape != class_ids.shape:
            raise MaskError(
                f"the mask has {old.shape[1]}×{old.shape[0]} pixels but its image {class_ids.shape[1]}×"
                f"{class_ids.shape[0]}, so it was left as it is",
                path=request.mask_path,
                remedy="Move the mask away or replace it by one of the right size.",
            )
        keeps = request.fill_void or demoted
        if old is not None and not keeps and (unknown := classes.unknown_ids(old)):
            raise MaskError(
                f"the mask holds the {'id' if len(unknown) == 1 else 'ids'} {', '.join(map(str, unknown))} without a "
                "class, so it was left as it is",
                path=request.mask_path,
                remedy="Add the missing classes, or move the mask away.",
            )
        mask = merge_prediction(old, class_ids, fill_void=keeps)
        changed = old is None or not np.array_equal(old, mask)
        if changed:
            write_mask(request.mask_path, mask)
    filled = old is not None and keeps and bool((old != VOID).any())
    return WrittenMask(request.key, changed, filled, demoted)
