"""Line charts of the arms as SVG files: median over the seeds, with the range of them behind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_PANEL_WIDTH, _PANEL_HEIGHT = 330, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 34, 44
_ROW = 20
_LEGEND_WIDTH = 180

# Okabe and Ito's colours, for light and for dark; grey last, for what does not learn.
_COLOURS = (
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#f0853a"),
    ("#009e73", "#2fc79a"),
    ("#cc79a7", "#e39cc2"),
    ("#8a6d00", "#e0c341"),
    ("#5b4bb5", "#a79bf0"),
    ("#00707a", "#5cc9d3"),
    ("#6b7280", "#9aa3ad"),
)
_STYLE = """
svg { --ink: #1d2126; --soft: #5c646e; --line: #d9dde2; --paper: #ffffff; %s
  font: 12px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
@media (prefers-color-scheme: dark) { svg { --ink: #e6e8eb; --soft: #9aa3ad; --line: #363c44; --paper: #16181c; %s } }
.paper { fill: var(--paper); } text { fill: var(--soft); font-variant-numeric: tabular-nums; }
text.name { fill: var(--ink); font-weight: 600; } text.arm { fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.line { stroke-width: 2; fill: none; stroke-linejoin: round; stroke-linecap: round; }
.level { stroke-width: 1.5; stroke-dasharray: 6 4; fill: none; } .range { stroke: none; opacity: 0.16; }
"""


@dataclass(frozen=True, slots=True)
class Point:
    """A median with the least and the largest value of the seeds."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """What one arm does in one panel; a level is one value for every x, drawn dashed."""

    arm: str
    colour: int
    points: tuple[Point, ...]
    is_level: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: its name, what runs along x, its lines, and whether its values start at 0 and end by 1."""

    name: str
    x_name: str
    lines: tuple[Line, ...]
    unit: bool


def colour_count() -> int:
    """Return how many arms can be told apart in one file."""
    return len(_COLOURS)


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return the text of an SVG file with the panels side by side and one legend below.

    Parameters
    ----------
    title : str
        Read aloud in place of the picture.
    panels : sequence of Panel
        Ones without a line are left out.
    """
    drawn = [panel for panel in panels if any(line.points for line in panel.lines)]
    arms = dict.fromkeys((line.arm, line.colour, line.is_level) for panel in drawn for line in panel.lines)
    width = max(_PANEL_WIDTH * len(drawn), _LEGEND_WIDTH)
    a_row = max(1, (width - _LEFT) // _LEGEND_WIDTH)
    height = _PANEL_HEIGHT + _ROW * math.ceil(len(arms) / a_row) + 8
    parts = [
        f'<g transform="translate({_PANEL_WIDTH * place} 0)">{_panel(panel)}</g>' for place, panel in enumerate(drawn)
    ]
    for place, (arm, colour, is_level) in enumerate(arms):
        x, y = _LEFT + place % a_row * _LEGEND_WIDTH, _PANEL_HEIGHT + 12 + place // a_row * _ROW
        css = "level" if is_level else "line"
        parts.append(f'<path class="{css}" stroke="var(--c{colour})" d="M{x} {y}h18"/>')
        parts.append(f'<text class="arm" x="{x + 24}" y="{y + 4}">{escape(arm)}</text>')
    light, dark = (" ".join(f"--c{i}: {pair[k]};" for i, pair in enumerate(_COLOURS)) for k in (0, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}"><style>{_STYLE % (light, dark)}</style>'
        f'<rect class="paper" width="{width}" height="{height}"/>{"".join(parts)}</svg>\n'
    )


def _panel(panel: Panel) -> str:
    lows = [point.low for line in panel.lines for point in line.points]
    highs = [point.high for line in panel.lines for point in line.points]
    rights = [point.x for line in panel.lines if not line.is_level for point in line.points]
    x_ticks = ticks(0.0, max(rights, default=1.0))
    y_ticks = ticks(min(lows) if panel.unit else 0.0, min(1.0, max(highs)) if panel.unit else max(highs))
    scale = _Scale(x_ticks[-1], y_ticks[0], y_ticks[-1])
    parts = [_frame(panel, scale, x_ticks, y_ticks)]
    # Ranges first: no line may lie under one.
    parts += [_range(line, scale) for line in panel.lines if len(line.points) > 1]
    parts += [_line(line, scale) for line in panel.lines if line.points]
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Scale:
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return round(_LEFT + (_PANEL_WIDTH - _LEFT - _RIGHT) * value / self.right, 1)

    def y(self, value: float) -> float:
        height = _PANEL_HEIGHT - _TOP - _BOTTOM
        return round(_PANEL_HEIGHT - _BOTTOM - height * (value - self.low) / (self.high - self.low), 1)


def _frame(panel: Panel, scale: _Scale, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> str:
    parts = [f'<text class="name" x="{_LEFT}" y="18">{escape(panel.name)}</text>']
    for value in y_ticks:
        y = scale.y(value)
        parts.append(f'<path class="grid" d="M{_LEFT} {y}H{_PANEL_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_label(value, y_ticks)}</text>')
    for value in x_ticks:
        label = _label(value, x_ticks)
        parts.append(f'<text x="{scale.x(value)}" y="{_PANEL_HEIGHT - 26}" text-anchor="middle">{label}</text>')
    middle = (_LEFT + _PANEL_WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_PANEL_HEIGHT - 9}" text-anchor="middle">{escape(panel.x_name)}</text>')
    return "".join(parts)


def _range(line: Line, scale: _Scale) -> str:
    if line.is_level:
        return ""
    there = [f"{scale.x(point.x)} {scale.y(point.high)}" for point in line.points]
    back = [f"{scale.x(point.x)} {scale.y(point.low)}" for point in reversed(line.points)]
    return f'<path class="range" fill="var(--c{line.colour})" d="M{"L".join((*there, *back))}Z"/>'


def _line(line: Line, scale: _Scale) -> str:
    ink = f"var(--c{line.colour})"
    if line.is_level:
        return f'<path class="level" stroke="{ink}" d="M{_LEFT} {scale.y(line.points[0].y)}H{_PANEL_WIDTH - _RIGHT}"/>'
    path = "L".join(f"{scale.x(point.x)} {scale.y(point.y)}" for point in line.points)
    last = line.points[-1]
    dot = f'<circle fill="{ink}" cx="{scale.x(last.x)}" cy="{scale.y(last.y)}" r="3"/>'
    if len(line.points) > 1:
        return f'<path class="line" stroke="{ink}" d="M{path}"/>{dot}'
    # One number of images alone: the range as a bar.
    x = scale.x(last.x)
    return f'<path class="line" stroke="{ink}" d="M{x} {scale.y(last.low)}V{scale.y(last.high)}"/>{dot}'


def _label(value: float, of: Sequence[float]) -> str:
    if of[-1] >= 10_000:
        return f"{value / 1000:g} k" if value else "0"
    digits = max(len(f"{tick:.6f}".rstrip("0").partition(".")[2]) for tick in of)
    return f"{value:.{digits}f}"


def ticks(low: float, high: float) -> list[float]:
    """Return three to seven round values that enclose a range."""
    if not high - low > 1e-6 * max(1.0, abs(low), abs(high)):
        high = low + max(0.1, abs(low) * 0.1)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    gap = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / gap + 1e-9), math.ceil(high / gap - 1e-9)
    return [round(index * gap, 10) for index in range(first, last + 1)]
