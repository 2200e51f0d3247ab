"""What becomes of the model of a run: taken into the list, and made the active one if its run says that it may be."""

from __future__ import annotations

from dataclasses import dataclass

from segtool.gui.session import Session
from segtool.gui.training_plan import RunPlan
from segtool.gui.training_state import Comparison
from segtool.models.card import CARD_FILE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a person is told, the model that they may take instead ("" for none), and whether the new one is active."""

    message: str
    other: str = ""
    is_activated: bool = False


def settle(session: Session, plan: RunPlan, comparison: Comparison) -> Outcome:
    """Decide about the new model of a run that has ended well, and act on it."""
    project = session.project
    if project is None or project.data_root != plan.project.data_root:
        return Outcome(f"{plan.name} is ready in {plan.out}. Open its folder to use it.")
    before = "" if session.model is None else session.model.name
    session.refresh_models()
    if not comparison.is_accepted:
        return Outcome(comparison.message(before=before), other=plan.name)
    if before and before != plan.compare:
        # The verdict is about another model than the one that it would take the place of.
        return Outcome(comparison.overtaken_message(active=before), other=plan.name)
    if session.set_active_model(plan.name):
        return Outcome(comparison.message(before=before), other=before, is_activated=True)
    return Outcome(f"{plan.name} is ready in {plan.out}, but could not be made the active model.")


def keep_whole_model(session: Session, plan: RunPlan) -> str:
    """Say what became of a model that was whole when its run was broken off; "" if there is none."""
    if not (plan.out / CARD_FILE).exists():
        return ""
    session.refresh_models()
    return f"{plan.name} was written before that: it is kept as a version, but not active."
