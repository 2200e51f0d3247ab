"""Writing the page of a model card: the card and an evaluation, with pictures that hold nothing of the images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.classes import VOID, ClassSet
from segtool.core.errors import SaveError
from segtool.core.metrics import mean_over_classes
from segtool.formats.atomic import write_atomic
from segtool.formats.preview import contact_sheet
from segtool.formats.rgb_png import write_rgb
from segtool.inference.evaluate import (
    Comparison,
    Evaluation,
    ImageScore,
    LeftOut,
    compare_images,
    evaluate_images,
    summarise_scores,
)
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress
from segtool.models.card import MODEL_FILES
from segtool.report.card_text import card_text, differences
from segtool.report.charts import learning_curves, standalone
from segtool.report.contents import ReportImage, report_contents
from segtool.report.error_picture import MAP_SIDE, ErrorPicture

PAGE_SUFFIX = ".md"
_WORST = 6
_COLUMNS = 3
# How much longer the evaluation takes whose predictions are averaged over flips and turns.
_AVERAGED_COST = 8


@dataclass(frozen=True, slots=True, eq=False)
class CardPage:
    """A page that is written.

    Attributes
    ----------
    page : Path
    evaluation : Evaluation
        That the page shows.
    differences : tuple of str
        Where its metrics differ from those on the card.
    """

    page: Path
    evaluation: Evaluation
    differences: tuple[str, ...]


def check_page_path(out: Path) -> None:
    """Raise SaveError unless a page may be written there: a page of that name is replaced, other files are not."""
    if out.suffix != PAGE_SUFFIX:
        raise SaveError(
            "the page must be a Markdown file", path=out, remedy=f"Give it a name that ends in {PAGE_SUFFIX}."
        )


def write_card_page(
    out: Path, images: Sequence[ReportImage], classes: ClassSet, runtime: Runtime, *, model_folder: Path
) -> Iterator[Progress | CardPage]:
    """Evaluate a model and write the page of its card.

    The same model, images and versions give the same files. Pictures are written beside the page:
    ``NAME-worst.png``, where the worst predictions are right and wrong, and ``NAME-curves.svg``.

    Parameters
    ----------
    out : Path
        The page, ``NAME.md``.
    images : sequence of ReportImage
    classes : ClassSet
        Those of the masks.
    runtime : Runtime
        The model.
    model_folder : Path
        Where its files lie.

    Yields
    ------
    Progress
        Images done.
    CardPage
        At the end.

    Raises
    ------
    SaveError
        If something cannot be written.
    SegToolError
        If no image counts.
    """
    check_page_path(out)
    card = runtime.card
    drawing = ErrorPicture(classes, card.classes)
    scores: list[ImageScore] = []
    left_out: list[LeftOut] = []
    worst: list[tuple[float, int, npt.NDArray[np.uint8]]] = []
    has_void = False
    pairs = [(item.image_path, item.mask_path) for item in images]
    for item in compare_images(pairs, classes, runtime, pass_over=True):
        match item:
            case Progress():
                yield Progress(item.done, item.total + _AVERAGED_COST * len(pairs))
            case LeftOut():
                left_out.append(item)
            case Comparison():
                scores.append(item.score)
                f1 = mean_over_classes(item.score.tally, classes)["f1"]
                has_void |= bool((item.mask == VOID).any())
                worst.append((f1, item.score.index, drawing.alone(item.mask, item.class_ids)))
                worst = sorted(worst, key=lambda entry: entry[:2])[:_WORST]
    evaluation = summarise_scores(scores, left_out, classes)
    averaged: Mapping[str, Any] = {}
    for step in evaluate_images(pairs, classes, runtime, tta=True, pass_over=True):
        if isinstance(step, Evaluation):
            averaged = step.metrics
        else:
            yield Progress(step.total + _AVERAGED_COST * step.done, step.total * (1 + _AVERAGED_COST))
    contents = report_contents(evaluation, images, classes, card, title=card.name, tta=False, created="", pictures={})
    charts = learning_curves(card.curves)
    curves_path = out.with_name(f"{out.stem}-curves.svg")
    worst_path = out.with_name(f"{out.stem}-worst.png")
    text = card_text(
        card,
        {name: (model_folder / name).stat().st_size for name in MODEL_FILES},
        contents,
        evaluation.reliability,
        drawing.legend(with_void=has_void),
        averaged=averaged,
        worst_picture=worst_path.name,
        worst_count=len(worst),
        curves_picture=curves_path.name if charts else "",
    )
    labelled = [(f"F1 {f1:.3f}  {images[index].key}", picture) for f1, index, picture in worst]
    write_rgb(worst_path, contact_sheet(labelled, _COLUMNS, MAP_SIDE))
    if charts:
        write_atomic(curves_path, standalone(charts).encode("utf-8"))
    write_atomic(out, text.encode("utf-8", errors="backslashreplace"))
    yield CardPage(out, evaluation, tuple(differences(card, evaluation.metrics)))
