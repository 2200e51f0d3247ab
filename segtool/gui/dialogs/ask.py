"""Every question that the window asks a person: one function each, so that a test can answer in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TypeVar

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFileDialog, QMessageBox, QPushButton, QWidget

from segtool.core.classes import ClassInfo, ClassSet
from segtool.core.palette import Colour
from segtool.formats.mask_kinds import Fit
from segtool.gui import theme
from segtool.gui.dialogs.auto_retrain_dialog import AutoRetrainDialog
from segtool.gui.dialogs.bundle_dialog import BundleDialog
from segtool.gui.dialogs.class_dialogs import NewClass, NewClassDialog, RemoveClassDialog
from segtool.gui.dialogs.crash_dialog import CrashDialog
from segtool.gui.dialogs.mask_mapping_dialog import MaskMappingDialog
from segtool.gui.dialogs.recovery_dialog import RecoveryDialog
from segtool.gui.mask_questions import ValuesAnswer
from segtool.gui.recovery_choice import Answer, FoundChanges
from segtool.gui.session_state import ChangedMaskAnswer, ClassUsage, LockAnswer, Overwrite
from segtool.project.lock import LockFound
from segtool.project.mask_question import MaskQuestion

_Role = QMessageBox.ButtonRole
_Answer = TypeVar("_Answer")


class SaveAnswer(Enum):
    """What to do with masks that are not saved yet."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


class ReadOnlyAnswer(Enum):
    """What to do about a folder that cannot be written to."""

    OTHER_PLACE = "other place"
    VIEW = "view"


def ask_save(parent: QWidget, *, images: int) -> SaveAnswer:
    """Ask what to do with unsaved changes in that many images."""
    what = "the mask of one image" if images == 1 else f"the masks of {images} images"
    box = _box(parent, "Unsaved changes", f"Save the changes to {what}?")
    box.setInformativeText("If you discard them, they are lost.")
    save = _button(box, "Save", _Role.AcceptRole, default=True)
    discard = _button(box, "Discard", _Role.DestructiveRole)
    clicked = _run(box)
    if clicked is save:
        return SaveAnswer.SAVE
    return SaveAnswer.DISCARD if clicked is discard else SaveAnswer.CANCEL


def ask_changed_mask(parent: QWidget, *, key: str) -> ChangedMaskAnswer | None:
    """Ask whose mask it shall be if something else has changed the file of an image meanwhile; None cancels."""
    box = _box(parent, "Mask changed on disk", f"Another program has changed the mask of {key} since it was opened.")
    box.setInformativeText(
        "Reload takes what the file holds now; undo brings back what you see. Keep mine overwrites the file. "
        "Save a copy puts what you see into a folder that you choose, then reloads."
    )
    answers = {
        _button(box, "Reload", _Role.AcceptRole, default=True): ChangedMaskAnswer.RELOAD,
        _button(box, "Save a copy…", _Role.AcceptRole): ChangedMaskAnswer.COPY,
        _button(box, "Keep mine", _Role.DestructiveRole): ChangedMaskAnswer.KEEP,
    }
    return _chosen(box, answers)


def ask_recovery(parent: QWidget, *, found: Sequence[FoundChanges]) -> list[Answer]:
    """Ask what to do with each of the unsaved changes that a crash has left; closing the question puts all off."""
    dialog = RecoveryDialog(found, parent, confirm_discard=lambda count: ask_discard_recovered(parent, images=count))
    return dialog.answers() if dialog.exec() else [Answer.LATER] * len(found)


def ask_discard_recovered(parent: QWidget, *, images: int) -> bool:
    """Ask whether unsaved changes that could be brought back may be thrown away for good."""
    of_what = "the mask of one image" if images == 1 else f"the masks of {images} images"
    box = _box(parent, "Discard unsaved changes", f"Discard the unsaved changes to {of_what}?")
    box.setInformativeText("The masks stay as they were saved. The changes cannot be brought back after that.")
    discard = _button(box, "Discard", _Role.DestructiveRole)
    _button(box, "Keep", _Role.RejectRole, default=True)
    return _run(box) is discard


