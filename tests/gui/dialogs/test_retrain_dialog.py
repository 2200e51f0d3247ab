from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QImage

from segtool.core.geometry import Rect
from segtool.core.run_settings import (
    AUGMENTATION_LIMITS,
    FINE_TUNING_RATE,
    FROM_SCRATCH_RATE,
    AugmentationSettings,
    RunSettings,
)
from segtool.formats.mask_png import read_mask
from segtool.gui.dialogs.augmentation_form import AugmentationForm
from segtool.gui.dialogs.augmentation_preview import AugmentationPreview
from segtool.gui.dialogs.retrain_dialog import RetrainDialog
from segtool.gui.dialogs.retrain_jobs import remembered_settings
from segtool.gui.refreshing import RefreshScope, remembered_scope
from segtool.models.base import bundled_bases
from segtool.project.status import Status
from tests.gui.training_fixtures import IMAGES, add_version, make_folder
from tests.model_fixtures import NUCLEI

OpenDialog = Callable[..., RetrainDialog]


@pytest.fixture
def open_dialog(qtbot, session) -> Iterator[OpenDialog]:
    made: list[RetrainDialog] = []

    def make(root: Path) -> RetrainDialog:
        if session.project is None:
            assert session.open_folder(root)
        dialog = RetrainDialog(session)
        qtbot.addWidget(dialog)
        made.append(dialog)
        dialog.show()
        qtbot.waitUntil(lambda: "Checking" not in dialog.reason.text(), timeout=10_000)
        return dialog

    yield make
    for dialog in made:
        if dialog.isVisible():
            dialog.reject()


def test_what_is_shown_is_what_is_trained(qtbot, tmp_path, open_dialog):
    dialog = open_dialog(make_folder(tmp_path / "photos"))
    form = dialog.run_form
    assert dialog.start_button.isEnabled()
    assert dialog.settings.minutes == 3.0
    assert dialog.settings.augmentation == AugmentationSettings()
    form.epochs_button.setChecked(True)
    form.epochs.setValue(12)
    form.learning_rate.setValue(0.002)
    form.base.setCurrentIndex(form.base.findData("none"))
    form.name.setText("my best / one")
    dialog.augmentation.set_change("rotation", on=True, position=45)
    dialog.augmentation.set_change("zoom", on=False)
    settings = dialog.settings
    assert (settings.minutes, settings.epochs, settings.learning_rate) == (None, 12, 0.002)
    assert settings.augmentation.rotation == 45
    assert settings.augmentation.zoom == 0
    assert dialog.base_name == "none"
    assert dialog.version_name == "0001-my-best-one"
    assert "0001-my-best-one" in form.name_hint.text()


def test_bases_and_models_to_start_from_are_offered(tmp_path, tiny_model_folder, session, open_dialog):
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0004-cells")
    session.open_folder(root)
    session.set_active_model("0004-cells")
    dialog = open_dialog(root)
    offered = [dialog.run_form.base.itemData(i) for i in range(dialog.run_form.base.count())]
    assert offered == [*(entry.name for entry in (*bundled_bases(), *session.models)), "none"]
    # What came with the program and knows the classes; a version stands in the list.
    assert dialog.base_name == "nuclei"
    assert dialog.version_name == "0005-nuclei"
    dialog.run_form.base.setCurrentIndex(offered.index("0004-cells"))
    assert dialog.version_name == "0005-cells"
    dialog.run_form.base.setCurrentIndex(len(offered) - 1)
    assert dialog.version_name == "0005-model"


@pytest.mark.parametrize(
    ("folder", "words"),
    [({"with_mask": 0}, "There are no masks to train on"), ({"one_class": True}, "The masks hold only background")],
)
def test_start_says_why_it_cannot(tmp_path, open_dialog, folder, words):
    dialog = open_dialog(make_folder(tmp_path / "photos", **folder))
    assert not dialog.start_button.isEnabled()
    assert words in dialog.reason.text()


