"""The job that finds out which images a model expects to do worst on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segtool.core.errors import ImageError
from segtool.formats.isolated import probe_image, read_image
from segtool.gui.jobs.segment_job import RuntimeCache
from segtool.gui.jobs.worker import Job
from segtool.inference.expectation import Expectation, expect
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress
from segtool.project.document import FilePrint
from segtool.project.expected_errors import Expected, model_print, read_expected, write_expected
from segtool.project.layout import ImageEntry

# Reading a larger file takes seconds and gigabytes, which nobody has asked for.
MOST_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class LookedAt:
    """An image that was looked at.

    Attributes
    ----------
    entry : ImageEntry
        The image.
    model : str
        Which model; see ``model_print``.
    expected : Expected or None
        What the model expects; None if the image cannot be read or is too large to be looked at in passing.
    """

    entry: ImageEntry
    model: str
    expected: Expected | None


def expectation_job(
    entries: Sequence[ImageEntry],
    known: Mapping[str, Expected],
    *,
    model_folder: Path,
    runtimes: RuntimeCache,
    data_root: Path | None,
) -> Job:
    """Look at images, one after the other; closing the generator between two tiles cancels.

    What was found out until the end, whatever that is, is kept on disk for the next time.

    Parameters
    ----------
    entries : sequence of ImageEntry
        The images.
    known : mapping of str to Expected
        What is known from earlier; it counts as long as the image file has not changed.
    model_folder : Path
        The model.
    runtimes : RuntimeCache
        Holds the network.
    data_root : Path or None
        The project's; None if nothing can be written there.

    Yields
    ------
    Progress
        While an image is looked at.
    LookedAt
        Once for each image.

    Raises
    ------
    ModelError
        If the model cannot be loaded.
    SegToolError
        If the network cannot be run.
    """
    runtime = runtimes.get(model_folder)
    model = model_print(runtime.card)
    valid = dict[str, Expected]()
    try:
        for entry in entries:
            for item in _look_at(entry, known.get(entry.key), runtime):
                if isinstance(item, Progress):
                    yield item
                    continue
                if item is not None:
                    valid[entry.key] = item
                yield LookedAt(entry, model, item)
    finally:
        if data_root is not None and valid:
            kept = read_expected(data_root)
            before = kept.pop(model, {})
            if (images := {**before, **valid}) != before:
                write_expected(data_root, {**kept, model: images})


def _look_at(entry: ImageEntry, known: Expected | None, runtime: Runtime) -> Iterator[Progress | Expected | None]:
    """Yield progress and, at the end, what is expected; None if the image cannot be read or is too large."""
    file = FilePrint.of_readable(entry.path)
    if file is not None and known is not None and known.file == file:
        yield known
        return
    try:
        header = probe_image(entry.path)
        pixels = read_image(entry.path).pixels if header.width * header.height <= MOST_PIXELS else None
    except ImageError:
        pixels = None
    if file is None or pixels is None:
        yield None
        return
    for item in expect(pixels, runtime):
        yield Expected(file, item.error) if isinstance(item, Expectation) else item
