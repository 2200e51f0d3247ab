from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.gui import theme
from segtool.gui.panels.learning_panel import LearningPanel
from segtool.gui.panels.run_plots import DARK_CURVES, LIGHT_CURVES, RunPlots
from segtool.gui.panels.versions_view import Column, VersionsView
from segtool.gui.session import Session
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Phase, duration_text
from segtool.models.versions import annotate
from tests.gui.training_fixtures import (
    PROGRESS,
    STARTED,
    WAIT_FOR_STOP,
    add_version,
    child,
    deliver,
    done,
    epoch,
    make_folder,
    preview,
    say,
)

SETTINGS = RunSettings(augmentation=AugmentationSettings.none())
MakePanel = Callable[..., LearningPanel]


@pytest.fixture
def make_panel(qtbot, session) -> Iterator[MakePanel]:
    made: list[TrainingControl] = []

    def make(program: tuple[str, ...] = ("unused",), **options: object) -> tuple[LearningPanel, TrainingControl]:
        control = TrainingControl(session, program=program)
        made.append(control)
        panel = LearningPanel(session, control, **options)
        qtbot.addWidget(panel)
        panel.resize(300, 700)
        panel.show()
        return panel, control

    yield make
    for control in made:
        control.close()


@pytest.fixture
def folder(tmp_path: Path, tiny_model_folder: Path, session: Session) -> Path:
    """An open folder with two versions, the first of them active."""
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-cells", f1=0.875)
    add_version(root, tiny_model_folder, "0002-cells")
    assert session.open_folder(root)
    assert session.set_active_model("0001-cells")
    return root


def test_idle_says_what_to_do_and_offers_it(qtbot, make_panel):
    asked: list[bool] = []
    panel, _ = make_panel(retrain=lambda: asked.append(True))
    assert "retrain" in panel.message.text()
    assert not panel.stop_button.isVisible()
    assert not panel.progress.isVisible()
    assert not panel.plots.isVisible()
    assert not panel.comparison.isVisible()
    qtbot.mouseClick(panel.retrain_button, Qt.MouseButton.LeftButton)
    assert asked == [True]


def test_a_run_is_followed_from_start_to_comparison(qtbot, tmp_path, tiny_model_folder, folder, session, make_panel):
    program = child(
        tmp_path,
        say(STARTED),
        say(epoch(1)),
        say(epoch(2, best=False)),
        say(preview(0, columns=0)),
        say(preview(25, columns=40)),
        say(PROGRESS),
        WAIT_FOR_STOP,
        deliver(tiny_model_folder),
        say(done(0.95, 0.90)),
    )
    panel, control = make_panel(program, retrain=lambda: None)
    control.start(SETTINGS, base="0001-cells", name="0003-cells")
    qtbot.waitUntil(lambda: control.state.fraction == PROGRESS.fraction, timeout=10_000)
    assert panel.message.text() == "Training 0003-cells from 0001-cells"
    assert not panel.retrain_button.isVisible()
    assert panel.plots.isVisible()
    assert not panel.versions.isVisible()
    assert panel.plots.points("train_loss") == [(25, epoch(1).train_loss), (50, epoch(2).train_loss)]
    assert panel.plots.points("val_f1") == [(25, epoch(1).val_f1), (50, epoch(2).val_f1)]
    assert panel.progress.value() == 250
    assert "Training" in panel.times.text()
    assert panel.times.text() == "Training  ·  1:30 left, step 10 of about 40"
    assert panel.preview.isVisible()
    assert panel.preview.title.text() == "3.png"
    assert (panel.preview.before.caption, panel.preview.now.caption) == ("at the start", "step 25")
    assert panel.preview.before.size() == panel.preview.now.size()
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    assert panel.stop_button.text() == "End now"
    qtbot.waitUntil(lambda: control.state.phase is Phase.FINISHED, timeout=10_000)
    assert "0003-cells is now the active model" in panel.message.text()
    assert not panel.progress.isVisible()
    assert panel.versions.isVisible()
    assert panel.retrain_button.isVisible()
    assert panel.other_button.isVisible()
    assert panel.other_button.text() == "Go back to 0001-cells"
    assert panel.comparison.isVisible()
    assert panel.comparison.rows() == [
        ["On 1 held-out image"],
        ["", "before", "new", "change"],
        ["F1", "0.900", "0.950", "+0.050"],
        ["IoU", "0.450", "0.475", "+0.025"],
        ["Precision", "0.750", "0.750", "+0.000"],
        ["Recall", "0.250", "0.250", "+0.000"],
    ]
    active = [item for item in _rows(panel.versions) if item[2]]
    assert [name for name, _, _ in active] == ["0003-cells"]
    qtbot.mouseClick(panel.other_button, Qt.MouseButton.LeftButton)
    assert session.model.name == "0001-cells"
    assert panel.message.text() == "0001-cells is now the active model."
    assert not panel.other_button.isVisible()


