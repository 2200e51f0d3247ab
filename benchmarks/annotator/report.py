"""Turn records into a page with charts: ``report RECORDS… --out docs/learning.md [--about FILE]``.

The charts lie in a folder of the page's name beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.annotator.goals import FEW, MANY, Goal, goals, less, percent
from benchmarks.annotator.plots import Line, Panel, Point, colour_count, draw
from benchmarks.annotator.records import Record, read
from benchmarks.annotator.results import Arm, Effort, Results, Saving, Spread
from benchmarks.annotator.strokes import AnnotatorSettings

_EFFORT_NAMES = {Effort.STROKES: "strokes", Effort.ADDED_PATH: "added path", Effort.SECONDS: "seconds"}
_MAIN_ARMS = tuple(map(str, Arm))
# The last colour is grey: for the model that does not learn.
_COLOUR_OF = {Arm.RECIPE: 0, Arm.SCRATCH: 1, Arm.FOREST: 2, Arm.ALL: 3, Arm.HAND: 4, Arm.FROZEN: colour_count() - 1}
_NONE = "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", nargs="+", type=Path, help="files of records")
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    parser.add_argument("--about", type=Path, help="Markdown to put first: where and how it was measured")
    arguments = parser.parse_args()
    results = Results(read(arguments.records))
    about = arguments.about.read_text(encoding="utf-8") if arguments.about else ""
    write(results, arguments.out, about=about)
    for goal in goals(results):
        print(f"{goal.verdict}: {goal.text} {'; '.join(goal.figures)}")


def write(results: Results, out: Path, *, about: str = "") -> None:
    """Write the page and its charts.

    Parameters
    ----------
    results : Results
    out : Path
        The Markdown file; charts go into the folder beside it that is called like it.
    about : str, optional
        Markdown that follows the title.
    """
    folder = out.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    out.write_text(page(results, charts=folder.name, about=about), encoding="utf-8")
    for name, text in charts(results).items():
        (folder / name).write_text(text, encoding="utf-8")


def page(results: Results, *, charts: str, about: str = "") -> str:
    """Return the page as Markdown; ``charts`` is the folder of the charts as seen from it."""
    parts = ["# Does retraining pay off?", about.strip(), _person(), "## Goals", _goals(goals(results))]
    parts += [f"## IoU with {FEW} corrected images", _READING, _scores(results, "iou")]
    parts += [f"## Boundary F1 with {FEW} corrected images", _scores(results, "boundary_f1")]
    if shares := _shares(results):
        parts += ["## How near to learning from all images", shares]
    parts += ["## Effort", _effort(results), "## Which models were made active", _gates(results)]
    parts += ["## Set by set", "Lines are medians over the seeds, what is behind them is the range."]
    for name in results.sets:
        parts += [f"### {name}", _chart(charts, f"{name}.svg", name)]
        if _ablations(results, name):
            parts.append(_chart(charts, f"{name}-ablations.svg", f"{name}, ablations"))
        parts.append(_last(results, name))
    return "\n\n".join(part for part in parts if part) + "\n"


def charts(results: Results) -> dict[str, str]:
    """Return SVG texts by file name: the main arms of each set, and its ablations where it has any."""
    found = {}
    for name in results.sets:
        main = [(arm, _COLOUR_OF[Arm(arm)]) for arm in results.arms(name) if arm in _MAIN_ARMS]
        found[f"{name}.svg"] = draw(f"{name}: IoU and effort", _panels(results, name, main))
        if others := _ablations(results, name):
            # The colours but grey go round: a set has rarely more ablations than that.
            ringed = [(arm, 1 + place % (colour_count() - 2)) for place, arm in enumerate(others)]
            arms = [*((arm, colour) for arm, colour in main if arm == Arm.RECIPE), *ringed]
            found[f"{name}-ablations.svg"] = draw(f"{name}: ablations", _panels(results, name, arms))
    return found


_READING = (
    "Mean over the seeds ± standard deviation, on held-out images with true masks; pooled over the images, then the "
    "mean of the classes that are not called background. Where an arm was trained on just so many images painted from "
    "nothing, that counts; otherwise the model that the loop had then."
)


def _person() -> str:
    person = AnnotatorSettings()
    clock = person.clock
    return f"""\
