"""The lock of a folder: of all windows and commands, one at a time may change what lies in it.

``.segtool/lock`` names the one that does. The file appears whole or not at all, and every change of hands happens
under a second, short-lived lock of the operating system (``guarded``) where there is one; where there is none, as on
some network drives, the file's own rules still hold but for an instant in which a lock that was left behind is
taken away. Whoever holds a folder looks at the file again before each save: it may have been taken from him.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from segtool.core.errors import ProjectError, SaveError
from segtool.formats.atomic import TEMPORARY_SUFFIX
from segtool.formats.source import why
from segtool.project.guard import guarded, make_own_folder
from segtool.project.holder import Holder, HolderError
from segtool.project.layout import OWN_FOLDER

LOCK_FILE = Path(OWN_FOLDER, "lock")

_MAX_BYTES = 65_536
_ATTEMPTS = 20
# What a file system answers that has no hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Claim(Enum):
    """Who has a folder."""

    FREE = "free"
    LEFT_BEHIND = "left behind"
    HERE = "on this computer"
    ELSEWHERE = "elsewhere"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class LockFound:
    """What a look at the lock of a folder has found.

    Attributes
    ----------
    folder : Path
        The folder.
    claim : Claim
        Who has it.
    holder : Holder or None
        What the lock says; None if there is none or it cannot be read.
    data : bytes
        The content of the file.
    fault : str
        Why it cannot be understood, as a clause; "" if it can.
    """

    folder: Path
    claim: Claim
    holder: Holder | None = None
    data: bytes = b""
    fault: str = ""

    @property
    def needs_a_person(self) -> bool:
        """Whether the program cannot tell if somebody is still at work there."""
        return self.claim in (Claim.ELSEWHERE, Claim.UNREADABLE)

    def text(self) -> str:
        """Return who has the folder, as a clause for a person that has the folder's name in front of it."""
        if self.holder is not None:
            return f"it is {self.holder.text()}"
        return f"its lock cannot be understood ({self.fault}), so somebody may be working there"


class FolderHeldError(ProjectError):
    """A folder that somebody else may be changing just now; ``found`` says who."""

    def __init__(self, found: LockFound) -> None:
        remedy = "Close it there, then try again."
        if found.needs_a_person:
            file = found.folder / LOCK_FILE
            remedy = f"If nobody works there any more, open the folder in the window to take it over, or delete {file}."
        super().__init__(found.text(), path=found.folder, remedy=remedy)
        self.found = found


class FolderLostError(SaveError):
    """Nothing was written, because the folder was taken over by somebody else; ``found`` says who."""

    def __init__(self, found: LockFound) -> None:
        super().__init__(
            f"the folder was taken over: {found.text()}", path=found.folder, remedy="What you see here is kept."
        )
        self.found = found


def look_at_lock(folder: Path) -> LockFound:
    """Look who has a folder; nothing is written."""
    path = folder / LOCK_FILE
    try:
        data = _read(path)
    except (FileNotFoundError, NotADirectoryError):
        return LockFound(folder, Claim.FREE)
    except OSError as exc:
        return LockFound(folder, Claim.UNREADABLE, fault=why(exc))
    try:
        holder = Holder.from_bytes(data)
    except HolderError as exc:
        return LockFound(folder, Claim.UNREADABLE, data=data, fault=str(exc))
    if not holder.is_on_this_computer:
        return LockFound(folder, Claim.ELSEWHERE, holder, data)
    is_over = holder.is_over or _is_copy(path, data, of=Path(holder.folder, LOCK_FILE))
    return LockFound(folder, Claim.LEFT_BEHIND if is_over else Claim.HERE, holder, data)


