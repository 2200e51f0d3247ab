"""Starting the window, or working on the folder without one where there is no display."""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from segtool import __version__
from segtool.core.errors import SegToolError
from segtool.formats.decoder_pool import POOL, Lane
from segtool.sample.copying import copy_sample
from segtool.streams import prepare_streams

_PROBE_SECONDS = 2.0
_PLATFORMS_WITHOUT_SCREEN = frozenset({"offscreen", "minimal", "vnc", "linuxfb", "eglfs"})


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, or segment the folder without one where there is no display.

    Nothing of Qt is imported before it is known that a window can be opened: a machine without a display
    may lack the libraries of the system that Qt needs.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; those of the process if not given.

    Returns
    -------
    int
        Exit status: 0 if all went well.
    """
    prepare_streams()
    arguments = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    if arguments.folder is not None and not arguments.folder.exists():
        sys.stderr.write(
            f"segtool: {arguments.folder}: there is no such folder, nor a command of that name. "
            "segtool --help lists the commands.\n"
        )
        return 1
    if not has_display():
        sys.stderr.write("There is no display, so no window can be opened: working on the folder without one.\n")
        return _run_without_display(arguments)
    # It starts while Qt is being loaded, and is there before the first image is asked for.
    POOL.start(Lane.FRONT)
    try:
        from segtool.app import run_window
    except ImportError as exc:
        sys.stderr.write(
            f"segtool: the window cannot be opened ({exc}). Install the missing library: on Debian and Ubuntu "
            "tools/install_qt_libraries.sh does it, elsewhere install PySide6-Essentials again.\n"
        )
        return 1
    return run_window(arguments.folder, sample=arguments.sample)


def has_display() -> bool:
    """Tell whether a window can be opened: only Linux and its like can be without a display."""
    if sys.platform in ("win32", "darwin"):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in _PLATFORMS_WITHOUT_SCREEN:
        return True
    return bool(os.environ.get("WAYLAND_DISPLAY")) or _x_server_answers(os.environ.get("DISPLAY", ""))


def _x_server_answers(display: str) -> bool:
    """Tell whether somebody listens at an X display: Qt ends the process if nobody does."""
    match = re.fullmatch(r"(?:unix|)(?P<host>[^:]*):(?P<number>\d+)(?:\.\d+)?", display)
    if match is None:
        return bool(display)
    number = int(match["number"])
    local = f"/tmp/.X11-unix/X{number}"
    # Servers listen at a file, at the abstract name of that file, or both; forwarded ones at a port.
    places: list[tuple[socket.AddressFamily, str | tuple[str, int]]] = (
        [(socket.AF_INET, (match["host"], 6000 + number))]
        if match["host"]
        else [(socket.AF_UNIX, local), (socket.AF_UNIX, f"\0{local}")]
    )
    for family, address in places:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PROBE_SECONDS)
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="segtool",
        description="Label every pixel of your images with a U-Net, correct the masks, retrain.",
        epilog="segtool --help lists the commands that work without the window.",
    )
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of images, or one image in it")
    parser.add_argument("--sample", action="store_true", help="open a copy of the sample images")
    parser.add_argument("--version", action="version", version=f"segtool {__version__}")
    return parser


def _run_without_display(arguments: argparse.Namespace) -> int:
    from segtool.headless import run_headless

    try:
        folder = arguments.folder if arguments.folder is not None and not arguments.sample else copy_sample()
        return run_headless(folder)
    except SegToolError as exc:
        sys.stderr.write(f"segtool: {exc}\n")
        return 1
