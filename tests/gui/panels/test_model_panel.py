from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from segtool.gui.actions import ActionId
from segtool.gui.dialogs.model_card_dialog import ModelCardDialog
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.model_panel import ModelPanel


def _facts(panel: ModelPanel) -> dict[str, str]:
    labels = [panel.facts.itemAt(i).widget() for i in range(panel.facts.count())]
    texts = [label.text() for label in labels if isinstance(label, QLabel)]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_the_active_model_and_its_card_are_shown(opened: MainWindow) -> None:
    model = opened._session.model
    assert model is not None
    assert opened.model.combo.currentData() == model.name
    facts = _facts(opened.model)
    assert list(facts) == ["Tells apart", "Scores", "Images", "Data", "Made"]
    assert all(item.name in facts["Tells apart"] for item in model.card.classes)
    assert f"F1 {(model.card.metrics or {})['pooled']['f1']:.3f}" in facts["Scores"]
    assert "held out" in facts["Images"]
    assert opened.model.fit.isHidden()
    assert opened.action_set[ActionId.SEGMENT_IMAGE].isEnabled()


def test_classes_have_the_colours_that_the_mask_has(opened: MainWindow) -> None:
    opened._session.class_edits.recolour(1, (1, 2, 3))
    assert '"color:#010203">■</span>&nbsp;nucleus' in _facts(opened.model)["Tells apart"]


def test_a_version_of_the_folder_can_be_chosen(opened: MainWindow, image_folder: Path) -> None:
    session = opened._session
    bundled = session.model
    assert bundled is not None
    shutil.copytree(bundled.folder, image_folder / "models" / "0001-mine")
    session.refresh_models()
    combo = opened.model.combo
    row = combo.findData("0001-mine")
    assert row >= 0
    combo.setCurrentIndex(row)
    combo.activated.emit(row)
    assert session.model is not None
    assert session.model.name == "0001-mine"
    assert combo.currentData() == "0001-mine"


def test_a_model_that_does_not_fit_the_folder_says_so_where_it_is_chosen(
    opened: MainWindow, image_folder: Path, tiny_ground_folder: Path
) -> None:
    session, panel = opened._session, opened.model
    assert session.add_class("debris")
    assert panel.fit.text() == "Knows background and nucleus, but not debris."
    shutil.copytree(tiny_ground_folder, image_folder / "models" / "0001-ground")
    session.refresh_models()
    tip = panel.combo.itemData(panel.combo.findData("0001-ground"), Qt.ItemDataRole.ToolTipRole)
    assert "Knows background, but not nucleus and debris." in tip
    assert session.set_active_model("0001-ground")
    assert panel.fit.isVisible()
    assert panel.fit.text() in tip
    assert "adds water, road, roof and tree to the folder's classes" in panel.fit.text()


def test_no_line_of_the_panel_is_cut_off(
    opened: MainWindow, image_folder: Path, tiny_ground_folder: Path, qtbot: QtBot
) -> None:
    name = "0001-a-version-with-quite-a-long-name"
    shutil.copytree(tiny_ground_folder, image_folder / "models" / name)
    opened._session.refresh_models()
    assert opened._session.add_class("debris")
    opened.resize(1000, 640)
    assert opened._session.set_active_model(name)

    def cut_off() -> list[str]:
        labels = [label for label in opened.model.findChildren(QLabel) if label.isVisible()]
        return [label.text() for label in labels if label.height() < label.heightForWidth(label.width())]

    qtbot.waitUntil(lambda: "tree" in _facts(opened.model)["Tells apart"] and opened.model.fit.isVisible())
    # Docks take their new sizes step by step.
    qtbot.waitUntil(lambda: cut_off() == [])


def test_the_card_opens_beside_the_window(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(opened.model.card_button, Qt.MouseButton.LeftButton)
    (dialog,) = opened.findChildren(ModelCardDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.close()
    qtbot.waitUntil(lambda: not opened.findChildren(ModelCardDialog))
