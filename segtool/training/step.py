"""One optimiser step and one validation pass of a U-Net, as TensorFlow graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from segtool.core.classes import ClassSet, is_background
from segtool.core.errors import TrainingError
from segtool.training.losses import SegmentationLoss
from segtool.training.patches import Batch, to_batch
from segtool.training.rates import momentum_at

WEIGHT_DECAY = 1e-4
CLIP_NORM = 1.0
_VALIDATION_BATCH = 8

# True positives, predicted and labelled pixels of each class: shape (3, classes).
Overlaps = npt.NDArray[np.float64]


class DivergedError(TrainingError):
    """A training that has run away: going on with it would give nothing else."""

    def __init__(self) -> None:
        super().__init__(
            "the training has diverged: its loss is no longer a finite number",
            remedy="Train with a lower learning rate.",
        )


class Stepper:
    """A network in training beside the moving average of its weights.

    The average, not the raw weights, is what is validated and kept: it generalises better and stands
    noisy labels better (Morales-Brotons et al., TMLR 2024).

    Parameters
    ----------
    model, average : keras.Model
        Two networks of one config; ``average`` gets the weights of ``model`` first.
    outputs : int
        Outputs of the network.
    frozen_statistics : bool
        Keep the batch normalisation's statistics as they are, as for fine-tuning: a few images must not
        replace what many have taught, and a step is cheaper.
    """

    def __init__(self, model: keras.Model, average: keras.Model, *, outputs: int, frozen_statistics: bool) -> None:
        self.model = model
        self.average = average
        average.set_weights(model.get_weights())
        self._outputs = outputs
        self._loss = SegmentationLoss(outputs)
        self._training = not frozen_statistics
        self._steps = 0
        self._optimiser = keras.optimizers.AdamW(
            learning_rate=0.0, weight_decay=WEIGHT_DECAY, clipnorm=CLIP_NORM, epsilon=1e-7
        )
        self._optimiser.build(model.trainable_variables)
        self._train_graph = tf.function(self._train, reduce_retracing=True)
        self._validate_graph = tf.function(self._validate, reduce_retracing=True)

    @property
    def optimiser_state(self) -> list[npt.NDArray[np.generic]]:
        """The optimiser's variables, for a checkpoint."""
        return [np.asarray(variable) for variable in self._optimiser.variables]

    def restore(
        self,
        *,
        model: Sequence[npt.NDArray[np.generic]],
        average: Sequence[npt.NDArray[np.generic]],
        optimiser: Sequence[npt.NDArray[np.generic]],
        steps: int,
    ) -> None:
        """Go back to where a checkpoint was written."""
        self.model.set_weights(model)
        self.average.set_weights(average)
        for variable, value in zip(self._optimiser.variables, optimiser, strict=True):
            variable.assign(value)
        self._steps = steps

    def check_finite(self) -> None:
        """Raise TrainingError if a weight is not finite, which the loss need not show before the next step."""
        if not all(np.isfinite(weight).all() for weight in self.model.get_weights()):
            raise DivergedError

    def train(self, batch: Batch, *, learning_rate: float) -> tuple[float, Overlaps]:
        """Take one step; return the loss and the overlaps of the batch.

        Raises
        ------
        TrainingError
            If the loss is not finite or memory runs out.
        """
        self._optimiser.learning_rate = learning_rate
        self._steps += 1
        with _explained():
            loss, overlaps = self._train_graph(*batch, np.float32(momentum_at(self._steps)))
        return _finite(loss), overlaps.numpy().astype(np.float64)

    def validate(
        self, crops: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]], classes: ClassSet
    ) -> tuple[float, Overlaps]:
        """Return loss and overlaps of the averaged network over validation crops.

        Raises
        ------
        TrainingError
            If the loss is not finite or memory runs out.
        """
        losses: list[float] = []
        labelled: list[float] = []
        overlaps = np.zeros((3, len(classes)))
        for start in range(0, len(crops), _VALIDATION_BATCH):
            part = crops[start : start + _VALIDATION_BATCH]
            batch = to_batch([image for image, _ in part], [mask for _, mask in part], classes)
            with _explained():
                loss, found = self._validate_graph(*batch)
            losses.append(_finite(loss))
            labelled.append(float(batch[2].sum()))
            overlaps += found.numpy()
        return float(np.average(losses, weights=labelled)), overlaps

    def _train(
        self, image: tf.Tensor, target: tf.Tensor, weight: tf.Tensor, momentum: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            probability = self.model(image, training=self._training)
            loss = self._loss(target, weight, probability)
        variables = self.model.trainable_variables
        self._optimiser.apply(tape.gradient(loss, variables), variables)
        for averaged, current in zip(self.average.weights, self.model.weights, strict=True):
            averaged.assign(averaged * momentum + current * (1.0 - momentum))
        return loss, self._overlaps(target, weight, probability)

    def _validate(self, image: tf.Tensor, target: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probability = self.average(image, training=False)
        return self._loss(target, weight, probability), self._overlaps(target, weight, probability)

    def _overlaps(self, target: tf.Tensor, weight: tf.Tensor, probability: tf.Tensor) -> tf.Tensor:
        if self._outputs == 1:
            second = tf.cast(probability >= 0.5, tf.float32)
            predicted = tf.concat([1.0 - second, second], axis=-1)
            target = tf.concat([1.0 - target, target], axis=-1)
        else:
            predicted = tf.one_hot(tf.argmax(probability, axis=-1), self._outputs)
        known = weight[..., None]
        axes = (0, 1, 2)
        return tf.stack(
            [
                tf.reduce_sum(target * predicted * known, axes),
                tf.reduce_sum(predicted * known, axes),
                tf.reduce_sum(target * known, axes),
            ]
        )


def f1_of(overlaps: Overlaps, classes: ClassSet) -> float:
    """Return the mean F1 over the classes that occur, background left out, from summed overlaps."""
    scores = [
        2 * both / (predicted + labelled)
        for item, (both, predicted, labelled) in zip(classes, overlaps.T, strict=True)
        if not is_background(item) and predicted + labelled > 0
    ]
    return float(np.mean(scores)) if scores else 1.0


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except tf.errors.ResourceExhaustedError as exc:
        raise TrainingError("memory ran out", remedy="Use a smaller batch or smaller crops.") from exc


def _finite(loss: tf.Tensor) -> float:
    value = float(loss)
    if not np.isfinite(value):
        raise DivergedError
    return value
