"""The dialog in the real window: what it says of the curve, and a version that a real process makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segtool.core.adaptation import Adaptation
from segtool.gui import theme
from segtool.gui.actions import ActionId
from segtool.gui.dialogs.adapt_dialog import AdaptDialog
from segtool.gui.main_window import MainWindow
from segtool.gui.theme import Appearance
from tests.gui.training_fixtures import make_folder
from tests.mix_fixtures import POINTS, export_pair


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a base, a version of it that was measured in between, and the held-out choice of its training."""
    root = make_folder(tmp_path_factory.mktemp("adapt") / "photos")
    export_pair(root / "models", adaptation={"points": POINTS, "chosen": 1.0})
    return root


@pytest.fixture
def adapted(window: MainWindow, folder: Path) -> MainWindow:
    """The window with the version active."""
    assert window.opener.open(folder)
    assert window._session.set_active_model("0002-nuclei")
    return window


def _open(window: MainWindow) -> AdaptDialog:
    window.action_set[ActionId.ADAPT].trigger()
    (dialog,) = window.findChildren(AdaptDialog)
    return dialog


def test_the_curve_is_read_from_the_card_and_the_mark_follows_the_slider(adapted: MainWindow) -> None:
    dialog = _open(adapted)
    assert dialog.plots.points("curve") == [(100 * p["amount"], p["f1"]) for p in POINTS]
    assert dialog.plots.points("best") == [(75.0, 0.9)]
    # It begins where the measurement was best.
    assert dialog.percent.text() == "75 %"
    assert "75 % did best" in dialog.advice.text()
    assert dialog.reading.text() == "F1 0.900, loss 0.200: measured at the end of the training."
    dialog.slider.setValue(dialog.slider.value() - 2)
    assert dialog.amount == 0.65
    (mark,) = dialog.plots.points("mark")
    assert mark == pytest.approx((65.0, 0.86))
    assert dialog.reading.text().startswith("F1 about 0.860, loss about 0.240: estimated")
    assert dialog.make_button.isEnabled()


def test_the_ends_are_there_already(adapted: MainWindow) -> None:
    dialog = _open(adapted)
    for amount, words in ((0.0, "0 % is 0001-nuclei itself."), (1.0, "100 % is 0002-nuclei itself.")):
        dialog.set_amount(amount)
        assert not dialog.make_button.isEnabled()
        assert dialog.outcome.text() == words


def test_a_model_without_a_base_says_why_not(adapted: MainWindow) -> None:
    action = adapted.action_set[ActionId.ADAPT]
    dialog = _open(adapted)
    assert adapted._session.set_active_model("0001-nuclei")
    assert not action.isEnabled()
    assert "from scratch" in action.statusTip()
    # The dialog that is open says so too.
    assert not dialog.make_button.isEnabled()
    assert "from scratch" in dialog.outcome.text()
    assert adapted._session.set_active_model("nuclei")
    assert "comes with the program" in action.statusTip()
    assert adapted._session.set_active_model("0002-nuclei")
    assert action.isEnabled()


def test_the_theme_is_followed(adapted: MainWindow, qtbot: QtBot) -> None:
    dialog = _open(adapted)

    def ground() -> str:
        return str(dialog.plots.f1.backgroundBrush().color().name())

    try:
        adapted.set_appearance(Appearance.DARK)
        qtbot.waitUntil(lambda: ground() == theme.DARK.base)
    finally:
        adapted.set_appearance(Appearance.LIGHT)
    qtbot.waitUntil(lambda: ground() == theme.LIGHT.base)


@pytest.mark.slow
def test_a_version_is_made_scored_and_listed_while_the_window_stays_usable(adapted: MainWindow, qtbot: QtBot) -> None:
    session, control = adapted._session, adapted.adapting
    dialog = _open(adapted)
    dialog.set_amount(0.5)
    qtbot.mouseClick(dialog.make_button, Qt.MouseButton.LeftButton)
    assert control.state.is_running
    assert dialog.stop_button.isVisible()
    assert not dialog.make_button.isVisible()
    session.step_image(1)
    assert session.document.entry.key == "1.png"
    qtbot.waitUntil(lambda: not control.state.is_running, timeout=120_000)
    names = [entry.name for entry in session.models]
    assert names[-1] == "0003-nuclei-at-50", control.state.message
    card = session.models[-1].card
    assert (card.training["base"], card.training["mixed_with"]) == ("0001-nuclei", "0002-nuclei")
    assert card.metrics["images"] == 1
    adaptation = Adaptation.from_training(card.training)
    assert adaptation is not None
    assert adaptation.chosen == 0.5
    # Whether it is active depends on its score beside the other, on the same image, and is told.
    is_active = session.model.name == "0003-nuclei-at-50"
    assert ("is now the active model" in dialog.outcome.text()) is is_active
    assert f"F1 {card.metrics['pooled']['f1']:.3f} on 1 held-out image, 0002-nuclei has" in dialog.outcome.text()
    assert session.set_active_model("0003-nuclei-at-50")
    assert dialog.percent.text() == "50 %"
    assert not dialog.make_button.isEnabled()
    dialog.set_amount(0.75)
    assert dialog.make_button.isEnabled()


def test_closing_the_window_ends_the_process(adapted: MainWindow, qtbot: QtBot, folder: Path) -> None:
    before = sorted((folder / "models").iterdir())
    dialog = _open(adapted)
    dialog.set_amount(0.25)
    qtbot.mouseClick(dialog.make_button, Qt.MouseButton.LeftButton)
    adapted.close()
    assert not adapted.adapting.state.is_running
    assert sorted((folder / "models").iterdir()) == before
