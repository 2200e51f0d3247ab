"""Taking the names of folders and images out of texts that leave the computer, and leaving the rest readable.

When in doubt a word too many goes: a name in a log has no mark, and may hold spaces.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable

from segtool.formats.image import IMAGE_SUFFIXES

_MIN_NAME = 2
_MAX_LINE = 4000
_MAX_NAME = 500
# Words of the program itself, which folders are called too.
_PLAIN_WORDS = frozenset(
    {"images", "masks", "models", "sample", "segtool", "home", "tmp", "users", "segtool.log", "segtool.json"}
)
_SUFFIXES = frozenset(suffix.lstrip(".") for suffix in IMAGE_SUFFIXES)
# Before a name stands the beginning of the line, or a mark that ends a phrase: what lies between is taken for it.
_STOP = r"\r\n\"'“”‘’:;,()\[\]<>|="
_PART = rf"(?!\s)[^/\\{_STOP}]{{1,255}}+"
_QUOTED = r"“(?P<quoted>[^”\n]{1,255})”"
_PATH = rf"(?<![\w.~])(?:~|[A-Za-z]:)?(?:[/\\]++{_PART})++[/\\]?"
_SUFFIX = re.compile(rf"\.(?:{'|'.join(sorted(_SUFFIXES, key=len, reverse=True))})(?!\w)", re.IGNORECASE)
_BEFORE_NAME = re.compile(rf"[^{_STOP}]*$")
_DRIVE = re.compile(r"[A-Za-z]:")
_DONE = re.compile(r"(?:name|image)-[0-9a-f]{6}(?:\.\w+)?")
_CODE_LINE = re.compile(r'(\s*File ")([^"]*)(", line \d+.*)')
_SEPARATOR = re.compile(r"[/\\]+")


class Redactor:
    """Replaces names: the same name by the same few letters, which differ from bundle to bundle.

    Parameters
    ----------
    home : str
        The home folder; it becomes "~".
    folders : iterable of str
        Paths of folders whose names are known: they are found wherever they stand.
    code : iterable of str
        Folders of programs: what lies in them may be named.
    keeps_names : bool
        Whether only the home folder is replaced.
    """

    def __init__(
        self, *, home: str, folders: Iterable[str] = (), code: Iterable[str] = (), keeps_names: bool = False
    ) -> None:
        self._salt = secrets.token_bytes(16)
        self._home = home.rstrip("/\\")
        self._code = sorted(filter(None, {folder.rstrip("/\\") for folder in code}), key=len, reverse=True)
        self._keeps_names = keeps_names
        paths = {folder.rstrip("/\\") for folder in (self._home, *folders)}
        names = {part for path in paths for part in _SEPARATOR.split(path)}
        known = {name for name in names if len(name) >= _MIN_NAME and name.casefold() not in _PLAIN_WORDS}
        self._known = _any_of(known, before=r"(?<!\w)", after=r"(?!\w)")
        # A known path goes first and as a whole: it may hold characters that would end it.
        folder = _any_of(filter(None, paths), before="", after=rf"(?:[/\\]+{_PART})*[/\\]?")
        kinds = (_QUOTED, *(() if folder is None else (folder.pattern,)), _PATH)
        self._found = re.compile("|".join(f"(?:{kind})" for kind in kinds), re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return a text without the names in it."""
        if self._keeps_names:
            return text.replace(self._home, "~") if len(self._home) >= _MIN_NAME else text
        # Line by line: other threads get their turn between two of them.
        return "\n".join(map(self._line, text.split("\n")))

    def name(self, name: str) -> str:
        """Return what stands for the name of a folder or an image; the suffix of an image stays."""
        _, dot, suffix = name.rpartition(".")
        is_image = bool(dot) and suffix.lower() in _SUFFIXES
        mark = hashlib.blake2b(name.encode(errors="surrogatepass"), key=self._salt, digest_size=3).hexdigest()
        return f"image-{mark}.{suffix.lower()}" if is_image else f"name-{mark}"

    def _line(self, line: str) -> str:
        if len(line) > _MAX_LINE:
            line = line[:_MAX_LINE] + "…"
        code = _CODE_LINE.fullmatch(line)
        return self._prose(line) if code is None else f"{code[1]}{self._code_path(code[2])}{code[3]}"

    def _prose(self, text: str) -> str:
        text = self._images(self._found.sub(self._replace, text))
        return text if self._known is None else self._known.sub(lambda found: self.name(found[0]), text)

    def _images(self, text: str) -> str:
        """Replace names of images that stand without a path: from the suffix back to what ends a phrase."""
        pieces, end = [], 0
        for suffix in _SUFFIX.finditer(text):
            before = _BEFORE_NAME.search(text, max(end, suffix.start() - _MAX_NAME), suffix.start())
            start = suffix.start() if before is None else before.start()
            name = text[start : suffix.end()]
            pieces += [text[end:start], name[: len(name) - len(name.lstrip())], self._path(name.strip())]
            end = suffix.end()
        return "".join([*pieces, text[end:]])

    def _replace(self, found: re.Match[str]) -> str:
        if found["quoted"]:
            return f"“{self.name(found['quoted'])}”"
        whole = found[0]
        name = whole.strip()
        lead, trail = whole[: len(whole) - len(whole.lstrip())], whole[len(whole.rstrip()) :]
        return lead + self._path(name) + trail

    def _path(self, path: str) -> str:
        if self._home and path.startswith(self._home):
            path = "~" + path[len(self._home) :]
        return re.sub(r"[^/\\]+", lambda part: self._part(part[0].strip()), path)

    def _part(self, part: str) -> str:
        is_plain = part == "~" or part.casefold() in _PLAIN_WORDS or bool(_DRIVE.fullmatch(part))
        return part if is_plain or _DONE.fullmatch(part) else self.name(part)

    def _code_path(self, path: str) -> str:
        for folder in self._code:
            if path.startswith(folder):
                return "…" + path[len(folder) :]
        return self._path(path)


def _any_of(words: Iterable[str], *, before: str, after: str) -> re.Pattern[str] | None:
    longest_first = sorted(words, key=len, reverse=True)
    if not longest_first:
        return None
    return re.compile(f"{before}(?:{'|'.join(map(re.escape, longest_first))}){after}", re.IGNORECASE)
