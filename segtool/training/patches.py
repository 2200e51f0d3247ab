"""Training crops and validation crops, drawn from images in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

from segtool.core.augmentation import random_affine, random_intensity, warp_pair
from segtool.core.classes import VOID, ClassSet, match_classes
from segtool.core.errors import MaskError, TrainingError
from segtool.core.normalisation import Normalisation, intensity_range, normalise, void_without_value
from segtool.core.reduction import reduce_mask, reduce_pixels
from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.formats.isolated import read_image
from segtool.formats.mask_png import read_mask
from segtool.project.shown import read_shown
from segtool.project.sources import Source
from segtool.project.training_images import left_out_is_a_way

# Where crops lie: about a pixel that a person has corrected, about a pixel of a class that the image holds, whichever,
# so that rare classes are seen (nnU-Net forces a third), and the rest anywhere.
_CORRECTED_SHARE = 0.3
_CENTRED_SHARE = 0.4
# Below this share of labelled pixels a crop placed anywhere would often hold no label at all.
_SPARSE_SHARE = 0.25
# Positions of labelled pixels that are remembered for each class and image.
_POSITIONS = 2000
# Held-out crops at most; and in a run of this many minutes or fewer, where judging 128 would take a third of the time.
_VALIDATION_CROPS, _FEW_CROPS, _SHORT_RUN = 128, 32, 10.0

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled image: native pixels, mask, the values that normalise to 0 and 1, and where labels lie.

    Attributes
    ----------
    ids : tuple of int
        The classes that the mask holds.
    positions : tuple of ndarray of int32, shape (n, 2)
        For each of them, some (x, y) of its pixels.
    is_sparse : bool
        Whether most of the mask is void.
    corrected : ndarray of int32, shape (n, 2)
        Some (x, y) of labelled pixels where the model had shown something else; n is 0 where that is not known.
    """

    key: str
    pixels: npt.NDArray[np.generic]
    mask: npt.NDArray[np.uint8]
    value_range: tuple[float, float]
    ids: tuple[int, ...]
    positions: tuple[npt.NDArray[np.int32], ...]
    is_sparse: bool
    corrected: npt.NDArray[np.int32]


def load_samples(
    sources: Sequence[Source],
    classes: ClassSet,
    normalisation: Normalisation,
    *,
    seed: int,
    mask_classes: ClassSet | None = None,
    reduction: int = 1,
) -> list[Sample]:
    """Read images and masks into memory in their own dtype, reduced as the network wants them.

    Parameters
    ----------
    sources : sequence of Source
    classes : ClassSet
        Classes of the samples.
    normalisation : Normalisation
    seed : int
        Seeds which label positions are remembered.
    mask_classes : ClassSet, optional
        Classes of the mask files, if other than ``classes``; those of one name are the same.
    reduction : int
        How many times smaller than the image the network's input is.

    Raises
    ------
    ImageError, MaskError
        If a file cannot be read or sizes differ.
    TrainingError
        If no mask has a labelled pixel.
    """
    rng = np.random.default_rng(seed)
    mask_classes = classes if mask_classes is None else mask_classes
    _, table = match_classes(mask_classes, classes)
    samples = []
    for source in sources:
        with left_out_is_a_way():
            pixels = read_image(source.image).pixels
        mask = read_mask(source.mask)
        if mask.shape != pixels.shape[:2]:
            raise MaskError(
                f"the mask has {mask.shape[1]}×{mask.shape[0]} pixels, its image {pixels.shape[1]}×{pixels.shape[0]}",
                path=source.mask,
            )
        shown = None if source.shown is None else read_shown(source.shown, shape=mask.shape)
        if source.void_is != VOID:
            mask = np.where(mask == VOID, np.uint8(source.void_is), mask)
        # An id without a class says nothing: the table makes it void, whatever void counts as.
        sample = make_sample(
            source.key,
            pixels,
            table[mask],
            classes,
            normalisation,
            rng,
            shown=None if shown is None else table[shown],
            reduction=reduction,
        )
        if sample is not None:
            samples.append(sample)
    if not samples:
        raise TrainingError("none of the masks has a labelled pixel", remedy="Paint or approve some images first.")
    return samples


