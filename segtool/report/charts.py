"""Charts as SVG: learning curves and the reliability diagram, for a page or as a file of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from segtool.core.calibration import CalibrationBin

_WIDTH, _HEIGHT = 440, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 22, 30, 42
_SHARE_HEIGHT = 56

# The page defines these colours too; a file of its own has to bring them.
STYLE = """
svg.chart { --ink: #1d2126; --soft: #5c646e; --line: #d9dde2; --one: #0072b2; --two: #d55e00; --fill: #0072b2;
  font: 12px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
@media (prefers-color-scheme: dark) {
  svg.chart { --ink: #e6e8eb; --soft: #9aa3ad; --line: #363c44; --one: #56b4e9; --two: #e69f00; --fill: #56b4e9; }
}
svg.chart text { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg.chart .name { fill: var(--ink); font-weight: 600; }
svg.chart .grid { stroke: var(--line); stroke-width: 1; fill: none; }
svg.chart .ideal { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 5 4; fill: none; }
svg.chart .series { stroke-width: 2; fill: none; stroke-linejoin: round; stroke-linecap: round; }
svg.chart .one { stroke: var(--one); } svg.chart .two { stroke: var(--two); }
svg.chart circle.one { fill: var(--one); stroke: none; } svg.chart circle.two { fill: var(--two); stroke: none; }
svg.chart .bar { fill: var(--fill); opacity: 0.85; } svg.chart .share { fill: var(--soft); opacity: 0.6; }
"""
# A page around the file may be dark where the reader's system is light: text must not depend on it.
_PAPER_STYLE = """.paper { fill: #ffffff; }
@media (prefers-color-scheme: dark) { .paper { fill: #16181c; } }
"""


@dataclass(frozen=True, slots=True)
class _Series:
    name: str
    css: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where values lie in a chart, by the values at its edges."""

    left: float
    right: float
    low: float
    high: float
    bottom: int = _HEIGHT - _BOTTOM

    def x(self, value: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - self.left) / (self.right - self.left), 2)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - _TOP) * (value - self.low) / (self.high - self.low), 2)


def learning_curves(curves: Sequence[object]) -> tuple[str, ...]:
    """Draw loss and F1 by training step, of the training and of the held-out images.

    Parameters
    ----------
    curves : sequence
        A card's: mappings like ``RunEpoch``. Cards come from anywhere; entries without usable numbers are passed over.

    Returns
    -------
    tuple of str
        SVG elements: the loss, then F1; a chart without two points is left out.
    """
    charts = []
    for name, keys in (("Loss", ("train_loss", "val_loss")), ("F1", ("train_f1", "val_f1"))):
        series = [
            _Series(label, css, _points(curves, key))
            for label, css, key in zip(("training", "held out"), ("one", "two"), keys, strict=True)
        ]
        drawn = [item for item in series if len(item.points) > 1]
        if drawn:
            charts.append(_line_chart(name, drawn, unit=name == "F1"))
    return tuple(charts)


def reliability_diagram(bins: Sequence[CalibrationBin]) -> str:
    """Draw the share of right pixels by confidence, with how many pixels there are below; return the SVG element."""
    base = _HEIGHT + _SHARE_HEIGHT
    axes = _Axes(0.0, 1.0, 0.0, 1.0)
    total = max(sum(item.pixels for item in bins), 1)
    most = max((item.pixels for item in bins), default=0) / total
    parts = [_frame(axes, [i / 5 for i in range(6)], [i / 5 for i in range(6)], "confidence")]
    parts.append(f'<text class="name" x="{_LEFT}" y="16">Share that is right</text>')
    parts.append(f'<text class="name" x="{_LEFT}" y="{_HEIGHT + 10}">Share of pixels</text>')
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT + 10}" text-anchor="end">most: {most:.1%}</text>')
    parts.append(f'<path class="grid" d="M{_LEFT} {base - 2}H{_WIDTH - _RIGHT}"/>')
    for item in (item for item in bins if item.pixels):
        left, right, top = axes.x(item.low) + 1, axes.x(item.high) - 1, axes.y(item.right)
        share = item.pixels / total
        height = max(round(share / most * (_SHARE_HEIGHT - 20), 2), 0.75)
        title = (
            f"<title>confidence {item.low:.2f} to {item.high:.2f} (mean {item.confidence:.3f}): "
            f"{item.right:.1%} right, {item.pixels:,} pixels ({share:.1%})</title>"
        )
        width = round(right - left, 2)
        parts.append(
            f'<g>{title}<rect class="bar" x="{left:.2f}" y="{top}" width="{width}" '
            f'height="{round(axes.bottom - top, 2)}"/>'
            f'<rect class="share" x="{left:.2f}" y="{round(base - 2 - height, 2)}" width="{width}" '
            f'height="{height}"/></g>'
        )
    parts.append(f'<path class="ideal" d="M{axes.x(0)} {axes.y(0)}L{axes.x(1)} {axes.y(1)}"/>')
    return _svg("Share of right pixels by confidence", "".join(parts), _WIDTH, base)


def standalone(charts: Sequence[str]) -> str:
    """Put charts side by side into the text of one SVG file that brings its own colours, for light and dark."""
    # Each chart stays an element of its own inside of the file's, placed by its x.
    placed = [
        chart.replace("<svg ", f'<svg x="{index * _WIDTH}" width="{_WIDTH}" height="{_HEIGHT}" ', 1)
        for index, chart in enumerate(charts)
    ]
    width = _WIDTH * len(charts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}">'
        f'<style>{STYLE}{_PAPER_STYLE}</style><rect class="paper" width="{width}" height="{_HEIGHT}"/>'
        f"{''.join(placed)}</svg>\n"
    )


def _points(curves: Sequence[object], key: str) -> tuple[tuple[float, float], ...]:
    found = {}
    for entry in curves:
        if isinstance(entry, Mapping):
            step, value = finite_number(entry.get("step")), finite_number(entry.get(key))
            if step is not None and value is not None:
                found[step] = value
    return tuple(sorted(found.items()))


def finite_number(value: object) -> float | None:
    """Return what a card calls a number as one that can be drawn and counted with, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        return None
    return float(value)


def _line_chart(name: str, series: Sequence[_Series], *, unit: bool) -> str:
    steps = [x for item in series for x, _ in item.points]
    values = [y for item in series for _, y in item.points]
    x_ticks = _ticks(0.0, max(steps))
    y_ticks = _ticks(min(values) if unit else min(0.0, *values), 1.0 if unit and max(values) <= 1.0 else max(values))
    axes = _Axes(0.0, max(x_ticks[-1], max(steps)), y_ticks[0], y_ticks[-1])
    parts = [_frame(axes, x_ticks, y_ticks, "steps"), f'<text class="name" x="{_LEFT}" y="16">{escape(name)}</text>']
    for place, item in enumerate(series):
        path = "L".join(f"{axes.x(x)} {axes.y(y)}" for x, y in item.points)
        last = item.points[-1]
        parts.append(f'<path class="series {item.css}" d="M{path}"><title>{escape(item.name)}</title></path>')
        parts.append(
            f'<circle class="{item.css}" cx="{axes.x(last[0])}" cy="{axes.y(last[1])}" r="3">'
            f"<title>{escape(item.name)}: {last[1]:.4f} at step {last[0]:.0f}</title></circle>"
        )
        # Right of the chart's name, so that no line runs through it.
        x = _WIDTH - _RIGHT - 90 * (len(series) - place)
        parts.append(f'<path class="series {item.css}" d="M{x} 12h16"/><text x="{x + 22}" y="16">{item.name}</text>')
    return _svg(f"{name} by training step", "".join(parts), _WIDTH, _HEIGHT)


def _frame(axes: _Axes, x_ticks: Sequence[float], y_ticks: Sequence[float], x_name: str) -> str:
    parts = []
    for value in y_ticks:
        y = axes.y(value)
        parts.append(f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{round(y + 4, 2)}" text-anchor="end">{_label(value, y_ticks)}</text>')
    for value in x_ticks:
        label = _label(value, x_ticks)
        parts.append(f'<text x="{axes.x(value)}" y="{axes.bottom + 17}" text-anchor="middle">{label}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{axes.bottom + 34}" text-anchor="middle">{escape(x_name)}</text>')
    return "".join(parts)


def _label(value: float, ticks: Sequence[float]) -> str:
    # As many decimals as the tick with the most of them: 0.25 beside 0.5.
    digits = max(len(f"{tick:.6f}".rstrip("0").partition(".")[2]) for tick in ticks)
    return f"{value:.{digits}f}"


def _ticks(low: float, high: float) -> list[float]:
    """Return four to eight round values that enclose a range."""
    if not high - low > 1e-6 * max(1.0, abs(low), abs(high)):
        low, high = low - 0.5, low + 0.5
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    gap = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / gap + 1e-9), math.ceil(high / gap - 1e-9)
    return [round(index * gap, 10) for index in range(first, last + 1)]


def _svg(title: str, body: str, width: int, height: int) -> str:
    return f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">{body}</svg>'
