"""Asking a person what to do with unsaved changes that a crash has left in a folder, and doing it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from segtool.gui.dialogs import ask
from segtool.gui.recovery_choice import Answer
from segtool.gui.session import Session


def offer_recovery(session: Session, window: QWidget) -> None:
    """Show what the journals of the open folder hold, if anything; what is not answered stays in them."""
    found = session.recovery.find()
    if not found:
        return
    answers = ask.ask_recovery(window, found=found)
    chosen = {
        answer: [one.item for one, given in zip(found, answers, strict=True) if given is answer] for answer in Answer
    }
    session.recovery.discard(chosen[Answer.DISCARD])
    for item in chosen[Answer.COPY]:
        session.recovery.save_copy(item)
    for item in chosen[Answer.EXPORT]:
        start = Path.home() / f"{Path(item.key).stem}.recovered.png"
        path = ask.ask_mask_file(window, title=f"Export the recovered mask of {item.key}", start=start)
        if path is not None:
            session.recovery.export(item, path)
    if chosen[Answer.LATER]:
        session.info("What you decide later is kept: you are asked again when the folder is opened the next time.")
    session.recovery.restore(chosen[Answer.RESTORE])
