"""What is kept of a run while it goes on, so that it can be gone on with after whatever breaks it off."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segtool.core.errors import SaveError, TrainingError
from segtool.core.run_events import RunEvent, RunNote
from segtool.models.card import ModelCard
from segtool.project.sources import used_image
from segtool.project.unfinished import claimed, discard, drop_older
from segtool.training.checkpoint import read_checkpoint, write_checkpoint
from segtool.training.run_state import RunState
from segtool.training.step import DivergedError, Stepper

if TYPE_CHECKING:
    from segtool.training.trainer import RunPlan

# Where writing takes longer than this many seconds, it may take a tenth of a run and no more.
_SLOW, _MOST = 1.0, 10
_NOT_KEPT, _CHANGED = "checkpoint", "changed images"
_NAMED = 3


@contextlib.contextmanager
def kept(path: Path | None) -> Iterator[None]:
    """Hold the checkpoint of a run for as long as the block lasts, and say in its errors what is left of it.

    That of a run that has diverged is removed: going on from it would end in the same way.
    """
    if path is None:
        yield
        return
    with claimed(path):
        try:
            yield
        except DivergedError:
            discard(path)
            raise
        except SaveError as exc:
            if not path.exists():
                raise
            remedy = f"{exc.remedy} What was learned is kept: then resume the training."
            raise SaveError(exc.reason, path=exc.path, remedy=remedy.lstrip()) from exc


class Keeper:
    """Writes the state of a run after its epochs, and goes back to it.

    Parameters
    ----------
    plan : RunPlan
        Without a checkpoint, nothing is written.
    base : ModelCard or None
        What the run starts from.
    """

    def __init__(self, plan: RunPlan, base: ModelCard | None) -> None:
        self._path, self._request = plan.checkpoint, dict(plan.request)
        self._run, self._contents = _identity(plan, base), {}
        if self._path is not None:
            sources = (*plan.train, *plan.held_out)
            self._contents = {source.key: used_image(source)["sha256"] for source in sources}
        self._held_out = frozenset(source.key for source in plan.held_out)
        self._written = self._took = 0.0
        self._failure = ""

    def restore(self, state: RunState, stepper: Stepper) -> Iterator[RunEvent]:
        """Go back to the checkpoint if there is one, yielding its epochs and what has changed since.

        Raises
        ------
        TrainingError
            If it is damaged or belongs to another run.
        """
        if self._path is None or not self._path.exists():
            return
        checkpoint = read_checkpoint(self._path, self._run)
        try:
            state.restore(checkpoint, stepper)
        except ValueError as exc:
            raise TrainingError(
                "what was kept of the training does not fit its network",
                path=self._path,
                remedy="Discard it and start a new training.",
            ) from exc
        yield from state.curves
        changed = [key for key, digest in checkpoint.contents.items() if self._contents.get(key) != digest]
        if self._held_out.intersection(changed):
            # Losses of before and of now say nothing beside each other: the next epoch is the best so far.
            state.forget_best_loss()
        if changed:
            yield RunNote(_CHANGED, _changed_text(changed))

    def keep(self, state: RunState, stepper: Stepper) -> Iterator[RunEvent]:
        """Write the state after a whole epoch; a run goes on without it if that fails, and a note says so.

        Raises
        ------
        TrainingError
            If the network is of no use any more.
        """
        stepper.check_finite()
        began = time.monotonic()
        if self._path is None or (self._took > _SLOW and began - self._written < _MOST * self._took):
            return
        failure = ""
        checkpoint = state.checkpoint(self._run, stepper, contents=self._contents, request=self._request)
        try:
            write_checkpoint(self._path, checkpoint)
        except (SaveError, OSError) as exc:
            failure = (
                f"What the training has learned could not be kept on the disk ({_reason(exc)}). It goes on, but if it "
                "is broken off now, what came after its last kept epoch is lost. Free some space on the disk."
            )
        else:
            drop_older(self._path)
        self._written = time.monotonic()
        self._took = self._written - began
        if failure != self._failure:
            self._failure = failure
            yield RunNote(_NOT_KEPT, failure)

    def drop(self) -> None:
        """Remove the checkpoint of a run that has come to its end."""
        if self._path is not None:
            discard(self._path)


def _reason(exc: SaveError | OSError) -> str:
    return exc.reason if isinstance(exc, SaveError) else exc.strerror or str(exc)


def _changed_text(keys: Sequence[str]) -> str:
    images = "1 image" if len(keys) == 1 else f"{len(keys)} images"
    has = "has" if len(keys) == 1 else "have"
    names = ", ".join(keys[:_NAMED]) + (", …" if len(keys) > _NAMED else "")
    return (
        f"{images} of this training, or the mask, {has} been changed since it was broken off ({names}). "
        "It goes on with what is there now."
    )


def _identity(plan: RunPlan, base: ModelCard | None) -> dict[str, Any]:
    """Return what makes a run the run it is, as JSON holds it."""
    settings = plan.settings.to_json()
    # They are told by what came of them.
    del settings["images"], settings["held_out"]
    run = {
        "settings": settings,
        "network": plan.network.to_json(),
        "base": "none" if base is None else base.files,
        "classes": plan.classes.to_json(),
        "images": [source.key for source in plan.train],
        "held out": [source.key for source in plan.held_out],
        "kinds": dict(plan.kinds),
    }
    return dict(json.loads(json.dumps(run)))
