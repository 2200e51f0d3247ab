"""The U-Net, built from its config with Keras layers."""

from __future__ import annotations

import keras
from keras import layers

from segtool.models.network_config import NetworkConfig, Stem

# Keras' default of 0.99 leaves a third of the initial statistics after 100 steps, so that early
# validation would judge a network that does not exist yet.
BATCH_NORM_MOMENTUM = 0.9
CHANNELS = 3
HEAD = "logits"
"""Name of the last layer with weights: the only one whose shape follows the classes."""


def build_unet(config: NetworkConfig, *, half: bool = False) -> keras.Model:
    """Build a U-Net with random weights.

    Blocks of two 3×3 convolutions with batch normalisation; 2×2 max-pooling down, 2×2 transpose
    convolutions up, skip connections by concatenation (Ronneberger et al. 2015), and, where the config says so,
    residual blocks (He et al. 2016). Batch normalisation rather than group or instance normalisation: it
    folds into the convolutions, and a tile's answer then does not depend on the tile's statistics.

    Parameters
    ----------
    config : NetworkConfig
    half : bool
        Compute in bfloat16, all but the last layer. Weights are float32 either way.

    Returns
    -------
    keras.Model
        Input float32 (N, H, W, 3) in 0…1, H and W multiples of ``config.input_stride``; output float32
        (N, H, W, outputs): probabilities by sigmoid (one output) or softmax (several).
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if half else "float32")
    try:
        return _build(config)
    finally:
        keras.config.set_dtype_policy(before)


def _build(config: NetworkConfig) -> keras.Model:
    image = layers.Input((None, None, CHANNELS), name="image")
    x = image
    full = None
    if config.stem is Stem.HALF:
        full = _convolution(x, config.skip_width, name="skip")
        x = _convolution(full, config.widths[0], strides=2, name="stem")
    skips = []
    for level, width in enumerate(config.widths[:-1]):
        x = _block(x, width, residual=config.residual, name=f"down{level}")
        skips.append(x)
        x = layers.MaxPooling2D(name=f"pool{level}")(x)
    x = _block(x, config.widths[-1], residual=config.residual, name="bottom")
    for level in reversed(range(len(skips))):
        x = layers.Conv2DTranspose(config.widths[level], 2, strides=2, padding="same", name=f"up{level}")(x)
        x = layers.Concatenate(name=f"join{level}")([skips[level], x])
        x = _block(x, config.widths[level], residual=config.residual, name=f"merge{level}")
    if full is not None:
        x = layers.Conv2DTranspose(config.skip_width, 2, strides=2, padding="same", name="up_full")(x)
        x = layers.Concatenate(name="join_full")([full, x])
        x = _convolution(x, config.skip_width, name="merge_full")
    activation = "sigmoid" if config.outputs == 1 else "softmax"
    # float32 whatever the policy: probabilities in bfloat16 have three digits.
    x = layers.Conv2D(config.outputs, 1, dtype="float32", name=HEAD)(x)
    output = layers.Activation(activation, dtype="float32", name="probability")(x)
    return keras.Model(image, output, name="unet")


def _convolution(
    x: keras.KerasTensor, width: int, *, name: str, strides: int = 1, relu: bool = True
) -> keras.KerasTensor:
    x = layers.Conv2D(
        width, 3, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x


def _block(x: keras.KerasTensor, width: int, *, residual: bool, name: str) -> keras.KerasTensor:
    y = _convolution(x, width, name=f"{name}_a")
    if not residual:
        return _convolution(y, width, name=f"{name}_b")
    y = _convolution(y, width, name=f"{name}_b", relu=False)
    if x.shape[-1] != width:
        x = layers.Conv2D(width, 1, use_bias=False, kernel_initializer="he_normal", name=f"{name}_short")(x)
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))
