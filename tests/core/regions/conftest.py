"""Images with something to find in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage


def noise(shape: tuple[int, ...], *, seed: int, sigma: float = 3.0) -> npt.NDArray[np.float64]:
    """Return smooth noise that fills 0…1."""
    rng = np.random.default_rng(seed)
    drawn = ndimage.gaussian_filter(rng.random(shape), (sigma, sigma, 0)[: len(shape)], mode="wrap")
    return (drawn - drawn.min()) / (drawn.max() - drawn.min())


def as_kind(values: npt.NDArray[np.float64], kind: str) -> npt.NDArray[np.generic]:
    """Return values 0…1 as an image of one of the dtypes that an image may have."""
    if kind == "uint8":
        return np.rint(values * 255).astype(np.uint8)
    if kind == "uint16":
        return np.rint(values * 3000 + 500).astype(np.uint16)
    return (values * 7 - 2).astype(np.float32)


@pytest.fixture(params=["uint8", "uint16", "float32"])
def kind(request: pytest.FixtureRequest) -> str:
    """Every dtype of an image."""
    return str(request.param)


@pytest.fixture(params=["grey", "colour"])
def channels(request: pytest.FixtureRequest) -> tuple[int, ...]:
    """Grey and colour, as the end of a shape."""
    return () if request.param == "grey" else (3,)
