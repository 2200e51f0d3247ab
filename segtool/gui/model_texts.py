"""What a model's card says, in the words that the window shows; a card from elsewhere may hold anything."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from segtool.core.classes import BACKGROUND, ClassSet, is_background
from segtool.core.run_events import RunEpoch
from segtool.gui.training_state import Scores
from segtool.models.card import NETWORK_DATA_FILE, ModelCard
from segtool.models.store import ModelEntry
from segtool.report.charts import finite_number

Fact = tuple[str, str, str]
"""Name, value and a longer explanation."""


def entry_text(entry: ModelEntry) -> str:
    """Return what lists show a model as."""
    return f"{entry.label} (bundled)" if entry.bundled else entry.label


def created_at(card: ModelCard) -> datetime | None:
    """Return when a model was made, in local time; None if its card does not say."""
    try:
        return datetime.fromisoformat(card.created).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def f1_text(card: ModelCard) -> str:
    """Return the held-out F1 on a card as tables show it."""
    scores = Scores.from_metrics(card.metrics)
    return "–" if scores is None else f"{scores.f1:.3f}"


def number_text(value: object) -> str:
    """Return a count from a card as tables show it."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else "–"


def card_facts(entry: ModelEntry) -> list[Fact]:
    """Return what a card says in short, without the classes."""
    card, scores = entry.card, Scores.from_metrics(entry.card.metrics)
    facts = []
    if scores is None:
        facts.append(("Scores", "not measured", "No image was held out to measure it on"))
    else:
        tip = "Agreement with the masks of images that it was not trained on; 1 is perfect"
        facts.append(("Scores", f"F1 {scores.f1:.3f}  ·  IoU {scores.iou:.3f}", tip))
    facts.append(("Images", images_text(card), "Held-out images are never trained on: the scores are from them"))
    name, licence = data_field(card, "name"), data_field(card, "licence")
    if name:
        # What stands in brackets explains the name: the tip has room for it.
        short = ", ".join(filter(None, (name.partition(" (")[0], licence)))
        facts.append(("Data", short, "\n".join(filter(None, (name, data_field(card, "source"))))))
    base = card.training.get("base")
    # What comes with the program was started from something that did not: its name would tell a person nothing.
    if isinstance(base, str) and base != "none" and not entry.bundled:
        facts.append(("Base", base, "The model that its training started from"))
    mixed_with, amount = card.training.get("mixed_with"), finite_number(card.training.get("amount"))
    if isinstance(mixed_with, str) and amount is not None:
        facts.append(
            ("Adapted", f"{amount * 100:.0f} % of {mixed_with}", "Mixed from the weights of the base and that version")
        )
    facts.append(("Made", made_text(entry), "When it was trained, and the size of its network on disk"))
    return facts


def scored_on(card: ModelCard) -> str:
    """Return how many images a card's scores are from."""
    images = (card.metrics or {}).get("images")
    return count_text(images) if isinstance(images, int) else "some images"


def images_text(card: ModelCard) -> str:
    """Return how many images a model was trained on and measured on."""
    trained, held_out = card.training.get("images"), (card.metrics or {}).get("images")
    parts = [f"{trained:,} trained on"] if isinstance(trained, int) else []
    parts += [f"{held_out:,} held out"] if isinstance(held_out, int) else []
    return ", ".join(parts) or "unknown"


def made_text(entry: ModelEntry) -> str:
    """Return when a model was trained and how large its network is."""
    parts = []
    created = created_at(entry.card)
    if created is not None:
        parts.append(f"{created:%d %b %Y}")
    with contextlib.suppress(OSError):
        parts.append(f"{(entry.folder / NETWORK_DATA_FILE).stat().st_size / 1e6:.1f} MB")
    return "  ·  ".join(parts) or "unknown"


def count_text(count: int, one: str = "image", many: str = "images") -> str:
    """Return a number of things: "1 image", "1,024 images"."""
    return f"{count:,} {one if count == 1 else many}"


def data_field(card: ModelCard, name: str) -> str:
    """Return what a card says of its data ("name", "licence", "use", …) as one text, "" if nothing."""
    data = card.training.get("data")
    value = data.get(name) if isinstance(data, dict) else None
    if isinstance(value, list):
        return "; ".join(item for item in value if isinstance(item, str))
    return value if isinstance(value, str) else ""


def epochs_of(card: ModelCard) -> list[RunEpoch]:
    """Return the validations on a card that are whole."""
    names = {item.name for item in fields(RunEpoch)}
    found = [item for item in card.curves if isinstance(item, dict) and set(item) == names]
    return [RunEpoch(**item) for item in found if all(map(_is_point, item.values())) and item["step"] is not None]


def class_scores(card: ModelCard) -> list[tuple[str, Scores]]:
    """Return the classes on a card with their scores, in the card's order."""
    rows = (card.metrics or {}).get("per_class")
    result = []
    for row in rows if isinstance(rows, list) else []:
        scores = Scores.from_metrics({"pooled": row})
        if scores is not None and isinstance(row.get("name"), str):
            result.append((row["name"], scores))
    return result


def class_fit(model: ClassSet, folder: ClassSet) -> str:
    """Say in plain words how the classes of a model and of a folder differ; "" if they do not.

    Classes are the same if their names are; a model's background is class 0 of the folder, whatever that is called.
    """
    known: dict[int, str] = {}
    new = []
    for item in model:
        found = folder.named(item.name)
        if found is None and item.id == BACKGROUND and is_background(item):
            found = folder.get(BACKGROUND)
        if found is None:
            new.append(item.name)
        else:
            known[found.id] = found.name
    foreign = [item.name for item in folder if item.id not in known]
    sentences = []
    if foreign:
        knows = (
            f"{_listed(list(known.values()))}, but not {_listed(foreign)}" if known else "none of the folder's classes"
        )
        sentences.append(f"Knows {knows}.")
    if new:
        sentences.append(f"Segmenting adds {_listed(new)} to the folder's classes.")
    return " ".join(sentences)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _is_point(value: Any) -> bool:  # noqa: ANN401
    return value is None or isinstance(value, bool) or finite_number(value) is not None
