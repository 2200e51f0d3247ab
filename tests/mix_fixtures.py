"""A base and a version that was trained from it, as small model folders that answer differently."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segtool.models.card import WEIGHTS_FILE, ModelCard
from segtool.models.mixable import BASE_DIGEST
from tests.model_fixtures import export_tiny_model

POINTS = [
    {"amount": 0.0, "loss": 0.5, "f1": 0.6},
    {"amount": 0.25, "loss": 0.4, "f1": 0.7},
    {"amount": 0.5, "loss": 0.3, "f1": 0.8},
    {"amount": 0.75, "loss": 0.2, "f1": 0.9},
    {"amount": 1.0, "loss": 0.25, "f1": 0.85},
]


def export_version(folder: Path, base: Path, *, seed: int = 8, **training: Any) -> ModelCard:
    """Write a version with other weights in every layer than its base has, which ``training`` says more about."""

    from segtool.training.export import export_model, load_model

    model, card = load_model(base)
    rng = np.random.default_rng(seed)
    changed = [w * rng.uniform(0.8, 1.2, w.shape) + np.abs(rng.normal(0, 0.02, w.shape)) for w in model.get_weights()]
    model.set_weights(changed)
    history = {"base": base.name, "images": 5, BASE_DIGEST: card.files[WEIGHTS_FILE], **training}
    return export_model(folder, model, replace(card, name=folder.name, training=history, files={}))


def export_pair(models: Path, **training: Any) -> tuple[Path, Path]:
    """Write ``0001-nuclei`` and ``0002-nuclei``, trained from it; return their folders."""
    base, new = models / "0001-nuclei", models / "0002-nuclei"
    export_tiny_model(base, name=base.name)
    export_version(new, base, **training)
    return base, new
