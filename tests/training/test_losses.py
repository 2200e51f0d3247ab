"""The loss looks at labelled pixels only and has the value that its formula says."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from segtool.training.losses import DICE_SMOOTH, FOCAL_GAMMA, FOCAL_WEIGHT, SegmentationLoss


def _batch(outputs: int, *, seed: int = 0) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, max(2, outputs), (2, 8, 8))
    target = (labels[..., None] == (np.arange(outputs) if outputs > 1 else 1)).astype(np.float32)
    weight = (rng.random((2, 8, 8)) < 0.4).astype(np.float32)
    logits = rng.normal(size=(2, 8, 8, outputs)).astype(np.float32)
    probability = tf.sigmoid(logits) if outputs == 1 else tf.nn.softmax(logits)
    return tf.constant(target), tf.constant(weight), probability


@pytest.mark.parametrize("outputs", [1, 3])
def test_void_pixels_have_no_gradient_and_no_say(outputs: int) -> None:
    target, weight, probability = _batch(outputs)
    loss = SegmentationLoss(outputs)
    guess = tf.Variable(probability)
    with tf.GradientTape() as tape:
        value = loss(target, weight, guess)
    gradient = tape.gradient(value, guess).numpy()
    void = weight.numpy() == 0
    assert np.all(gradient[void] == 0)
    assert np.any(gradient[~void] != 0)
    # Whatever stands in void pixels, even something that is no number, the loss is the same.
    wild = tf.where(void[..., None], 1.0 - target, target)
    assert float(loss(wild, weight, probability)) == pytest.approx(float(value), rel=1e-6)


def test_the_same_pixels_weigh_the_same_in_a_sparse_and_in_a_dense_mask() -> None:
    target, _, probability = _batch(1)
    weight = np.zeros((2, 8, 8), np.float32)
    weight[:, :4] = 1
    loss = SegmentationLoss(1)
    cut = float(loss(target[:, :4], tf.ones((2, 4, 8)), probability[:, :4]))
    assert float(loss(target, tf.constant(weight), probability)) == pytest.approx(cut, rel=1e-5)


def test_the_binary_loss_is_focal_plus_dice_by_the_formulas() -> None:
    target, weight, probability = (np.asarray(x, dtype=np.float64) for x in _batch(1))
    known = weight > 0
    y, p = target[known][:, 0], probability[known][:, 0]
    right = np.where(y == 1, p, 1 - p)
    focal = np.mean((1 - right) ** FOCAL_GAMMA * -np.log(right))
    dice = 1 - (2 * np.sum(y * p) + DICE_SMOOTH) / (np.sum(y) + np.sum(p) + DICE_SMOOTH)
    assert float(SegmentationLoss(1)(*_batch(1))) == pytest.approx(FOCAL_WEIGHT * focal + dice, rel=1e-4)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_perfect_prediction_costs_next_to_nothing_and_a_wrong_one_a_lot(outputs: int) -> None:
    target, weight, _ = _batch(outputs)
    loss = SegmentationLoss(outputs)
    assert float(loss(target, weight, target)) < 1e-3
    assert float(loss(target, weight, 1 - target)) > 2


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_batch_of_void_alone_costs_nothing(outputs: int) -> None:
    target, weight, probability = _batch(outputs)
    assert float(SegmentationLoss(outputs)(target, weight * 0, probability)) == 0
