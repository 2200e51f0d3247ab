"""The dialog in which a person chooses how to retrain."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from segtool.core.errors import TrainingError
from segtool.core.run_settings import RunSettings
from segtool.gui import theme
from segtool.gui.dialogs.augmentation_form import AugmentationForm
from segtool.gui.dialogs.augmentation_preview import AugmentationPreview
from segtool.gui.dialogs.retrain_jobs import (
    Choice,
    ChoiceChecked,
    PreviewImage,
    check_job,
    load_job,
    remember_settings,
    remembered_settings,
)
from segtool.gui.dialogs.run_form import RunForm
from segtool.gui.dialogs.training_images import TrainingImage, TrainingImagesBox, TrainingImagesModel
from segtool.gui.jobs.worker import WorkerThread
from segtool.gui.refreshing import remember_scope, remembered_scope
from segtool.gui.session import Session
from segtool.gui.training_plan import held_out_keys
from segtool.project.training_images import usable_images

_SIZE = (1080, 680)


class RetrainDialog(QDialog):
    """Edits a RunSettings; Start is disabled, and says why, as long as a training could not work.

    Parameters
    ----------
    session : Session
        With an open project; only read, but for saving the masks.
    parent : QWidget, optional
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        project = session.project
        if project is None:
            raise TrainingError("no folder is open")
        self._session, self._project = session, project
        self._wanted = ""
        self._problem: str | None = None
        self._checked: Choice | None = None
        self.setWindowTitle("Retrain")
        self._remembered = remembered_settings()
        self._worker = WorkerThread("retrain dialog")
        self._worker.worker.finished.connect(self._on_worker_finished)
        self._worker.worker.failed.connect(self._on_worker_failed)
        self.images = TrainingImagesModel(self)
        self.images_box = TrainingImagesBox(self.images)
        self.run_form = RunForm(project.store, session.models, session.model, session.classes)
        self.augmentation = AugmentationForm()
        self.preview = AugmentationPreview()
        self.reason = QLabel(wordWrap=True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start_button = self.buttons.addButton("Start training", QDialogButtonBox.ButtonRole.AcceptRole)
        theme.strip_icons(self.buttons)
        self._build()
        self.run_form.show_settings(self._remembered)
        self.images_box.void_is_background.setChecked(self._remembered.void_is_background)
        self.run_form.show_scope(remembered_scope())
        self.augmentation.set_settings(self._remembered.augmentation)
        self.preview.set_settings(self._remembered.augmentation)
        self._connect()
        session.save_all()
        self._read_images()
        self._show_first_preview()

    # What was chosen ---------------------------------------------------------------------------

    @property
    def settings(self) -> RunSettings:
        """The run that the person has chosen."""
        return replace(
            self.run_form.apply_to(self._remembered),
            augmentation=self.augmentation.settings(),
            void_is_background=self.images_box.void_is_background.isChecked(),
            images=self.images.ticked(held_out=False),
            held_out=self.images.ticked(held_out=True),
        )

    @property
    def base_name(self) -> str:
        """Name of the model to start from, or "none"."""
        return self.run_form.base_name

    @property
    def version_name(self) -> str:
        """Name of the new version."""
        return self.run_form.version_name

    def accept(self) -> None:
        """Remember the settings for the next time and close."""
        remember_settings(self.settings)
        remember_scope(self.run_form.refresh_scope)
        super().accept()

    def exec(self) -> int:
        """Ask the person; the thread has ended afterwards, also if the program was told to end meanwhile."""
        result = super().exec()
        self._end_thread()
        return result

    def done(self, result: int) -> None:
        """End the thread whichever way the dialog is closed."""
        self._end_thread()
        super().done(result)

    def _end_thread(self) -> None:
        """Listen no more either: nothing may start it again."""
        if not self._worker.is_over:
            self._session.saved_changed.disconnect(self._read_images)
            self._session.entries_changed.disconnect(self._read_images)
            self._worker.close()

    # Building ----------------------------------------------------------------------------------

    def _build(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(2 * theme.SPACE)
        right.addWidget(_group("Run", self.run_form))
        right.addWidget(self._changes_group(), 1)
        columns = QHBoxLayout()
        columns.setSpacing(2 * theme.SPACE)
        columns.addWidget(self.images_box, 4)
        columns.addLayout(right, 5)
        bottom = QHBoxLayout()
        bottom.setSpacing(2 * theme.SPACE)
        bottom.addWidget(self.reason, 1)
        bottom.addWidget(self.buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        layout.setSpacing(2 * theme.SPACE)
        layout.addLayout(columns, 1)
        layout.addLayout(bottom)
        self.start_button.setDefault(True)
        self.resize(*_SIZE)

    def _changes_group(self) -> QGroupBox:
        self.other_button = QPushButton("Show others")
        self.other_button.setAutoDefault(False)
        self.other_button.setToolTip("Draw other random crops with the same settings")
        below = QHBoxLayout()
        below.addWidget(_muted("Four examples, mask and image alike. Every training crop is changed anew."), 1)
        below.addWidget(self.other_button)
        group = QGroupBox("Random changes of the training crops")
        inside = QVBoxLayout(group)
        inside.setSpacing(theme.SPACE)
        inside.addWidget(self.augmentation)
        inside.addWidget(self.preview, 1)
        inside.addLayout(below)
        return group

    def _connect(self) -> None:
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.images.ticks_changed.connect(self._check)
        self.augmentation.changed.connect(lambda: self.preview.set_settings(self.augmentation.settings()))
        self.other_button.clicked.connect(self.preview.draw_others)
        self.images_box.picked.connect(self._load_preview)
        self._session.saved_changed.connect(self._read_images)
        self._session.entries_changed.connect(self._read_images)

    # Images, checks and preview ----------------------------------------------------------------

    @Slot()
    def _read_images(self) -> None:
        held = held_out_keys(self._project)
        self.images.set_rows(
            [
                TrainingImage(entry.key, self._project.status(entry.key), entry.key in held)
                for entry in usable_images(self._project)
            ]
        )
        self._check()

    def _choice(self) -> Choice:
        return self.images.ticked(held_out=False), self.images.ticked(held_out=True)

    @Slot()
    def _check(self) -> None:
        """Ask the worker about the choice of now; until it answers, Start waits."""
        choice = self._choice()
        if choice != self._checked:
            self._checked, self._problem = choice, None
            train, held_out = ([self._project.entry(key) for key in keys] for keys in choice)
            self._worker.submit(check_job(choice, train, held_out, self._session.classes))
        self._show_problem()

    def _show_problem(self) -> None:
        problem = self._project.writable_reason or self._problem
        self.start_button.setEnabled(problem == "")
        train, held_out = self._choice()
        if problem is None:
            text = "Checking the masks…"
        elif problem:
            text = problem
        else:
            text = f"{_count(len(train))} to train on, {len(held_out) or 'none'} held out."
            if not held_out:
                text += " Nothing will measure the new model."
        self.reason.setText(text)
        colour = theme.colours().warning if problem else theme.colours().muted
        self.reason.setStyleSheet(f"color: {colour}")

    def _show_first_preview(self) -> None:
        document = self._session.document
        keys = [row.key for row in self.images.rows]
        if not keys:
            self.preview.clear("Crops are shown here as soon as an image has a corrected mask.")
            return
        first = keys.index(document.entry.key) if document is not None and document.entry.key in keys else 0
        self.images_box.table.selectRow(first)

    @Slot(str)
    def _load_preview(self, key: str) -> None:
        self._wanted = key
        document = self._session.document
        if document is not None and document.entry.key == key:
            self.preview.set_image(document.image.pixels, document.mask, self._session.classes)
            return
        self._worker.submit(load_job(self._project.entry(key)))

    @Slot(object)
    def _on_worker_finished(self, last: object) -> None:
        if isinstance(last, ChoiceChecked) and last.choice == self._checked:
            self._problem = last.problem
            self._show_problem()
        elif isinstance(last, PreviewImage) and last.key == self._wanted:
            self.preview.set_image(last.pixels, last.mask, self._session.classes)

    @Slot(object)
    def _on_worker_failed(self, error: Exception) -> None:
        self.preview.clear(str(error))


def _count(images: int) -> str:
    return "1 image" if images == 1 else f"{images} images"


def _group(title: str, content: QWidget) -> QGroupBox:
    group = QGroupBox(title)
    layout = QVBoxLayout(group)
    layout.addWidget(content)
    return group


def _muted(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setFont(theme.small_font(label.font()))
    label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
    return label