class FolderLock:
    """The right to change a folder, until ``release``. Get it with ``FolderLock.take``."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        self._folder = folder
        self._path = folder / LOCK_FILE
        self._data = holder.to_bytes()
        self._lost: LockFound | None = None
        self._is_over = False

    @classmethod
    def take(cls, folder: Path, *, doing: str, instead_of: LockFound | None = None) -> FolderLock:
        """Take a folder, or take it over from a program that has ended without giving it back.

        Parameters
        ----------
        folder : Path
            Where masks and ``segtool.json`` lie; made if need be.
        doing : str
            "window" or the name of a command, for others who want the folder.
        instead_of : LockFound, optional
            A lock that a person has said may be broken; only this very one is.

        Raises
        ------
        FolderHeldError
            If somebody has it, or may have it.
        SaveError
            If the lock cannot be written.
        """
        lock = cls(folder, Holder.here(folder, doing=doing))
        try:
            os.makedirs(lock._path.parent, exist_ok=True)
            with guarded(folder):
                lock._take(instead_of)
        except OSError as cause:
            raise SaveError(
                f"the folder cannot be locked against other windows ({why(cause)})",
                path=lock._path,
                remedy="Check that there is space and that the folder may be written to.",
            ) from cause
        return lock

    def _take(self, instead_of: LockFound | None) -> None:
        for _ in range(_ATTEMPTS):
            found = look_at_lock(self._folder)
            is_broken = instead_of is not None and found.needs_a_person and found.data == instead_of.data
            if found.claim is Claim.LEFT_BEHIND or is_broken:
                _move_away(self._path, expected=found.data)
            elif found.claim is not Claim.FREE:
                raise FolderHeldError(found)
            if _create(self._path, self._data):
                return
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    @property
    def is_lost(self) -> bool:
        """Whether ``confirm`` has found that somebody has taken the folder."""
        return self._lost is not None

    def confirm(self) -> None:
        """Make sure that the folder is still ours, in whatever thread; FolderLostError if somebody has taken it.

        A lock that is gone, with all of ``.segtool/`` perhaps, is put back: nobody else has the folder. One that was
        lost stays so: what others have done meanwhile has to be read first. SaveError once it was given back.
        """
        if self._lost is not None:
            raise FolderLostError(self._lost)
        for _ in range(_ATTEMPTS):
            try:
                found = _read(self._path)
            except (FileNotFoundError, NotADirectoryError):
                if self._is_over:
                    break
                # If the folder itself is gone, or where a drive was, none is made in its place.
                with contextlib.suppress(OSError):
                    make_own_folder(self._path.parent)
                    if not _create(self._path, self._data):
                        # Somebody was quicker.
                        continue
                return
            except OSError:
                # The drive is out of reach: saving will fail and say why.
                return
            if self._is_over:
                break
            if found != self._data:
                self._lost = look_at_lock(self._folder)
                raise FolderLostError(self._lost)
            return
        if self._is_over:
            raise SaveError(
                "nothing was written, because the folder is closed here", path=self._folder, remedy="Open it again."
            )

    def release(self) -> None:
        """Give the folder back if it is still ours; whatever is in the way of that is passed over."""
        # First: whoever finds no lock after this does not put it back.
        self._is_over = True
        with contextlib.suppress(OSError), guarded(self._folder):
            if _read(self._path) == self._data:
                os.unlink(self._path)


def _is_copy(path: Path, data: bytes, *, of: Path) -> bool:
    """Tell whether a lock was copied with its folder, so that nobody holds the copy."""
    try:
        return not os.path.samefile(of, path) and _read(of) == data
    except (OSError, ValueError):
        # Renamed while it is open, perhaps: then it is the one.
        return False


def _read(path: Path) -> bytes:
    """Read the file; OSError also for what is no regular file, which might be waited for without end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return file.read(_MAX_BYTES)


def _create(path: Path, data: bytes) -> bool:
    """Make the file with its content if there is none; False if there is one."""
    temporary = path.with_name(f".lock.{os.getpid()}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        _write_new(temporary, data)
        try:
            os.link(temporary, path)
            return True
        except FileExistsError:
            return False
        except OSError as exc:
            if exc.errno not in _NO_LINKS:
                raise
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    try:
        _write_new(path, data)
    except FileExistsError:
        return False
    return True


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        # A lock that a power cut has emptied would have to be asked about.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)


def _move_away(path: Path, *, expected: bytes) -> None:
    """Remove a lock of known content; one that has taken its place meanwhile is put back."""
    aside = path.with_name(f".lock.{os.getpid()}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return
    try:
        if _read(aside) != expected:
            with contextlib.suppress(FileExistsError):
                os.link(aside, path)
    finally:
        os.unlink(aside)
