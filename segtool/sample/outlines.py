"""Where drawn nuclei lie and what their outlines are: seeded geometry, no pixels of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_ATTEMPTS = 60
# Apart: centres at least this many times the sum of the radii from each other.
_APART = 1.25
# Touching: the outlines reach into each other by a little, so that no gap of background is left.
_TOUCHING = 0.94


@dataclass(frozen=True, slots=True)
class Outline:
    """A closed curve around a nucleus: an ellipse with a few waves in its radius.

    Attributes
    ----------
    x, y : float
        Centre, in pixels; a pixel's centre has whole coordinates.
    long, short : float
        Half axes, in pixels.
    angle : float
        Of the long axis, in radians.
    waves : tuple of (float, float)
        Relative height and phase (radians) of the waves with 2, 3, … crests around the outline.
    """

    x: float
    y: float
    long: float
    short: float
    angle: float
    waves: tuple[tuple[float, float], ...]

    @property
    def reach(self) -> float:
        """Largest distance from the centre that the outline can have, in pixels."""
        return self.long * (1.0 + sum(height for height, _ in self.waves))

    def radius(self, direction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the distance of the outline from the centre in some directions (radians), in pixels."""
        turned = direction - self.angle
        ellipse = self.long * self.short / np.hypot(self.short * np.cos(turned), self.long * np.sin(turned))
        wave = sum(height * np.cos(crests * turned + phase) for crests, (height, phase) in enumerate(self.waves, 2))
        return np.asarray(ellipse * (1.0 + wave))

    def radius_towards(self, direction: float) -> float:
        """Return the distance of the outline from the centre in one direction (radians), in pixels."""
        return float(self.radius(np.array([direction]))[0])

    def moved_to(self, x: float, y: float) -> Outline:
        """Return the same outline around another centre."""
        return Outline(x, y, self.long, self.short, self.angle, self.waves)


def draw_outline(
    rng: np.random.Generator, *, diameter: tuple[float, float], elongation: float, deformation: float
) -> Outline:
    """Draw the size and shape of one nucleus around (0, 0).

    Parameters
    ----------
    rng : Generator
        Its state moves on by a fixed number of draws.
    diameter : tuple of float
        Smallest and largest mean diameter, in pixels.
    elongation : float
        Largest ratio of the axes, ≥ 1.
    deformation : float
        Typical height of a wave, relative to the radius: 0 is an ellipse, 0.1 a bean.
    """
    radius = rng.uniform(*diameter) / 2.0
    stretch = np.sqrt(rng.uniform(1.05, elongation))
    heights = deformation * rng.uniform(0.1, 1.0, size=4) / np.arange(1, 5)
    phases = rng.uniform(0.0, 2.0 * np.pi, size=4)
    waves = tuple((float(height), float(phase)) for height, phase in zip(heights, phases, strict=True))
    return Outline(0.0, 0.0, radius * stretch, radius / stretch, rng.uniform(0.0, np.pi), waves)


def place(
    rng: np.random.Generator, outline: Outline, placed: list[Outline], *, size: tuple[int, int], touching: bool
) -> Outline | None:
    """Find room for an outline in an image, cut off by its border or not.

    Parameters
    ----------
    rng : Generator
        Its state moves on.
    outline : Outline
        What to place; its centre does not matter.
    placed : list of Outline
        What lies there already.
    size : tuple of int
        Height and width of the image, in pixels.
    touching : bool
        Whether to lay it against one that lies there already.

    Returns
    -------
    Outline or None
        The outline around its new centre; None if no room was found.
    """
    height, width = size
    for _ in range(_ATTEMPTS):
        neighbour: Outline | None = None
        if touching and placed:
            neighbour = placed[int(rng.integers(len(placed)))]
            direction = float(rng.uniform(-np.pi, np.pi))
            distance = neighbour.radius_towards(direction) + outline.radius_towards(direction + np.pi)
            x = neighbour.x + _TOUCHING * distance * float(np.cos(direction))
            y = neighbour.y + _TOUCHING * distance * float(np.sin(direction))
            if not (0 <= x < width and 0 <= y < height):
                continue
        else:
            x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        others = [other for other in placed if other is not neighbour]
        if all(_is_clear(x, y, outline, other, _TOUCHING if neighbour else _APART) for other in others):
            return outline.moved_to(x, y)
    return None


def _is_clear(x: float, y: float, outline: Outline, other: Outline, factor: float) -> bool:
    distance = float(np.hypot(other.x - x, other.y - y))
    if distance > factor * (outline.reach + other.reach):
        return True
    direction = float(np.arctan2(other.y - y, other.x - x))
    return distance > factor * (outline.radius_towards(direction) + other.radius_towards(direction + np.pi))
