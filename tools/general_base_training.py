"""The training loop of the general base, on JAX."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from segtool.training.unet import build_unet

if TYPE_CHECKING:
    from tools.general_base import Pool

_GAMMA, _FOCAL_WEIGHT, _SMOOTH = 2.0, 4.0, 1.0
_VALIDATION_BATCH = 32


class Trainer:
    """Holds the pool on the device and trains networks on it, one after the other, with one compiled step."""

    def __init__(self, pool: Pool, *, batch: int, half: bool) -> None:
        from dataclasses import replace

        from tools.general_base import NETWORK

        assert keras.backend.backend() == "jax", "set KERAS_BACKEND=jax"
        self._pool, self._batch = pool, batch
        self._config = replace(NETWORK, outputs=pool.outputs)
        self.model = build_unet(self._config, half=half)
        # The answer before the softmax, which would mix the sets.
        self._network = keras.Model(self.model.input, self.model.get_layer("logits").output)
        self._optimiser = keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4, clipnorm=1.0, epsilon=1e-7)
        self._optimiser.build(self.model.trainable_variables)
        self._rate_at = next(i for i, v in enumerate(self._optimiser.variables) if v is self._optimiser._learning_rate)
        self._images, self._masks = jnp.asarray(pool.images), jnp.asarray(pool.masks)
        allowed = np.zeros((len(pool.sets), pool.outputs), np.float32)
        for row, name in enumerate(pool.sets):
            allowed[row, pool.heads[name]] = 1
        self._allowed = jnp.asarray(allowed)
        self._set_of = jnp.asarray(pool.set_of)
        self._train = jax.jit(self._step, donate_argnums=(0,))
        self._answer = jax.jit(self._predict)

    def step_seconds(self) -> float:
        """Compile the step and time it."""
        self.train(3, left_out="", say=lambda text: None)
        started = time.monotonic()
        self.train(33, left_out="", say=lambda text: None)
        return (time.monotonic() - started) / 33

    def train(self, steps: int, *, left_out: str, say: Callable[[str], None]) -> list[np.ndarray]:
        """Train a network from random weights on all sets but one; return the average of its weights."""
        from tools.general_base import MOMENTUM, PEAK_RATE, WARM_UP

        keras.utils.set_random_seed(1)
        fresh = build_unet(self._config)
        trainable = [jnp.asarray(v.value) for v in fresh.trainable_variables]
        other = [jnp.asarray(v.value) for v in fresh.non_trainable_variables]
        optimiser = [jnp.zeros_like(v.value) for v in self._optimiser.variables]
        average = [jnp.array(w) for w in (*trainable, *other)]
        usable = np.flatnonzero([self._pool.sets[s] != left_out for s in self._pool.set_of])
        rng = np.random.default_rng(steps)
        state: Any = (trainable, other, optimiser, average)
        losses = []
        for step in range(steps):
            fraction = step / steps
            rate = PEAK_RATE * min(1.0, (step + 1) / WARM_UP) * max(0.5 * (1 + math.cos(math.pi * fraction)), 0.005)
            chosen = rng.choice(usable, self._batch)
            turns = rng.integers(0, 2, (3,))
            momentum = min(MOMENTUM, (1 + step) / (10 + step))
            state, loss = self._train(
                state, self._images, self._masks, chosen, turns, np.float32(rate), np.float32(momentum)
            )
            losses.append(loss)
            if (step + 1) % 250 == 0:
                loss = np.mean([float(value) for value in losses[-100:]])
                say(f"without {left_out or 'nothing'}: step {step + 1}, loss {loss:.4f}")
        jax.block_until_ready(state)
        # In the order of the model's weights.
        by_id = {
            id(v): w
            for v, w in zip((*fresh.trainable_variables, *fresh.non_trainable_variables), state[3], strict=True)
        }
        return [np.asarray(by_id[id(v)], np.float32) for v in fresh.weights]

    def validate(self, weights: list[np.ndarray]) -> dict[str, float]:
        """Return mean F1 over the classes but the first of each set, on its held-out crops."""
        self.model.set_weights(weights)
        trainable = [v.value for v in self.model.trainable_variables]
        other = [v.value for v in self.model.non_trainable_variables]
        scores = {}
        for name in self._pool.sets:
            crops = self._pool.validation[name]
            head = self._pool.heads[name]
            counts = np.zeros((3, head.stop - head.start))
            for first in range(0, len(crops), _VALIDATION_BATCH):
                part = crops[first : first + _VALIDATION_BATCH]
                images = np.zeros((_VALIDATION_BATCH, *part[0][0].shape), np.float32)
                images[: len(part)] = [image for image, _ in part]
                logits = np.asarray(self._answer(trainable, other, images))[: len(part), ..., head]
                found = logits.argmax(-1)
                truth = np.stack([mask for _, mask in part])
                for i in range(counts.shape[1]):
                    known = truth != 255
                    hit, want = (found == i) & known, truth == i
                    counts[:, i] += (hit & want).sum(), hit.sum(), want.sum()
            f1 = 2 * counts[0] / np.maximum(counts[1] + counts[2], 1)
            scores[name] = float(f1.mean() if name == "aerial" else f1[1:].mean())
        return scores

    def _predict(self, trainable: list[Any], other: list[Any], images: Any) -> Any:
        return self._logits(trainable, other, images, training=False)[0]

    def _logits(self, trainable: list[Any], other: list[Any], images: Any, *, training: bool) -> tuple[Any, list[Any]]:
        logits, other = self._network.stateless_call(trainable, other, images, training=training)
        return logits.astype(jnp.float32), other

    def _loss(
        self, trainable: list[Any], other: list[Any], images: Any, masks: Any, allowed: Any
    ) -> tuple[Any, list[Any]]:
        logits, other = self._logits(trainable, other, images, training=True)
        logits = jnp.where(allowed[:, None, None, :] > 0, logits, -1e9)
        probability = jax.nn.softmax(logits)
        target = (masks[..., None] == jnp.arange(self._pool.outputs, dtype=jnp.uint8)).astype(jnp.float32)
        weight = (masks != 255).astype(jnp.float32)
        right = jnp.clip((probability * target).sum(-1), 1e-7, 1.0)
        focal = -((1 - right) ** _GAMMA) * jnp.log(right) * weight
        focal = focal.sum() / jnp.maximum(weight.sum(), 1.0)
        guess = probability * weight[..., None]
        axes = (0, 1, 2)
        overlap, total = (target * guess).sum(axes), target.sum(axes) + (guess * allowed[:, None, None, :]).sum(axes)
        per_class = 1 - (2 * overlap + _SMOOTH) / (total + _SMOOTH)
        present = (target.sum(axes) > 0).astype(jnp.float32)
        dice = (per_class * present).sum() / jnp.maximum(present.sum(), 1.0)
        return _FOCAL_WEIGHT * focal + dice, other

    def _step(self, state: Any, images: Any, masks: Any, chosen: Any, turns: Any, rate: Any, momentum: Any) -> Any:
        trainable, other, optimiser, average = state
        x, y = images[chosen], masks[chosen]
        # Crops of the pool come again a few times: each time turned another way.
        x = jnp.where(turns[0], x[:, ::-1], x)
        y = jnp.where(turns[0], y[:, ::-1], y)
        x = jnp.where(turns[1], x[:, :, ::-1], x)
        y = jnp.where(turns[1], y[:, :, ::-1], y)
        x = jnp.where(turns[2], jnp.swapaxes(x, 1, 2), x)
        y = jnp.where(turns[2], jnp.swapaxes(y, 1, 2), y)
        allowed = self._allowed[self._set_of[chosen]]
        grad = jax.value_and_grad(self._loss, has_aux=True)
        (loss, other), gradients = grad(trainable, other, x.astype(jnp.float32), y, allowed)
        optimiser = list(optimiser)
        optimiser[self._rate_at] = rate
        trainable, optimiser = self._optimiser.stateless_apply(optimiser, gradients, trainable)
        average = [a * momentum + w * (1 - momentum) for a, w in zip(average, (*trainable, *other), strict=True)]
        return (trainable, other, optimiser, average), loss
