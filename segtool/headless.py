"""The sample journey without a window: segment a folder and draw what came out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from segtool.commands.choosing import load_runtime, require_images
from segtool.commands.segmenting import Segmented, segment_folder
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask
from segtool.formats.preview import contact_sheet, overlay_rgb
from segtool.formats.rgb_png import write_rgb
from segtool.project.layout import OVERLAYS_FOLDER
from segtool.project.project import Project

CONTACT_SHEET = "contact-sheet.png"


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
            sys.stdout.write(f"{item.failed}\n")
            continue
        mask = read_mask(item.mask_path)
        share = float(np.mean((mask > 0) & (mask < 255)))
        sys.stdout.write(f"{item.entry.key}: {share:.1%} labelled{f' ({item.skipped})' if item.skipped else ''}\n")
        shown = overlay_rgb(read_image(item.entry.path).pixels, mask, project.classes)
        tiles.append((item.entry.key, shown))
    if not tiles:
        return 1
    overlays = project.data_root / OVERLAYS_FOLDER
    sheet = overlays / CONTACT_SHEET
    write_rgb(sheet, contact_sheet(tiles, columns=3, side=360))
    sys.stdout.write(f"masks: {project.masks_root}\noverlays: {overlays}\ncontact sheet: {sheet}\n")
    return 0
