"""What a step counts is what the metrics count."""

from __future__ import annotations

import numpy as np
import pytest

from segtool.core.classes import VOID, ClassInfo, ClassSet
from segtool.core.errors import TrainingError
from segtool.core.metrics import summarise, tally
from segtool.models.network_config import NetworkConfig
from segtool.training.patches import to_batch
from segtool.training.start import start_network
from segtool.training.step import Stepper, f1_of

CLASS_SETS = {
    "one foreground": (("background", 0), ("nucleus", 1)),
    "two materials": (("matrix", 0), ("precipitate", 4)),
    "background second": (("cell", 0), ("background", 1)),
    "several with gaps": (("background", 0), ("water", 3), ("road", 9)),
    "several without background": (("land", 0), ("water", 3), ("road", 9)),
}


def _scene(name: str) -> tuple[ClassSet, Stepper, list[tuple[np.ndarray, np.ndarray]]]:
    classes = ClassSet(tuple(ClassInfo(i, label, (i, i, i)) for label, i in CLASS_SETS[name]))
    start = start_network(None, classes, NetworkConfig(widths=(4, 4), skip_width=4))
    stepper = Stepper(start.model, start.average, outputs=start.network.outputs, frozen_statistics=False)
    rng = np.random.default_rng(1)
    crops = []
    for _ in range(3):
        mask = rng.choice(np.array([*classes.ids, VOID], dtype=np.uint8), (32, 32))
        crops.append((rng.random((32, 32, 3), dtype=np.float32), mask))
    return classes, stepper, crops


@pytest.mark.parametrize("name", list(CLASS_SETS))
def test_the_f1_of_a_validation_is_the_pooled_f1_of_the_metrics(name: str) -> None:
    classes, stepper, crops = _scene(name)
    _, overlaps = stepper.validate(crops, classes)
    probability = stepper.average(np.stack([image for image, _ in crops]), training=False).numpy()
    index = (probability[..., 0] >= 0.5).astype(int) if probability.shape[-1] == 1 else probability.argmax(axis=-1)
    prediction = np.array(classes.ids, dtype=np.uint8)[index]
    tallies = [tally(guess, mask, classes.ids) for guess, (_, mask) in zip(prediction, crops, strict=True)]
    assert f1_of(overlaps, classes) == pytest.approx(summarise(tallies, classes)["pooled"]["f1"], abs=1e-6)


def test_weights_that_have_gone_astray_end_the_run_in_words() -> None:
    classes, stepper, crops = _scene("one foreground")
    stepper.average.set_weights([np.full_like(weight, np.nan) for weight in stepper.average.get_weights()])
    with pytest.raises(TrainingError, match="finite"):
        stepper.validate(crops, classes)


@pytest.mark.slow
def test_a_step_with_frozen_statistics_leaves_them_alone() -> None:
    classes, _, crops = _scene("one foreground")
    batch = to_batch([image for image, _ in crops], [mask for _, mask in crops], classes)
    for frozen in (True, False):
        start = start_network(None, classes, NetworkConfig(widths=(4, 4), skip_width=4))
        stepper = Stepper(start.model, start.average, outputs=1, frozen_statistics=frozen)
        before = [weight.numpy().copy() for weight in start.model.non_trainable_variables]
        trained = [weight.numpy().copy() for weight in start.model.trainable_variables]
        stepper.train(batch, learning_rate=1e-2)
        after = [weight.numpy() for weight in start.model.non_trainable_variables]
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)) is frozen
        now = [weight.numpy() for weight in start.model.trainable_variables]
        assert any(not np.array_equal(a, b) for a, b in zip(trained, now, strict=True))


@pytest.mark.slow
def test_the_average_follows_the_weights_from_behind() -> None:
    classes, stepper, crops = _scene("several with gaps")
    batch = to_batch([image for image, _ in crops], [mask for _, mask in crops], classes)
    start = stepper.model.get_layer("logits").get_weights()[0]
    for _ in range(3):
        stepper.train(batch, learning_rate=1e-2)
    raw = stepper.model.get_layer("logits").get_weights()[0]
    average = stepper.average.get_layer("logits").get_weights()[0]
    assert np.abs(average - raw).max() > 0
    assert np.abs(average - start).sum() < np.abs(raw - start).sum()
