"""What the program remembers from one start to the next: recent folders, the look and the layout of the window."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from PySide6.QtCore import QByteArray

from segtool.core.display import MaskStyle
from segtool.gui.settings_file import checked_bytes, checked_text, open_settings
from segtool.gui.theme import Appearance
from segtool.gui.view_options import OtherMask, ViewOptions

MAX_RECENT = 10

_RECENT = "recentFolders"
_APPEARANCE = "appearance"
_AVERAGES_TURNS = "averageOverFlipsAndTurns"
_MASK_STYLE = "mask/style"
_OUTLINE_WIDTH = "mask/outlineWidth"
_RETRAIN_AFTER = "retrain/automatically"
_VIEW = "view"
# What reading a text as JSON of a certain shape may raise; the last two by numbers and brackets without end.
_NO_SENSE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError)
_GEOMETRY = "window/geometry"
_LAYOUT = "window/layout"


@dataclass(frozen=True, slots=True)
class RecentFolder:
    """A folder that was open once.

    Attributes
    ----------
    root : str
        The folder of images.
    data_root : str
        Where its masks are kept instead, empty if they are kept in the folder itself.
    image : str
        Key of the image that was open last, or empty.
    """

    root: str
    data_root: str = ""
    image: str = ""


class Preferences:
    """Reads and writes the program's settings; whatever cannot be understood in them counts as not there."""

    def __init__(self) -> None:
        self._settings = open_settings()

    def recent(self) -> tuple[RecentFolder, ...]:
        """Return the folders that were open, the newest first."""
        try:
            found = json.loads(str(self._settings.value(_RECENT, "[]")))
            return tuple(RecentFolder(**{name: str(value) for name, value in item.items()}) for item in found)
        except _NO_SENSE:
            return ()

    def recent_for(self, root: Path) -> RecentFolder:
        """Return what is known of a folder; one that was never open has only its path."""
        return next((item for item in self.recent() if item.root == str(root)), RecentFolder(str(root)))

    def remember(self, folder: RecentFolder) -> None:
        """Put a folder first in the list."""
        others = [item for item in self.recent() if item.root != folder.root]
        self._write_recent([folder, *others][:MAX_RECENT])

    def remember_image(self, root: Path, key: str) -> None:
        """Note which image of a folder is open."""
        self._write_recent([replace(i, image=key) if i.root == str(root) else i for i in self.recent()])

    def forget(self, root: str) -> None:
        """Take a folder that is gone out of the list."""
        self._write_recent([item for item in self.recent() if item.root != root])

    @property
    def appearance(self) -> Appearance:
        """Whether the window is light, dark, or as the desktop is."""
        try:
            return Appearance(str(self._settings.value(_APPEARANCE, Appearance.SYSTEM.value)))
        except ValueError:
            return Appearance.SYSTEM

    @appearance.setter
    def appearance(self, value: Appearance) -> None:
        self._settings.setValue(_APPEARANCE, value.value)

    @property
    def mask_style(self) -> MaskStyle:
        """How masks are drawn."""
        try:
            return MaskStyle(str(self._settings.value(_MASK_STYLE, MaskStyle.TINT.value)))
        except ValueError:
            return MaskStyle.TINT

    @mask_style.setter
    def mask_style(self, value: MaskStyle) -> None:
        self._settings.setValue(_MASK_STYLE, value.value)

    @property
    def outline_width(self) -> int:
        """How wide the outlines of masks are, in pixels."""
        text = str(self._settings.value(_OUTLINE_WIDTH, 1))
        return int(text) if text.isdecimal() else 1

    @outline_width.setter
    def outline_width(self, value: int) -> None:
        self._settings.setValue(_OUTLINE_WIDTH, value)

    @property
    def averages_turns(self) -> bool:
        """Whether predictions are averaged over flips and turns of the image."""
        return str(self._settings.value(_AVERAGES_TURNS, False)).casefold() == "true"

    @averages_turns.setter
    def averages_turns(self, value: bool) -> None:
        self._settings.setValue(_AVERAGES_TURNS, value)

    @property
    def view_options(self) -> ViewOptions:
        """What stands around and over the image."""
        default = ViewOptions()
        found: dict[str, bool | OtherMask] = {}
        for field in fields(ViewOptions):
            stored = str(self._settings.value(f"{_VIEW}/{field.name}", getattr(default, field.name))).casefold()
            if field.name == "compared_with":
                found[field.name] = OtherMask(stored) if stored in tuple(OtherMask) else default.compared_with
            elif stored in ("true", "false"):
                found[field.name] = stored == "true"
        return replace(default, **found)  # type: ignore[arg-type]  # each field got a value of its own type

    @view_options.setter
    def view_options(self, options: ViewOptions) -> None:
        for name, value in asdict(options).items():
            self._settings.setValue(f"{_VIEW}/{name}", value.value if isinstance(value, OtherMask) else value)

    def retrain_after(self, root: Path) -> int:
        """Return after how many newly approved images a folder's model is retrained by itself; 0: never."""
        return self._retrain_after().get(str(root), 0)

    def set_retrain_after(self, root: Path, count: int) -> None:
        """Note after how many newly approved images a folder's model is to be retrained by itself; 0: never.

        A run takes this computer's time and writes into that folder: so it is agreed to for one folder, by the
        person at this computer, and not in ``segtool.json``, which others may share.
        """
        known = {**self._retrain_after(), str(root): count}
        self._settings.setValue(_RETRAIN_AFTER, json.dumps({name: number for name, number in known.items() if number}))

    def layout(self) -> tuple[QByteArray, QByteArray]:
        """Return the window's geometry and the state of its docks and bars; empty if none is stored."""
        geometry, state = (checked_bytes(self._settings.value(key)) for key in (_GEOMETRY, _LAYOUT))
        return QByteArray(geometry), QByteArray(state)

    def store_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        """Store the window's geometry and the state of its docks and bars."""
        for key, data in ((_GEOMETRY, geometry), (_LAYOUT, state)):
            self._settings.setValue(key, checked_text(bytes(data.data())))

    def _retrain_after(self) -> dict[str, int]:
        try:
            return {
                str(name): max(0, int(number))
                for name, number in json.loads(str(self._settings.value(_RETRAIN_AFTER, "{}"))).items()
            }
        except _NO_SENSE:
            return {}

    def _write_recent(self, folders: list[RecentFolder]) -> None:
        self._settings.setValue(_RECENT, json.dumps([asdict(item) for item in folders]))
