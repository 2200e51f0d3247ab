"""Run the comparison: for each set, seed and way of training, and write a line for each state.

    python -m benchmarks.annotator DATA --bases FOLDER --records FOLDER [--sets …] [--seeds 0 1] [--what journey five …]

``DATA`` is a folder of sets, ``FOLDER`` what ``tools.general_base`` has written. What is in the records already is
passed over, so a run may be stopped and gone on with. Then ``python -m benchmarks.annotator.report FOLDER/*.jsonl``.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from benchmarks.annotator import arms
from benchmarks.annotator.data import DataSet
from benchmarks.annotator.loop import Experiment
from benchmarks.annotator.records import Record, append, read

SETS = ("cells", "superalloy", "melt_pool", "oxide", "aerial", "nuclei")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--bases", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("resources/models"))
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))
    parser.add_argument("--what", nargs="+", default=["by hand", "journey", *arms.BY_NAME], help="journey, or an arm")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from benchmarks.annotator.engine import Engine

    engine = Engine(arguments.bases, arguments.models, threads=arguments.threads)
    own = arguments.records / f"{'-'.join(arguments.sets)}-{os.getpid()}.jsonl"
    furthest: dict[tuple[str, int, str], int] = {}
    for record in read(arguments.records.glob("*.jsonl")):
        key = (record.set, record.seed, record.arm)
        furthest[key] = max(furthest.get(key, 0), record.images)
    for seed in arguments.seeds:
        for name in arguments.sets:
            experiment = Experiment.load(DataSet.open(arguments.data / name), engine, lambda record: note(own, record))
            for what in arguments.what:
                arm = arms.JOURNEY if what == "journey" else arms.BY_NAME.get(what)
                # A loop that was broken off is begun again.
                enough = experiment.last if what in ("journey", "by hand") else 1
                is_done = furthest.get((name, seed, what if arm is None else arm.name), 0) >= enough
                if is_done or what == f"base: {name}":
                    continue
                started = time.monotonic()
                if what == "by hand":
                    experiment.by_hand(seed)
                elif what == "journey":
                    experiment.journey(arms.JOURNEY, seed)
                elif what == arms.ALL_IMAGES.name:
                    experiment.all_images(arms.ALL_IMAGES)
                else:
                    experiment.at_five(arms.BY_NAME[what], seed)
                print(f"{name:10} {what:24} seed {seed}  {time.monotonic() - started:6.1f} s", flush=True)


def note(path: Path, record: Record) -> None:
    """Write a record and say it."""
    append(path, record)
    print(f"    {record.images:3d} images: IoU {record.iou:.3f}, boundary F1 {record.boundary_f1:.3f}", flush=True)


if __name__ == "__main__":
    main()
