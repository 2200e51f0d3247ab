"""What the masks of a session must be, kept apart from it: whole masks, as hashes, in place of tiles and stacks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segtool.core.edits import Edit
from segtool.formats.mask_png import read_mask
from segtool.gui.session import Session
from segtool.project.document import Document


def digest(mask: npt.NDArray[np.uint8]) -> str:
    """Return what tells one whole mask from another."""
    return hashlib.sha256(np.ascontiguousarray(mask).tobytes() + str(mask.shape).encode()).hexdigest()


@dataclass(slots=True)
class _Known:
    """An edit, and the masks before and after it."""

    edit: Edit
    before: str
    after: str


class Oracle:
    """Listens to a session and says what is wrong: a mask that undo or redo has not brought back, or a file.

    Attributes
    ----------
    wrong : list of str
    checks : int
        How often a mask or a file was compared.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: dict[str, str] = {}
        self._edits: dict[int, _Known] = {}
        self._revisions: dict[tuple[str, int], str] = {}
        self.wrong: list[str] = []
        self.checks = 0
        session.history_changed.connect(self._follow)
        session.document_changed.connect(self._see)
        session.mask_written.connect(self._check_file)
        session.project_changed.connect(self.forget)

    def forget(self) -> None:
        """Start anew: another folder is open, or the same one again."""
        self._last.clear()
        self._edits.clear()
        self._revisions.clear()

    def check(self) -> None:
        """Compare the open mask with what its place in its history says that it must be."""
        document = self._session.document
        if document is None or self._session._documents.is_in_stroke:
            return
        found, edits, position = digest(document.mask), document.history.edits, document.history.position
        key = document.entry.key
        for edit, is_done in ((edits[position - 1 :][:1] if position else (), True), (edits[position:][:1], False)):
            for item in edit:
                known = self._edits.get(id(item))
                if known is None:
                    continue
                self.checks += 1
                if found != (known.after if is_done else known.before):
                    self.wrong.append(f"{key}: not the mask {'after' if is_done else 'before'} “{item.name}”")
        if key in self._last and found != self._last[key]:
            self.wrong.append(f"{key}: changed without an edit")

    def trim(self) -> None:
        """Let go of edits that no image in memory has any more."""
        alive = {id(edit) for document in self._session._documents for edit in document.history.edits}
        self._edits = {key: known for key, known in self._edits.items() if key in alive}

    def _see(self) -> None:
        document = self._session.document
        if document is not None:
            self._last[document.entry.key] = digest(document.mask)
            self._note_revision(document)

    def _follow(self) -> None:
        # Jobs change masks of images that are not shown, too.
        for document in self._session._documents:
            if document is self._session.document and self._session._documents.is_in_stroke:
                continue
            key, found = document.entry.key, digest(document.mask)
            history = document.history
            last = history.last
            before = self._last.get(key, "")
            if last is not None and id(last) not in self._edits and found != before and before:
                self._edits[id(last)] = _Known(last, before, found)
            self._last[key] = found
            self._note_revision(document)

    def _note_revision(self, document: Document) -> None:
        if not (document is self._session.document and self._session._documents.is_in_stroke):
            self._revisions[document.entry.key, document.revision] = digest(document.mask)

    def _check_file(self, key: str, revision: int) -> None:
        document, project = self._session._documents.get(key), self._session.project
        expected = self._revisions.get((key, revision))
        if document is None or project is None or expected is None:
            return
        self.checks += 1
        if digest(read_mask(document.entry.mask_path)) != expected:
            self.wrong.append(f"{key}: the file does not hold revision {revision}")
