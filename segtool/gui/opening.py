"""Opening a folder in all the ways there are: a question, a drop, the recent list, the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtWidgets import QWidget

from segtool.core.errors import SegToolError
from segtool.formats.image import IMAGE_SUFFIXES
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.ask import ReadOnlyAnswer
from segtool.gui.offering_recovery import offer_recovery
from segtool.gui.preferences import Preferences, RecentFolder
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.sample.copying import copy_sample


class FolderOpener(QObject):
    """Opens folders on behalf of a window.

    Parameters
    ----------
    session : Session
        What the folder is opened in.
    training : TrainingControl
        A training that is running belongs to the open folder: it is asked about before another one is opened.
    preferences : Preferences
        Where recent folders are kept.
    window : QWidget
        Parent of the questions.
    """

    def __init__(
        self, session: Session, training: TrainingControl, preferences: Preferences, *, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._training, self._preferences, self._window = session, training, preferences, window
        session.holding.ask_lock = lambda found: ask.ask_lock(window, found=found)
        session.holding.choose_place = self._move_masks
        # What a crash has left could not be offered while the folder was read-only. The question waits for what has
        # led here, which says more.
        session.holding.read_again.connect(self._offer_recovery, Qt.ConnectionType.QueuedConnection)
        session.document_changed.connect(self._note_image)

    def ask(self) -> None:
        """Ask for a folder and open it."""
        recent = self._preferences.recent()
        start = Path(recent[0].root).parent if recent else Path.home()
        chosen = ask.ask_folder(self._window, title="Open a folder of images", start=start)
        if chosen is not None:
            self.open(chosen)

    def open(self, path: Path) -> bool:
        """Open a folder, or the folder of an image at that image; False if what was open stays open."""
        path = path.expanduser().absolute()
        if not path.exists():
            self._say_missing(path)
            return False
        root, image = (path, "") if path.is_dir() else (path.parent, path.name)
        if not self._may_leave_training():
            return False
        known = self._preferences.recent_for(root)
        other_place = Path(known.data_root) if known.data_root else None
        if other_place is not None and not other_place.is_dir():
            other_place = None
        if not self._session.open_folder(root, data_root=other_place):
            return False
        self._preferences.remember(known if other_place is not None else replace(known, data_root=""))
        self._find_place_for_masks(root)
        self._open_first(image or known.image)
        self._offer_recovery()
        return True

    @Slot()
    def _offer_recovery(self) -> None:
        offer_recovery(self._session, self._window)

    def _say_missing(self, path: Path) -> None:
        if any(Path(folder.root) == path for folder in self._preferences.recent()):
            self._preferences.forget(str(path))
            self._session.warn(f"{path}: the folder is not there any more. Open it from where it is now.")
        else:
            self._session.warn(f"{path}: there is no such folder or image. Check its name, or choose one with Open.")

    def open_sample(self) -> None:
        """Open the person's copy of the sample images; the copy is made if it is not there."""
        try:
            folder = copy_sample()
        except SegToolError as exc:
            self._session.report(exc)
            return
        self.open(folder)

    def _may_leave_training(self) -> bool:
        state = self._training.state
        if not state.is_active:
            return True
        if not ask.ask_stop_training(self._window, epochs=state.epochs_kept):
            return False
        self._training.shut_down()
        return True

    def _find_place_for_masks(self, root: Path) -> None:
        """Ask where masks go if the folder cannot be written to, until they can go somewhere or need not."""
        while reason := self._place_reason():
            # The question says it; a row that offers the same stays if it is answered with no.
            self._session.message_over.emit(reason)
            if ask.ask_read_only(self._window, root=root, reason=reason) is not ReadOnlyAnswer.OTHER_PLACE:
                self._session.warn(reason)
                return
            self._choose_place(root)

    def _choose_place(self, root: Path) -> bool:
        """Let the person choose a folder for the masks, and open with it; False if they go nowhere as before."""
        place = ask.ask_folder(self._window, title="Choose a folder for the masks", start=Path.home())
        if place is None or not self._session.open_folder(root, data_root=place) or self._place_reason():
            return False
        self._preferences.remember(RecentFolder(str(root), data_root=str(place)))
        return True

    def _move_masks(self) -> None:
        """Choose a place after all, at the image that is shown."""
        project, document = self._session.project, self._session.document
        key = "" if document is None else document.entry.key
        if project is None or not self._may_leave_training():
            return
        if self._choose_place(project.root):
            self._open_first(key)
            offer_recovery(self._session, self._window)
        elif reason := self._place_reason():
            self._session.warn(reason)
            self._open_first(key)

    def _place_reason(self) -> str:
        return "" if self._session.project is None else self._session.project.place_reason

    def _open_first(self, wanted: str) -> None:
        """Show the wanted image if there is one of that key, else the first that can be read."""
        project = self._session.project
        if project is not None:
            keys = (entry.key for entry in project.entries)
            self._session.navigation.open_any(chain([wanted] if project.has(wanted) else [], keys))

    def _note_image(self) -> None:
        project, document = self._session.project, self._session.document
        if project is not None and document is not None:
            self._preferences.remember_image(project.root, document.entry.key)


def droppable(urls: Iterable[QUrl]) -> Path | None:
    """Return the one folder or image among dropped addresses, None if there is none or more than one."""
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    if len(paths) != 1 or not paths[0].exists():
        return None
    path = paths[0]
    return path if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES else None
