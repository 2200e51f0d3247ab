"""Train the general base: one U-Net body on several labelled sets at once, with a head for each.

Maintainers only. It runs Keras on JAX (``pip install jax``), which trains this network on a GPU with the same layers
and the same losses as the program has; crops are drawn and changed by the program's own code, from a pool that is
made before the training. The result is a file of half-precision weights; ``python -m tools.store_base`` makes
the base's folder of it.

    KERAS_BACKEND=jax python -m tools.general_base DATA OUT [--leave-out SET …] [--steps ALL EACH]
"""

from __future__ import annotations

import argparse
import json
import mmap
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np

from segtool.core.classes import ClassSet
from segtool.core.normalisation import Normalisation
from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.models.network_config import NetworkConfig
from segtool.project.sources import Source
from segtool.training.patches import Sample, draw_crop, load_samples, sampling_weights, validation_crops

# Share of each set in a batch: by how much there is to see in it.
SHARES = {"nuclei": 0.22, "aerial": 0.22, "superalloy": 0.14, "oxide": 0.14, "melt_pool": 0.14, "cells": 0.14}
CROP = 256
AUGMENTATION = AugmentationSettings(zoom=0.8, contrast=0.5, brightness=0.15, colour=0.2)
PEAK_RATE = 2e-3
WARM_UP = 200
MOMENTUM = 0.998
NETWORK = NetworkConfig()
VOID = 255

SETTINGS = RunSettings(crop=CROP, batch=64, augmentation=AUGMENTATION)


def classes_of(folder: Path) -> ClassSet:
    return ClassSet.from_json(json.loads((folder / "classes.json").read_text()))


def sources(folder: Path) -> list[Source]:
    return [Source(p.stem, p, folder / "masks" / f"{p.stem}.png") for p in sorted((folder / "images").iterdir())]


class Pool:
    """Crops of all sets in memory that forked workers fill: float16 images, masks as channels of the joint head."""

    def __init__(self, data: Path, sets: list[str], size: int) -> None:
        self.sets, self.heads, first = sets, {}, 0
        self._samples: list[list[Sample]] = []
        self.validation: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for name in sets:
            classes = classes_of(data / name)
            self.heads[name] = slice(first, first + len(classes))
            first += len(classes)
            load = lambda part: load_samples(sources(data / name / part), classes, Normalisation(), seed=0)  # noqa: B023, E731
            self._samples.append(load("train"))
            self.validation[name] = validation_crops(load("val"), size=CROP, seed=0)
        self.outputs = first
        counts = [round(size * SHARES[name]) for name in sets]
        self.count = sum(counts)
        self.set_of = np.repeat(np.arange(len(sets), dtype=np.int32), counts)
        # Anonymous shared memory: what forked workers write is seen here.
        self.images = np.frombuffer(mmap.mmap(-1, self.count * CROP * CROP * 6), np.float16)
        self.images = self.images.reshape(self.count, CROP, CROP, 3)
        self.masks = np.frombuffer(mmap.mmap(-1, self.count * CROP * CROP), np.uint8).reshape(self.count, CROP, CROP)

    def fill(self, seed: int) -> None:
        workers = os.cpu_count() or 1
        jobs = [
            multiprocessing.get_context("fork").Process(target=self._part, args=(w, workers, seed))
            for w in range(workers)
        ]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
            if job.exitcode:
                raise SystemExit("a worker that draws crops has failed")

    def _part(self, worker: int, workers: int, seed: int) -> None:
        weights = [sampling_weights(samples, {}) for samples in self._samples]
        for i in range(worker, self.count, workers):
            rng = np.random.default_rng([seed, i])
            which = int(self.set_of[i])
            samples = self._samples[which]
            sample = samples[int(rng.choice(len(samples), p=weights[which]))]
            image, mask = draw_crop(sample, AUGMENTATION, rng, size=CROP)
            self.images[i], self.masks[i] = image, self.channels(mask, which)

    def channels(self, mask: np.ndarray, which: int) -> np.ndarray:
        """Return a mask of ids 0, 1, … as channels of the joint head."""
        first = self.heads[self.sets[which]].start
        return np.where(mask == VOID, VOID, mask + first).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path, help="folder of the weights")
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="SET", help="sets to leave out, one run each")
    parser.add_argument("--steps", type=int, nargs=2, default=(5000, 2000), help="of the base, of one without a set")
    parser.add_argument("--budget", type=float, help="seconds for all runs: fewer steps where they would take longer")
    parser.add_argument("--pool", type=int, default=58_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--float32", action="store_true")
    arguments = parser.parse_args()
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {text}", flush=True)

    sets = list(SHARES)
    pool = Pool(arguments.data, sets, arguments.pool)
    say(f"sets read, {pool.outputs} outputs")
    pool.fill(seed=1)
    say(f"{pool.count} crops drawn")
    from tools.general_base_training import Trainer

    trainer = Trainer(pool, batch=arguments.batch, half=not arguments.float32)
    say("crops on the device")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "heads.json").write_text(
        json.dumps({name: classes_of(arguments.data / name).to_json() for name in sets}, indent=1)
    )
    per_step = trainer.step_seconds()
    say(f"{per_step * 1000:.1f} ms a step")
    most, fewer = arguments.steps
    wanted = most + fewer * len(arguments.leave_out)
    part = 1.0 if arguments.budget is None else min(1.0, arguments.budget / (wanted * per_step))
    for left_out in ("", *arguments.leave_out):
        weights = trainer.train(round((fewer if left_out else most) * part), left_out=left_out, say=say)
        stored = {f"{i:04d}": w.astype(np.float16) for i, w in enumerate(weights)}
        np.savez(arguments.out / f"base-{left_out or 'all'}.npz", **stored)
        say(
            f"without {left_out or 'nothing'}: "
            + ", ".join(f"{n} {f:.3f}" for n, f in trainer.validate(weights).items())
        )


if __name__ == "__main__":
    main()
