"""Draw images that look like stained cell nuclei under a microscope, and their true masks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import cv2
import numpy as np
import numpy.typing as npt

from segtool.sample.outlines import Outline, draw_outline, place

NUCLEUS = 1

_Field = npt.NDArray[np.float32]

# Optical density per red, green and blue of a full nucleus and of the tissue around it
# (absorbance as in the law of Beer and Lambert; values chosen by eye).
_NUCLEUS_DENSITY = np.array([0.62, 1.05, 0.30], dtype=np.float32)
_TISSUE_DENSITY = np.array([0.14, 0.23, 0.10], dtype=np.float32)
_GLASS = 244.0


class Stain(Enum):
    """How a drawn image is taken."""

    FLUORESCENCE = auto()
    """Bright nuclei on a dark background, H×W uint8."""
    FLUORESCENCE_12_BIT = auto()
    """The same from a camera of 12 bits, H×W uint16 of values up to 4095."""
    BRIGHT_FIELD = auto()
    """Purple nuclei on pale tissue, H×W×3 uint8 (red, green, blue)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How drawn nuclei look.

    Attributes
    ----------
    stain : Stain
        Kind of image.
    coverage : float
        Part of the image that nuclei cover, 0…1; fewer are drawn where no more fit.
    diameter : tuple of float
        Smallest and largest mean diameter, in pixels.
    elongation : float
        Largest ratio of a nucleus's axes, ≥ 1.
    deformation : float
        Height of the waves in the outline, relative to the radius.
    touching : float
        Part of the nuclei that lie against another one, 0…1.
    condensed : float
        Part of the nuclei that are small, lumpy and twice as bright, 0…1.
    brightness : tuple of float
        Faintest and brightest nucleus, relative to the exposure, 0…1.
    texture : float
        Contrast of the chromatin, relative to the nucleus's brightness.
    blur : float
        Standard deviation of the optics' blur, in pixels.
    glow : float
        Light from out of focus around the nuclei, relative to their brightness.
    uneven : float
        Slow change of the background across the image, relative to the exposure.
    noise : float
        Standard deviation of the noise at full brightness, relative to the exposure.
    """

    stain: Stain = Stain.FLUORESCENCE
    coverage: float = 0.18
    diameter: tuple[float, float] = (18.0, 30.0)
    elongation: float = 1.8
    deformation: float = 0.06
    touching: float = 0.2
    condensed: float = 0.02
    brightness: tuple[float, float] = (0.45, 0.75)
    texture: float = 0.14
    blur: float = 1.0
    glow: float = 0.06
    uneven: float = 0.03
    noise: float = 0.025


DEFAULT_LOOK = Look()


def draw_nuclei(
    seed: int, *, size: tuple[int, int], look: Look = DEFAULT_LOOK
) -> tuple[npt.NDArray[np.uint8] | npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Draw an image of cell nuclei and its true mask.

    Parameters
    ----------
    seed : int
        Of the random generator, ≥ 0: the same seed, size and look give the same pixels.
    size : tuple of int
        Height and width, in pixels.
    look : Look
        What the nuclei and the image look like.

    Returns
    -------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        uint8, or uint16 of values up to 4095: see `Stain`.
    mask : ndarray of uint8, shape (H, W)
        1 where the centre of a pixel lies in a nucleus, else 0.
    """
    rng = np.random.default_rng(seed)
    signal = np.zeros(size, dtype=np.float32)
    mask = np.zeros(size, dtype=np.uint8)
    placed: list[Outline] = []
    while np.count_nonzero(mask) < look.coverage * mask.size:
        condensed = bool(rng.random() < look.condensed)
        outline = place(
            rng, _draw_shape(rng, look, condensed), placed, size=size, touching=bool(rng.random() < look.touching)
        )
        if outline is None:
            break
        placed.append(outline)
        _draw_nucleus(rng, outline, look, signal, mask, condensed=condensed)
    if look.stain is Stain.BRIGHT_FIELD:
        return _bright_field(rng, signal, look), mask
    return _fluorescence(rng, signal, look), mask


def _draw_shape(rng: np.random.Generator, look: Look, condensed: bool) -> Outline:
    low, high = look.diameter
    if condensed:
        return draw_outline(rng, diameter=(0.65 * low, 0.9 * low), elongation=2.0, deformation=0.2)
    return draw_outline(rng, diameter=(low, high), elongation=look.elongation, deformation=look.deformation)


def _draw_nucleus(
    rng: np.random.Generator,
    outline: Outline,
    look: Look,
    signal: _Field,
    mask: npt.NDArray[np.uint8],
    *,
    condensed: bool,
) -> None:
    """Add one nucleus to the signal and to the mask, both in place."""
    margin = int(np.ceil(outline.reach)) + 2
    left, top = round(outline.x) - margin, round(outline.y) - margin
    rows, columns = np.mgrid[top : top + 2 * margin + 1, left : left + 2 * margin + 1].astype(np.float64)
    dx, dy = columns - outline.x, rows - outline.y
    distance = np.hypot(dx, dy)
    edge = outline.radius(np.arctan2(dy, dx))
    # Nuclei are thickest in the middle; the rim is a little darker.
    dome = 1.0 - 0.22 * np.clip(distance / edge, 0.0, 1.0) ** 4
    chromatin = 1.0 + look.texture * (2.0 if condensed else 1.0) * _chromatin(rng, distance.shape, outline)
    low, high = look.brightness
    brightness = high * rng.uniform(1.3, 1.6) if condensed else low + (high - low) * rng.beta(2.0, 2.5)
    drawn = brightness * dome * np.clip(chromatin, 0.25, 2.0) * np.clip(0.5 - (distance - edge), 0.0, 1.0)

    height, width = mask.shape
    inside = np.s_[max(0, top) : min(height, top + len(rows)), max(0, left) : min(width, left + len(rows))]
    local = np.s_[
        inside[0].start - top : inside[0].stop - top,
        inside[1].start - left : inside[1].stop - left,
    ]
    signal[inside] = np.maximum(signal[inside], drawn[local].astype(np.float32))
    mask[inside][distance[local] < edge[local]] = NUCLEUS


