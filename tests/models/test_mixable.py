from __future__ import annotations

from dataclasses import replace

from segtool.core.normalisation import Normalisation
from segtool.models.card import WEIGHTS_FILE, ModelCard
from segtool.models.mixable import BASE_DIGEST, same_classes, why_not_mix
from segtool.models.network_config import NetworkConfig
from tests.model_fixtures import GROUND, NUCLEI

BASE = ModelCard("base", NUCLEI, NetworkConfig(), Normalisation(), "", files={WEIGHTS_FILE: "a1"})


def test_what_was_trained_from_a_base_can_be_mixed_with_it() -> None:
    new = replace(BASE, name="new", training={BASE_DIGEST: "a1"})
    assert why_not_mix(BASE, new) == ""
    # The run began for other classes: only the last layer is another one.
    ground = replace(BASE, classes=GROUND, network=NetworkConfig(outputs=5))
    assert why_not_mix(BASE, ground) == ""


def test_the_reason_is_named() -> None:
    assert "architecture" in why_not_mix(BASE, replace(BASE, network=NetworkConfig(widths=(8, 8))))
    assert "range" in why_not_mix(BASE, replace(BASE, normalisation=Normalisation(1, 99)))
    assert "no longer" in why_not_mix(BASE, replace(BASE, training={BASE_DIGEST: "b2"}))


def test_classes_are_the_same_by_name_and_order() -> None:
    assert same_classes(NUCLEI, NUCLEI.with_renamed(1, "Nucleus"))
    assert not same_classes(NUCLEI, NUCLEI.with_renamed(1, "cell"))
    assert not same_classes(NUCLEI, GROUND)
