"""The gate that a new model passes before it becomes the active one: it must not be worse than what was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segtool.core.classes import ClassSet, is_background
from segtool.core.metrics import Counts, Tally, summarise

# What is found is as good as nothing below a twentieth of what is there; a class has swallowed the others where that is
# so for all of them together.
_FOUND_PART = 0.05
# By how much F1 may be lower than what had been shown has: a person leaves borders that are nearly right as they were
# shown, so that the old model agrees with the mask to the pixel there, and a better one need not.
_LEFT_AS_SHOWN = 0.03


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model may become the active one, and why, in a sentence or two for a person."""

    accepted: bool
    why: str

    def to_json(self) -> dict[str, object]:
        """Return a plain dictionary for a model's card."""
        return {"accepted": self.accepted, "why": self.why}


def judge(
    new: Sequence[Tally],
    old: Sequence[Tally] | None,
    *,
    classes: ClassSet,
    held_out: bool,
    old_name: str = "",
    nothing: str = "there was no model before",
) -> Verdict:
    """Decide whether a new model becomes the active one.

    Parameters
    ----------
    new : sequence of Tally
        Its predictions against the masks over ``classes.ids``, one for each held-out image or, where there are none,
        for each image that was corrected.
    old : sequence of Tally or None
        The active model on the same held-out images or, where there are none, what had been shown of the corrected
        images before they were corrected. None or empty if there is nothing to compare with.
    classes : ClassSet
    held_out : bool
        Which of the two it is.
    old_name : str
        What the active model is called, "" if there is none.
    nothing : str
        Why there is nothing to compare with, as a clause, where that is so.

    Returns
    -------
    Verdict
        Refused if the new model finds next to nothing where there is something, gives everything to one class where
        there are several, or has a lower pooled F1 than the old one; by 0.03 or more, where nothing is held out.
    """
    if why := _blank_or_full(_total(new, classes), classes):
        return Verdict(False, why)
    which = "held-out" if held_out else "corrected"
    images = f"{len(new)} {which} image{'s' if len(new) != 1 else ''}"
    score = pooled_f1(new, classes)
    if not old:
        return Verdict(True, f"F1 {score:.3f} on {images}; {nothing}, so there is nothing to compare it with.")
    before = pooled_f1(old, classes)
    shown = f"{old_name or 'the model before'} has" if held_out else "what had been shown of them before has"
    least = before if held_out else before - _LEFT_AS_SHOWN
    return Verdict(score >= least, f"F1 {score:.3f} on {images}, {shown} {before:.3f}.")


def pooled_f1(tallies: Sequence[Tally], classes: ClassSet) -> float:
    """Return F1 with the pixels of all images added up, the mean over the classes but the background."""
    return float(summarise(list(tallies), classes)["pooled"]["f1"])


def _total(tallies: Sequence[Tally], classes: ClassSet) -> Tally:
    return sum(tallies, start=Tally(classes.ids, tuple(Counts(0, 0, 0, 0) for _ in classes)))


def _blank_or_full(total: Tally, classes: ClassSet) -> str:
    """Return what is plainly wrong with predictions, "" if nothing is."""
    pixels = max((c.tp + c.fp + c.fn + c.tn for c in total.counts), default=0)
    if not pixels:
        return ""
    shares = [
        (item, (c.tp + c.fp) / pixels, (c.tp + c.fn) / pixels) for item, c in zip(classes, total.counts, strict=True)
    ]
    for item, found, true in shares:
        if true < 1 and 1 - found < _FOUND_PART * (1 - true):
            return f"It gives everything to {item.name}, which has {true:.1%} of the masks."
    found = sum(share for item, share, _ in shares if not is_background(item))
    true = sum(share for item, _, share in shares if not is_background(item))
    if found < _FOUND_PART * true:
        return f"It finds next to nothing: {found:.2%} of the pixels, where the masks have {true:.2%}."
    return ""
