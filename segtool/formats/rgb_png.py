"""Pictures that the program draws, as PNG files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from segtool.core.errors import SaveError
from segtool.formats.atomic import write_atomic


def write_rgb(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Write 8-bit RGB pixels (H×W×3) as PNG, making its folder; SaveError if that fails."""
    stream = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SaveError(f"its folder cannot be made ({exc.strerror})", path=path) from exc
    write_atomic(path, stream.getvalue())
