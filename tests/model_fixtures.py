"""Small real model folders for the tests: random U-Nets, exported as a training exports them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.normalisation import Normalisation
from segtool.models.card import CARD_FILE, ModelCard
from segtool.models.card_text import card_text
from segtool.models.network_config import NetworkConfig

NUCLEI = ClassSet((ClassInfo(0, "background", (120, 120, 120)), ClassInfo(1, "nucleus", (230, 159, 0))))
# Ids with gaps: what a model calls its second class need not be 1.
GROUND = ClassSet(
    (
        ClassInfo(0, "background", (120, 120, 120)),
        ClassInfo(3, "water", (86, 180, 233)),
        ClassInfo(7, "road", (0, 158, 115)),
        ClassInfo(9, "roof", (213, 94, 0)),
        ClassInfo(12, "tree", (0, 114, 178)),
    )
)
TINY_STRIDE = 8


def texture(height: int, width: int, *, channels: int = 0, seed: int = 0) -> np.ndarray:
    """Draw a uint8 image, H×W or H×W×channels, of blobs a few pixels wide, and some noise."""
    import cv2

    shape = (height, width, channels) if channels else (height, width)
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 3).reshape(shape)
    mixed = blobs / max(float(blobs.std()), 1e-6) + 0.3 * noise
    return np.clip(mixed * 45 + 110, 0, 255).astype(np.uint8)


def export_tiny_model(folder: Path, *, classes: ClassSet = NUCLEI, name: str = "tiny", seed: int = 3) -> ModelCard:
    """Write a model folder with a random U-Net of a few thousand weights (stride ``TINY_STRIDE``).

    Its last layer is set so that on ``texture`` every class wins somewhere, with probabilities near and far from ½.
    The first call imports TensorFlow.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import keras

    from segtool.training.export import export_model
    from segtool.training.unet import build_unet

    outputs = 1 if len(classes) == 2 else len(classes)
    config = NetworkConfig(outputs=outputs, widths=(4, 8, 8), skip_width=4)
    keras.utils.set_random_seed(seed)
    model = build_unet(config)
    last = model.get_layer("logits")
    sample = texture(128, 128, channels=3).astype(np.float32)[None] / 255
    logits = keras.Model(model.input, last.output)(sample, training=False).numpy().reshape(-1, outputs)
    kernel, bias = last.get_weights()
    scale = 2.0 / logits.std(axis=0)
    last.set_weights([kernel * scale, bias * scale - logits.mean(axis=0) * scale])
    card = ModelCard(
        name=name, classes=classes, network=config, normalisation=Normalisation(), created="2026-01-01T00:00:00Z"
    )
    return export_model(folder, model, card)


def change_card(folder: Path, **changes: object) -> None:
    """Change entries of a model's card and seal it again: what somebody does who wants it to be believed."""
    path = folder / CARD_FILE
    path.write_bytes(card_text(json.loads(path.read_bytes()) | changes))


def seal_files(folder: Path) -> None:
    """Write on a model's card what its files hash to now: what somebody does who wants them loaded."""
    names = json.loads((folder / CARD_FILE).read_bytes())["files"]
    change_card(folder, files={name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names})


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder for the classes ``NUCLEI``. Tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    export_tiny_model(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_ground_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder for the five classes ``GROUND``. Tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("models") / "ground"
    export_tiny_model(folder, classes=GROUND, name="ground")
    return folder
