"""What a person is told about the start before this one, if it did not end in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtWidgets import QWidget

from segtool.gui.dialogs import ask
from segtool.gui.faults.starts import EndedStart, EndKind
from segtool.gui.session import Session
from segtool.gui.session_state import Level

_SAFE = "Masks that were saved are safe."
_OFFERED = "Strokes that were not saved yet are offered to you when that folder is opened."


class EndTeller:
    """Tells of earlier ends, once: of a crash by a dialog, of anything else by a row above the canvas.

    Parameters
    ----------
    ended : sequence of EndedStart
        The newest first.
    session : Session
    window : QWidget
    export : callable
        Offers a log bundle.
    """

    def __init__(
        self, ended: Sequence[EndedStart], session: Session, *, window: QWidget, export: Callable[[], object]
    ) -> None:
        self._crashes = [end for end in ended if end.kind is EndKind.CRASHED]
        self._others = [end for end in ended if end.kind is not EndKind.CRASHED]
        self._session, self._window, self._export = session, window, export

    def tell_crash(self) -> None:
        """Show the dialog if there is a crash to tell of: before a folder is opened, which may ask something itself."""
        if self._crashes:
            heading, text = crash_text(self._crashes[0], before=len(self._crashes) - 1)
            details = self._crashes[0].trace
            ask.tell_crash(self._window, heading=heading, text=text, details=details, export=self._export)

    def tell_other_end(self) -> None:
        """Show the row for any other end unless a dialog has spoken: after a folder was opened, which clears rows."""
        if self._others and not self._crashes:
            end, project = self._others[0], self._session.project
            # Once its folder can be changed here again, strokes have been offered.
            is_offered = project is not None and not project.writable_reason and end.note.folder == str(project.root)
            text = other_end_text(end, is_offered=is_offered)
            self._session.ask(text, Level.INFO, [("Export log bundle…", self._export)])


def crash_text(end: EndedStart, *, before: int = 0, now: datetime | None = None) -> tuple[str, str]:
    """Return the heading and the text about a crash, and that there were others before it."""
    opened = _while_open(end)
    if end.note.is_closing:
        opened = f" while it was being closed{opened.replace(' while', ', while', 1)}"
    others = f" It had crashed {before} more time{'s' if before > 1 else ''} before." if before else ""
    text = f"It happened {when_text(end.when, now)}{opened}.{others}\n\n{_meaning(end)}"
    return "SegTool crashed when it ran last", text


def other_end_text(end: EndedStart, *, is_offered: bool = False, now: datetime | None = None) -> str:
    """Return a sentence or two about a start that did not crash and did not end in order either.

    ``is_offered`` tells that what it had not saved has been offered already.
    """
    when = when_text(end.when, now)
    what = (
        f"The computer stopped or was restarted {when}{_while_open(end, 'SegTool was running')}."
        if end.kind is EndKind.RESTARTED
        else f"SegTool was stopped by the computer or by another program {when}{_while_open(end)}."
    )
    return f"{what} {_SAFE if is_offered else _meaning(end)}"


def when_text(when: datetime, now: datetime | None = None) -> str:
    """Say when something was: in words if it was today or yesterday."""
    today = (datetime.now().astimezone() if now is None else now).date()
    if when.date() == today:
        return f"today at {when:%H:%M}"
    if when.date() == today - timedelta(days=1):
        return f"yesterday at {when:%H:%M}"
    return f"on {when:%Y-%m-%d} at {when:%H:%M}"


def _while_open(end: EndedStart, otherwise: str = "") -> str:
    if end.note.folder:
        return f" while “{Path(end.note.folder).name or end.note.folder}” was open"
    return f" while {otherwise}" if otherwise else ""


def _meaning(end: EndedStart) -> str:
    return f"{_SAFE} {_OFFERED}" if end.note.folder else "No folder was open."
