"""``segtool train``: from a folder with masks to a model folder."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from segtool.commands.reporting import Reporter
from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.errors import SaveError, SegToolError, TrainingError
from segtool.core.palette import default_colour
from segtool.core.run_events import RunDone, RunEpoch, RunEvent, RunFailed, RunProgress, RunStarted, to_line
from segtool.core.run_settings import RunSettings
from segtool.formats.mask_png import read_mask
from segtool.models.network_config import NetworkConfig
from segtool.project.held_out import choose_held_out
from segtool.project.layout import ImageEntry
from segtool.project.project import Project
from segtool.project.training_images import check_trainable


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Train as the arguments say; return the exit code."""
    emit = _emit_line if arguments.events else _Narrator(reporter)
    try:
        plan_arguments = _plan(arguments)
        # TensorFlow takes seconds to load: mistakes are told before.
        from segtool.training.trainer import RunPlan, run_training

        stop = _stop_requests(listen=arguments.events)
        for event in run_training(RunPlan(**plan_arguments), should_stop=stop.is_set):
            emit(event)
    except SegToolError as exc:
        if arguments.events:
            _emit_line(RunFailed(str(exc)))
        raise
    return 0


def _plan(arguments: argparse.Namespace) -> dict[str, Any]:
    """Turn arguments into the fields of a ``RunPlan``, checking whatever can be checked without TensorFlow."""
    out = Path(arguments.out)
    if out.exists():
        raise SaveError("there is something of that name already", path=out, remedy="Choose another --out.")
    settings, network, data = _read_settings(arguments)
    data_root = None if arguments.data is None else Path(arguments.data)
    project = Project.open(Path(arguments.folder), data_root=data_root)
    labelled = [entry for entry in project.entries if entry.mask_path.is_file()]
    if settings.images is not None:
        labelled = [project.entry(key) for key in settings.images]
    validation: list[ImageEntry] = []
    if arguments.val is not None:
        validation = [entry for entry in Project.open(Path(arguments.val)).entries if entry.mask_path.is_file()]
        if not validation:
            raise TrainingError("there are no masks to validate on", path=arguments.val)
        training = labelled
    else:
        training, validation = _split(project, labelled, settings)
    classes = project.classes if project.has_classes else _classes_of([*training, *validation])
    check_trainable(training, classes)
    base = _base_folder(project, arguments.base)
    compare = base if arguments.compare is None else project.store.resolve(arguments.compare)
    return {
        "out": out,
        "classes": classes,
        "train": [_triple(entry) for entry in training],
        "held_out": [_triple(entry) for entry in validation],
        "settings": settings,
        "base": base,
        "compare": compare,
        "network": network,
        "data": data,
    }


def _read_settings(arguments: argparse.Namespace) -> tuple[RunSettings, NetworkConfig, dict[str, Any]]:
    value: Any = {}
    if arguments.settings is not None:
        path = Path(arguments.settings)
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise TrainingError(f"the settings cannot be read ({exc})", path=path) from exc
        if not isinstance(value, dict):
            raise TrainingError("the settings must be a JSON object", path=path)
    network = NetworkConfig.from_json(value.pop("network")) if "network" in value else NetworkConfig()
    data = value.pop("data", {})
    settings = RunSettings.from_json(value)
    if arguments.minutes is not None:
        settings = settings.with_time(arguments.minutes)
    if arguments.epochs is not None:
        settings = settings.with_epochs(arguments.epochs)
    return settings, network, data if isinstance(data, dict) else {}


def _split(
    project: Project, labelled: list[ImageEntry], settings: RunSettings
) -> tuple[list[ImageEntry], list[ImageEntry]]:
    """Part the images into those to train on and those held out; the folder is not written to."""
    keys = [entry.key for entry in labelled]
    if settings.held_out is not None:
        held = set(settings.held_out)
        validation = [project.entry(key) for key in settings.held_out]
    else:
        held = set(choose_held_out(keys, held=project.state.held_out, known=project.state.known, seed=settings.seed))
        validation = [entry for entry in labelled if entry.key in held]
    return [entry for entry in labelled if entry.key not in held], validation


def _classes_of(entries: list[ImageEntry]) -> ClassSet:
    """Return classes named after the ids that the masks hold, for a folder that names none."""
    ids: set[int] = {0}
    for entry in entries:
        mask = read_mask(entry.mask_path)
        ids.update(int(value) for value in set(mask.ravel().tolist()) if value != 255)
    names = {0: "background"}
    return ClassSet(tuple(ClassInfo(i, names.get(i, f"class {i}"), default_colour(i)) for i in sorted(ids)))


def _base_folder(project: Project, name_or_dir: str | None) -> Path | None:
    """Return the folder of the model to start from: the bundled one if none is named, None for random weights."""
    if name_or_dir == "none":
        return None
    if name_or_dir is not None:
        return project.store.resolve(name_or_dir)
    entry = project.store.default()
    return None if entry is None else entry.folder


def _triple(entry: ImageEntry) -> tuple[str, Path, Path]:
    return entry.key, entry.path, entry.mask_path


def _emit_line(event: RunEvent) -> None:
    sys.stdout.write(to_line(event) + "\n")
    sys.stdout.flush()


def _stop_requests(*, listen: bool) -> threading.Event:
    """Return an event that is set when somebody asks the run to finish with the best weights so far.

    On a terminal that is Ctrl+C, once; with ``listen`` it is also a line "stop" on the standard input.
    """
    stop = threading.Event()

    def interrupted(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, interrupted)
    if listen:

        def read() -> None:
            for line in sys.stdin:
                if line.strip() == "stop":
                    stop.set()

        threading.Thread(target=read, name="stop requests", daemon=True).start()
    return stop


class _Narrator:
    """Tells a run's events to a person."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def __call__(self, event: RunEvent) -> None:
        match event:
            case RunStarted():
                self._reporter.line(
                    f"Training on {event.train_images} images, {len(event.held_out)} held out, "
                    f"{event.parameters / 1e6:.2f} million parameters, base: {event.base}"
                )
            case RunProgress():
                self._reporter.progress(event.fraction, f"{event.stage}, step {event.step}, loss {event.loss:.3f}")
            case RunEpoch():
                judged = (
                    "" if event.val_loss is None else f"  held out: loss {event.val_loss:.4f}, F1 {event.val_f1:.4f}"
                )
                self._reporter.line(
                    f"epoch {event.epoch:4d}  step {event.step:6d}  {event.seconds:7.0f} s  "
                    f"loss {event.train_loss:.4f}, F1 {event.train_f1:.4f}{judged}{'  best' if event.best else ''}"
                )
            case RunDone():
                self._reporter.finish()
                scores = [("new", event.metrics), ("base", event.base_metrics)]
                for name, metrics in scores:
                    if metrics is not None:
                        pooled, mean = metrics["pooled"], metrics["mean"]
                        self._reporter.line(
                            f"{name:>5} on {metrics['images']} held-out images: pooled F1 {pooled['f1']:.4f}, "
                            f"IoU {pooled['iou']:.4f}; mean F1 {mean['f1']:.4f}, IoU {mean['iou']:.4f}"
                        )
                self._reporter.line(f"{event.model}  ({event.steps} steps, {event.seconds:.0f} s, {event.reason})")
