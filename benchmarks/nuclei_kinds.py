"""Kinds of image of the nuclei set as people tell them apart: ``nuclei_kinds.py DATA/nuclei/val --out FILE.csv``.

By eye there are bright nuclei on dark, small or large, purple ones on white or on purple tissue, and grey tissue. Here
that is decided by colour, by the brightness outside the nuclei, and by the median area of a nucleus.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segtool.core.augmentation import is_grey
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask
from segtool.project.project import Project

# A median nucleus of about 18 pixels across parts the dark images into halves of like number.
_LARGE_AREA = 250
_WHITE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with images and masks")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write, for --kinds")
    arguments = parser.parse_args()
    kinds = nuclei_kinds(Project.open(arguments.folder))
    with arguments.out.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("stem", "kind"), *sorted(kinds.items())])
    for kind, count in sorted(Counter(kinds.values()).items()):
        print(f"{kind}: {count}")


def nuclei_kinds(project: Project) -> dict[str, str]:
    entries = [entry for entry in project.entries if entry.mask_path.is_file()]
    return {entry.path.stem: kind_of(read_image(entry.path).pixels, read_mask(entry.mask_path)) for entry in entries}


def kind_of(pixels: npt.NDArray[np.generic], mask: npt.NDArray[np.uint8]) -> str:
    outside = float(np.median(pixels[mask == 0])) if (mask == 0).any() else 0.0
    if pixels.ndim == 3 and not is_grey(pixels):
        return "purple on white" if outside > _WHITE else "purple on purple"
    if outside > np.iinfo(np.uint8).max / 2:
        return "grey tissue"
    _, _, stats, _ = cv2.connectedComponentsWithStats((mask == 1).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return "fluorescence, large" if areas.size and np.median(areas) >= _LARGE_AREA else "fluorescence, small"


if __name__ == "__main__":
    main()
