"""A small folder to train on, models for it, and child processes that behave like a training."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunPreview, RunProgress, RunStarted, to_line
from segtool.core.run_settings import RunSettings
from segtool.formats.mask_png import write_mask
from segtool.sample import draw_nuclei
from tests.model_fixtures import NUCLEI, change_card

IMAGES = 7
SIZE = (72, 80)


def make_folder(root: Path, *, with_mask: int = IMAGES, one_class: bool = False) -> Path:
    """Draw images of nuclei; the first ``with_mask`` of them have a corrected mask."""
    root.mkdir(parents=True)
    (root / "classes.json").write_text(json.dumps(NUCLEI.to_json()), encoding="utf-8")
    for number in range(IMAGES):
        pixels, mask = draw_nuclei(number, size=SIZE)
        Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(root / f"{number}.png")
        if number < with_mask:
            write_mask(root / "masks" / f"{number}.png", np.zeros_like(mask) if one_class else mask)
    return root


def add_version(root: Path, model: Path, name: str, *, f1: float | None = None) -> Path:
    """Copy a model into a folder's versions, with a score on its card if one is given."""
    folder = Path(shutil.copytree(model, root / "models" / name))
    if f1 is not None:
        change_card(folder, metrics=metrics(f1), training={"images": 5})
    return folder


def metrics(f1: float) -> dict[str, Any]:
    """Return metrics as a run reports them."""
    scores = {"f1": f1, "iou": f1 / 2, "accuracy": 0.9, "precision": 0.75, "recall": 0.25}
    return {"images": 1, "pooled": scores, "mean": scores, "per_class": []}


STARTED = RunStarted(train_images=6, held_out=("3.png",), parameters=10, base="none", minutes=1.0, epochs=None)
PROGRESS = RunProgress(stage="training", step=10, fraction=0.25, loss=0.7, elapsed=30.0, remaining=90.0)


def epoch(number: int, *, best: bool = True, held_out: bool = True) -> RunEpoch:
    """Return a validation whose numbers follow from its own."""
    return RunEpoch(
        epoch=number,
        step=25 * number,
        train_loss=1 / (number + 1),
        train_f1=1 - 1 / (number + 2),
        val_loss=1 / number if held_out else None,
        val_f1=1 - 1 / (number + 1) if held_out else None,
        best=best,
        learning_rate=1e-4,
        seconds=3.0 * number,
    )


def preview(step: int, *, columns: int, side: int = 40) -> RunPreview:
    """Return a preview of a grey image with nucleus in its first columns."""
    mask = np.zeros((side, 2 * side), dtype=np.uint8)
    mask[:, :columns] = 1
    image = np.full((side, 2 * side, 3), 100, dtype=np.uint8)
    return RunPreview(key="3.png", step=step, image=_png(image), mask=_png(mask))


def _png(pixels: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode("ascii")


def done(new: float | None, old: float | None, *, accepted: bool = True, why: str = "") -> RunDone:
    """Return the end of a run by the F1 of the new model and of the one that it is compared with, and its verdict."""
    return RunDone(
        model="models/new",
        metrics=None if new is None else metrics(new),
        base_metrics=None if old is None else metrics(old),
        seconds=9.0,
        steps=25,
        reason="epochs",
        accepted=accepted,
        why=why,
    )


def child(tmp_path: Path, *lines: str) -> tuple[str, ...]:
    """Write a program that stands in for the training process; its lines may use ``value`` and ``say``."""
    head = (
        "import json, pathlib, shutil, sys, time",
        "def value(name): return sys.argv[sys.argv.index(name) + 1]",
        "def say(line): print(line, flush=True)",
        'out = pathlib.Path(value("--out"))',
    )
    script = tmp_path / "child.py"
    script.write_text("\n".join((*head, *lines)), encoding="utf-8")
    return (sys.executable, str(script))


def say(event: RunEvent) -> str:
    """Return a line for ``child`` that reports an event."""
    return f"say({to_line(event)!r})"


def deliver(model: Path) -> str:
    """Return a line for ``child`` that puts a whole model where it belongs."""
    return f"shutil.copytree({str(model)!r}, out)"


def write_kept(path: Path, *, epochs: int = 3, name: str = "0003-new", settings: RunSettings | None = None) -> Path:
    """Write what a run keeps after so many epochs, without the weights: enough for the window to know it by."""
    settings = RunSettings(minutes=None, epochs=10) if settings is None else settings
    request = {"name": name, "is_version": True, "base": "none", "settings": settings.to_json()}
    state = json.dumps({"request": request, "curves": [{}] * epochs})
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, state=np.frombuffer(state.encode(), dtype=np.uint8))
    return path


def keep(kept: Path) -> str:
    """Return a line for ``child`` that puts what ``write_kept`` has written where the run is to keep its state."""
    place = 'pathlib.Path(value("--checkpoint"))'
    return f"{place}.parent.mkdir(parents=True, exist_ok=True); shutil.copy({str(kept)!r}, {place})"


WAIT_FOR_STOP = "sys.stdin.readline()"
