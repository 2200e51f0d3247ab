"""``segtool segment``: a mask for every image of a folder."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Generator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segtool.commands.choosing import held, load_runtime, open_project, require_images
from segtool.commands.reporting import Reporter
from segtool.core.classes import ClassSet, match_classes
from segtool.core.errors import ImageError, MaskError, SaveError
from segtool.core.printable import printable
from segtool.formats.isolated import read_image
from segtool.formats.mask_png import read_mask, write_mask
from segtool.formats.preview import overlay_rgb
from segtool.formats.rgb_png import write_rgb
from segtool.inference.runtime import Runtime
from segtool.inference.segmenter import Progress, segment
from segtool.project.layout import OVERLAYS_FOLDER, ImageEntry
from segtool.project.project import Project
from segtool.project.recovery import unsaved_keys
from segtool.project.status import Status

# Statuses are written after this many images: each time the whole file is.
_STATE_EVERY = 20


@dataclass(frozen=True, slots=True)
class Segmented:
    """One image done: its mask file, its overlay file if one was asked for, or why it was passed over."""

    entry: ImageEntry
    mask_path: Path
    overlay_path: Path | None = None
    skipped: str = ""
    failed: str = ""


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Segment a folder as the arguments say; return the exit code."""
    project = open_project(arguments.folder, reporter)
    entries = require_images(project)
    runtime = load_runtime(project, arguments.model)
    out = None if arguments.out is None else Path(arguments.out)
    unsaved = unsaved_keys(project) if out is None else frozenset()
    if unsaved:
        reporter.warning(
            f"Unsaved changes of {', '.join(sorted(unsaved))}: open the folder in the window to restore them."
        )
    results: list[Segmented] = []
    with closing(
        segment_folder(
            project,
            runtime,
            out=out,
            overlay=arguments.overlay,
            overwrite=arguments.overwrite,
            spared=unsaved,
            tta=arguments.tta,
        )
    ) as work:
        for item in work:
            if isinstance(item, Progress):
                reporter.progress(item.done / item.total, f"{len(results) + 1} of {len(entries)}")
                continue
            results.append(item)
            if item.failed:
                reporter.warning(item.failed)
            elif item.skipped:
                reporter.line(f"{printable(item.entry.key)}: {item.skipped}")
            else:
                reporter.line(printable(f"{item.entry.key} -> {item.mask_path}"))
    reporter.finish()
    done = sum(1 for item in results if not item.failed and not item.skipped)
    skipped = sum(1 for item in results if item.skipped)
    failed = sum(1 for item in results if item.failed)
    reporter.line(
        f"{done} segmented with {runtime.card.name}"
        + (f", {skipped} left as they were (--overwrite replaces them)" if skipped else "")
        + (f", {failed} failed" if failed else "")
    )
    return 0 if done + skipped else 1


def segment_folder(
    project: Project,
    runtime: Runtime,
    *,
    out: Path | None = None,
    overlay: bool = False,
    overwrite: bool = False,
    spared: Collection[str] = (),
    tta: bool = False,
) -> Generator[Progress | Segmented, None, None]:
    """Segment every image of a project and write its mask.

    Parameters
    ----------
    project : Project
        Its statuses and classes are saved if the masks go into its own folder.
    runtime : Runtime
        The model.
    out : Path, optional
        Folder for the masks instead of the project's own; overlays go into ``overlays/`` in it.
    overlay : bool
        Also write the image with the mask drawn over it.
    overwrite : bool
        Replace masks that are there; otherwise such images are passed over.
    spared : collection of str
        Keys of images that are passed over whatever is there: a journal holds unsaved changes of them.
    tta : bool
        Average over flips and quarter turns: 8 times as slow.

    Yields
    ------
    Progress
        Tiles done, within one image.
    Segmented
        After each image. One that cannot be read is reported and passed over, and so is one whose mask is damaged, of
        another size or kind, or holds ids without a class: it is never replaced.

    Raises
    ------
    FolderHeldError
        If the masks go into the project's own folder and somebody else is changing that.
    SaveError
        If nothing can be written, or if a mask or overlay would take the place of an image.
    """
    own = out is None
    if own and project.writable_reason:
        raise SaveError(project.writable_reason.rstrip("."), remedy="With --out the masks go elsewhere.")
    with held(project, doing="segtool segment") if own else nullcontext():
        yield from _segment_folder(
            project, runtime, out=out, overlay=overlay, overwrite=overwrite, spared=spared, tta=tta
        )


