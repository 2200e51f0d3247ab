"""One person, one set of images, one way of training: correct, retrain, score."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.annotator.arms import Arm
from benchmarks.annotator.data import DataSet, Sample, Split, generator, order
from benchmarks.annotator.effort import score
from benchmarks.annotator.records import Record
from benchmarks.annotator.strokes import Correction, correct
from segtool.core.classes import VOID
from segtool.core.effort import added_path_length
from segtool.core.gate import judge
from segtool.core.metrics import tally
from segtool.core.normalisation import Normalisation
from segtool.project.held_out import choose_held_out
from segtool.training import patches

if TYPE_CHECKING:
    # Its import brings TensorFlow.
    from benchmarks.annotator.engine import Engine, Trained

Mask = npt.NDArray[np.uint8]

# Retrainings, of which one falls on five images and one on twenty; every three images would take twice the time.
POINTS = (2, 5, 11, 20)
FIVE = 5
# Images that are corrected after the last retraining, to see what the work has shrunk to.
AFTERWARDS = 5


class Person:
    """Corrects the images of one set in the order of a seed and remembers masks, what was shown, and the effort."""

    def __init__(self, data: DataSet, seed: int, train: dict[str, Sample]) -> None:
        self.data, self.seed, self._images = data, seed, train
        self.order = order(tuple(train), seed)
        self.masks: dict[str, Mask] = {}
        self.shown: dict[str, Mask] = {}
        self._strokes, self._path, self._seconds = 0, 0.0, 0.0

    def correct(self, key: str, shown: Mask | None) -> None:
        """Correct an image; ``shown`` is what a model said of it, None if there is none that knows the classes."""
        sample = self._images[key]
        before = np.full(sample.mask.shape, VOID, dtype=np.uint8) if shown is None else shown
        rng = generator(self.data.name, self.seed, key)
        done: Correction = correct(before, sample.mask, rng)
        self.masks[key] = done.mask
        if shown is not None:
            self.shown[key] = shown
        self._strokes += done.strokes
        self._path += added_path_length(done.before, done.mask, self.data.classes)
        self._seconds += done.seconds

    def effort(self) -> dict[str, float]:
        """Return the effort since the last call."""
        found = {"strokes": self._strokes, "added_path": self._path, "seconds": self._seconds}
        self._strokes, self._path, self._seconds = 0, 0.0, 0.0
        return found  # type: ignore[return-value]

    def samples(self, keys: Sequence[str], reduction: int) -> list[patches.Sample]:
        """Return the corrected images as the training takes them."""
        rng = np.random.default_rng(self.seed)
        made = [
            patches.make_sample(
                key,
                self._images[key].pixels,
                self.masks[key],
                self.data.classes,
                Normalisation(),
                rng,
                shown=self.shown.get(key),
                reduction=reduction,
            )
            for key in keys
        ]
        return [sample for sample in made if sample is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """A set in memory, an engine and where records go."""

    data: DataSet
    train: dict[str, Sample]
    outside: list[Sample]
    engine: Engine
    note: Callable[[Record], None]

    @classmethod
    def load(cls, data: DataSet, engine: Engine, note: Callable[[Record], None]) -> Experiment:
        """Read a set."""
        return cls(data, {s.key: s for s in data.load(Split.TRAIN)}, data.load(Split.VAL), engine, note)

    @property
    def last(self) -> int:
        """How many images are corrected in all."""
        return min(len(self.train), POINTS[-1] + AFTERWARDS)

    def predict(self, model: Trained, images: Sequence[Sample]) -> list[Mask]:
        """Return predictions as ids of the set."""
        return self.engine.predict(model, [s.pixels for s in images])

    def outside_scores(self, model: Trained) -> tuple[float, float]:
        """Return IoU and boundary F1 on the images that take no part in anything."""
        found = self.predict(model, self.outside)
        scores = score(zip(found, [s.mask for s in self.outside], strict=True), self.data.classes)
        return scores.iou, scores.boundary_f1

    def by_hand(self, seed: int) -> None:
        """Record what it takes to correct all images without any model."""
        person = Person(self.data, seed, self.train)
        for done, key in enumerate(person.order[: self.last], start=1):
            person.correct(key, None)
            if done in POINTS or done == self.last:
                self.note(self._record("by hand", seed, done, 0.0, 0.0, **person.effort()))

    def at_five(self, arm: Arm, seed: int) -> None:
        """Record what an arm makes of the first five images, each corrected from nothing."""
        person = Person(self.data, seed, self.train)
        started = time.process_time()
        keys = person.order[:FIVE]
        for key in keys:
            person.correct(key, None)
        samples = person.samples(keys, arm.reduction)
        model = self.engine.fit(arm, samples, [], self.data.classes, set_name=self.data.name, seed=seed)
        iou, boundary = self.outside_scores(model)
        spent = time.process_time() - started
        self.note(self._record(arm.name, seed, FIVE, iou, boundary, cpu_seconds=spent, **person.effort()))

    def all_images(self, arm: Arm) -> None:
        """Record what the base says that was trained on all images of all sets."""
        iou, boundary = self.outside_scores(self.engine.trained_on_all(self.data.classes))
        self.note(self._record(arm.name, 0, len(self.train), iou, boundary))

    def journey(self, arm: Arm, seed: int) -> None:
        """Record the whole loop: the active model predicts, the person corrects, and at the points it is retrained."""
        classes, person = self.data.classes, Person(self.data, seed, self.train)
        active: Trained | None = None
        iou = boundary = 0.0
        held: tuple[str, ...] = ()
        known: set[str] = set()
        done: list[str] = []
        for key in person.order[: self.last]:
            shown = None if active is None else self.predict(active, [self.train[key]])[0]
            person.correct(key, shown)
            done.append(key)
            if len(done) not in POINTS:
                if len(done) == self.last:
                    self.note(self._record(arm.name, seed, len(done), iou, boundary, **person.effort()))
                continue
            held = choose_held_out(done, held=held, known=known, seed=0)
            known |= set(done)
            train = [k for k in done if k not in held]
            started = time.process_time()
            model = self.engine.fit(
                arm,
                person.samples(train, arm.reduction),
                person.samples(held, arm.reduction),
                classes,
                set_name=self.data.name,
                seed=seed,
            )
            spent = time.process_time() - started
            verdict = self._verdict(model, active, person, held)
            before = iou if active is not None else None
            new_iou, new_boundary = self.outside_scores(model)
            if verdict:
                active, iou, boundary = model, new_iou, new_boundary
            self.note(
                self._record(
                    arm.name,
                    seed,
                    len(done),
                    iou,
                    boundary,
                    cpu_seconds=spent,
                    accepted=verdict,
                    outside_before=before,
                    outside_after=new_iou,
                    **person.effort(),
                )
            )

    def _verdict(self, new: Trained, old: Trained | None, person: Person, held: Sequence[str]) -> bool:
        """Decide as the program does."""
        classes = self.data.classes
        keys = [key for key in (held or person.order) if key in person.masks]
        if not held and old is not None:
            keys = [key for key in keys if key in person.shown]
        truth = [person.masks[key] for key in keys]
        images = [self.train[key] for key in keys]
        mine = [tally(p, m, classes.ids) for p, m in zip(self.predict(new, images), truth, strict=True)]
        theirs = None
        if old is not None and held:
            theirs = [tally(p, m, classes.ids) for p, m in zip(self.predict(old, images), truth, strict=True)]
        elif old is not None:
            theirs = [tally(person.shown[k], person.masks[k], classes.ids) for k in keys]
        return judge(mine, theirs, classes=classes, held_out=bool(held)).accepted

    def _record(self, arm: str, seed: int, images: int, iou: float, boundary: float, **rest: object) -> Record:
        return Record(self.data.name, seed, arm, images, iou, boundary, **rest)  # type: ignore[arg-type]
