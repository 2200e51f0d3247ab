"""The page of a report as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from segtool import __version__
from segtool.core.calibration import CalibrationBin
from segtool.core.metrics import METRICS
from segtool.report.charts import STYLE, learning_curves, reliability_diagram
from segtool.report.error_picture import LegendEntry

if TYPE_CHECKING:
    from jinja2 import Environment

METRIC_NAMES = {"f1": "F1", "iou": "IoU", "accuracy": "Accuracy", "precision": "Precision", "recall": "Recall"}


def render_page(contents: Mapping[str, Any], *, curves: Sequence[object], legend: Sequence[LegendEntry]) -> str:
    """Render a report's page.

    Parameters
    ----------
    contents : mapping
        As ``report_contents`` returns it. Names in it may hold anything: they are escaped.
    curves : sequence
        The learning curves of the model's card.
    legend : sequence of LegendEntry
        What the colours of the pictures mean.

    Returns
    -------
    str
        HTML that needs no other file but the pictures, and no network.
    """
    # Here and not above: the window starts without it.
    from markupsafe import Markup

    matrix = contents["confusion"]
    # The last column is shown only where there is something in it.
    shown = len(matrix["columns"]) if any(row[-1] for row in matrix["pixels"]) else len(matrix["rows"])
    bins = [CalibrationBin(**item) for item in contents["calibration"]]
    return (
        _environment()
        .get_template("report.html")
        .render(
            contents=contents,
            metrics=METRICS,
            metric_names=METRIC_NAMES,
            matrix_columns=matrix["columns"][:shown],
            # Drawn by our own code, which escapes what it is given.
            curves=[Markup(chart) for chart in learning_curves(curves)],  # noqa: S704
            reliability=Markup(reliability_diagram(bins)),  # noqa: S704
            chart_style=Markup(STYLE),
            legend=legend,
            with_kinds=bool(contents["kinds"]),
            version=__version__,
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("segtool.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["score"] = lambda value: f"{value:.3f}"
    environment.filters["count"] = lambda value: f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return environment
