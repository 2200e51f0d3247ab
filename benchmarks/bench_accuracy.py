"""Accuracy of models on real labelled images: ``bench_accuracy.py --data DIR`` (a folder of data sets).

Each data set is a folder with ``classes.json`` and ``val/images``, ``val/masks``. Without ``--data`` the drawn sample
images with their true masks are used.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.harness import machine
from segtool.core.metrics import METRICS, summarise_kinds
from segtool.formats.kinds_csv import read_kinds
from segtool.formats.mask_png import write_mask
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.models.store import ModelStore
from segtool.project.project import Project
from segtool.sample import sample_images, write_sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--model", default="nuclei", help="model name or folder")
    parser.add_argument("--sets", nargs="*", default=["nuclei"], help="data sets to score on")
    arguments = parser.parse_args()
    runtime = Runtime.load(ModelStore().resolve(arguments.model))
    print(machine())
    if arguments.data is None:
        with tempfile.TemporaryDirectory() as folder:
            report("drawn samples", drawn_samples(Path(folder)), runtime)
        return
    for name in arguments.sets:
        folder = arguments.data / name
        report(f"{name} (validation)", Project.open(folder / "val"), runtime, kinds=kinds_of(folder))


def drawn_samples(folder: Path) -> Project:
    write_sample(folder)
    for item in sample_images():
        write_mask(folder / "masks" / f"{item.name}.png", item.mask)
    return Project.open(folder)


def kinds_of(folder: Path) -> dict[str, str]:
    """Read ``kinds.csv`` (stem, kind) if the data set has one."""
    path = folder / "kinds.csv"
    # The last part of a kind is the size, by which nobody wants to tell scores apart.
    return {stem: kind.rpartition("_")[0] for stem, kind in read_kinds(path).items()} if path.exists() else {}


def report(title: str, project: Project, runtime: Runtime, *, kinds: dict[str, str] | None = None) -> None:
    entries = [entry for entry in project.entries if entry.mask_path.is_file()]
    classes = project.classes if project.has_classes else runtime.card.classes
    *_, last = evaluate_images([(entry.path, entry.mask_path) for entry in entries], classes, runtime)
    assert isinstance(last, Evaluation)
    print(f"\n{title}: {runtime.card.name} on {last.metrics['images']} images\n")
    print(f"| | {' | '.join(METRICS)} |\n|---|{'---:|' * len(METRICS)}")
    rows = {"pooled": last.metrics["pooled"], "mean over images": last.metrics["mean"]}
    stems = [entries[item.index].path.stem for item in last.images]
    of_each = [kinds.get(stem, "other") for stem in stems] if kinds else stems
    for row in summarise_kinds(last.tallies, of_each, classes):
        rows[f"mean, {row['kind']} ({row['images']})"] = row["mean"]
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(f'{row[metric]:.4f}' for metric in METRICS)} |")


if __name__ == "__main__":
    main()
