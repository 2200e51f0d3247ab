"""Losses of a training step with void pixels masked out."""

from __future__ import annotations

import keras
from keras import ops

# A probability of 0.5 gives a focal loss of 0.17 where cross-entropy gives 0.69 and Dice about 0.5:
# the factor brings focal loss and Dice to the same scale.
FOCAL_WEIGHT = 4.0
FOCAL_GAMMA = 2.0
DICE_SMOOTH = 1.0


class SegmentationLoss:
    """Binary (or categorical) focal cross-entropy plus soft Dice over the pixels that have a label.

    Focal loss: Lin et al. 2017; soft Dice: Milletari et al. 2016. The gradient of a void pixel is exactly 0 and it does
    not count in any denominator, so that one labelled pixel in a hundred trains as well as the same
    pixels of a dense mask would.

    Parameters
    ----------
    outputs : int
        Outputs of the network: 1 for a sigmoid, K for a softmax.
    """

    def __init__(self, outputs: int) -> None:
        self._outputs = outputs
        if outputs == 1:
            self._focal = keras.losses.BinaryFocalCrossentropy(gamma=FOCAL_GAMMA, reduction="none")
        else:
            # alpha 1: class balance is left to Dice.
            self._focal = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=FOCAL_GAMMA, reduction="none")

    def __call__(
        self, target: keras.KerasTensor, weight: keras.KerasTensor, probability: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Return the scalar loss of a batch.

        Parameters
        ----------
        target : tensor of float32, shape (N, H, W, outputs)
            1 where the pixel has the class, else 0; anything where the weight is 0.
        weight : tensor of float32, shape (N, H, W)
            1 for labelled pixels, 0 for void.
        probability : tensor of float32, shape (N, H, W, outputs)
        """
        return FOCAL_WEIGHT * self.focal(target, weight, probability) + self.dice(target, weight, probability)

    def focal(
        self, target: keras.KerasTensor, weight: keras.KerasTensor, probability: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Return the mean focal loss over labelled pixels, 0 if there are none."""
        # A constant in place of the prediction keeps an infinity in a void pixel from becoming 0 × inf.
        known = ops.expand_dims(weight, -1) > 0
        loss = self._focal(ops.where(known, target, 0.0), ops.where(known, probability, 0.5))
        return ops.sum(loss * weight) / ops.maximum(ops.sum(weight), 1.0)

    def dice(
        self, target: keras.KerasTensor, weight: keras.KerasTensor, probability: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Return 1 − soft Dice over the whole batch, averaged over the classes that the batch holds.

        With one output that is the foreground class; a batch without a labelled pixel of a class
        leaves that class out, as its Dice would only say how small the prediction is.
        """
        known = ops.expand_dims(weight, -1)
        truth = target * known
        guess = probability * known
        axes = (0, 1, 2)
        overlap = ops.sum(truth * guess, axis=axes)
        total = ops.sum(truth, axis=axes) + ops.sum(guess, axis=axes)
        per_class = 1.0 - (2.0 * overlap + DICE_SMOOTH) / (total + DICE_SMOOTH)
        present = ops.cast(ops.sum(truth, axis=axes) > 0, per_class.dtype)
        return ops.sum(per_class * present) / ops.maximum(ops.sum(present), 1.0)
