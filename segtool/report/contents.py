"""What a report says: plain values for its page, its JSON file and its table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segtool.core.classes import ClassSet
from segtool.core.metrics import METRICS, mean_over_classes, summarise_kinds
from segtool.core.printable import printable
from segtool.inference.evaluate import Evaluation
from segtool.models.card import ModelCard
from segtool.report.folder import FORMAT

NO_KIND = "other"


@dataclass(frozen=True, slots=True)
class ReportImage:
    """One image to report on.

    Attributes
    ----------
    key : str
        What the report calls it: its path in the folder.
    image_path, mask_path : Path
    kind : str
        Which kind of image it is; empty if that is not known.
    """

    key: str
    image_path: Path
    mask_path: Path
    kind: str = ""


def kind_rows(evaluation: Evaluation, kinds: Sequence[str], classes: ClassSet) -> list[dict[str, Any]]:
    """Return the metrics by kind of image, empty if no kind is known.

    Parameters
    ----------
    evaluation : Evaluation
    kinds : sequence of str
        The kind of each of the pairs that were evaluated; those without one are put together as "other".
    classes : ClassSet
        Those of the folder.
    """
    if not any(kinds):
        return []
    return summarise_kinds(evaluation.tallies, [kinds[item.index] or NO_KIND for item in evaluation.images], classes)


def report_contents(
    evaluation: Evaluation,
    images: Sequence[ReportImage],
    classes: ClassSet,
    card: ModelCard,
    *,
    title: str,
    tta: bool,
    created: str,
    pictures: Mapping[int, str],
) -> dict[str, Any]:
    """Return everything that a report says.

    Parameters
    ----------
    evaluation : Evaluation
    images : sequence of ReportImage
        The pairs that were evaluated.
    classes : ClassSet
        Those of the folder.
    card : ModelCard
    title : str
    tta : bool
        Whether predictions were averaged over flips and quarter turns.
    created : str
        When the report is made.
    pictures : mapping of int to str
        Index of an image → its picture's path in the report, for those that have one.

    Returns
    -------
    dict
        JSON values. ``images`` are in rising order of their F1, the worst first; ``absent`` are the classes of which
        no mask and no prediction has a pixel: their scores mean nothing.
    """
    return {
        "format": FORMAT,
        "title": title,
        "created": created,
        "model": {"name": card.name, "created": card.created, "classes": [item.name for item in card.classes]},
        "classes": classes.to_json(),
        "averaged_over_flips": tta,
        "metrics": evaluation.metrics,
        "kinds": kind_rows(evaluation, [item.kind for item in images], classes),
        "confusion": {
            "rows": [item.name for item in classes],
            "columns": [*(item.name for item in classes), "no class of the folder"],
            "pixels": evaluation.confusion.tolist(),
        },
        "calibration": [asdict(item) for item in evaluation.reliability.bins()],
        "images": _image_rows(evaluation, images, classes, pictures),
        "absent": [
            item.name
            for index, item in enumerate(classes)
            if not evaluation.confusion[index].any() and not evaluation.confusion[:, index].any()
        ],
        "left_out": [
            {"image": images[item.index].key, "reason": item.reason.reason, "remedy": item.reason.remedy}
            for item in evaluation.left_out
        ],
    }


def _image_rows(
    evaluation: Evaluation, images: Sequence[ReportImage], classes: ClassSet, pictures: Mapping[int, str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "number": item.index + 1,
            "image": images[item.index].key,
            "kind": images[item.index].kind,
            "pixels": int(item.confusion.sum()),
            **mean_over_classes(item.tally, classes),
            "picture": pictures.get(item.index),
        }
        for item in evaluation.images
    ]
    return sorted(rows, key=lambda row: (row["f1"], row["number"]))


def images_csv(contents: Mapping[str, Any]) -> str:
    """Return the table of the images as CSV."""
    stream = io.StringIO()
    columns = ("image", "kind", "pixels", *METRICS, "picture")
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    # One line for each, whatever is in a name.
    writer.writerows(row | {"image": printable(row["image"])} for row in contents["images"])
    return stream.getvalue()
