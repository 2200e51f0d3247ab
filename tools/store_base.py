"""Make the folder of the general base from what ``tools.general_base`` has written.

python -m tools.store_base WEIGHTS/base-all.npz WEIGHTS/heads.json docs/models/general.json resources/bases/general
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.normalisation import Normalisation
from segtool.core.palette import default_colour
from segtool.models.card import CARD_FILE, WEIGHTS_FILE, ModelCard
from segtool.models.card_text import card_text
from segtool.models.network_config import NetworkConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("heads", type=Path)
    parser.add_argument("about", type=Path, help="what the card says of the training")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from segtool.training.half_weights import round_to_half, store_as_half
    from segtool.training.unet import build_unet

    heads = json.loads(arguments.heads.read_text())
    names = [f"{head}: {item['name']}" for head, classes in heads.items() for item in classes]
    classes = ClassSet(tuple(ClassInfo(i, name, default_colour(i)) for i, name in enumerate(names)))
    network = replace(NetworkConfig(), outputs=len(classes))
    model = build_unet(network)
    with np.load(arguments.weights) as data:
        model.set_weights([data[name].astype(np.float32) for name in sorted(data.files)])
    round_to_half(model)
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / WEIGHTS_FILE
    model.save_weights(path)
    store_as_half(path)
    card = ModelCard(
        name=arguments.out.name,
        classes=classes,
        network=network,
        normalisation=Normalisation(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        training=json.loads(arguments.about.read_text()),
        files={WEIGHTS_FILE: hashlib.sha256(path.read_bytes()).hexdigest()},
    )
    (arguments.out / CARD_FILE).write_bytes(card_text(card.to_json()))


if __name__ == "__main__":
    main()
