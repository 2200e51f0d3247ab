"""The network that a run starts from: random weights or those of a base model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from segtool.core.classes import ClassSet
from segtool.models.base import matching_outputs
from segtool.models.mixable import same_classes
from segtool.models.network_config import NetworkConfig
from segtool.training.export import load_model
from segtool.training.unet import HEAD, build_unet


@dataclass(frozen=True, slots=True)
class StartNetwork:
    """Two networks of one config: one to train, one for its average; ``body`` says where the weights are from."""

    network: NetworkConfig
    model: keras.Model
    average: keras.Model
    body: str


def start_network(base: Path | None, classes: ClassSet, network: NetworkConfig, *, half: bool = False) -> StartNetwork:
    """Build the network that a run starts from.

    Parameters
    ----------
    base : Path or None
        Folder of a model or a base whose weights are taken; None: random weights. If it tells other classes apart
        than ``classes`` (by name and order), its body is kept and the head starts anew, or from those outputs of a
        base that know the classes.
    classes : ClassSet
        Classes to tell apart: a sigmoid for two, a softmax for more.
    network : NetworkConfig
        Architecture where there is no base.
    half : bool
        Whether the network to train computes in bfloat16; the average is always float32.

    Raises
    ------
    ModelError
        If the base is damaged.
    """
    outputs = 1 if len(classes) == 2 else len(classes)
    if base is None:
        config = replace(network, outputs=outputs)
        return StartNetwork(config, build_unet(config, half=half), build_unet(config), "random")
    source, card = load_model(base)
    config = replace(card.network, outputs=outputs)
    model = build_unet(config, half=half)
    if same_classes(classes, card.classes):
        model.set_weights(source.get_weights())
        return StartNetwork(config, model, build_unet(config), "base")
    for layer in model.layers:
        if layer.name != HEAD:
            layer.set_weights(source.get_layer(layer.name).get_weights())
    places = matching_outputs(card.classes, classes)
    if places is None:
        return StartNetwork(config, model, build_unet(config), "base body, new head")
    values = source.get_layer(HEAD).get_weights()
    if card.network.outputs == 1:
        # What one output says by sigmoid, two say by softmax if the first is 0.
        values = [np.concatenate([np.zeros_like(value), value], axis=-1) for value in values]
    kernel, bias = (value[..., places] for value in values)
    if outputs == 1:
        kernel, bias = kernel[..., 1:] - kernel[..., :1], bias[1:] - bias[:1]
    model.get_layer(HEAD).set_weights([kernel, bias])
    return StartNetwork(config, model, build_unet(config), "base body, head of the base")
