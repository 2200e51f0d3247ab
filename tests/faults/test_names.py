"""Names that a disk may hold and a program may stumble over: opened, painted, saved and found again; never obeyed, and
never shown as anything but letters (R18)."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import Qt
from PySide6.QtWidgets import QAbstractButton, QDialog, QLabel, QMenu, QMessageBox, QWidget

from segtool import cli
from segtool.commands.reporting import Reporter
from segtool.core.geometry import Rect
from segtool.core.printable import printable
from segtool.formats.image import read_image
from segtool.formats.mask_png import read_mask
from segtool.gui.dialogs import ask
from segtool.gui.main_window import MainWindow
from segtool.gui.panels.image_list_model import Role
from segtool.gui.session import Session
from segtool.gui.session_state import ClassUsage, Level
from segtool.models.store import ModelStore
from segtool.project.project import Project
from segtool.project.status import Status
from segtool.resources import resource_path
from tests.faults.counting import FaultCount, Times
from tests.formats.file_makers import png_of
from tests.gui.conftest import (  # noqa: F401
    images_are_waited_for,
    make_window,
    no_thread_is_left,
    qapp_cls,
    session,
    window,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")

NAMES = (
    "🔬 zelle 👩‍🔬.png",
    "line\nbreak.png",
    "tab\there.png",
    "return\r.png",
    "escape\x1b[31mred\x1b]0;owned\x07.png",
    "\x01\x7f.png",
    "quote\"s'and`ticks`.png",
    "$(touch owned);rm -rf ~|x>y.png",
    "صورة.png",
    "עברית 12.png",
    "abc\u202egnp.exe.png",
    "\u2066isolated\u2069.png",
    "\u200b.png",
    "-rf.png",
    "--help.png",
    "-.png",
    "100%.png",
    "%s%n%1.png",
    "this & that.png",
    "&File.png",
    "&&.png",
    "<b>bold<b>.png",
    "<img src=x onerror=alert(1)>.png",
    "<u>line<script>alert(1)<u>.png",
    "<a href='http:example.org'>.png",
    "{{7*7}}{% raise %}.png",
    "=cmd()|x.png",
    "a[*]b.png",
    "[*].png",
    "*?.png",
    "#frag?query=1.png",
    "C:\\con.png",
    "nul.png",
    "~.png",
    "trailing space .png",
    "trailing dot..png",
    "  leading spaces.png",
    "name.png.png",
    "A.png",
    "a.png",
    "É.tif.png",
    unicodedata.normalize("NFC", "zwölf é.png"),
    unicodedata.normalize("NFD", "zwölf é.png"),
    "İstanbul ı.png",
    "ﬁne ß.png",
    "x" * 251 + ".png",
    "ä" * 125 + "z.png",
    "日" * 83 + "zz.png",
    os.fsdecode(b"latin-1 \xe4\xf6\xfc.png"),
    os.fsdecode(b"bad \xff\xfe\x80.png"),
    os.fsdecode(b"half \xe2\x82.png"),
)
_HOSTILE = re.compile(r"<b>|<img|<a |<i>|<u>")
_COMMANDS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202e]")
_BOX = Rect(3, 4, 7, 5)


def pixels_of(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (24, 32, 3)).astype(np.uint8)


def chosen(times: Times) -> list[str]:
    """Return all names, or every sixth."""
    return list(NAMES[:: times(quick=6, full=1)])


def fill(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(png_of(pixels_of(number), colour_type=2))


def deep_folder(tmp_path: Path, *, longest: int) -> Path:
    """Return a folder whose path has about so many bytes."""
    folder = tmp_path / "deep"
    while len(os.fsencode(folder)) + 60 < longest:
        folder /= "ordner mit langem namen & <b> " + "x" * 20
    return folder


def journey_faults(session: Session, folder: Path, names: list[str]) -> Iterator[str]:  # noqa: F811
    """Open, paint and save every image; yield what is not found again as it was."""
    assert session.open_folder(folder)
    assert session.project is not None
    keys = {entry.key for entry in session.project.entries}
    yield from (f"{name!r}: is not listed" for name in names if name not in keys)
    for number, name in enumerate(names):
        if not session.open_image(name):
            yield f"{name!r}: {session.entry_reason(name)}"
            continue
        assert session.begin_stroke("Brush stroke")
        session.paint(_BOX, np.ones((_BOX.height, _BOX.width), dtype=bool), 1)
        session.paint(Rect(number % 32, 20, 1, 1), np.ones((1, 1), dtype=bool), 0)
        session.end_stroke()
        if not session.wait_until_saved():
            yield f"{name!r}: {session.save_state.reason}"
    again = Project.open(folder)
    masks = [again.entry(name).mask_path for name in names if again.has(name)]
    if len(set(masks)) != len(masks):
        yield "two images share a mask"
    for number, name in enumerate(names):
        entry = again.entry(name)
        mask = read_mask(entry.mask_path)
        is_same = (mask[_BOX.slices] == 1).all() and mask[20, number % 32] == 0 and (mask == 1).sum() == 35
        if not is_same or not (read_image(entry.path).pixels == pixels_of(number)).all():
            yield f"{name!r}: its mask or its pixels are another's"
        if again.status(name) is not Status.CORRECTED:
            yield f"{name!r}: is {again.status(name)}"


@pytest.mark.parametrize("longest", [0, 300, 3500])
def test_paint_save_and_find_again(
    session: Session,  # noqa: F811
    tmp_path: Path,
    times: Times,
    longest: int,
    counted: Callable[[FaultCount], None],
) -> None:
    names = chosen(times) if longest == 0 else [name for name in chosen(times) if len(os.fsencode(name)) < 60]
    folder = tmp_path / "photos" if longest == 0 else deep_folder(tmp_path, longest=longest)
    try:
        fill(folder, names)
        faults = list(journey_faults(session, folder, names))
    finally:
        shutil.rmtree(tmp_path / "deep", ignore_errors=True)
    counted(
        FaultCount(
            test="R18",
            done="unusual names opened, painted, saved and opened again"
            + (f", in a path of {len(os.fsencode(folder))} bytes" if longest else ""),
            times=len(names),
            bad=len(faults),
            promise="listed, its own mask, the same pixels",
            found="; ".join(faults[:5]),
        )
    )


class Page(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.targets: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.targets += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]


def test_commands_and_reports_take_names_for_names(
    tmp_path: Path,
    times: Times,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[[FaultCount], None],
) -> None:
    names = chosen(times)
    folder = tmp_path / "photos"
    fill(folder, names)
    monkeypatch.chdir(tmp_path)
    arguments = [os.fspath(folder), "--model", os.fspath(resource_path("models", "nuclei"))]
    assert cli.main(["segment", *arguments, "--overlay"]) == cli.DONE
    out = capsys.readouterr().out
    faults = [f"{name!r}: not told of" for name in names if f"{printable(name)} -> " not in out]
    faults += ["a name commands the terminal"] if _COMMANDS.search(out) else []
    project = Project.open(folder)
    faults += [f"{name!r}: no mask" for name in names if not project.entry(name).mask_path.is_file()]
    # One that cannot be read is told of, too.
    broken = "\x1b[2Jbroken\n.png"
    (folder / broken).write_bytes(b"\x1b[2J")
    shutil.copy(project.entry(names[0]).mask_path, folder / "masks" / broken)
    project = Project.open(folder)
    for name in (*names, broken):
        project.set_status(name, Status.CORRECTED)
    project.save_state()
    assert cli.main(["evaluate", *arguments, "--report", os.fspath(tmp_path / "report")]) == cli.DONE
    out, told = capsys.readouterr()
    faults += ["a name commands the terminal"] if _COMMANDS.search(out + told) else []
    faults += [] if any(printable(broken) in line for line in told.splitlines()) else ["a broken image is not told of"]
    page = Page()
    page.feed((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))
    faults += [f"the report holds {tag}" for tag in page.tags & {"script", "iframe", "object", "u", "embed"}]
    faults += [f"the report runs {name}" for name in page.handlers]
    faults += [
        f"the report leads to {target}"
        for target in page.targets
        if target and not re.fullmatch(r"pictures/\d+\.png|#[\w-]+|images\.csv|report\.json", target)
    ]
    text = (tmp_path / "report" / "images.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    faults += [] if len(rows) == len(names) + 1 else [f"{len(rows)} rows in the table of the report"]
    faults += ["something was made beside the folder"] if (tmp_path / "owned").exists() else []
    counted(
        FaultCount(
            test="R18",
            done="unusual names segmented and reported on by commands",
            times=len(names),
            bad=len(faults),
            promise="a mask for each, told on one line, escaped in the report, nothing run, nothing led to outside",
            found="; ".join(faults[:5]),
        )
    )


# Shown as letters ---------------------------------------------------------------------------------


def rich_texts(root: QWidget) -> Iterator[str]:
    """Yield what a window shows of hostile names as markup, or as a key to press."""
    for child in (root, *root.findChildren(QObject)):
        if isinstance(child, QLabel):
            is_rich = child.textFormat() is Qt.TextFormat.RichText or (
                child.textFormat() is Qt.TextFormat.AutoText and Qt.mightBeRichText(child.text())
            )
            if is_rich and _HOSTILE.search(child.text().removeprefix("<b>Remove the class")):
                yield f"label {child.text()[:60]!r}"
        if isinstance(child, QWidget) and Qt.mightBeRichText(child.toolTip()) and _HOSTILE.search(child.toolTip()):
            yield f"tooltip {child.toolTip()[:60]!r}"
        if isinstance(child, QAbstractButton) and re.search(r"(?<!&)&(?!&)(i>|File|amp)", child.text()):
            yield f"button {child.text()[:60]!r}"
        if isinstance(child, QMenu):
            for action in child.actions():
                if re.search(r"(?<!&)&(?!&)(i>|File| that)", action.text()):
                    yield f"menu {action.text()[:60]!r}"


def test_the_window_shows_names_as_they_are(
    window: MainWindow,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[[FaultCount], None],
) -> None:
    names = [name for name in NAMES if "<" in name or "&" in name or "[*]" in name or "\u202e" in name or "\n" in name]
    folder = tmp_path / "photos & <i>folder"
    fill(folder, names)
    assert window.opener.open(folder)
    active = window._session
    active.class_edits.add("<b>bold<b> & more", colour=(1, 2, 3))
    faults: list[str] = []
    for name in names:
        assert active.open_image(name)
        if f" · {printable(name)} · " not in window.windowTitle().replace("[*][*]", "[*]"):
            faults.append(f"title {window.windowTitle()!r}")
        index = window.images.model.index(window.images.model.row_of(name))
        tip = str(index.data(Qt.ItemDataRole.ToolTipRole))
        if Qt.mightBeRichText(tip) and _HOSTILE.search(tip):
            faults.append(f"tooltip {tip!r}")
        active.warn(f"{name}: something about it")
        active.info(f"{name}: something about it")
        active.ask(f"{name}: a question", Level.WARNING, [("Yes", lambda: None)])
        active.set_active_class(2)
        window.grab()
        faults += rich_texts(window)
        assert index.data(Role.KEY) == name
    monkeypatch.setattr(QDialog, "exec", lambda box: faults.extend(rich_texts(box)) or 0)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: faults.extend(rich_texts(box)) or 0)
    key = names[-1]
    ask.ask_changed_mask(window, key=f"<b>{key}")
    ask.ask_large_image(window, f"<b>{key}", needs=10**10, free=10**9)
    ask.ask_read_only(window, root=folder, reason=f"{folder}: nothing can be saved here <i>.")
    ask.show_error(window, title="Error", text=f"{folder}: <b>", details=f"{folder}: <i>")
    item = active.classes.get(2)
    ask.ask_replacement(window, item=item, classes=active.classes, usage=ClassUsage(0, 0, is_complete=True))
    counted(
        FaultCount(
            test="R18",
            done="names that look like markup, keys or marks, shown in the window",
            times=len(names),
            bad=len(faults),
            promise="title, rows, tooltips, messages and menus show letters",
            found="; ".join(faults[:5]),
        )
    )


# Paths --------------------------------------------------------------------------------------------


def test_a_project_file_leads_nowhere_else(session: Session, tmp_path: Path) -> None:  # noqa: F811
    outside = tmp_path / "outside"
    shutil.copytree(resource_path("models", "nuclei"), outside / "0009-evil")
    (outside / "b.png").write_bytes(png_of(pixels_of(1), colour_type=2))
    folder = tmp_path / "photos"
    fill(folder, ["a.png"])
    project = Project.open(folder)
    project.set_status("a.png", Status.CORRECTED)
    project.save_state()
    state = json.loads((folder / "segtool.json").read_text(encoding="utf-8"))
    before = {path: path.stat().st_mtime_ns for path in outside.rglob("*")}
    for name in ("../outside/0009-evil", os.fspath(outside / "0009-evil")):
        state["active_model"] = name
        (folder / "segtool.json").write_text(json.dumps(state), encoding="utf-8")
        assert session.open_folder(folder)
        assert session.model is None or outside not in session.model.folder.parents
        assert session.project is not None
        assert not session.project.has("../outside/b.png")
        assert not session.open_image("../outside/b.png")
    assert {path: path.stat().st_mtime_ns for path in outside.rglob("*")} == before
    assert [entry.folder for entry in ModelStore(folder / "models").entries() if outside in entry.folder.parents] == []


def test_no_line_of_a_command_reaches_the_terminal_as_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    Reporter().line("a\x1b[2J\u202eb\nc")
    Reporter().warning("\x07")
    assert capsys.readouterr() == ("a\\x1b[2J\\u202eb\nc\n", "\\x07\n")