def _chromatin(rng: np.random.Generator, shape: tuple[int, ...], outline: Outline) -> npt.NDArray[np.float64]:
    """Return a texture of mean 0 and standard deviation of about 1: fine grain, lumps, dark and bright spots."""
    radius = (outline.long + outline.short) / 2.0
    texture = 0.8 * _smooth_noise(rng, shape, 0.04 * radius + 0.5) + 0.6 * _smooth_noise(rng, shape, 0.2 * radius)
    rows, columns = np.indices(shape, dtype=np.float64) - (shape[0] - 1) / 2.0
    spots = [(-2.2, 0.15)] * int(rng.integers(0, 3)) + [(2.2, 0.08)] * int(rng.integers(1, 6))
    for height, relative_radius in spots:
        away, direction = 0.7 * radius * np.sqrt(rng.random()), rng.uniform(0.0, 2.0 * np.pi)
        squared = (columns - away * np.cos(direction)) ** 2 + (rows - away * np.sin(direction)) ** 2
        texture += height * np.exp(-0.5 * squared / (relative_radius * radius + 0.5) ** 2)
    return np.asarray(texture)


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
    """Return noise of standard deviation 1 whose grain is ``sigma`` pixels wide."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(noise / max(float(noise.std()), 1e-9))


def _slow_change(rng: np.random.Generator, shape: tuple[int, ...]) -> _Field:
    """Return a field from 0 to 1 that changes slowly across the image."""
    coarse = rng.random((4, 4), dtype=np.float32)
    field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.min()) / max(float(np.ptp(field)), 1e-6), dtype=np.float32)


def _blurred(field: _Field, sigma: float) -> _Field:
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _fluorescence(
    rng: np.random.Generator, signal: _Field, look: Look
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Expose a signal (1 is full brightness) on a camera's chip."""
    mean_diameter = sum(look.diameter) / 2.0
    light = _blurred(signal, look.blur) + look.glow * _blurred(signal, 0.5 * mean_diameter)
    light += 0.03 + look.uneven * _slow_change(rng, signal.shape)
    # Shot noise grows with the root of the light. It is drawn as normal, not as Poisson, so that how many
    # random numbers are used does not hang on the last bit of the light.
    light += look.noise * np.sqrt(0.04 + light) * rng.standard_normal(signal.shape, dtype=np.float32)
    if look.stain is Stain.FLUORESCENCE_12_BIT:
        return np.clip(np.rint(light * 3600.0), 0, 4095).astype(np.uint16)
    return np.clip(np.rint(light * 235.0), 0, 255).astype(np.uint8)


def _fibres(rng: np.random.Generator, shape: tuple[int, ...]) -> _Field:
    """Return a texture of wavy strands, mean 0 and standard deviation of about 1."""
    bend = 0.6 * min(shape)
    # The strands lie straight on a larger sheet, on which the image is a bent window.
    sheet = (int(shape[0] + 0.4 * shape[1] + bend) + 1, int(shape[1] + bend) + 1)
    strands = cv2.GaussianBlur(rng.standard_normal(sheet), (0, 0), sigmaX=7.0, sigmaY=1.2)
    strands = np.asarray(0.8 * strands / strands.std() + 0.6 * _smooth_noise(rng, sheet, 2.5), dtype=np.float32)
    rows, columns = np.indices(shape, dtype=np.float32)
    across = columns + bend * _slow_change(rng, shape)
    down = rows + 0.4 * columns + bend * _slow_change(rng, shape)
    bent = cv2.remap(strands, across, down.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(bent, dtype=np.float32)


def _bright_field(rng: np.random.Generator, signal: _Field, look: Look) -> npt.NDArray[np.uint8]:
    """Let white light pass through stained nuclei and the tissue around them."""
    shape = signal.shape
    nuclei = _blurred(signal, look.blur) + look.glow * _blurred(signal, 0.4 * sum(look.diameter) / 2.0)
    tissue = 0.75 + look.uneven * 8.0 * _slow_change(rng, shape) + 0.075 * _fibres(rng, shape)
    density = nuclei[..., None] * _NUCLEUS_DENSITY + np.clip(tissue, 0.0, None)[..., None] * _TISSUE_DENSITY
    light = _GLASS * np.exp(-density)
    # The sensor's noise is the same in all colours but for a little: cameras interpolate their colours.
    grain = rng.standard_normal(shape, dtype=np.float32)[..., None]
    grain = grain + 0.4 * rng.standard_normal((*shape, 3), dtype=np.float32)
    light += 255.0 * look.noise * 0.5 * np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.7), dtype=np.float32)
    return np.clip(np.rint(light), 0, 255).astype(np.uint8)
