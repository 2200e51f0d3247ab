"""Trains and runs the networks of the comparison with the program's own training step, on the CPU."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from benchmarks.annotator.arms import Arm
from benchmarks.annotator.squares import predict_in_squares
from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.models.network_config import NetworkConfig
from segtool.training.export import load_model
from segtool.training.patches import to_batch
from segtool.training.precision import has_native_bfloat16
from segtool.training.start import HEAD
from segtool.training.step import Stepper
from segtool.training.unet import build_unet

Mask = npt.NDArray[np.uint8]
Crops = Sequence[tuple[npt.NDArray[np.float32], Mask]]


class CpuEngine:
    """An ``Engine`` on TensorFlow.

    Networks and their graphs are built once for each number of classes and way of normalising, as building them
    again and again costs seconds and memory.

    Parameters
    ----------
    bases, models : Path
        General bases as ``tools.general_base`` writes them, and the folder of bundled models; heads are not used.
    threads : int, optional
        Threads of TensorFlow, which must not have started yet; by default all.
    """

    def __init__(self, bases: Path, models: Path, *, threads: int | None = None) -> None:
        # Before anything makes TensorFlow start.
        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        self._folder, self._bases = bases, _load_bases(bases, models)
        self._steppers: dict[tuple[int, bool], Stepper] = {}
        self._runs: dict[int, dict[str, Any]] = {}
        self._models: dict[int, tuple[int, list[npt.NDArray[Any]]]] = {}
        self._answers: dict[int, tuple[keras.Model, Any]] = {}

    def begin(self, arm: Arm, *, set_name: str, classes: int, seed: int) -> int:
        """Start a run from the weights that the arm says."""
        outputs = 1 if classes == 2 else classes
        config = replace(NetworkConfig(), outputs=outputs)
        keras.utils.set_random_seed(seed)
        fresh = build_unet(config)
        weights = fresh.get_weights()
        if arm.base != "none":
            body = self._bases[f"without {set_name}" if arm.base == "general" else arm.base]
            names = [variable.path for variable in fresh.weights]
            weights = [
                new if name.startswith(f"{HEAD}/") else old for name, new, old in zip(names, weights, body, strict=True)
            ]
        key = (outputs, arm.frozen)
        if key not in self._steppers:
            trained = build_unet(config, half=has_native_bfloat16())
            self._steppers[key] = Stepper(trained, build_unet(config), outputs=outputs, frozen_statistics=arm.frozen)
        stepper = self._steppers[key]
        still = [np.zeros_like(value) for value in stepper.optimiser_state]
        stepper.restore(model=weights, average=weights, optimiser=still, steps=0)
        number = len(self._models) + len(self._runs)
        self._runs[number] = {"stepper": stepper, "classes": _places(classes), "best": weights}
        return number

    def train(self, run: int, crops: Crops, rates: Sequence[float], *, step: int) -> None:
        """Take one step for each rate."""
        at, size = self._runs[run], len(crops) // len(rates)
        for i, rate in enumerate(rates):
            part = crops[i * size : (i + 1) * size]
            batch = to_batch([image for image, _ in part], [mask for _, mask in part], at["classes"])
            at["stepper"].train(batch, learning_rate=rate)

    def validate(self, run: int, crops: Crops) -> float:
        """Return the loss of the averaged weights."""
        at = self._runs[run]
        return float(at["stepper"].validate(crops, at["classes"])[0])

    def keep(self, run: int) -> None:
        """Remember the averaged weights."""
        self._runs[run]["best"] = self._runs[run]["stepper"].average.get_weights()

    def end(self, run: int) -> int:
        """Make a model of the weights that were kept."""
        at = self._runs.pop(run)
        self._models[run] = (len(at["classes"]), at["best"])
        return run

    def trained_on_all(self, set_name: str, *, classes: int) -> int:
        """Make a model of the base of all sets and its head for one."""
        heads: dict[str, list[Any]] = json.loads((self._folder / "heads.json").read_text())
        first = sum(len(heads[name]) for name in list(heads)[: list(heads).index(set_name)])
        outputs = 1 if classes == 2 else classes
        names = [variable.path for variable in build_unet(replace(NetworkConfig(), outputs=outputs)).weights]
        weights = list(self._bases["all"])
        for place, name in enumerate(names):
            if name.startswith(f"{HEAD}/"):
                values = weights[place][..., first : first + classes]
                weights[place] = values[..., 1:] - values[..., :1] if outputs == 1 else values
        number = len(self._models) + len(self._runs)
        self._models[number] = (classes, weights)
        return number

    def predict(self, model: int, images: Sequence[npt.NDArray[np.generic]], *, reduction: int) -> list[Mask]:
        """Return the place of the most probable class of each pixel."""
        classes, weights = self._models[model]
        outputs = 1 if classes == 2 else classes
        if outputs not in self._answers:
            network = build_unet(replace(NetworkConfig(), outputs=outputs))
            self._answers[outputs] = network, tf.function(lambda x: network(x, training=False), reduce_retracing=True)
        network, answer = self._answers[outputs]
        network.set_weights(weights)

        def run(square: npt.NDArray[np.float32]) -> Mask:
            found = answer(square[None])[0].numpy()
            return (found[..., 0] >= 0.5 if outputs == 1 else found.argmax(-1)).astype(np.uint8)

        return predict_in_squares(images, run, reduction=reduction)


def _load_bases(bases: Path, models: Path) -> dict[str, list[npt.NDArray[Any]]]:
    """Read the general bases ("without SET" and "all") and those of the models that come with the program."""
    found = {}
    for path in bases.glob("base-*.npz"):
        name = path.stem.partition("-")[2]
        with np.load(path) as data:
            weights = [data[entry].astype(np.float32) for entry in sorted(data.files)]
        found["all" if name == "all" else f"without {name}"] = weights
    for name in ("nuclei", "aerial"):
        found[name] = load_model(models / name)[0].get_weights()
    return found


def _places(count: int) -> ClassSet:
    """Return nameless classes with the ids 0, 1, …, as crops have them."""
    assert count < VOID
    return ClassSet(tuple(ClassInfo(i, f"class {i}" if i else "background", (i, i, i)) for i in range(count)))
