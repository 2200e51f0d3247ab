"""How the learning rate and the momentum of the average go over a run."""

from __future__ import annotations

import math

EMA_MOMENTUM = 0.995
# The learning rate climbs over this share of the run and then falls along a cosine.
_WARM_UP = 0.05


def rate_at(fraction: float, *, peak: float) -> float:
    """Return the learning rate when a fraction (0…1) of a run is over: a short warm-up, then a cosine to near 0."""
    if fraction < _WARM_UP:
        return peak * max(fraction / _WARM_UP, 0.05)
    return peak * max(0.5 * (1 + math.cos(math.pi * (fraction - _WARM_UP) / (1 - _WARM_UP))), 0.01)


def momentum_at(step: int) -> float:
    """Return the momentum of the average at a step: a young one follows quickly, to forget where it started."""
    return min(EMA_MOMENTUM, (1 + step) / (10 + step))
