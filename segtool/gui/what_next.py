"""Which image to work on next: suggested when a person asks for it, never forced, and always with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from PySide6.QtCore import QObject, Slot

from segtool.gui.documents import Documents
from segtool.gui.expectations import Expectations
from segtool.gui.navigation import Navigation
from segtool.gui.session_signals import SessionSignals
from segtool.project.next_image import Reason, Suggestion, rank

# Of fewer images "the least sure" says little.
ENOUGH = 8


class WhatNext(QObject):
    """Opens the image that is most worth working on; each is suggested once until all were.

    Parameters
    ----------
    session : SessionSignals
        Owner.
    documents : Documents
    navigation : Navigation
        Opens the image.
    expectations : Expectations
        Knows what the model is least sure of; begins to look at the first call in a folder.
    """

    def __init__(
        self, session: SessionSignals, documents: Documents, *, navigation: Navigation, expectations: Expectations
    ) -> None:
        super().__init__(session)
        self._session, self._documents, self._navigation = session, documents, navigation
        self._expectations = expectations
        self._suggested: list[Suggestion] = []
        self._has_put_off = False
        session.project_changed.connect(self._forget)
        expectations.ended.connect(self._on_looked)

    def open_next(self) -> None:
        """Open the next image, or say that there is none."""
        project, current = self._documents.project, self._documents.current
        if project is None:
            return
        self._expectations.start()
        here = "" if current is None else current.entry.key
        # There may be 10,000 images: only as many are looked through as it takes.
        before = {item.key for item in self._suggested}
        if all(key in before for key in self._others(here)):
            self._suggested.clear()
        errors = {key: error for key, error in self._expectations.errors().items() if self._is_choice(key, here)}
        is_looking = self._expectations.is_looking
        waits = is_looking and len(errors) < sum(1 for _ in islice(self._others(here), ENOUGH))
        tried: dict[str, Suggestion] = {}

        def keys() -> Iterator[str]:
            for suggestion in rank({} if waits else errors, self._others(here), suggested=self._suggested):
                tried[suggestion.key] = suggestion
                yield suggestion.key

        def tell(key: str) -> None:
            self._suggested.append(tried[key])
            self._has_put_off = waits
            self._session.info(_text(tried[key], waits=waits, is_looking=is_looking))

        self._navigation.open_any(keys(), on_shown=tell, on_none=lambda: self._tell_none(here))

    def _tell_none(self, here: str) -> None:
        if here in self._expectations.unworked():
            self._session.info("This is the only image left that you have not worked on.")
        else:
            self._session.info("You have worked on every image that can be opened.")

    def _others(self, here: str) -> Iterator[str]:
        return (key for key in self._expectations.unworked() if self._is_choice(key, here))

    def _is_choice(self, key: str, here: str) -> bool:
        return key != here and key not in self._documents.reasons

    @Slot()
    def _forget(self) -> None:
        self._suggested.clear()
        self._has_put_off = False

    @Slot()
    def _on_looked(self) -> None:
        if self._has_put_off:
            self._has_put_off = False
            self._session.info("The images have been looked at: ask again for the one that the model is least sure of.")


def _text(suggestion: Suggestion, *, waits: bool, is_looking: bool) -> str:
    if waits:
        return "Still looking at the images; this one is random."
    if suggestion.reason is Reason.UNCERTAIN and suggestion.error is not None:
        which = "those looked at so far" if is_looking else "those left"
        return f"Of {which}, the model is least sure of this image: it {expected_text(suggestion.error)}."
    return "A random image, so that the model does not learn from hard ones alone."


def unsure_text(error: float) -> str:
    """Return how unsure a model is of an image that it expects that error (1 - F1) in."""
    return f"{error * 100:.0f} % unsure"


def expected_text(error: float) -> str:
    """Return what a model expects of its prediction, with what it is called elsewhere."""
    return f"expects an F1 of {1 - error:.2f} here ({unsure_text(error)})"