def test_images_can_be_left_out(qtbot, tmp_path, open_dialog):
    dialog = open_dialog(make_folder(tmp_path / "photos"))
    held_out = dialog.settings.held_out
    assert held_out is not None
    assert len(held_out) == 1
    row = next(i for i, image in enumerate(dialog.images.rows) if not image.held_out)
    key = dialog.images.rows[row].key
    assert dialog.images.setData(
        dialog.images.index(row, 0), Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole
    )
    assert dialog.settings.images is not None
    assert key not in dialog.settings.images
    assert len(dialog.settings.images) == IMAGES - 2
    qtbot.mouseClick(dialog.images_box.none_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "There are no masks to train on" in dialog.reason.text(), timeout=10_000)
    assert not dialog.start_button.isEnabled()
    qtbot.mouseClick(dialog.images_box.all_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.start_button.isEnabled, timeout=10_000)
    assert dialog.settings.held_out == held_out


def test_looking_records_no_choice_of_held_out_images(tmp_path, session, open_dialog):
    root = make_folder(tmp_path / "photos")
    first = open_dialog(root)
    shown = [image.key for image in first.images.rows if image.held_out]
    first.reject()
    assert session.project is not None
    assert session.project.state.held_out == ()
    assert session.project.state.known == ()
    assert list(session.project.ensure_held_out()) == shown
    second = open_dialog(root)
    assert [image.key for image in second.images.rows if image.held_out] == shown


def test_a_mask_that_is_saved_meanwhile_joins_in(qtbot, tmp_path, session, open_dialog):
    root = make_folder(tmp_path / "photos", with_mask=2)
    session.open_folder(root)
    session.open_image("4.png")
    height, width = session.document.mask.shape
    session.apply_pixels("Fill", Rect(0, 0, width, height), read_mask(root / "masks" / "1.png"))
    dialog = open_dialog(root)
    qtbot.waitUntil(lambda: len(dialog.images.rows) == 3, timeout=10_000)
    assert dialog.images.rows[2].key == "4.png"
    assert dialog.images.rows[2].status is Status.CORRECTED


def test_a_closed_dialog_follows_the_session_no_more(tmp_path, session, open_dialog):
    dialog = open_dialog(make_folder(tmp_path / "photos"))
    dialog.reject()
    session.set_status("0.png", Status.PREDICTED)
    assert len(dialog.images.rows) == IMAGES


def test_settings_are_remembered_and_images_are_not(tmp_path, open_dialog):
    root = make_folder(tmp_path / "photos")
    first = open_dialog(root)
    first.run_form.minutes.setValue(7.5)
    first.augmentation.set_change("horizontal_flip", on=False)
    first.images.tick(first.images.rows[:1], on=False)
    chosen = first.settings
    first.accept()
    second = open_dialog(root)
    assert second.settings.minutes == 7.5
    assert second.settings.augmentation == chosen.augmentation
    assert second.settings.images != chosen.images


def test_it_fits_a_small_screen(tmp_path, open_dialog):
    dialog = open_dialog(make_folder(tmp_path / "photos"))
    assert dialog.minimumSizeHint().width() <= 1000
    assert dialog.minimumSizeHint().height() <= 640
    dialog.resize(dialog.minimumSizeHint())
    for widget in (dialog.start_button, dialog.images_box.table, dialog.preview, dialog.run_form.name):
        assert dialog.rect().contains(widget.rect().translated(widget.mapTo(dialog, widget.rect().topLeft())))


def test_another_row_is_previewed(qtbot, tmp_path, open_dialog):
    dialog = open_dialog(make_folder(tmp_path / "photos"))
    qtbot.waitUntil(lambda: len(dialog.preview.tiles) == 4, timeout=10_000)
    before = dialog.preview.tiles
    dialog.images_box.table.selectRow(3)
    qtbot.waitUntil(lambda: dialog.preview.tiles != before, timeout=10_000)


