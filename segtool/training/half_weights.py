"""Weights in half precision: a model takes half the room on disk and answers the same wherever it is loaded."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import keras
import numpy as np

from segtool.core.errors import ModelError


def round_to_half(model: keras.Model) -> None:
    """Round every weight of a network to the nearest number that half precision has.

    What is exported from the network afterwards and what is stored by ``store_as_half`` are then the same numbers.

    Raises
    ------
    ModelError
        If a weight lies beyond ±65504, the largest that half precision has; the network is as it was.
    """
    weights = model.get_weights()
    largest = max((float(np.abs(weight).max()) for weight in weights if weight.size), default=0.0)
    if largest > float(np.finfo(np.float16).max):
        raise ModelError(
            f"the network has a weight of {largest:.3g}, too large to be stored",
            remedy="Train again with a lower learning rate.",
        )
    model.set_weights([weight.astype(np.float16).astype(weight.dtype) for weight in weights])


def store_as_half(path: Path) -> None:
    """Rewrite a file of Keras weights (HDF5) with its float32 arrays in half precision.

    ``load_weights`` reads it like any other, into variables of their own type.
    """
    halved = path.with_name(path.name + ".half")
    with h5py.File(path, "r") as source, h5py.File(halved, "w") as target:

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                values = item[()]
                copied = target.create_dataset(
                    name, data=values.astype(np.float16) if values.dtype == np.float32 else values
                )
            else:
                copied = target.require_group(name)
            copied.attrs.update(item.attrs)

        target.attrs.update(source.attrs)
        source.visititems(copy)
    os.replace(halved, path)
