from __future__ import annotations

import csv
import json
import os
from dataclasses import asdict
from pathlib import Path

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segtool.gui import theme
from segtool.gui.actions import ActionId
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.effort_panel import EffortPanel
from segtool.gui.panels.effort_plots import MEASURES, EffortPlots, model_changes
from segtool.gui.panels.run_plots import DARK_CURVES, LIGHT_CURVES
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.project.effort import EffortRecord
from segtool.project.status import Status


def record(key: str, *, seconds: float = 20.0, model: str = "cells", shown: str = "0", f1: float = 0.9) -> EffortRecord:
    return EffortRecord(
        key=key,
        when="2026-01-01T00:00:00Z",
        model=model,
        shown=shown,
        status=Status.APPROVED,
        seconds=seconds,
        strokes=round(seconds / 2),
        undos=0,
        pixels=1000,
        pixels_changed=50,
        added_path=9,
        shown_f1=f1,
        shown_iou=f1 / 2,
    )


SHRINKING = [
    record("a.png", seconds=60),
    record("b.png", seconds=50),
    record("gone.png", seconds=40),
    record("c.tif", seconds=30, model="0001-cells"),
    record("a.png", seconds=20, model="0001-cells", shown="1"),
    record("b.png", seconds=10, model="0001-cells", shown="1"),
]


@pytest.fixture
def folder(image_folder: Path) -> Path:
    """The folder of drawn images, with a record of earlier work."""
    lines = [json.dumps(asdict(item)) for item in SHRINKING]
    (image_folder / "effort.jsonl").write_text("\n".join(lines), encoding="ascii")
    return image_folder


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> EffortPanel:
    panel = EffortPanel(session, export=QAction())
    qtbot.addWidget(panel)
    panel.resize(300, 620)
    panel.show()
    return panel


@pytest.fixture
def filled(qtbot: QtBot, panel: EffortPanel, session: Session, folder: Path) -> EffortPanel:
    assert session.open_folder(folder)
    qtbot.waitUntil(lambda: len(session.effort.records) == len(SHRINKING))
    return panel


def points(plots: EffortPlots, name: str) -> list[tuple[float, float]]:
    return [(point.pos().x(), point.pos().y()) for point in plots.plots[name].dots.points()]


def place_of(plots: EffortPlots, name: str, number: int) -> QPointF:
    """Return where the dot of an image lies in the widget of its plot."""
    plot = plots.plots[name]
    dot = next(point for point in plot.dots.points() if point.pos().x() == number)
    return QPointF(plot.mapFromScene(plot.getPlotItem().vb.mapViewToScene(dot.pos())))


def test_before_any_work_it_says_what_will_show_here(panel: EffortPanel) -> None:
    assert "see the work shrink" in panel.headline.text()
    assert panel.headline.isVisible()
    assert not panel.plots.isVisible()
    assert not panel.export_button.isVisible()


def test_the_headline_says_in_words_how_the_work_shrinks(filled: EffortPanel) -> None:
    assert filled.headline.text() == "The last 3 images took 20 s each, the first 3 took 50 s: 60 % less."
    assert filled.total.text() == "4 images corrected or approved with 105 strokes in 3:30 min."
    assert filled.plots.isVisible()
    assert filled.export_button.isVisible()


def test_every_image_is_a_dot_in_each_plot(filled: EffortPanel) -> None:
    assert points(filled.plots, "seconds") == [(1, 60), (2, 50), (3, 40), (4, 30), (5, 20), (6, 10)]
    assert points(filled.plots, "strokes")[0] == (1, 30)
    assert points(filled.plots, "changed")[-1] == (6, 5)
    assert points(filled.plots, "f1")[2] == (3, 0.9)
    places, means = filled.plots.plots["seconds"].line.getData()
    assert list(zip(places, means, strict=True))[-1] == (6, 35)
    assert "another model" in filled.plots.legend.text()


def test_what_was_shown_need_not_be_known(qtbot: QtBot) -> None:
    plots = EffortPlots()
    qtbot.addWidget(plots)
    blind = EffortRecord("x.png", "", "", "", Status.CORRECTED, 12.0, 3, 0, 1000)
    plots.show_records([blind, record("a.png")])
    assert points(plots, "seconds") == [(1, 12), (2, 20)]
    assert points(plots, "f1") == [(2, 0.9)]
    assert "another model" not in plots.legend.text()
    plots.show_records([])
    assert [points(plots, measure.name) for measure in MEASURES] == [[]] * 4


