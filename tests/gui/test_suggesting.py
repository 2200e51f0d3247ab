"""Proposing a model for a new folder: the real comparison of two small models, one of which knows such images."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from pytestqt.qtbot import QtBot

from segtool.core.geometry import Rect
from segtool.formats.mask_png import write_mask
from segtool.gui.main_window import MainWindow
from segtool.inference.runtime import Runtime
from segtool.inference.suggestion import known_images
from segtool.models import store
from tests.model_fixtures import change_card, texture

MakeWindow = Callable[..., MainWindow]


def put(folder: Path, *, bright: bool, count: int = 3) -> Path:
    """Write a folder of images: bright texture, or dark with a few bright specks."""
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = texture(96, 128, channels=3, seed=number)
        if not bright:
            pixels = np.where(pixels > 210, pixels, 5).astype(np.uint8)
        assert cv2.imwrite(str(folder / f"{number}.png"), pixels)
    return folder


@pytest.fixture
def bundled(tmp_path: Path, tiny_model_folder: Path, tiny_ground_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program comes with two models: ``nuclei``, the default, knows dark images, ``ground`` bright ones."""
    place = tmp_path / "bundled"
    for name, source, bright in (("nuclei", tiny_model_folder, False), ("ground", tiny_ground_folder, True)):
        folder = Path(shutil.copytree(source, place / name))
        images = sorted(put(tmp_path / f"known-{name}", bright=bright).iterdir())
        known = known_images(Runtime.load(folder), seen=images, held_out=images)
        assert known is not None
        change_card(folder, known_images=known.to_json())
    monkeypatch.setattr(store, "bundled_models_dir", lambda: place)
    return place


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A new folder of images of which ``ground`` knows the like."""
    return put(tmp_path / "photos", bright=True)


@pytest.fixture
def offered(bundled: Path, photos: Path, make_window: MakeWindow, qtbot: QtBot) -> MainWindow:
    """A window with the new folder open, in which ``ground`` is proposed."""
    window = make_window(suggest_models=True)
    assert window.opener.open(photos)
    qtbot.waitUntil(lambda: window._session.offer is not None, timeout=60_000)
    return window


def settled(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the comparison, if there is one, has ended and been heard of."""
    suggesting = window._session._suggesting
    qtbot.waitUntil(lambda: not suggesting._timer.isActive())
    worker = suggesting._thread
    ended: list[bool] = []
    worker.worker.finished.connect(lambda _: ended.append(True))
    # A prediction that lands meanwhile gives up everything that the thread has been given.
    worker.worker.cancelled.connect(lambda: ended.append(True))
    # Jobs of a thread end in the order in which they were started.
    worker.submit(iter_nothing())
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    # The thread itself counts the ends: what it has said may still be on its way to the window's thread.
    QCoreApplication.sendPostedEvents(suggesting, QEvent.Type.MetaCall.value)


def iter_nothing():
    yield from ()


def test_a_model_that_suits_better_is_proposed_and_nothing_changed(offered: MainWindow, photos: Path) -> None:
    session = offered._session
    (text,) = offered.messages.texts
    assert "ground" in text
    assert "water" in text
    assert [button.text() for button in offered.messages._rows[0].buttons] == ["Use ground", "Keep nuclei"]
    assert session.model is not None
    assert session.model.name == "nuclei"
    assert session.classes.named("nucleus") is not None
    assert not (photos / "segtool.json").exists()


def test_the_proposed_model_is_used_with_its_classes(offered: MainWindow, photos: Path, qtbot: QtBot) -> None:
    session = offered._session
    qtbot.mouseClick(offered.messages._rows[0].buttons[0], Qt.MouseButton.LeftButton)
    assert session.model is not None
    assert session.model.name == "ground"
    assert session.offer is None
    assert offered.messages.texts == []
    # Nothing was painted yet: the classes of the other model would only be in the way.
    assert session.classes == session.model.card.classes
    assert offered.model.fit.isHidden()
    assert session.wait_until_saved()
    assert json.loads((photos / "segtool.json").read_text(encoding="utf-8"))["active_model"] == "ground"


def test_keeping_the_active_model_is_an_answer_for_good(
    offered: MainWindow, photos: Path, make_window: MakeWindow, qtbot: QtBot
) -> None:
    qtbot.mouseClick(offered.messages._rows[0].buttons[1], Qt.MouseButton.LeftButton)
    assert offered._session.offer is None
    assert offered.messages.texts == []
    assert offered.close()
    again = make_window(suggest_models=True)
    assert again.opener.open(photos)
    settled(again, qtbot)
    assert again._session.offer is None
    assert again._session.model is not None
    assert again._session.model.name == "nuclei"


def test_a_stroke_takes_the_offer_back_and_keeps_the_classes(offered: MainWindow) -> None:
    session = offered._session
    assert session.apply_pixels("Stroke", Rect(10, 10, 20, 5), np.ones((5, 20), dtype=np.uint8))
    assert session.offer is None
    assert offered.messages.texts == []
    assert session.set_active_model("ground")
    assert session.classes.named("nucleus") is not None


def test_an_offer_goes_with_its_folder(offered: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    assert offered.opener.open(put(tmp_path / "dark", bright=False))
    assert offered.messages.texts == []
    settled(offered, qtbot)
    # The active model suits these: a word in passing is enough.
    assert offered._session.offer is None
    assert offered.messages.texts == []
    assert "nuclei suits these images best" in offered.status.currentMessage()


@pytest.mark.parametrize("what", ["segment", "choose", "open"])
def test_whatever_decides_ends_the_comparison(
    bundled: Path, photos: Path, tmp_path: Path, make_window: MakeWindow, qtbot: QtBot, what: str
) -> None:
    window = make_window(suggest_models=True)
    session = window._session
    other = put(tmp_path / "other", bright=True)
    write_mask(other / "masks" / "0.png", np.zeros((96, 128), dtype=np.uint8))
    assert window.opener.open(photos)
    if what == "segment":
        assert session.segment(["0.png"])
    elif what == "choose":
        assert session.set_active_model("nuclei")
    else:
        assert window.opener.open(other)
    settled(window, qtbot)
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    assert session.offer is None
    assert window.messages.texts == []


def test_a_folder_with_masks_is_not_asked_about(
    bundled: Path, photos: Path, make_window: MakeWindow, qtbot: QtBot
) -> None:
    write_mask(photos / "masks" / "0.png", np.zeros((96, 128), dtype=np.uint8))
    window = make_window(suggest_models=True)
    assert window.opener.open(photos)
    assert not window._session._suggesting._thread.is_running


def test_one_model_is_not_compared(make_window: MakeWindow, bundled: Path, photos: Path) -> None:
    shutil.rmtree(bundled / "ground")
    window = make_window(suggest_models=True)
    assert window.opener.open(photos)
    assert not window._session._suggesting._thread.is_running


def test_a_model_chosen_while_images_are_segmented_leaves_the_classes_that_the_masks_will_have(
    bundled: Path, photos: Path, make_window: MakeWindow, qtbot: QtBot
) -> None:
    session = make_window(suggest_models=False)._session
    assert session.open_folder(photos)
    classes = session.classes
    assert session.segment(["0.png", "1.png"])
    assert session.set_active_model("ground")
    assert session.classes == classes
    qtbot.waitUntil(lambda: session.job is None, timeout=60_000)
    assert session.classes == classes
