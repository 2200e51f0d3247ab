"""The U-Net on JAX with five outputs for every set, so that one compiled step serves all of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from segtool.models.card import WEIGHTS_FILE, read_card
from segtool.models.network_config import NetworkConfig
from segtool.training.losses import DICE_SMOOTH, FOCAL_GAMMA, FOCAL_WEIGHT
from segtool.training.unet import build_unet

OUTPUTS = 5
_HEAD = "logits"


class Network:
    """Compiled training, loss and prediction, and the bases' weights.

    Two classes are told apart by one output, as the program does: the first of the five is then 0 throughout.
    """

    def __init__(self, bases: Path, bundled: Path) -> None:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        model = build_unet(replace(NetworkConfig(), outputs=OUTPUTS))
        self._network = keras.Model(model.input, model.get_layer(_HEAD).output)
        self._optimiser = keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4, clipnorm=1.0, epsilon=1e-7)
        self._optimiser.build(self._network.trainable_variables)
        self._rate_at = next(i for i, v in enumerate(self._optimiser.variables) if v is self._optimiser._learning_rate)
        self._bodies: dict[str, list[np.ndarray]] = {}
        for path in bases.glob("base-*.npz"):
            with np.load(path) as data:
                self._bodies[path.stem.partition("-")[2]] = [data[name].astype(np.float32) for name in sorted(data.files)]
        for name in ("nuclei", "aerial"):
            # "nuclei" is also a set: its general base has seen all sets but that one.
            other = build_unet(read_card(bundled / name).network)
            other.load_weights(bundled / name / WEIGHTS_FILE)
            self._bodies[f"bundled {name}"] = other.get_weights()
        self._train = jax.jit(self._chunk, static_argnames=("frozen",), donate_argnums=(0,))
        self._loss_of = jax.jit(self._validation_loss)
        self._places = jax.jit(self._predict)

    def start(self, base: str, *, classes: int, seed: int) -> Any:
        """Return the state of a new run: trainable and other weights, the optimiser's, and their average."""
        keras.utils.set_random_seed(seed)
        fresh = build_unet(replace(NetworkConfig(), outputs=OUTPUTS))
        if base != "none":
            weights = self._bodies[base]
            names = [variable.path for variable in fresh.weights]
            fresh.set_weights(
                [w if f"{_HEAD}/" not in n else v for w, v, n in zip(weights, fresh.get_weights(), names, strict=True)]
            )
        # The head as the program starts it: Glorot for as many outputs as there are.
        kernel, bias = fresh.get_layer(_HEAD).get_weights()
        outputs = 1 if classes == 2 else classes
        limit = np.sqrt(6 / (kernel.shape[2] + outputs))
        kernel = np.random.default_rng(seed).uniform(-limit, limit, kernel.shape).astype(np.float32)
        fresh.get_layer(_HEAD).set_weights([kernel, np.zeros_like(bias)])
        trainable = [jnp.asarray(v.value) for v in fresh.trainable_variables]
        other = [jnp.asarray(v.value) for v in fresh.non_trainable_variables]
        optimiser = [jnp.zeros_like(v.value) for v in self._optimiser.variables]
        return trainable, other, optimiser, [jnp.array(w) for w in (*trainable, *other)]

    def train(
        self, state: Any, images: Any, masks: Any, rates: Any, momenta: Any, *, classes: int, frozen: bool
    ) -> Any:
        """Take one step for each rate."""
        steps = len(rates)
        state = self._train(
            state,
            jnp.asarray(images).reshape(steps, -1, *images.shape[1:]),
            jnp.asarray(masks).reshape(steps, -1, *masks.shape[1:]),
            rates,
            momenta,
            np.int32(classes),
            frozen=frozen,
        )
        # The memory that the crops came from is written to as soon as the worker has its answer.
        jax.block_until_ready(state[3][0])
        return state

    def loss(self, average: Any, images: Any, masks: Any, *, classes: int) -> float:
        """Return the loss of averaged weights."""
        return float(self._loss_of(average, jnp.asarray(images), jnp.asarray(masks), np.int32(classes)))

    def places(self, average: Any, images: Any, *, classes: int) -> Any:
        """Return the place of the most probable class of each pixel as uint8."""
        return np.asarray(self._places(average, jnp.asarray(images), np.int32(classes)))

    def _logits(self, trainable: Any, other: Any, images: Any, classes: Any, *, training: bool) -> tuple[Any, Any]:
        logits, other = self._network.stateless_call(trainable, other, images.astype(jnp.float32), training=training)
        place = jnp.arange(OUTPUTS)
        logits = jnp.where((place == 0) & (classes == 2), 0.0, logits.astype(jnp.float32))
        return jnp.where(place < classes, logits, -1e9), other

    def _split(self, average: Any) -> tuple[Any, Any]:
        count = len(self._network.trainable_variables)
        return average[:count], average[count:]

    def _predict(self, average: Any, images: Any, classes: Any) -> Any:
        logits, _ = self._logits(*self._split(average), images, classes, training=False)
        return logits.argmax(-1).astype(jnp.uint8)

    def _validation_loss(self, average: Any, images: Any, masks: Any, classes: Any) -> Any:
        logits, _ = self._logits(*self._split(average), images, classes, training=False)
        return _loss(logits, masks, classes)

    def _chunk(self, state: Any, images: Any, masks: Any, rates: Any, momenta: Any, classes: Any, *, frozen: bool) -> Any:
        step = partial(self._step, classes=classes, frozen=frozen)
        return jax.lax.scan(step, state, (images, masks, rates, momenta))[0]

    def _step(self, state: Any, data: Any, *, classes: Any, frozen: bool) -> tuple[Any, None]:
        trainable, other, optimiser, average = state
        images, masks, rate, momentum = data

        def loss_of(weights: Any) -> tuple[Any, Any]:
            logits, now = self._logits(weights, other, images, classes, training=not frozen)
            return _loss(logits, masks, classes), now

        (_, other), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
        optimiser = list(optimiser)
        optimiser[self._rate_at] = rate
        trainable, optimiser = self._optimiser.stateless_apply(optimiser, gradients, trainable)
        average = [a * momentum + w * (1 - momentum) for a, w in zip(average, (*trainable, *other), strict=True)]
        return (trainable, other, optimiser, average), None


def _loss(logits: Any, masks: Any, classes: Any) -> Any:
    """Return the program's loss: focal cross-entropy and soft Dice over the pixels that have a label."""
    probability = jax.nn.softmax(logits)
    place = jnp.arange(OUTPUTS, dtype=jnp.uint8)
    weight = (masks != 255).astype(jnp.float32)
    target = (masks[..., None] == place).astype(jnp.float32)
    right = jnp.clip((probability * target).sum(-1), 1e-7, 1 - 1e-7)
    focal = (-((1 - right) ** FOCAL_GAMMA) * jnp.log(right) * weight).sum() / jnp.maximum(weight.sum(), 1.0)
    guess = probability * weight[..., None]
    axes = (0, 1, 2)
    overlap, total = (target * guess).sum(axes), target.sum(axes) + guess.sum(axes)
    per_class = 1 - (2 * overlap + DICE_SMOOTH) / (total + DICE_SMOOTH)
    # One output: Dice of the second class alone.
    counted = (target.sum(axes) > 0) & ((classes > 2) | (place == 1))
    dice = jnp.where(counted, per_class, 0.0).sum() / jnp.maximum(counted.sum(), 1)
    return FOCAL_WEIGHT * focal + dice
