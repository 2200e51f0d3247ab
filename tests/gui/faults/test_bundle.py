from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from segtool.app import make_application
from segtool.gui.actions import ActionId
from segtool.gui.dialogs import ask
from segtool.gui.dialogs.bundle_dialog import BundleDialog
from segtool.gui.faults.bundle import bundle_bytes
from segtool.gui.faults.event_log import EventLog
from segtool.gui.faults.exporting import LogExport
from segtool.gui.faults.redaction import Redactor
from segtool.gui.faults.reporter import FaultReporter, log_path
from segtool.gui.main_window import MainWindow
from segtool.sample import draw_nuclei

_PRIVATE = ("Anna", "Bertrand", "wedding", "Übersicht")


@pytest.fixture
def faults(qapp: QApplication) -> Iterator[FaultReporter]:
    reporter = FaultReporter(make_application())
    reporter.install()
    yield reporter
    reporter.uninstall()


@pytest.fixture
def logged(faults: FaultReporter, window: MainWindow, isolated_home: Path) -> MainWindow:
    """A window in which things have happened that are logged with names in them."""
    EventLog(window._session, window._training, start=faults.start, parent=window)
    folder = isolated_home / "Anna, Bertrand’s wedding"
    folder.mkdir()
    for number, name in enumerate(("Anna and Bertrand.png", "Übersicht 1.tif")):
        assert cv2.imwrite(str(folder / name), draw_nuclei(number, size=(40, 50))[0])
    (folder / "Anna broken.png").write_bytes(b"no image")
    assert window.opener.open(folder)
    window._session.open_image("Anna broken.png")
    window._session.warn(f"{folder / 'masks' / 'Anna and Bertrand.png'}: could not be saved (no space). Make room.")
    window._session.warn("Übersicht 1.tif: the mask was changed by another program.")
    window.opener.open(isolated_home / "wedding 2")
    try:
        # A traceback holds this line too.
        (folder / "masks" / name).read_bytes()
    except OSError:
        logging.getLogger("segtool").exception("uncaught exception")
    return window


def _export(window: MainWindow) -> LogExport:
    return window.findChild(LogExport)  # type: ignore[return-value]


def _parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_bundle_tells_what_happened_but_no_name(logged: MainWindow) -> None:
    parts = _parts(bundle_bytes(_export(logged).contents()))
    assert set(parts) == {"README.txt", "system.json", "settings.json", "log/segtool.log"}
    for name, text in parts.items():
        assert [word for word in (*_PRIVATE, str(Path.home())) if word.casefold() in text.casefold()] == [], name
    log = parts["log/segtool.log"]
    assert "folder opened: 3 images, 2 classes, writable" in log
    assert "could not be saved (no space). Make room." in log
    assert "the mask was changed by another program" in log
    assert "FileNotFoundError" in log
    assert "test_bundle.py" in log
    system = json.loads(parts["system.json"])
    assert system["images"] == 3
    assert system["libraries"]["numpy"]


def test_names_stay_if_they_are_wanted(logged: MainWindow) -> None:
    parts = _parts(bundle_bytes(_export(logged).contents(keeps_names=True)))
    assert "Anna and Bertrand.png" in parts["log/segtool.log"]
    assert str(Path.home()) not in parts["log/segtool.log"]


def test_a_bundle_has_an_upper_size(logged: MainWindow) -> None:
    line = "2026-11-26 20:54:21,123 4242 ERROR segtool.window said: a.png: the same again\n"
    log_path().with_name("segtool.log.1").write_text(line * 16_000, encoding="utf-8")
    (log_path().parent / "ended").mkdir()
    for number in range(40):
        trace = log_path().parent / "ended" / f"{number}.trace"
        trace.write_text(("x" * 999 + "\n") * 300, encoding="utf-8")
    parts = _parts(bundle_bytes(_export(logged).contents()))
    assert sum(map(len, parts.values())) < 7_000_000
    assert len(parts) <= 25


def test_the_menu_writes_one_where_the_person_says(
    logged: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "logs"
    monkeypatch.setattr(ask, "ask_log_bundle", lambda *_, **__: (path, False))
    logged.action_set[ActionId.EXPORT_LOGS].trigger()
    qtbot.waitUntil(lambda: any("Nothing was sent" in text for text in logged.messages.texts))
    assert zipfile.is_zipfile(path.with_suffix(".zip"))
    path = tmp_path / "not there" / "logs.zip"
    logged.action_set[ActionId.EXPORT_LOGS].trigger()
    qtbot.waitUntil(lambda: any("logs.zip: could not be saved" in text for text in logged.messages.texts))


def test_the_dialog_hides_names_unless_told_otherwise(qtbot: QtBot) -> None:
    dialog = BundleDialog()
    qtbot.addWidget(dialog)
    assert dialog.hides_names.isChecked()
    assert "Save as…" in [button.text() for button in dialog.findChildren(QPushButton)]


def test_the_same_name_has_the_same_letters_in_one_bundle_only() -> None:
    one, other = Redactor(home="/home/x"), Redactor(home="/home/x")
    assert one.name("a.png") == one.name("a.png") != other.name("a.png")
    assert one.text("/home/x/p/a.png: bad") == f"~/{one.name('p')}/{one.name('a.png')}: bad"
    assert one.text("3/8 done, 1 / 2") == "3/8 done, 1 / 2"