def make_sample(
    key: str,
    pixels: npt.NDArray[np.generic],
    mask: npt.NDArray[np.uint8],
    classes: ClassSet,
    normalisation: Normalisation,
    rng: np.random.Generator,
    *,
    shown: npt.NDArray[np.uint8] | None = None,
    reduction: int = 1,
) -> Sample | None:
    """Make a sample of an image and its mask; None if no pixel is labelled.

    Parameters
    ----------
    key : str
    pixels : ndarray, shape (H, W) or (H, W, 3)
    mask : ndarray of uint8, shape (H, W)
        Ids of ``classes``, 255 for void.
    classes : ClassSet
    normalisation : Normalisation
    rng : numpy.random.Generator
        Chooses which positions are remembered.
    shown : ndarray of uint8, shape (H, W), optional
        The mask before a person corrected it.
    reduction : int
        How many times smaller than the image the network's input is.
    """
    mask = void_without_value(mask, pixels)
    wrong = None if shown is None else _reduced_region((shown != mask) & (mask != VOID), reduction)
    mask = reduce_mask(mask, classes.ids, reduction)
    ids = tuple(class_id for class_id in classes.ids if (mask == class_id).any())
    if not ids:
        return None
    value_range = intensity_range(pixels, normalisation)
    if reduction > 1:
        # Cut off first, as the means of an image that is segmented are those of normalised values.
        pixels = reduce_pixels(np.clip(pixels, *value_range).astype(pixels.dtype), reduction)
    return Sample(
        key,
        pixels,
        mask,
        value_range,
        ids,
        tuple(_positions(mask == class_id, rng) for class_id in ids),
        bool((mask != VOID).mean() < _SPARSE_SHARE),
        _positions(np.zeros(mask.shape, dtype=np.bool_) if wrong is None else wrong & (mask != VOID), rng),
    )


def _reduced_region(region: npt.NDArray[np.bool_], reduction: int) -> npt.NDArray[np.bool_]:
    # As in masks, what is a pixel wide must not vanish.
    reduced = reduce_mask(np.where(region, np.uint8(1), np.uint8(VOID)), (1,), reduction)
    return np.asarray(reduced == 1, dtype=np.bool_)


def _positions(region: npt.NDArray[np.bool_], rng: np.random.Generator) -> npt.NDArray[np.int32]:
    flat = np.flatnonzero(region.ravel())
    if flat.size > _POSITIONS:
        flat = rng.choice(flat, _POSITIONS, replace=False)
    rows, columns = np.divmod(flat, region.shape[1])
    return np.column_stack([columns, rows]).astype(np.int32)


def training_batches(
    samples: Sequence[Sample],
    classes: ClassSet,
    settings: RunSettings,
    *,
    kinds: Mapping[str, str] | None = None,
    first_step: int = 0,
) -> Iterator[Batch]:
    """Yield augmented batches without end; a batch depends on the seed and its step alone.

    Parameters
    ----------
    samples : sequence of Sample
    classes : ClassSet
    settings : RunSettings
    kinds : mapping of str to str, optional
        Key of a sample → kind of image. Kinds are then drawn with weights that grow with the square root of their
        number of images, so that rare ones are seen often enough to be learnt.
    first_step : int
        Step of the first batch.

    Yields
    ------
    image : ndarray of float32, shape (batch, crop, crop, 3), values about 0…1
    target : ndarray of float32, shape (batch, crop, crop, outputs)
    weight : ndarray of float32, shape (batch, crop, crop)
        0 where void.
    """
    weights = sampling_weights(samples, kinds or {})
    for step in count(first_step):
        rng = np.random.default_rng([settings.seed, step])
        chosen = rng.choice(len(samples), settings.batch, p=weights)
        crops = [draw_crop(samples[i], settings.augmentation, rng, size=settings.crop) for i in chosen]
        yield to_batch([image for image, _ in crops], [mask for _, mask in crops], classes)


def sampling_weights(samples: Sequence[Sample], kinds: Mapping[str, str]) -> npt.NDArray[np.float64]:
    """Return how often each sample is drawn, summing to 1.

    Within a kind the weight grows with the square root of the area: a large image holds more that is worth
    seeing, but must not crowd out the small ones. Kinds share by the square root of their number of images.
    """
    weights: npt.NDArray[np.float64] = np.sqrt([float(sample.mask.size) for sample in samples])
    if not kinds:
        kinds = dict.fromkeys((sample.key for sample in samples), "")
    kind_of = np.array([kinds.get(sample.key, "") for sample in samples])
    for kind in np.unique(kind_of):
        here = kind_of == kind
        weights[here] *= np.sqrt(here.sum()) / weights[here].sum()
    weights /= weights.sum()
    return weights