def ask_mask_file(parent: QWidget, *, title: str, start: Path) -> Path | None:
    """Ask where to write a mask, over an existing file only after a question; None if the person has cancelled."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(start), "Mask (*.png)")
    return Path(chosen) if chosen else None


def ask_stop_training(parent: QWidget, *, epochs: int) -> bool:
    """Ask whether a training that is running may be broken off; ``epochs`` of it are done and kept."""
    box = _box(parent, "Training is running", "Stop the training?")
    kept = "It has not finished its first epoch yet, so nothing of it can be kept."
    if epochs:
        what = "Its first epoch is" if epochs == 1 else f"Its {epochs} epochs are"
        kept = f"{what} kept: you can resume it when you open this folder again."
    box.setInformativeText(f"{kept} The active model stays as it is.")
    stop = _button(box, "Stop training", _Role.DestructiveRole)
    _button(box, "Keep training", _Role.RejectRole, default=True)
    return _run(box) is stop


def ask_auto_retrain(parent: QWidget, *, after: int, approved: int) -> int | None:
    """Ask after how many newly approved images to retrain by itself, 0 for never; None if the person has cancelled.

    Parameters
    ----------
    after : int
        What holds now.
    approved : int
        How many images are newly approved.
    """
    dialog = AutoRetrainDialog(after, approved, parent)
    return dialog.answer() if dialog.exec() else None


def ask_overwrite(parent: QWidget, *, worked_on: int, total: int) -> Overwrite | None:
    """Ask what segmenting may do with masks that a person has corrected or approved; None cancels.

    Parameters
    ----------
    worked_on : int
        Images among them that have been corrected or approved.
    total : int
        Images to segment.
    """
    if total == 1:
        text, rest = "This mask has been corrected or approved.", ""
    else:
        has = "has" if worked_on == 1 else "have"
        text = f"{worked_on} of {total} masks {has} been corrected or approved."
        rest = " For images that are not open, replacing cannot be undone."
    box = _box(parent, "Segment", text)
    box.setInformativeText(
        f"Fill keeps every pixel that has a class. Replace puts the prediction over all of them.{rest}"
    )
    answers = {_button(box, "Fill unlabelled", _Role.AcceptRole, default=True): Overwrite.FILL_VOID}
    if worked_on < total:
        answers[_button(box, "Skip", _Role.AcceptRole)] = Overwrite.SKIP
    answers[_button(box, "Replace", _Role.DestructiveRole)] = Overwrite.REPLACE
    return _chosen(box, answers)


def ask_read_only(parent: QWidget, *, root: Path, reason: str) -> ReadOnlyAnswer:
    """Ask where masks shall go if the folder ``root`` cannot be written to for ``reason``, a sentence or two."""
    box = _box(parent, "Folder is read-only", f"Masks cannot be saved in “{root.name or root}”.")
    box.setInformativeText(theme.plain_tip(f"{reason} You can also look at the images without changing anything."))
    other = _button(box, "Choose a folder…", _Role.AcceptRole, default=True)
    _button(box, "View only", _Role.RejectRole)
    return ReadOnlyAnswer.OTHER_PLACE if _run(box) is other else ReadOnlyAnswer.VIEW


def ask_lock(parent: QWidget, *, found: LockFound) -> LockAnswer | None:
    """Ask what to do with a folder of which only the person knows whether somebody works there; None cancels."""
    box = _box(parent, "Folder in use?", f"“{found.folder.name or found.folder}” may be in use: {found.text()}.")
    box.setInformativeText(
        "If somebody is still working there, each of you would save over what the other has done. Open it for editing "
        "only if you know that nobody is, after that computer has crashed for example."
    )
    answers = {
        _button(box, "Open read-only", _Role.AcceptRole, default=True): LockAnswer.VIEW,
        _button(box, "Open for editing anyway", _Role.DestructiveRole): LockAnswer.EDIT,
    }
    return _chosen(box, answers)


def ask_large_image(parent: QWidget, key: str, *, needs: int, free: int, is_swollen: bool = False) -> bool:
    """Ask whether an image may be opened that takes much of the memory: ``needs`` and ``free`` in bytes.

    ``is_swollen`` tells that its file is suspiciously small.
    """
    has = f"{key} needs about {_gigabytes(needs)}, {_gigabytes(free)} are free."
    box = _box(parent, "Large image", f"{has} Open it all the same?")
    slow = "If there is too little memory, everything on this computer becomes slow."
    small = "Its file is very small for that: it may have been made to fill the memory."
    box.setInformativeText(small if is_swollen else slow)
    wanted = _button(box, "Open", _Role.AcceptRole)
    _button(box, "Do not open", _Role.RejectRole, default=True)
    return _run(box) is wanted


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def ask_mask_size(parent: QWidget, *, question: MaskQuestion) -> Fit | None:
    """Ask what to do with a mask that has not the size of its image; None leaves it as it is, to look at only."""
    (height, width), (tall, wide) = question.mask_shape, question.shape
    box = _box(parent, "Mask of another size", f"The mask has {width} × {height} pixels, its image {wide} × {tall}.")
    box.setInformativeText(
        "Crop or pad keeps each pixel where it is, counted from the top left corner; what is missing is void. Resize "
        "stretches the mask: each pixel takes the class of the nearest one. Start blank lays the mask aside. Whatever "
        "you choose, the file as it is now is kept beside the new one as a copy that ends in .bak."
    )
    answers = {}
    for text, fit in (("Crop or pad", Fit.CROP), ("Resize", Fit.RESIZE), ("Start blank", Fit.BLANK)):
        answers[_button(box, text, _Role.AcceptRole, default=fit is question.likely_fit)] = fit
    _button(box, "View only", _Role.RejectRole)
    return _chosen(box, answers)


def ask_mask_values(parent: QWidget, *, question: MaskQuestion, classes: ClassSet) -> ValuesAnswer | None:
    """Ask what the values of a mask mean; None if the person has cancelled."""
    dialog = MaskMappingDialog(question, classes, parent)
    return dialog.answer() if dialog.exec() else None


def ask_folder(parent: QWidget, *, title: str, start: Path) -> Path | None:
    """Ask for a folder; None if the person has cancelled."""
    chosen = QFileDialog.getExistingDirectory(parent, title, str(start))
    return Path(chosen) if chosen else None


def ask_csv_file(parent: QWidget, *, title: str, start: Path) -> Path | None:
    """Ask where to write a CSV file, an existing one only after a question; None if the person has cancelled."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(start), "CSV table (*.csv)")
    return Path(chosen) if chosen else None


