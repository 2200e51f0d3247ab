"""Which program has a folder open: what it says of itself, and whether it still runs."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import secrets
import socket
import sys
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from segtool import __version__

FORMAT_VERSION = 1
_MAX_TEXT = 80


class HolderError(Exception):
    """A lock file says nothing that can be understood; the message is a clause."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that has a folder open for changing it.

    Attributes
    ----------
    pid : int
        Its process.
    born : str
        What tells that process from a later one of the same number.
    machine : str
        What tells its computer (and container) from others of the same name; "" if nothing does.
    host, user : str
        For people: the name of its computer and of who has started it.
    doing : str
        For people: "window", or a command as "segtool segment".
    version : str
        Which version of the program it is.
    since : str
        When it opened the folder: ISO 8601 with the offset from UTC.
    folder : str
        Where that is, links resolved: a folder that is copied while it is open is copied with its lock.
    token : str
        Random: no two lock files are alike.
    """

    pid: int
    born: str
    machine: str
    host: str
    user: str
    doing: str
    version: str
    since: str
    folder: str
    token: str

    @classmethod
    def here(cls, folder: Path, *, doing: str) -> Holder:
        """Describe this process, which is about to hold a folder."""
        pid = os.getpid()
        return cls(
            pid=pid,
            born=_birth(pid),
            machine=_machine(),
            host=socket.gethostname(),
            user=_user(),
            doing=doing,
            version=__version__,
            since=datetime.now().astimezone().isoformat(timespec="seconds"),
            folder=os.path.realpath(folder),
            token=secrets.token_hex(8),
        )

    @property
    def is_on_this_computer(self) -> bool:
        """Whether its process can be looked for here."""
        return self.host == socket.gethostname() and self.machine == _machine()

    @property
    def is_over(self) -> bool:
        """Whether its process has certainly ended; asked only of one on this computer."""
        if not psutil.pid_exists(self.pid):
            return True
        try:
            # One that was killed stays in the list until its parent has looked at it.
            is_dead = psutil.Process(self.pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            return bool(is_dead) or _birth(self.pid) != self.born
        except (psutil.Error, OSError):
            # There is such a process, of which nothing can be told: it may be the one.
            return False

    def to_bytes(self) -> bytes:
        """Return the content of a lock file."""
        return json.dumps({"format": FORMAT_VERSION, **asdict(self)}, indent=1).encode("ascii") + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Holder:
        """Read the content of a lock file; HolderError if it is none of a version that is known."""
        try:
            value: Any = json.loads(data)
        except (ValueError, RecursionError):
            raise HolderError("it is damaged") from None
        if not isinstance(value, dict):
            raise HolderError("it is damaged")
        version = value.pop("format", None)
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise HolderError("a newer version of SegTool has written it")
        kinds = {field.name: int if field.name == "pid" else str for field in fields(cls)}
        known: dict[str, Any] = {name: value.get(name) for name in kinds}
        is_whole = all(type(known[name]) is kind for name, kind in kinds.items())
        if version != FORMAT_VERSION or not is_whole or known["pid"] <= 0 or known["pid"] >= 2**31:
            raise HolderError("it is damaged")
        return cls(**known)

    def text(self) -> str:
        """Return who it is and since when, as a clause that "photos is" can stand before."""
        since = _clock(self.since)
        if not self.is_on_this_computer:
            return f"open on the computer {_line(self.host)}, by {_line(self.user)}{since}"
        if self.doing == "window":
            return f"open in another window (process {self.pid}) on this computer{since}"
        return f"being worked on by {_line(self.doing)} (process {self.pid}) on this computer{since}"


def _birth(pid: int) -> str:
    """Return what tells a process from a later one of the same number; a changed clock does not change it."""
    if sys.platform != "linux":
        return f"{psutil.Process(pid).create_time():.2f}"
    # Times of day are computed from the clock there, and move with it: ticks since the start do not.
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return f"{boot} {int(after_name[19])}"


def _machine() -> str:
    """Return a short text that only this computer, or this container on it, gives; "" where there is none."""
    if sys.platform != "linux":
        return ""
    try:
        # Numbers of processes mean nothing outside of the container that they are given in.
        parts = (Path("/etc/machine-id").read_text(encoding="ascii").strip(), os.readlink("/proc/self/ns/pid"))
    except OSError:
        return ""
    # The id itself is nobody's business.
    return hashlib.sha256(" ".join(("segtool", *parts)).encode()).hexdigest()[:16]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "an unknown user"


def _clock(since: str) -> str:
    """Return " since 14:02", with the day if that is another one than today; "" if it cannot be told."""
    try:
        when = datetime.fromisoformat(since).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    is_today = when.date() == datetime.now().date()
    return f" since {when:%H:%M}" if is_today else f" since {when:%Y-%m-%d %H:%M}"


def _line(text: str) -> str:
    """Return what somebody else has written so that it fits into a sentence."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return (shown if len(shown) <= _MAX_TEXT else f"{shown[:_MAX_TEXT]}…") or "?"