def _segment_folder(
    project: Project,
    runtime: Runtime,
    *,
    out: Path | None,
    overlay: bool,
    overwrite: bool,
    spared: Collection[str],
    tta: bool,
) -> Generator[Progress | Segmented, None, None]:
    """Do it, in a folder that is held if the masks go there."""
    own = out is None
    model_classes = runtime.card.classes
    known = project.classes if project.has_classes else model_classes
    classes, table = match_classes(model_classes, known)
    if own and (not project.has_classes or classes != known):
        project.set_classes(classes)
        project.save_state()
    masks, overlays = _targets(project, out)
    try:
        for index, entry in enumerate(project.entries):
            mask_path = masks[entry.key]
            if entry.key in spared:
                yield Segmented(entry, mask_path, skipped="has unsaved changes")
                continue
            if mask_path.exists() and not overwrite:
                yield Segmented(entry, mask_path, skipped="has a mask already")
                continue
            try:
                pixels = read_image(entry.path).pixels
            except ImageError as exc:
                yield Segmented(entry, mask_path, failed=str(exc))
                continue
            if kept := _why_kept(mask_path, pixels.shape[:2], classes):
                yield Segmented(entry, mask_path, failed=kept)
                continue
            mask: npt.NDArray[np.uint8] | None = None
            for item in segment(pixels, runtime, tta=tta):
                if isinstance(item, Progress):
                    yield item
                else:
                    mask = table[item.class_ids]
            assert mask is not None
            # Somebody may have taken the folder over by now.
            write_mask(mask_path, mask, about_to_replace=lambda digest: project.confirm_lock())
            if own:
                project.set_status(entry.key, Status.PREDICTED)
                project.note_prediction(entry.key, runtime.card.name)
                if index % _STATE_EVERY == 0:
                    project.save_state()
            if overlay:
                write_rgb(overlays[entry.key], overlay_rgb(pixels, mask, classes))
            yield Segmented(entry, mask_path, overlays[entry.key] if overlay else None)
    finally:
        # Also when it is broken off: a mask that nothing is recorded about counts as a person's work.
        if own:
            project.save_state()


def _why_kept(path: Path, shape: tuple[int, ...], classes: ClassSet) -> str:
    """Return why a file is not replaced although that was asked for: no model makes again what it holds."""
    if not path.exists():
        return ""
    try:
        old = read_mask(path)
    except MaskError as exc:
        return f"{exc} It was left as it is."
    if old.shape != shape:
        what = f"the mask has {old.shape[1]} × {old.shape[0]} pixels, its image {shape[1]} × {shape[0]}"
    elif unknown := classes.unknown_ids(old):
        what = f"the mask holds ids without a class: {', '.join(map(str, unknown))}"
    else:
        return ""
    return str(MaskError(what, path=path, remedy="It was left as it is: move it away to replace it."))


def _targets(project: Project, out: Path | None) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return where the mask and the overlay of each image go; SaveError if one of them is an image of the folder."""
    overlays_root = (project.data_root if out is None else out) / OVERLAYS_FOLDER
    masks: dict[str, Path] = {}
    overlays: dict[str, Path] = {}
    for entry in project.entries:
        relative = entry.mask_path.relative_to(project.masks_root)
        masks[entry.key] = entry.mask_path if out is None else out / relative
        overlays[entry.key] = overlays_root / relative
    # Resolved, as links and upper and lower case may lead to the same file.
    images = {os.path.normcase(os.path.realpath(entry.path)) for entry in project.entries}
    for path in (*masks.values(), *overlays.values()):
        if os.path.normcase(os.path.realpath(path)) in images:
            raise SaveError(
                "this is an image, which is never written over", path=path, remedy="Choose another folder for --out."
            )
    return masks, overlays