def ask_log_bundle(parent: QWidget, *, start: Path) -> tuple[Path, bool] | None:
    """Ask where to write a log bundle and whether names stay in it; None if the person has cancelled."""
    dialog = BundleDialog(parent)
    if not dialog.exec():
        return None
    chosen, _ = QFileDialog.getSaveFileName(parent, "Export log bundle", str(start), "Zip file (*.zip)")
    return (Path(chosen), not dialog.hides_names.isChecked()) if chosen else None


def tell_crash(parent: QWidget, *, heading: str, text: str, details: str, export: Callable[[], object]) -> None:
    """Tell of a start that crashed; ``export`` offers a log bundle."""
    CrashDialog(heading=heading, text=text, details=details, export=export, parent=parent).exec()


def ask_colour(parent: QWidget, *, item: ClassInfo) -> Colour | None:
    """Ask for another colour of a class; None if the person has cancelled."""
    chosen = QColorDialog.getColor(QColor(*item.colour), parent, f"Colour of {item.name}")
    return (chosen.red(), chosen.green(), chosen.blue()) if chosen.isValid() else None


def ask_new_class(parent: QWidget, *, classes: ClassSet) -> NewClass | None:
    """Ask for the name and colour of a class to add; None if the person has cancelled."""
    dialog = NewClassDialog(classes, parent)
    return dialog.answer() if dialog.exec() else None


def ask_replacement(parent: QWidget, *, item: ClassInfo, classes: ClassSet, usage: ClassUsage) -> int | None:
    """Ask into what the pixels of a class turn that is to be removed: a class id or void; None cancels."""
    dialog = RemoveClassDialog(item, classes, usage, parent)
    return dialog.replacement() if dialog.exec() else None


def show_error(parent: QWidget | None, *, title: str, text: str, details: str = "") -> None:
    """Tell of a failure that ends what the person was doing."""
    box = QMessageBox(QMessageBox.Icon.Critical, title, theme.plain_tip(text), QMessageBox.StandardButton.Close, parent)
    box.setInformativeText(theme.plain_tip(details))
    theme.strip_icons(box)
    box.exec()


def _box(parent: QWidget, title: str, text: str) -> QMessageBox:
    # Names of files and classes are in it, which may look like HTML.
    shown = theme.plain_tip(text)
    return QMessageBox(QMessageBox.Icon.Question, title, shown, QMessageBox.StandardButton.NoButton, parent)


def _button(box: QMessageBox, text: str, role: QMessageBox.ButtonRole, *, default: bool = False) -> QPushButton:
    button = box.addButton(text, role)
    if default:
        box.setDefaultButton(button)
    return button


def _chosen(box: QMessageBox, answers: Mapping[QPushButton, _Answer]) -> _Answer | None:
    """Show the box and return what the button stands for that was clicked; None as ``_run``."""
    clicked = _run(box)
    return None if clicked is None else answers.get(clicked)


def _run(box: QMessageBox) -> QPushButton | None:
    """Show the box and return the button that was clicked; None for Cancel, Esc or a closed window."""
    if not any(box.buttonRole(button) is _Role.RejectRole for button in box.buttons()):
        box.addButton(QMessageBox.StandardButton.Cancel)
    theme.strip_icons(box)
    box.exec()
    clicked = box.clickedButton()
    return clicked if isinstance(clicked, QPushButton) else None
