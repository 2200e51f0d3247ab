"""What the records say, added up: by set, arm and seed, at a number of corrected images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from benchmarks.annotator.records import Record


class Arm(StrEnum):
    """The arms that the goals speak of; every other arm is an ablation of the recipe."""

    RECIPE = "recipe"
    FROZEN = "frozen base"
    SCRATCH = "from scratch"
    FOREST = "forest"
    ALL = "all images"
    HAND = "by hand"


class Effort(StrEnum):
    """What correcting costs, by the field of a record."""

    STROKES = "strokes"
    ADDED_PATH = "added_path"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and sample standard deviation of some values; the deviation of one value is not known."""

    mean: float
    deviation: float | None
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """Return the spread of values, None if there are none."""
        if not values:
            return None
        deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return cls(float(np.mean(values)), deviation, len(values))


@dataclass(frozen=True, slots=True)
class Saving:
    """Which share of the effort was saved, 0.6 for 60 % less, from which corrected image to which."""

    share: Spread
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Gate:
    """What became of the trainings of an arm, judged by images that took no part in deciding."""

    trained: int
    active: int
    active_though_worse: int
    refused_though_better: int
    largest_loss: float
    """By how much IoU the worst model that was made active was worse than the one before; 0 if none was."""


class Results:
    """Records by set, arm and seed.

    An arm may have been run in two ways: as a loop of correcting and retraining whose trainings are decided on, and
    once on a number of images that were painted from nothing. The second kind is kept apart where the loop has a
    record of the same number: its effort is no part of the loop's.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._runs: dict[tuple[str, str], dict[int, list[Record]]] = defaultdict(dict)
        self._once: dict[tuple[str, str, int, int], Record] = {}
        known = list(records)
        decided = {(item.set, item.arm, item.seed, item.images) for item in known if item.accepted is not None}
        for item in sorted(known, key=lambda item: item.images):
            place = (item.set, item.arm, item.seed, item.images)
            if item.accepted is None and place in decided:
                self._once[place] = item
            else:
                self._runs[item.set, item.arm].setdefault(item.seed, []).append(item)

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the sets."""
        return tuple(sorted({name for name, _ in self._runs}))

    def arms(self, name: str | None = None) -> tuple[str, ...]:
        """Arms of a set or of all: those that the goals speak of first, then the others by name."""
        found = {arm for of, arm in self._runs if name in (None, of)}
        known = [str(arm) for arm in Arm if arm in found]
        return (*known, *sorted(found - set(known)))

    def runs(self, name: str, arm: str) -> dict[int, list[Record]]:
        """Return the records of an arm by seed, each in the order of the corrected images."""
        return self._runs.get((name, arm), {})

    def at(self, name: str, arm: str, images: int) -> dict[int, Record]:
        """Return by seed what holds after so many corrected images: the last record until then.

        The arm that learns from all images has one record, whatever its number. A run that was broken off before
        that number, while another seed's went on, is left out. A training on just that many images that were painted
        from nothing goes before what the loop had: so every arm has learnt from the same.
        """
        runs = self.runs(name, arm)
        if arm == Arm.ALL:
            return {seed: run[-1] for seed, run in runs.items()}
        furthest = max((run[-1].images for run in runs.values()), default=0)
        once = {seed: item for (*of, seed, number), item in self._once.items() if (*of, number) == (name, arm, images)}
        found = {}
        for seed, run in runs.items():
            until = [item for item in run if item.images <= images]
            if until and run[-1].images >= min(images, furthest):
                found[seed] = until[-1]
        return found | once

    def score(self, name: str, arm: str, images: int, field: str) -> Spread | None:
        """Return ``iou`` or ``boundary_f1`` over the seeds after so many corrected images."""
        return Spread.of([getattr(item, field) for item in self.at(name, arm, images).values()])

    def share_of_all(self, name: str, arm: str, images: int) -> Spread | None:
        """Return the IoU after so many images, as a share of the mean IoU of learning from all of them."""
        best = self.score(name, Arm.ALL, images, "iou")
        if best is None or best.mean <= 0:
            return None
        return Spread.of([item.iou / best.mean for item in self.at(name, arm, images).values()])

    def spent(self, run: Sequence[Record], effort: Effort) -> dict[int, float]:
        """Return what was spent until each number of corrected images of a run."""
        total, found = 0.0, {}
        for item in run:
            total += getattr(item, effort)
            found[item.images] = total
        return found

    def saved(
        self,
        name: str,
        arm: str,
        against: str,
        effort: Effort,
        *,
        images: int | None = None,
        last_only: bool = False,
    ) -> Saving | None:
        """Return which share of the effort an arm saved, over the seeds.

        Parameters
        ----------
        name, arm, against : str
            Set, and the two arms to compare seed by seed.
        effort : Effort
        images : int, optional
            How many corrected images to add up at most; the largest number that both arms have is taken.
        last_only : bool, optional
            Compare only the images since the record before, instead of all from the first.

        Returns
        -------
        Saving or None
            None if no seed has both.
        """
        shares, first, last = [], 0, 0
        for seed, run in self.runs(name, arm).items():
            ours, theirs = self.spent(run, effort), self.spent(self.runs(name, against).get(seed, []), effort)
            common = sorted(n for n in ours.keys() & theirs.keys() if n and (images is None or n <= images))
            if not common:
                continue
            start = common[-2] if last_only and len(common) > 1 else 0
            spent, compared = (each[common[-1]] - (each[start] if start else 0.0) for each in (ours, theirs))
            if compared > 0:
                shares.append(1 - spent / compared)
                first, last = start + 1, common[-1]
        spread = Spread.of(shares)
        return None if spread is None else Saving(spread, first, last)

    def gate(self, arm: str, name: str | None = None) -> Gate:
        """Count what became of the trainings of an arm, in a set or in all.

        Only trainings that were decided on and scored on the outside images before and after count.
        """
        changes = [
            (item.accepted, item.outside_after - item.outside_before)
            for of in (self.sets if name is None else (name,))
            for run in self.runs(of, arm).values()
            for item in run
            if item.accepted is not None and item.outside_before is not None and item.outside_after is not None
        ]
        active = [change for accepted, change in changes if accepted]
        refused = [change for accepted, change in changes if not accepted]
        return Gate(
            trained=len(changes),
            active=len(active),
            active_though_worse=sum(change < 0 for change in active),
            refused_though_better=sum(change > 0 for change in refused),
            largest_loss=max(0.0, *(-change for change in active)) if active else 0.0,
        )