def draw_crop(
    sample: Sample, augmentation: AugmentationSettings, rng: np.random.Generator, *, size: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Draw one augmented crop of a sample.

    Returns
    -------
    image : ndarray of float32, shape (size, size, 3), values about 0…1
    mask : ndarray of uint8, shape (size, size)
    """
    height, width = sample.mask.shape
    chance = rng.random()
    corrected_share = _CORRECTED_SHARE if len(sample.corrected) else 0.0
    if chance < corrected_share + _CENTRED_SHARE or sample.is_sparse:
        positions = sample.positions[int(rng.integers(len(sample.positions)))]
        if chance < corrected_share:
            positions = sample.corrected
        x, y = (float(v) for v in positions[int(rng.integers(len(positions)))])
        jitter = rng.uniform(-0.4, 0.4, 2) * size
        x, y = x + jitter[0], y + jitter[1]
    else:
        x, y = rng.uniform(0, width), rng.uniform(0, height)
    # Crops stay inside where the image is larger than a crop: reflection is a makeshift.
    centre = (_inside(x, width, size), _inside(y, height, size))
    matrix = random_affine(augmentation, rng, centre=centre, size=size)
    pixels, mask = warp_pair(sample.pixels, sample.mask, matrix, size=size)
    image = normalise(pixels, Normalisation(), value_range=sample.value_range)
    return random_intensity(image, augmentation, rng), mask


def _inside(value: float, length: int, size: int) -> float:
    half = size / 2
    return (length - 1) / 2 if length <= size else min(max(value, half - 0.5), length - half - 0.5)


def to_batch(
    images: Sequence[npt.NDArray[np.float32]], masks: Sequence[npt.NDArray[np.uint8]], classes: ClassSet
) -> Batch:
    """Stack crops into image, one-hot target (the second class alone if there are two) and weight."""
    ids = np.array(classes.ids if len(classes) > 2 else classes.ids[1:], dtype=np.uint8)
    labels = np.stack(masks)
    target = (labels[..., None] == ids).astype(np.float32)
    return np.stack(images), target, (labels != VOID).astype(np.float32)


def validation_crops(
    samples: Sequence[Sample], *, size: int, seed: int, minutes: float | None = None
) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]]:
    """Cut held-out images into a grid of crops, the same for every validation of a run.

    Parameters
    ----------
    samples : sequence of Sample
    size : int
        Side of a crop.
    seed : int
    minutes : float, optional
        Time budget of the run.

    Returns
    -------
    list of (ndarray of float32 (size, size, 3), ndarray of uint8 (size, size))
        At most 128 crops, 32 in a run of up to ten minutes, chosen by the seed where there are more. Images smaller
        than a crop are filled up by reflection, their masks with void.
    """
    most = _FEW_CROPS if minutes is not None and minutes <= _SHORT_RUN else _VALIDATION_CROPS
    places = [
        (sample, x, y)
        for sample in samples
        for y in range(0, sample.mask.shape[0], size)
        for x in range(0, sample.mask.shape[1], size)
        if (sample.mask[y : y + size, x : x + size] != VOID).any()
    ]
    if len(places) > most:
        rng = np.random.default_rng(seed)
        places = [places[i] for i in sorted(rng.choice(len(places), most, replace=False))]
    return [crop_at(sample, x, y, size=size) for sample, x, y in places]


def crop_at(sample: Sample, x: int, y: int, *, size: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Cut the crop whose upper left pixel is (x, y), filled up by reflection and void where the image ends."""
    pixels = sample.pixels[y : y + size, x : x + size]
    mask = np.full((size, size), VOID, dtype=np.uint8)
    mask[: pixels.shape[0], : pixels.shape[1]] = sample.mask[y : y + size, x : x + size]
    image = normalise(pixels, Normalisation(), value_range=sample.value_range)
    missing = (size - pixels.shape[0], size - pixels.shape[1])
    return np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric"), mask
