"""The page of a model card as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from segtool.core.calibration import Reliability
from segtool.core.metrics import METRICS
from segtool.models.card import ModelCard
from segtool.report.charts import finite_number
from segtool.report.error_picture import LegendEntry
from segtool.report.page import METRIC_NAMES

_SPECIAL = re.compile(r"[\\`*\[\]<>|&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LARGEST_DIFFERENCE = 0.001
# A card from elsewhere may nest as deeply as JSON can.
_DEEPEST = 4


def card_text(
    card: ModelCard,
    file_sizes: Mapping[str, int],
    contents: Mapping[str, Any],
    reliability: Reliability,
    legend: Sequence[LegendEntry],
    *,
    averaged: Mapping[str, Any],
    worst_picture: str,
    worst_count: int,
    curves_picture: str,
) -> str:
    """Return the page.

    Parameters
    ----------
    card : ModelCard
        Of the model; what it says is quoted as text, whatever it is.
    file_sizes : mapping of str to int
        Its files and their sizes in bytes.
    contents : mapping
        As ``report_contents`` returns it: the model evaluated on images that it has not seen.
    reliability : Reliability
        Of all pixels of these.
    legend : sequence of LegendEntry
        What the colours of the picture mean.
    averaged : mapping
        Metrics on the same images with predictions averaged over flips and quarter turns.
    worst_picture, curves_picture : str
        Names of the pictures beside the page; the latter empty if the card has no curves.
    worst_count : int
        How many images the first one shows.
    """
    sections = [
        _purpose(card),
        _data(card, contents),
        _network(card, file_sizes),
        _training(card),
        _scores(card, contents),
        _kinds(contents),
        _averaged(contents["metrics"], averaged),
        _confusion(contents["confusion"]),
        _calibration(contents, reliability),
        _worst(contents, legend, worst_picture, worst_count),
        _curves(curves_picture),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def differences(card: ModelCard, metrics: Mapping[str, Any]) -> list[str]:
    """Return where metrics differ from those on the card by more than 0.001, one clause each."""
    found = []
    noted = card.metrics or {}
    for part in ("pooled", "mean"):
        for name in METRICS:
            value = finite_number(_entry(noted.get(part), name))
            if value is not None and abs(value - metrics[part][name]) > _LARGEST_DIFFERENCE:
                found.append(f"{part} {METRIC_NAMES[name]} {metrics[part][name]:.4f} instead of {value:.4f}")
    return found


def _purpose(card: ModelCard) -> str:
    names = [_plain(item.name) for item in card.classes]
    lines = [
        f"# {_plain(card.name)}",
        "",
        f"Tells {', '.join(names[:-1])} and {names[-1]} apart, pixel by pixel. Made on {_plain(card.created[:10])}.",
    ]
    data = _mapping(card.training.get("data"))
    for heading, key in (("What it is for", "use"), ("What it is not for", "not_for")):
        if key in data:
            lines += ["", f"## {heading}", "", _prose(data[key])]
    return "\n".join(lines)


def _data(card: ModelCard, contents: Mapping[str, Any]) -> str:
    data = _mapping(card.training.get("data"))
    rows = [
        (label, data[key])
        for label, key in (("Name", "name"), ("Source", "source"), ("Licence", "licence"), ("Split", "split"))
        if key in data
    ]
    rows += [
        (label, card.training[key])
        for label, key in (("Images trained on", "images"), ("Images held out", "held_out"))
        if key in card.training
    ]
    left_out = len(contents["left_out"])
    rows.append(
        ("Images scored here", f"{contents['metrics']['images']}" + (f", {left_out} left out" * bool(left_out)))
    )
    return "## Data\n\n" + _pairs(rows)


def _network(card: ModelCard, file_sizes: Mapping[str, int]) -> str:
    network = card.network
    parameters = finite_number(card.training.get("parameters"))
    rows = [
        ("Architecture", "U-Net" + (" of residual blocks" if network.residual else "")),
        ("Channels by level", ", ".join(map(str, network.widths))),
        ("Stem", f"{network.stem} resolution, skip of {network.skip_width} channels"),
        ("Outputs", f"{network.outputs}, " + ("sigmoid" if network.outputs == 1 else "softmax")),
        *((("Reduction", f"image sides divided by {network.reduction}"),) if network.reduction > 1 else ()),
        *((("Parameters", f"{parameters:,.0f}"),) if parameters is not None else ()),
        ("Input", f"three channels; percentiles {card.normalisation.low} and {card.normalisation.high} become 0 and 1"),
        ("Temperature", f"{card.temperature:g}"),
        *((name, f"{size / 1e6:.1f} MB") for name, size in file_sizes.items()),
    ]
    return "## Network\n\n" + _pairs(rows)


def _training(card: ModelCard) -> str:
    training = card.training
    rows: list[tuple[str, object]] = []
    for label, key in (("Base", "base"), ("Steps", "steps"), ("Ended by", "ended_by")):
        if key in training:
            rows.append((label, training[key]))
    if (seconds := finite_number(training.get("seconds"))) is not None:
        rows.append(("Time", f"{seconds / 60:.0f} minutes"))
    for key, value in _mapping(training.get("settings")).items():
        if value is not None:
            rows.append((str(key).replace("_", " ").capitalize(), value))
    if versions := _mapping(training.get("versions")):
        rows.append(("Versions", versions))
    return "## Training\n\n" + _pairs(rows) if rows else ""


def _scores(card: ModelCard, contents: Mapping[str, Any]) -> str:
    metrics, absent = contents["metrics"], contents["absent"]
    header = ["", *(METRIC_NAMES[name] for name in METRICS)]
    rows = [["Pooled over pixels", *_row(metrics["pooled"])], ["Mean over images", *_row(metrics["mean"])]]
    rows += [
        [f"Class {_plain(row['name'])}, pooled", *(["–"] * len(METRICS) if row["name"] in absent else _row(row))]
        for row in metrics["per_class"]
    ]
    text = (
        "## Scores\n\n"
        f"On {metrics['images']} images that were held out of the training. Pooled adds up the pixels of all images; "
        "the mean goes image by image. A class called background does not count for either. F1 is the "
        "Dice coefficient.\n\n"
        f"{_table(header, rows)}"
    )
    if changed := differences(card, metrics):
        text += "\n\n**These scores are not those on the model's card:** " + "; ".join(changed) + "."
    elif not card.metrics:
        text += "\n\nThe model's card has no scores to compare these with."
    return text


def _kinds(contents: Mapping[str, Any]) -> str:
    if not contents["kinds"]:
        return ""
    rows = [
        [_plain(row["kind"]), str(row["images"]), f"{row['mean']['f1']:.3f}", f"{row['pooled']['f1']:.3f}"]
        for row in contents["kinds"]
    ]
    return "## By kind of image\n\n" + _table(["Kind", "Images", "Mean F1 (Dice)", "Pooled F1"], rows)


def _averaged(metrics: Mapping[str, Any], averaged: Mapping[str, Any]) -> str:
    """Say what test-time augmentation gains and what it costs."""
    rows = []
    for label, part in (("Pooled over pixels", "pooled"), ("Mean over images", "mean")):
        gains = (f"{averaged[part][name] - metrics[part][name]:+.3f}" for name in METRICS)
        rows += [[label, *_row(averaged[part])], ["gained", *gains]]
    return (
        "## Averaged over flips and turns\n\n"
        "With `--tta`, or *Average over flips and turns* in the Model menu, the network runs eight times instead of "
        "once, on the eight flips and quarter turns of each tile, and the probabilities are averaged.\n\n"
        + _table(["", *(METRIC_NAMES[name] for name in METRICS)], rows)
    )


def _confusion(matrix: Mapping[str, Any]) -> str:
    names = [_plain(name) for name in matrix["columns"]]
    shown = len(names) if any(row[-1] for row in matrix["pixels"]) else len(names) - 1
    rows = []
    for name, row in zip(matrix["rows"], matrix["pixels"], strict=True):
        total = sum(row)
        cells = [f"{count / total:.1%}" if total else "" for count in row[:shown]]
        rows.append([f"{_plain(name)}", *cells, f"{total:,}"])
    return (
        "## What was taken for what\n\n"
        "Each row is a class of the masks: the share of its pixels that was predicted as the class above the "
        "column.\n\n"
        f"{_table(['Mask', *names[:shown], 'Pixels'], rows)}"
    )


def _calibration(contents: Mapping[str, Any], reliability: Reliability) -> str:
    total = max(int(reliability.pixels.sum()), 1)
    rows = [
        [
            f"{item.low:.2f} to {item.high:.2f}",
            f"{item.confidence:.3f}",
            f"{item.right:.3f}",
            f"{item.pixels / total:.1%}",
        ]
        for item in reliability.bins()
        if item.pixels
    ]
    return (
        "## Calibration\n\n"
        f"Expected calibration error: **{contents['metrics']['calibration']['ece']:.3f}**, over 15 bins of the "
        "probability of the predicted class, all pixels pooled.\n\n"
        f"{_table(['Confidence', 'Mean confidence', 'Share right', 'Share of pixels'], rows)}"
    )


def _worst(contents: Mapping[str, Any], legend: Sequence[LegendEntry], picture: str, count: int) -> str:
    rows = [[_plain(row["image"]), *_row(row)] for row in contents["images"][:count]]
    colours = "\n".join(f"- `#{''.join(f'{part:02x}' for part in item.colour)}` {_plain(item.text)}" for item in legend)
    return (
        f"## The worst images\n\n![Where the prediction is right and wrong]({picture})\n\n"
        f"The {count} images with the lowest F1, worst first. The images themselves are not part of this page: "
        "`segtool evaluate FOLDER --model MODEL --report DIR` draws the same over each image.\n\n"
        f"{colours}\n\n{_table(['Image', *(METRIC_NAMES[name] for name in METRICS)], rows)}"
    )


def _curves(picture: str) -> str:
    return f"## Learning curves\n\n![Loss and F1 by training step]({picture})" if picture else ""


def _row(scores: Mapping[str, float]) -> list[str]:
    return [f"{scores[name]:.3f}" for name in METRICS]


def _pairs(rows: Sequence[tuple[str, object]]) -> str:
    return "| | |\n|---|---|\n" + "\n".join(f"| {_plain(name)} | {_value(value)} |" for name, value in rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|---|" + "---:|" * (len(header) - 1)]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def _value(value: object, *, depth: int = 0) -> str:
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{_plain(str(key).replace('_', ' '))} {_value(item, depth=depth + 1)}" for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(_value(item, depth=depth + 1) for item in value)
    return _plain(str(value))


def _prose(value: object) -> str:
    return "\n".join(f"- {_plain(str(item))}" for item in value) if isinstance(value, list) else _plain(str(value))


def _plain(text: str) -> str:
    """Return text as Markdown that shows it letter by letter, on one line."""
    return _SPECIAL.sub(lambda match: "\\" + match.group(), " ".join(text.split()))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entry(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None