The person is simulated. Errors below about {person.half_missed:.0f} pixels (in 256 × 256) are missed every second time,
tiny ones nearly always; borders off by up to {person.tolerance:g} pixels are left alone; painted borders waver by
{person.jitter:g} pixels (root mean square); {percent(person.accepted)} of the medium errors are believed and
{percent(person.spilled)} of the strokes spill. A prediction that is clearly slower to correct than to repaint is thrown
away. The clock counts {clock.image + clock.check:g} s for each image, {clock.search:g} s before each stroke,
{clock.paint_speed:.0f} pixels a second while painting, {clock.border_speed:.0f} along borders and
{clock.travel_speed:.0f} between strokes. Real people differ: trust the order of the figures and the ratios more than
the seconds. *Added path* is the length of boundary that was drawn, in pixels
([Kiser et al. 2021](https://doi.org/10.1007/s10278-021-00460-3))."""


def _goals(found: Sequence[Goal]) -> str:
    rows = [(goal.text, f"**{goal.verdict}**", "<br>".join(goal.figures)) for goal in found]
    return _table(("goal", "", "figures"), rows, text=3)


def _scores(results: Results, field: str) -> str:
    arms = [arm for arm in results.arms() if arm != Arm.HAND]
    rows = [(arm, *(_number(results.score(name, arm, FEW, field)) for name in results.sets)) for arm in arms]
    return _table(("arm", *results.sets), rows)


def _shares(results: Results) -> str:
    arms = [arm for arm in results.arms() if arm not in (Arm.ALL, Arm.HAND)]
    rows = [(arm, *(_percent(results.share_of_all(name, arm, FEW)) for name in results.sets)) for arm in arms]
    if all(cell == _NONE for _, *cells in rows for cell in cells):
        return ""
    return f"IoU with {FEW} corrected images, as a share of the IoU of learning from all of them.\n\n" + _table(
        ("arm", *results.sets), rows
    )


def _effort(results: Results) -> str:
    rows = []
    for name in results.sets:
        for against in (Arm.FROZEN, Arm.HAND):
            whole = [results.saved(name, Arm.RECIPE, against, effort, images=MANY) for effort in Effort]
            late = results.saved(name, Arm.RECIPE, against, Effort.ADDED_PATH, last_only=True)
            if late is not None:
                images = max(saving.last for saving in whole if saving is not None)
                last = f"{_saving(late)} ({late.first} to {late.last})"
                rows.append((name, str(against), str(images), *map(_saving, whole), last))
    text = (
        f"What the recipe saves over the first {MANY} images (or as many as there are), against correcting the "
        f"predictions of the {Arm.FROZEN} and against painting every image {Arm.HAND}; mean over the seeds ± standard "
        "deviation in points. The last column is the added path of the last images alone."
    )
    head = ("set", "against", "images", *_EFFORT_NAMES.values(), "added path, last images")
    return text + "\n\n" + (_table(head, rows, text=2) if rows else "Not measured.")


def _saving(found: Saving | None) -> str:
    if found is None:
        return _NONE
    share = found.share
    return less(share.mean) + ("" if share.deviation is None else f" ± {share.deviation * 100:.0f}")


def _gates(results: Results) -> str:
    rows = []
    for arm in results.arms():
        for name in (*results.sets, None):
            gate = results.gate(arm, name)
            if gate.trained and (name is not None or len(results.sets) > 1):
                kept = (gate.trained, gate.active, gate.trained - gate.active)
                judged = (gate.active_though_worse, f"{gate.largest_loss:.4f}", gate.refused_though_better)
                rows.append((arm, name or "all sets", *map(str, (*kept, *judged))))
    if not rows:
        return "Not measured."
    text = (
        "Every training, judged by images that took no part in deciding: *worse* and *better* is any difference in IoU "
        "to the model that was active before, however small."
    )
    counts = ("arm", "set", "trainings", "made active", "refused")
    judged_by = ("made active though worse", "largest loss", "refused though better")
    return text + "\n\n" + _table((*counts, *judged_by), rows, text=2)


def _last(results: Results, name: str) -> str:
    """Return a table of the end of each arm's runs."""
    rows = []
    for arm in results.arms(name):
        runs = results.runs(name, arm)
        furthest = max(run[-1].images for run in runs.values())
        ends = [run for run in runs.values() if run[-1].images == furthest]
        spent = [[sum(getattr(item, effort) for item in run) for run in ends] for effort in Effort]
        cpu = [sum(item.cpu_seconds for item in run) for run in ends]
        totals = [f"{np.mean(values):,.0f}" if any(values) else _NONE for values in (*spent, cpu)]
        # Painting by hand makes no model.
        models = [run[-1] for run in ends if arm != Arm.HAND]
        scores = [_number(Spread.of([getattr(item, field) for item in models])) for field in ("iou", "boundary_f1")]
        rows.append((arm, str(furthest), str(len(ends)), *scores, *totals))
    head = ("arm", "images", "seeds", "IoU", "boundary F1", *_EFFORT_NAMES.values(), "CPU s")
    return _table(head, rows)


def _ablations(results: Results, name: str) -> tuple[str, ...]:
    return tuple(arm for arm in results.arms(name) if arm not in _MAIN_ARMS)


def _panels(results: Results, name: str, arms: Sequence[tuple[str, int]]) -> tuple[Panel, ...]:
    def lines(place: Callable[[Sequence[Record]], dict[int, tuple[float, float]]]) -> tuple[Line, ...]:
        found = []
        for arm, colour in arms:
            points = _points([place(run) for run in results.runs(name, arm).values()])
            if arm == Arm.ALL:
                points = points[-1:]
            if points:
                found.append(Line(arm, colour, points, is_level=arm == Arm.ALL))
        return tuple(found)

    def by_images(run: Sequence[Record]) -> dict[int, tuple[float, float]]:
        return {item.images: (item.images, item.iou) for item in run}

    def by_path(run: Sequence[Record]) -> dict[int, tuple[float, float]]:
        spent = results.spent(run, Effort.ADDED_PATH)
        return {item.images: (spent[item.images], item.iou) for item in run}

    def each(run: Sequence[Record]) -> dict[int, tuple[float, float]]:
        pairs = zip([0, *(item.images for item in run)], run, strict=False)
        return {
            item.images: (item.images, item.added_path / (item.images - before))
            for before, item in pairs
            if item.images > before and item.added_path
        }

    # Painting by hand teaches nothing, and learning from all images was not done one by one.
    teaching = tuple(line for line in lines(by_images) if line.arm != Arm.HAND)
    along_path = tuple(line for line in lines(by_path) if line.arm != Arm.HAND)
    each_image = tuple(line for line in lines(each) if line.arm not in (Arm.ALL, Arm.FOREST))
    return (
        Panel("IoU", "corrected images", teaching, unit=True),
        Panel("IoU", "added path so far, pixels", along_path, unit=True),
        Panel("Added path of an image, pixels", "corrected images", each_image, unit=False),
    )


def _points(runs: Sequence[dict[int, tuple[float, float]]]) -> tuple[Point, ...]:
    points = []
    for images in sorted({images for run in runs for images in run}):
        xs, ys = zip(*(run[images] for run in runs if images in run), strict=True)
        points.append(Point(float(np.median(xs)), float(np.median(ys)), min(ys), max(ys)))
    return tuple(points)


def _number(spread: Spread | None) -> str:
    if spread is None:
        return _NONE
    return f"{spread.mean:.3f}" + ("" if spread.deviation is None else f" ± {spread.deviation:.3f}")


def _percent(spread: Spread | None) -> str:
    if spread is None:
        return _NONE
    deviation = "" if spread.deviation is None else f" ± {spread.deviation * 100:.1f}"
    return f"{spread.mean * 100:.1f}{deviation} %"


def _chart(folder: str, file: str, name: str) -> str:
    return f"![{name}]({folder}/{file.replace(' ', '%20')})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text: int = 1) -> str:
    """Return a Markdown table whose first ``text`` columns are words, the others figures."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * text}{'---:|' * (len(head) - text)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


if __name__ == "__main__":
    main()
