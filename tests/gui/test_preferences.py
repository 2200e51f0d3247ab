from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from segtool.app import make_application
from segtool.gui.preferences import MAX_RECENT, Preferences, RecentFolder
from segtool.gui.theme import Appearance


@pytest.fixture(autouse=True)
def named_application(qapp: QApplication) -> None:
    make_application()


def test_recent_folders_are_newest_first_and_bounded() -> None:
    preferences = Preferences()
    for number in range(MAX_RECENT + 3):
        preferences.remember(RecentFolder(f"/photos/{number}"))
    preferences.remember(RecentFolder("/photos/5", data_root="/elsewhere"))
    preferences.remember_image(Path("/photos/5"), "sub/a.png")
    recent = Preferences().recent()
    assert len(recent) == MAX_RECENT
    assert recent[0] == RecentFolder("/photos/5", data_root="/elsewhere", image="sub/a.png")
    assert recent[1].root == f"/photos/{MAX_RECENT + 2}"
    assert [item.root for item in recent].count("/photos/5") == 1
    preferences.forget("/photos/5")
    assert Preferences().recent_for(Path("/photos/5")) == RecentFolder("/photos/5")


@pytest.mark.parametrize("stored", ["not json", "[1, 2]", '[{"folder": "/x"}]', "{}", "null"])
def test_settings_that_make_no_sense_count_as_none(stored: str) -> None:
    QSettings().setValue("recentFolders", stored)
    QSettings().setValue("appearance", stored)
    QSettings().setValue("window/geometry", stored)
    QSettings().setValue("averageOverFlipsAndTurns", stored)
    preferences = Preferences()
    assert preferences.recent() == ()
    assert preferences.appearance is Appearance.SYSTEM
    assert not preferences.averages_turns
    assert preferences.layout()[0].isEmpty()
    preferences.remember(RecentFolder("/photos"))
    assert preferences.recent() == (RecentFolder("/photos"),)
