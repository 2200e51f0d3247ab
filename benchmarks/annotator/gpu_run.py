"""Run the whole comparison on one GPU within a number of seconds, the most telling parts first.

    KERAS_BACKEND=jax python -m benchmarks.annotator.gpu_run DATA --bases FOLDER --models resources/models --records FOLDER --seconds 450
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.annotator import arms
from benchmarks.annotator.data import DataSet
from benchmarks.annotator.gpu import Client, Server, Slot
from benchmarks.annotator.loop import Experiment
from benchmarks.annotator.records import Record, append

SETS = ("cells", "superalloy", "oxide", "melt_pool", "aerial", "nuclei")
Job = tuple[str, str, str, int]


def jobs(seeds: int) -> Iterator[Job]:
    """Yield what to do as (kind, set, arm, seed), the most telling first."""
    by_name = {arm.name: arm for arm in (arms.RECIPE, arms.SCRATCH, arms.ALL_IMAGES, *arms.ABLATIONS)}
    for seed in range(seeds):
        for name in SETS:
            yield "by hand", name, "", seed
    for seed in range(2):
        for arm in ("recipe", "rate 5e-4", "rate 2e-3", "statistics not frozen", "base: nuclei", "from scratch"):
            for name in SETS:
                if arm.partition(": ")[2] != name:
                    yield "five", name, arm, seed
    for seed in range(2):
        for name in SETS:
            yield "journey", name, "recipe", seed
    for name in SETS:
        yield "five", name, "all images", 0
    for seed in range(1):
        for arm in by_name:
            if arm not in ("recipe", "rate 5e-4", "rate 2e-3", "statistics not frozen", "base: nuclei", "from scratch", "all images"):
                for name in SETS:
                    if arm.partition(": ")[2] != name:
                        yield "five", name, arm, seed
    for seed in range(2, seeds):
        for name in SETS:
            yield "journey", name, "recipe", seed
        for name in SETS:
            yield "five", name, "from scratch", seed
            yield "five", name, "recipe", seed
    for seed in range(1, seeds):
        for name in SETS:
            yield "five", name, "all images", seed


def work(number: int, pipe: Any, slot: Slot, queue: Any, arguments: argparse.Namespace, ends: float) -> None:
    """Take jobs until there is none or time is up."""
    by_name = {arm.name: arm for arm in (arms.RECIPE, arms.SCRATCH, arms.ALL_IMAGES, *arms.ABLATIONS)}
    client = Client(pipe, slot)
    loaded: dict[str, Experiment] = {}

    def note(record: Record) -> None:
        append(arguments.records / f"records-{number:02d}.jsonl", record)

    while time.monotonic() < ends:
        job = queue.get()
        if job is None:
            break
        kind, name, arm, seed = job
        started = time.monotonic()
        if name not in loaded:
            loaded[name] = Experiment.load(DataSet.open(arguments.data / name), client, note)
        if kind == "by hand":
            loaded[name].by_hand(seed)
        elif kind == "five":
            loaded[name].at_five(by_name[arm], seed)
        else:
            loaded[name].journey(by_name[arm], seed)
        print(f"{kind:8} {name:10} {arm:24} {seed}  {time.monotonic() - started:.1f} s", flush=True)
    pipe.send(("over",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--bases", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=450)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--only", type=int, help="no more than so many jobs")
    arguments = parser.parse_args()
    started = time.monotonic()
    context = multiprocessing.get_context("fork")
    slots = [Slot() for _ in range(arguments.workers)]
    pipes = [context.Pipe() for _ in slots]
    queue = context.SimpleQueue()
    ends = started + arguments.seconds
    workers = [
        context.Process(target=work, args=(i, pipes[i][1], slot, queue, arguments, ends), daemon=True)
        for i, slot in enumerate(slots)
    ]
    for worker in workers:
        worker.start()
    listed = list(jobs(arguments.seeds))[: arguments.only]
    import threading

    def feed() -> None:
        for job in [*listed, *([None] * len(workers))]:
            queue.put(job)

    threading.Thread(target=feed, daemon=True).start()
    server = Server(arguments.bases, arguments.models, slots)
    print(f"server ready after {time.monotonic() - started:.1f} s, {len(listed)} jobs", flush=True)
    running = {pipe[0]: i for i, pipe in enumerate(pipes)}
    spent: dict[str, float] = {}
    counts: dict[str, int] = {}
    while running and time.monotonic() < ends:
        for pipe in multiprocessing.connection.wait(list(running), timeout=1.0):
            try:
                request = pipe.recv()
            except EOFError:
                del running[pipe]
                continue
            if request[0] == "over":
                del running[pipe]
                continue
            at = time.monotonic()
            answer = server.answer(running[pipe], request)
            if isinstance(answer, str):
                print(answer, flush=True)
            pipe.send(answer)
            spent[request[0]] = spent.get(request[0], 0) + time.monotonic() - at
            counts[request[0]] = counts.get(request[0], 0) + 1
    print(f"{time.monotonic() - started:.1f} s", {k: f"{v:.1f} s / {counts[k]}" for k, v in spent.items()}, flush=True)


if __name__ == "__main__":
    main()
