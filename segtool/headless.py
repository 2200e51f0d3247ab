"""The sample journey without a window: segment a folder and draw what came out."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segtool.commands.choosing import load_runtime, require_images
from segtool.commands.segmenting import Segmented, segment_folder
from segtool.core.classes import BACKGROUND, VOID
from segtool.core.errors import MaskError, SegToolError
from segtool.core.printable import printable
from segtool.formats.isolated import read_image
from segtool.formats.mask_png import read_mask
from segtool.formats.preview import contact_sheet, overlay_rgb
from segtool.formats.rgb_png import write_rgb
from segtool.project.layout import OVERLAYS_FOLDER
from segtool.project.project import Project

CONTACT_SHEET = "contact-sheet.png"
_TILE_SIDE = 360


def run_headless(folder: Path) -> int:
    """Segment every image of a folder with its active model; write masks, overlays and a contact sheet.

    Masks that are there already are kept. Prints where everything is.

    Returns
    -------
    int
        0, or 1 if no image could be segmented.

    Raises
    ------
    SegToolError
        If the folder, the model or a file to be written is at fault.
    """
    project = Project.open(folder)
    require_images(project)
    runtime = load_runtime(project, None)
    done = [item for item in segment_folder(project, runtime, overlay=True) if isinstance(item, Segmented)]
    tiles = []
    for item in done:
        if item.failed:
            sys.stdout.write(f"{printable(item.failed)}\n")
            continue
        try:
            pixels, mask = _image_and_mask(item)
        except SegToolError as exc:
            sys.stdout.write(f"{exc}\n")
            continue
        share = float(np.mean((mask != BACKGROUND) & (mask != VOID)))
        sys.stdout.write(
            f"{printable(item.entry.key)}: {share:.1%} labelled{f' ({item.skipped})' if item.skipped else ''}\n"
        )
        tiles.append((item.entry.key, _shrunk(overlay_rgb(pixels, mask, project.classes))))
    if not tiles:
        return 1
    overlays = project.data_root / OVERLAYS_FOLDER
    sheet = overlays / CONTACT_SHEET
    write_rgb(sheet, contact_sheet(tiles, columns=3, side=_TILE_SIDE))
    sys.stdout.write(f"masks: {project.masks_root}\noverlays: {overlays}\ncontact sheet: {sheet}\n")
    return 0


def _image_and_mask(item: Segmented) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.uint8]]:
    """Read both; a mask that was there before may be damaged or another image's."""
    pixels, mask = read_image(item.entry.path).pixels, read_mask(item.mask_path)
    if mask.shape != pixels.shape[:2]:
        raise MaskError(
            f"the mask has {mask.shape[1]}×{mask.shape[0]} pixels, its image {pixels.shape[1]}×{pixels.shape[0]}",
            path=item.mask_path,
        )
    return pixels, mask


def _shrunk(tile: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Make a tile no larger than it will be shown: a folder may hold thousands of large images."""
    scale = _TILE_SIDE / max(tile.shape[:2])
    if scale >= 1:
        return tile
    size = (max(1, round(tile.shape[1] * scale)), max(1, round(tile.shape[0] * scale)))
    return cv2.resize(tile, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
