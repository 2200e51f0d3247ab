"""Accuracy on scenes that were not trained on: ``cross_validation.py FOLDER --settings FILE --groups REGEX``.

The images of a folder are grouped by what the regular expression finds in their names (``^t[0-9]+`` for t1_001.jpg:
one group for each tile) and groups are spread over folds. For each fold ``segtool train`` trains a model on the other
folds and scores it on this one.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import machine
from segtool.models.card import read_card
from segtool.project.project import Project


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with images and masks")
    parser.add_argument("--settings", type=Path, required=True, help="recipe, as for segtool train")
    parser.add_argument("--groups", required=True, metavar="REGEX", help="what images of one scene share in their name")
    parser.add_argument("--folds", type=int, default=4)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, help="instead of the recipe's length")
    length.add_argument("--minutes", type=float, help="instead of the recipe's length, for each fold")
    arguments = parser.parse_args()
    entries = [entry for entry in Project.open(arguments.folder).entries if entry.mask_path.is_file()]
    keys: dict[str, list[str]] = {}
    for entry in entries:
        found = re.search(arguments.groups, entry.path.name)
        keys.setdefault(found.group() if found else entry.path.name, []).append(entry.key)
    names = sorted(keys)
    print(machine())
    print(f"\n{len(entries)} images in {len(names)} groups, {arguments.folds} folds\n", flush=True)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for fold in range(arguments.folds):
            held_out = names[fold :: arguments.folds]
            metrics = train_fold(arguments, keys, held_out, Path(folder) / str(fold))
            rows.append(metrics)
            classes = ", ".join(f"{row['name']} {row['f1']:.3f}" for row in metrics["per_class"])
            print(f"held out {', '.join(held_out)}: {summary(metrics)} ({classes})", flush=True)
    for name in ("f1", "iou"):
        values = [row["pooled"][name] for row in rows]
        print(f"pooled {name} over folds: mean {np.mean(values):.3f}, standard deviation {np.std(values, ddof=1):.3f}")


def train_fold(
    arguments: argparse.Namespace, keys: dict[str, list[str]], held_out: list[str], folder: Path
) -> dict[str, Any]:
    """Train on all groups but those held out, and return the metrics on these."""
    folder.mkdir()
    settings = json.loads(arguments.settings.read_text(encoding="utf-8"))
    settings["held_out"] = [key for name in held_out for key in keys[name]]
    settings["images"] = [key for name, group in keys.items() if name not in held_out for key in group]
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "segtool", "train", str(arguments.folder), "--base", "none"]
    command += ["--settings", str(folder / "settings.json"), "--out", str(folder / "model")]
    if arguments.epochs is not None:
        command += ["--epochs", str(arguments.epochs)]
    if arguments.minutes is not None:
        command += ["--minutes", str(arguments.minutes)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    metrics = read_card(folder / "model").metrics
    assert metrics is not None
    return metrics


def summary(metrics: dict[str, Any]) -> str:
    return f"pooled F1 {metrics['pooled']['f1']:.3f}, IoU {metrics['pooled']['iou']:.3f}"


if __name__ == "__main__":
    main()