@pytest.mark.parametrize(
    ("models", "changes"),
    [([], []), (["", "", "a"], []), (["a", "a", "b", "b", "a"], [2, 4]), (["a", "", "a", "", "b"], [4])],
)
def test_where_another_model_begins(models: list[str], changes: list[int]) -> None:
    assert model_changes([record("a.png", model=model) for model in models]) == changes


def test_a_click_on_a_dot_opens_its_image(qtbot: QtBot, filled: EffortPanel, session: Session) -> None:
    plot = filled.plots.plots["seconds"]
    qtbot.waitUntil(lambda: plot.getPlotItem().vb.viewRange()[0][1] > 6)
    for number, key in ((4, "c.tif"), (1, "a.png"), (6, "b.png")):
        place = place_of(filled.plots, "seconds", number).toPoint()
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert session.document is not None
        assert session.document.entry.key == key


def test_a_click_on_an_image_that_is_gone_says_so_and_changes_nothing(
    filled: EffortPanel, session: Session, messages: list[tuple[str, Level]]
) -> None:
    session.open_image("c.tif")
    filled.plots.picked.emit("gone.png")
    assert session.document is not None
    assert session.document.entry.key == "c.tif"
    assert "gone.png" in messages[-1][0]


def test_a_dot_tells_what_it_stands_for(filled: EffortPanel) -> None:
    dots: pg.ScatterPlotItem = filled.plots.plots["f1"].dots
    tip = dots.opts["tip"](x=4, y=0.9, data=SHRINKING[3])
    assert tip == "c.tif\n30 s, 15 strokes\n5 % changed, F1 shown 0.900\npredicted by 0001-cells\nClick to open"


def _colours_in(panel: EffortPanel) -> set[str]:
    image = panel.plots.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_the_plots_follow_the_theme(qtbot: QtBot, qapp: QApplication, filled: EffortPanel) -> None:
    try:
        for appearance, curves, others in (
            (theme.Appearance.DARK, DARK_CURVES, LIGHT_CURVES),
            (theme.Appearance.LIGHT, LIGHT_CURVES, DARK_CURVES),
        ):
            theme.apply_theme(qapp, appearance)
            qtbot.waitUntil(lambda curves=curves: curves.held_out in _colours_in(filled))
            assert others.held_out not in _colours_in(filled)
    finally:
        theme.apply_theme(qapp, theme.Appearance.LIGHT)


def test_a_hidden_panel_catches_up_when_it_is_shown(
    qtbot: QtBot, panel: EffortPanel, session: Session, folder: Path
) -> None:
    panel.hide()
    assert session.open_folder(folder)
    qtbot.waitUntil(lambda: len(session.effort.records) == len(SHRINKING))
    assert points(panel.plots, "seconds") == []
    panel.show()
    assert len(points(panel.plots, "seconds")) == len(SHRINKING)


def test_the_window_exports_the_record_as_a_table(
    window: MainWindow, qtbot: QtBot, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = window.action_set[ActionId.EXPORT_EFFORT]
    assert not action.isEnabled()
    assert "Nothing is recorded yet" in action.statusTip()
    assert window.opener.open(folder)
    qtbot.waitUntil(action.isEnabled)
    path = tmp_path / "table.csv"
    monkeypatch.setattr(ask, "ask_csv_file", lambda *_, **__: path)
    next(dock for dock in window.docks if dock.widget() is window.effort).raise_()
    qtbot.waitUntil(window.effort.export_button.isVisible)
    with qtbot.waitSignal(window._session.message, timeout=10_000):
        qtbot.mouseClick(window.effort.export_button, Qt.MouseButton.LeftButton)
    with open(path, encoding="utf-8", newline="") as stream:
        assert [row["image"] for row in csv.DictReader(stream)] == [item.key for item in SHRINKING]


def test_an_export_that_fails_says_why(filled: EffortPanel, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(session.message, timeout=10_000) as told:
        session.effort.export(tmp_path / "nowhere" / "table.csv")
    text, level = told.args
    assert level is Level.ERROR
    assert os.fspath(tmp_path / "nowhere" / "table.csv") in text


def test_effort_stands_behind_learning(opened: MainWindow) -> None:
    learning, effort = (
        next(dock for dock in opened.docks if dock.widget() is panel) for panel in (opened.learning, opened.effort)
    )
    assert effort in opened.tabifiedDockWidgets(learning)
    assert opened.learning.isVisible()
    assert effort.isVisible()
    assert opened.effort.visibleRegion().isEmpty()
