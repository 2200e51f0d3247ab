"""The random forest's arm of the comparison, alone: ``forest_arm DATA --sets … --seeds … --images 5 --records FILE``.

The first images of a seed's order are corrected from nothing, a forest learns them, and is scored on the held-out ones.
What the records file holds already is not done again.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from benchmarks.annotator.data import DataSet, Split, generator, order
from benchmarks.annotator.effort import score
from benchmarks.annotator.forest import Forest
from benchmarks.annotator.records import Record, append, read
from benchmarks.annotator.strokes import Correction, correct
from segtool.core.classes import VOID
from segtool.core.effort import added_path_length

ARM = "forest"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds the sets")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: every set of the folder")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--images", nargs="+", type=int, default=[5], help="numbers of corrected images to learn from")
    parser.add_argument("--seconds", type=float, help="CPU seconds after which no more trees are begun")
    parser.add_argument("--records", type=Path, required=True, help="file to add the results to")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many forests at once")
    arguments = parser.parse_args()
    names = arguments.sets or sorted(path.parent.name for path in arguments.data.glob("*/classes.json"))
    done = {
        (item.set, item.seed, item.images) for item in read([arguments.records] if arguments.records.exists() else [])
    }
    numbers = sorted(set(arguments.images))
    left = [
        (name, seed)
        for name in names
        for seed in arguments.seeds
        if any((name, seed, number) not in done for number in numbers)
    ]
    work = Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")
    calls = (delayed(run)(arguments.data / name, seed, numbers, seconds=arguments.seconds) for name, seed in left)
    for records in work(calls):
        for item in records:
            append(arguments.records, item)
            print(
                f"{item.set}, seed {item.seed}, {item.images} images: IoU {item.iou:.3f}, boundary F1 "
                f"{item.boundary_f1:.3f}, {item.cpu_seconds:.0f} CPU s, {item.seconds:.0f} s of the person",
                flush=True,
            )


def run(folder: Path, seed: int, numbers: Sequence[int], *, seconds: float | None = None) -> list[Record]:
    """Return a record for each number of corrected images, in rising order; a set may have fewer than the last ones."""
    data = DataSet.open(folder)
    keys = order(data.keys(Split.TRAIN), seed)
    held_out = data.load(Split.VAL)
    samples = data.load(Split.TRAIN, keys[: max(numbers)])
    corrections: list[Correction] = []
    records = []
    for number in (number for number in numbers if number <= len(samples)):
        new = samples[len(corrections) : number]
        fresh = [
            correct(np.full_like(item.mask, VOID), item.mask, generator(data.name, seed, item.key)) for item in new
        ]
        corrections += fresh
        forest = Forest(jobs=1)
        images, masks = [item.pixels for item in samples[:number]], [item.mask for item in corrections]
        forest.fit(images, masks, class_ids=data.classes.ids, seed=seed, seconds=seconds)
        scores = score(((forest.predict(item.pixels), item.mask) for item in held_out), data.classes)
        records.append(
            Record(
                set=data.name,
                seed=seed,
                arm=ARM,
                images=number,
                iou=scores.iou,
                boundary_f1=scores.boundary_f1,
                strokes=sum(item.strokes for item in fresh),
                added_path=sum(added_path_length(item.before, item.mask, data.classes) for item in fresh),
                seconds=sum(item.seconds for item in fresh),
                cpu_seconds=forest.cpu_seconds,
            )
        )
    return records


if __name__ == "__main__":
    main()
