"""Trains and runs the networks of the comparison with the program's own training step and tiling, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from benchmarks.annotator.arms import Arm
from segtool.core.classes import ClassSet
from segtool.core.normalisation import Normalisation
from segtool.core.run_settings import RunSettings
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import segment_to_end
from segtool.models.base import GENERAL, resolve_base
from segtool.models.card import ModelCard
from segtool.models.network_config import NetworkConfig
from segtool.models.store import ModelStore
from segtool.training.export import load_model
from segtool.training.patches import Sample, training_batches, validation_crops
from segtool.training.precision import has_native_bfloat16
from segtool.training.rates import rate_at
from segtool.training.start import HEAD, start_network
from segtool.training.step import Stepper
from segtool.training.unet import build_unet

Mask = npt.NDArray[np.uint8]
Weights = list[npt.NDArray[Any]]

# Steps between two looks at the held-out crops, and how many of those at most.
JUDGED_EVERY, VALIDATION_CROPS = 50, 16


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Weights that tell classes apart, on images reduced by a factor."""

    weights: Weights
    classes: ClassSet
    reduction: int


class Engine:
    """Trains and runs networks on TensorFlow.

    Networks and their graphs are built once for each number of outputs and way of normalising, as building them
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
        self._bases = _load_bases(bases, models)
        self._steppers: dict[tuple[int, bool], Stepper] = {}
        self._networks: dict[int, _Network] = {}

    def fit(
        self,
        arm: Arm,
        samples: Sequence[Sample],
        held_out: Sequence[Sample],
        classes: ClassSet,
        *,
        set_name: str,
        seed: int,
    ) -> Trained:
        """Train as the arm says and as the program does; keep the best weights by the loss on held-out samples."""
        settings = RunSettings(augmentation=arm.augmentation, batch=arm.batch, seed=seed)
        validation = validation_crops(held_out, size=settings.crop, seed=seed)
        if len(validation) > VALIDATION_CROPS:
            chosen = np.random.default_rng(seed).choice(len(validation), VALIDATION_CROPS, replace=False)
            validation = [validation[i] for i in sorted(chosen)]
        stepper = self._start(arm, _config(classes), set_name=set_name, seed=seed)
        batches = training_batches(samples, classes, settings)
        best_loss, best = np.inf, stepper.average.get_weights()
        for step in range(arm.steps):
            stepper.train(next(batches), learning_rate=rate_at(step / arm.steps, peak=arm.learning_rate))
            if (step + 1) % JUDGED_EVERY == 0 or step + 1 == arm.steps:
                # Where nothing is held out, the latest are the best.
                loss = stepper.validate(validation, classes)[0] if validation else -step
                if loss < best_loss:
                    best_loss, best = loss, stepper.average.get_weights()
        return Trained(best, classes, arm.reduction)

    def trained_on_all(self, classes: ClassSet) -> Trained:
        """Return the base that the program comes with, which has seen all sets, with its head for these classes."""
        start = start_network(resolve_base(ModelStore(), GENERAL), classes, NetworkConfig())
        return Trained(start.model.get_weights(), classes, 1)

    def predict(self, model: Trained, images: Sequence[npt.NDArray[np.generic]]) -> list[Mask]:
        """Return the class ids of every pixel of some images."""
        config = _config(model.classes)
        if config.outputs not in self._networks:
            self._networks[config.outputs] = _Network(build_unet(config))
        network = self._networks[config.outputs]
        network.model.set_weights(model.weights)
        card = ModelCard("", model.classes, replace(config, reduction=model.reduction), Normalisation(), "")
        runtime = Runtime(card, network)
        return [segment_to_end(pixels, runtime).class_ids for pixels in images]

    def _start(self, arm: Arm, config: NetworkConfig, *, set_name: str, seed: int) -> Stepper:
        """Return a stepper with the weights that the arm starts from."""
        keras.utils.set_random_seed(seed)
        fresh = build_unet(config)
        weights = fresh.get_weights()
        if arm.base != "none":
            body = self._bases[f"without {set_name}" if arm.base == "general" else arm.base]
            names = [variable.path for variable in fresh.weights]
            weights = [
                new if name.startswith(f"{HEAD}/") else old for name, new, old in zip(names, weights, body, strict=True)
            ]
        key = (config.outputs, arm.frozen)
        if key not in self._steppers:
            trained = build_unet(config, half=has_native_bfloat16())
            self._steppers[key] = Stepper(
                trained, build_unet(config), outputs=config.outputs, frozen_statistics=arm.frozen
            )
        stepper = self._steppers[key]
        still = [np.zeros_like(value) for value in stepper.optimiser_state]
        stepper.restore(model=weights, average=weights, optimiser=still, steps=0)
        return stepper


class _Network:
    """A Keras network in the place of a compiled one, so that the program's runtime and tiling serve here too."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        signature = [tf.TensorSpec((None, None, None, 3), tf.float32)]
        self._answer = tf.function(lambda x: model(x, training=False), input_signature=signature)

    def create_infer_request(self) -> _Network:
        return self

    def infer(self, inputs: list[npt.NDArray[np.float32]], *, share_inputs: bool) -> list[npt.NDArray[np.float32]]:
        return [self._answer(inputs[0]).numpy()]


def _config(classes: ClassSet) -> NetworkConfig:
    return replace(NetworkConfig(), outputs=1 if len(classes) == 2 else len(classes))


def _load_bases(bases: Path, models: Path) -> dict[str, Weights]:
    """Read the general bases ("without SET") and those of the models that come with the program."""
    found = {}
    for path in bases.glob("base-*.npz"):
        with np.load(path) as data:
            weights = [data[entry].astype(np.float32) for entry in sorted(data.files)]
        found[f"without {path.stem.partition('-')[2]}"] = weights
    for name in ("nuclei", "aerial"):
        found[name] = load_model(models / name)[0].get_weights()
    return found
