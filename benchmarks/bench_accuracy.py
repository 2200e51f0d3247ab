"""Accuracy of the bundled models on real labelled images: ``bench_accuracy.py --data DIR`` (a folder of data sets).

Each model is scored on the data set of its name, a folder with ``classes.json`` and ``val/images``, ``val/masks``.
Without ``--data`` the nuclei model is scored on the drawn sample images, whose true masks are known.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.nuclei_kinds import nuclei_kinds
from segtool.core.metrics import METRICS, summarise_kinds
from segtool.formats.mask_png import write_mask
from segtool.inference.evaluate import Evaluation, evaluate_images
from segtool.inference.runtime import Runtime
from segtool.models.store import DEFAULT_MODEL, ModelStore
from segtool.project.project import Project
from segtool.sample import sample_images, write_sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder that holds the data sets")
    arguments = parser.parse_args()
    print(machine())
    store = ModelStore()
    if arguments.data is None:
        with tempfile.TemporaryDirectory() as folder:
            report("drawn samples", drawn_samples(Path(folder)), Runtime.load(store.resolve(DEFAULT_MODEL)), kinds={})
        return
    for entry in store.entries():
        folder = arguments.data / entry.name / "val"
        if folder.is_dir():
            project = Project.open(folder)
            kinds = nuclei_kinds(project) if entry.name == DEFAULT_MODEL else {}
            for tta in (False, True):
                title = f"{entry.name} (validation{', averaged over flips and turns' if tta else ''})"
                report(title, project, Runtime.load(entry.folder), kinds=kinds, tta=tta)


def drawn_samples(folder: Path) -> Project:
    write_sample(folder)
    for item in sample_images():
        write_mask(folder / "masks" / f"{item.name}.png", item.mask)
    return Project.open(folder)


def report(title: str, project: Project, runtime: Runtime, *, kinds: dict[str, str], tta: bool = False) -> None:
    entries = [entry for entry in project.entries if entry.mask_path.is_file()]
    classes = project.classes if project.has_classes else runtime.card.classes
    *_, last = evaluate_images([(entry.path, entry.mask_path) for entry in entries], classes, runtime, tta=tta)
    assert isinstance(last, Evaluation)
    print(f"\n{title}: {runtime.card.name} on {last.metrics['images']} images\n")
    print(f"| | {' | '.join(METRICS)} |\n|---|{'---:|' * len(METRICS)}")
    rows = {"pooled": last.metrics["pooled"], "mean over images": last.metrics["mean"]}
    stems = [entries[item.index].path.stem for item in last.images]
    of_each = [kinds.get(stem, stem) for stem in stems]
    for row in summarise_kinds(last.tallies, of_each, classes):
        rows[f"mean, {row['kind']} ({row['images']})"] = row["mean"]
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(f'{row[metric]:.4f}' for metric in METRICS)} |")


if __name__ == "__main__":
    main()