def _show(qtbot, preview: AugmentationPreview, settings: AugmentationSettings) -> list[QImage]:
    with qtbot.waitSignal(preview.drawn):
        preview.set_settings(settings)
    return preview.tiles


def test_the_preview_shows_what_the_settings_do(qtbot, drawn_nuclei):
    pixels, mask = drawn_nuclei
    preview = AugmentationPreview()
    qtbot.addWidget(preview)
    preview.set_image(pixels, mask, NUCLEI)
    still = _show(qtbot, preview, AugmentationSettings.none())
    assert len(still) == 4
    assert all(tile == still[0] for tile in still)
    turned = _show(
        qtbot, preview, AugmentationSettings(**{**dict.fromkeys(AUGMENTATION_LIMITS, 0.0), "rotation": 90.0})
    )
    assert len({bytes(tile.constBits()) for tile in turned}) == 4
    again = _show(qtbot, preview, AugmentationSettings.none())
    assert again == still


def test_the_preview_draws_the_mask_in_the_colour_of_its_class(qtbot):
    mask = np.zeros((256, 256), dtype=np.uint8)
    mask[:128] = 1
    preview = AugmentationPreview()
    qtbot.addWidget(preview)
    preview.set_image(np.tile(np.arange(256, dtype=np.uint8), (256, 1)), mask, NUCLEI)
    tile = _show(qtbot, preview, AugmentationSettings.none())[0]
    tinted, clear = tile.pixelColor(60, 40), tile.pixelColor(60, 200)
    assert tinted.red() > tinted.blue() + 40
    assert clear.red() == clear.green() == clear.blue()


@pytest.mark.parametrize("name", list(AUGMENTATION_LIMITS))
def test_each_change_has_a_switch_and_reaches_its_limit(qtbot, name):
    form = AugmentationForm()
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.changed):
        form.set_change(name, on=False)
    assert getattr(form.settings(), name) == 0
    form.set_change(name, on=True, position=1000)
    assert getattr(form.settings(), name) == pytest.approx(AUGMENTATION_LIMITS[name])
    form.set_settings(AugmentationSettings())
    assert form.settings() == AugmentationSettings()


def test_unusable_remembered_settings_count_as_none(qapp):
    QSettings().setValue("retrain/settings", json.dumps({"minutes": -1}))
    assert remembered_settings() == RunSettings()


def test_starting_from_scratch_offers_a_higher_rate_but_keeps_a_chosen_one(tmp_path, open_dialog):
    form = open_dialog(make_folder(tmp_path / "photos")).run_form
    scratch, base = form.base.findData("none"), form.base.currentIndex()
    assert form.learning_rate.value() == FINE_TUNING_RATE
    form.base.setCurrentIndex(scratch)
    assert form.learning_rate.value() == FROM_SCRATCH_RATE
    form.base.setCurrentIndex(base)
    assert form.learning_rate.value() == FINE_TUNING_RATE
    form.learning_rate.setValue(0.003)
    form.base.setCurrentIndex(scratch)
    assert form.learning_rate.value() == 0.003


def test_what_follows_and_what_void_means_is_remembered(tmp_path, open_dialog):
    root = make_folder(tmp_path / "photos")
    first = open_dialog(root)
    form = first.run_form
    assert form.refresh_scope is RefreshScope.PREDICTED
    assert not first.settings.void_is_background
    first.images_box.void_is_background.setChecked(True)
    form.show_scope(RefreshScope.UNTOUCHED)
    assert first.settings.void_is_background
    assert remembered_scope() is RefreshScope.PREDICTED
    first.accept()
    assert remembered_scope() is RefreshScope.UNTOUCHED
    second = open_dialog(root)
    assert second.run_form.refresh_scope is RefreshScope.UNTOUCHED
    assert second.settings.void_is_background