def test_going_back_is_offered_by_title_and_only_to_what_is_there(
    qtbot, tmp_path, tiny_model_folder, folder, session, make_panel
):
    annotate(folder / "models" / "0001-cells", title="Best so far")
    session.refresh_models()
    panel, control = make_panel(child(tmp_path, say(STARTED), deliver(tiny_model_folder), say(done(0.95, 0.90))))
    control.start(SETTINGS, base="0001-cells", name="0003-cells")
    assert panel.message.text() == "Training 0003-cells from Best so far"
    qtbot.waitUntil(lambda: control.state.phase is Phase.FINISHED, timeout=10_000)
    assert panel.other_button.text() == "Go back to Best so far"
    assert session.versions.delete("0001-cells")
    qtbot.waitUntil(lambda: not panel.other_button.isVisible(), timeout=10_000)


def test_a_refused_version_can_be_taken_from_the_panel(qtbot, tmp_path, tiny_model_folder, folder, session, make_panel):
    refused = say(done(0.5, 0.9, accepted=False, why="It is worse on b.png."))
    panel, control = make_panel(child(tmp_path, say(STARTED), deliver(tiny_model_folder), refused))
    control.start(SETTINGS, base="0001-cells", name="0003-cells")
    qtbot.waitUntil(lambda: control.state.phase is Phase.FINISHED, timeout=10_000)
    assert panel.message.text() == "0003-cells is kept as a candidate, 0001-cells stays active. It is worse on b.png."
    assert theme.colours().warning in panel.message.styleSheet()
    assert "0003-cells" in [name for name, _, _ in _rows(panel.versions)]
    assert panel.other_button.text() == "Activate anyway"
    qtbot.mouseClick(panel.other_button, Qt.MouseButton.LeftButton)
    assert session.model.name == "0003-cells"
    assert panel.message.styleSheet() == ""


def test_a_failure_shows_its_log(qtbot, tmp_path, folder, make_panel):
    panel, control = make_panel(child(tmp_path, "raise ValueError('no space left')"))
    control.start(SETTINGS, base="none", name="0003-cells")
    qtbot.waitUntil(lambda: control.state.phase is Phase.FAILED, timeout=10_000)
    assert "no space left" in panel.message.text()
    assert not panel.log.isVisible()
    qtbot.mouseClick(panel.log_button, Qt.MouseButton.LeftButton)
    assert panel.log.isVisible()
    assert "Traceback" in panel.log.toPlainText()


def _rows(view: VersionsView) -> list[tuple[str, str, bool]]:
    """Return name, F1 and whether it is marked as active of each version."""
    items = [view.list.topLevelItem(i) for i in range(view.list.topLevelItemCount())]
    return [(item.text(Column.NAME), item.text(Column.F1), not item.icon(Column.NAME).isNull()) for item in items]


def test_a_double_click_goes_back_to_a_version(qtbot, folder, session):
    view = VersionsView(session)
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    versions = [row for row in _rows(view) if row[0].startswith("000")]
    assert versions == [("0001-cells", "0.875", True), ("0002-cells", "–", False)]
    assert len(_rows(view)) == len(session.models)
    item = view.list.findItems("0002-cells", Qt.MatchFlag.MatchExactly, Column.NAME)[0]
    place = view.list.visualItemRect(item).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.activate_button.isEnabled()
    qtbot.mouseDClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.model is not None
    assert session.model.name == "0002-cells"
    assert [name for name, _, active in _rows(view) if active] == ["0002-cells"]
    assert not view.activate_button.isEnabled()


def test_the_button_activates_the_chosen_version(qtbot, folder, session):
    view = VersionsView(session)
    qtbot.addWidget(view)
    view.show()
    view.list.setCurrentItem(view.list.findItems("0002-cells", Qt.MatchFlag.MatchExactly, Column.NAME)[0])
    qtbot.mouseClick(view.activate_button, Qt.MouseButton.LeftButton)
    assert session.model is not None
    assert session.model.name == "0002-cells"


def test_the_weights_that_are_kept_are_marked_without_held_out_images_too(qtbot):
    plots = RunPlots()
    qtbot.addWidget(plots)
    plots.show_epochs([epoch(1, held_out=False), epoch(2, held_out=False)])
    assert plots.points("val_f1") == []
    assert plots.points("best") == [(50, epoch(2).train_f1)]
    plots.show_epochs([epoch(1), epoch(2), epoch(3, best=False)])
    assert plots.points("best") == [(50, epoch(2).val_f1)]


def _colours_in(plots: RunPlots) -> set[str]:
    image = plots.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_curves_are_painted_in_colours_of_the_theme(qtbot, qapp: QApplication):
    plots = RunPlots()
    qtbot.addWidget(plots)
    plots.resize(300, 320)
    plots.show()
    plots.show_epochs([epoch(1), epoch(2), epoch(3)])
    try:
        for appearance, curves, others in (
            (theme.Appearance.DARK, DARK_CURVES, LIGHT_CURVES),
            (theme.Appearance.LIGHT, LIGHT_CURVES, DARK_CURVES),
        ):
            theme.apply_theme(qapp, appearance)
            qtbot.waitUntil(lambda curves=curves: curves.held_out in _colours_in(plots))
            assert curves.train in _colours_in(plots)
            assert others.held_out not in _colours_in(plots)
    finally:
        theme.apply_theme(qapp, theme.Appearance.LIGHT)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (3725, "1:02:05"), (-3, "0:00")])
def test_durations_read_like_a_clock(seconds, text):
    assert duration_text(seconds) == text
