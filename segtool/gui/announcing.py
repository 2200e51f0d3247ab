"""Where the window tells a person what the session and the training say: in passing, or above the canvas."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from segtool.gui.dialogs import ask
from segtool.gui.message_bar import MessageBar
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.status_bar import StatusBar
from segtool.gui.training_control import TrainingControl


class Announcer(QObject):
    """Passes messages on to the status bar and the message bar, with answers where there is something to answer.

    Parameters
    ----------
    session : Session
    training : TrainingControl
    status : StatusBar
        Shows what is told in passing.
    messages : MessageBar
        Shows what stays until it is closed or answered.
    parent : QWidget
        The window, above which the questions about masks are asked.
    """

    def __init__(
        self, session: Session, training: TrainingControl, *, status: StatusBar, messages: MessageBar, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._training, self._status, self._messages = session, training, status, messages
        self._offer_shown = ""
        session.message.connect(self._show)
        questions = session.mask_questions
        questions.ask_size = lambda question: ask.ask_mask_size(parent, question=question)
        questions.ask_values = lambda question, classes: ask.ask_mask_values(parent, question=question, classes=classes)
        session.question.connect(lambda text, level, choices: messages.show_message(text, level, choices=choices))
        session.message_over.connect(messages.remove)
        session.offer_changed.connect(self._show_offer)
        session.report_written.connect(self._show_report)
        training.refused.connect(self._show_refusal)

    @Slot(str, object)
    def _show(self, text: str, level: Level) -> None:
        if level is Level.INFO:
            self._status.show_info(text)
        else:
            self._messages.show_message(text, level, choices=self._session.holding.answers_to(text))

    @Slot()
    def _show_offer(self) -> None:
        offer = self._session.offer
        self._messages.remove(self._offer_shown)
        self._offer_shown = "" if offer is None else offer.text
        if offer is not None:
            names = {f"Use {offer.model}": offer.model, f"Keep {offer.instead_of}": offer.instead_of}
            # Keeping one is a choice too: the folder remembers it and is not asked about again.
            choices = [(text, partial(self._session.set_active_model, name)) for text, name in names.items()]
            self._messages.show_message(offer.text, Level.INFO, choices=choices)

    @Slot(str)
    def _show_refusal(self, text: str) -> None:
        state = self._training.state
        # By its name: the answer may come when the next run has ended.
        choices = [(state.other_text, partial(self._training.take, state.other))]
        self._messages.show_message(text, Level.WARNING, choices=choices)

    @Slot(object)
    def _show_report(self, page: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(page)):
            self._messages.show_message(f"The report is in {page}. Open it in a browser.", Level.INFO)
