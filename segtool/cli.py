"""The command line: ``segtool COMMAND …``, or ``segtool [FOLDER]`` for the window."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from segtool import __version__
from segtool.commands.reporting import Reporter, as_segtool_error
from segtool.core.errors import SegToolError
from segtool.streams import prepare_streams

# Command → module of segtool.commands with ``run(arguments, reporter) -> int``.
COMMANDS = {
    "segment": "segmenting",
    "train": "training",
    "mix": "mixing",
    "evaluate": "evaluating",
    "card": "card_page",
    "models": "listing_models",
    "info": "listing_images",
}
DONE, FAILED, WRONG_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 (done), 1 (failed) or 2 (wrong usage)."""
    prepare_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] not in (*COMMANDS, "-h", "--help", "--version"):
        from segtool.launch import main as open_window

        return open_window(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        parser = build_parser()
        parsed = parser.parse_args(arguments)
        if parsed.command == "train" and parsed.out is None and not parsed.resume:
            parser.error("train needs --out, or --resume")
    except SystemExit as exc:
        return int(exc.code or 0)
    reporter = Reporter()
    try:
        return int(import_module(f"segtool.commands.{COMMANDS[parsed.command]}").run(parsed, reporter))
    except KeyboardInterrupt:
        reporter.finish()
        return _fail("interrupted")
    except BrokenPipeError:
        # The reader of our output has gone (`segtool info . | head`): there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (SegToolError, OSError, MemoryError) as exc:
        reporter.finish()
        return _fail(str(as_segtool_error(exc)))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = _Parser(
        prog="segtool",
        description="Label every pixel of your images with a U-Net, correct the masks, retrain.",
        epilog="Without a command, segtool [FOLDER] opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"segtool {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    segment = _command(commands, "segment", "predict a mask for every image of a folder", folder=True)
    segment.add_argument("--model", metavar="NAME|DIR", help="model to use (default: the folder's active one)")
    segment.add_argument("--out", metavar="DIR", help="write the masks here instead of into the folder's masks/")
    segment.add_argument("--overlay", action="store_true", help="also write images with the mask drawn over them")
    segment.add_argument("--overwrite", action="store_true", help="replace masks that are there already")
    segment.add_argument(
        "--tta",
        action="store_true",
        help="average over flips and quarter turns: 8 times as slow, slightly more accurate",
    )

    train = _command(commands, "train", "train a U-Net on the masks of a folder", folder=True)
    train.add_argument("--val", metavar="FOLDER", help="images to validate on (default: chosen by a seeded rule)")
    train.add_argument("--base", metavar="NAME|DIR|none", help="model to start from (default: the bundled one)")
    train.add_argument("--out", metavar="DIR", help="model folder to write; must not exist (needed without --resume)")
    train.add_argument("--resume", action="store_true", help="go on with the folder's training that was broken off")
    length = train.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=_minutes, metavar="M", help="time budget (default: 3)")
    length.add_argument("--epochs", type=_epochs, metavar="N", help="number of epochs instead of a time budget")
    train.add_argument("--settings", metavar="FILE", help="JSON file with any other training settings")
    train.add_argument("--kinds", metavar="FILE", help="CSV file (stem, kind): draw rare kinds of image more often")
    train.add_argument("--checkpoint", metavar="FILE", help="keep the run's state here (default: in FOLDER/.segtool)")
    train.add_argument("--compare", metavar="NAME|DIR", help="model to score beside the new one (default: the base)")
    train.add_argument("--data", metavar="DIR", help="where masks, segtool.json and models/ lie, if not in FOLDER")
    _add_events(train)

    _add_mixing(commands)
    _add_scoring(commands)

    models = _command(commands, "models", "list the models", folder=False)
    models.add_argument("folder", nargs="?", metavar="FOLDER", help="also list the versions trained in this folder")
    models.add_argument("--json", action="store_true", help="print JSON")

    info = _command(commands, "info", "list the images of a folder with their status", folder=True)
    info.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_mixing(commands: argparse._SubParsersAction[_Parser]) -> None:
    mix = _command(commands, "mix", "mix the weights of a model and of what was trained from it", folder=False)
    mix.add_argument("base", metavar="BASE", help="model before the training: name or folder")
    mix.add_argument("new", metavar="NEW", help="model after it: name or folder")
    mix.add_argument(
        "--amount", type=_share, required=True, metavar="A", help="share of NEW, from 0 (as BASE) to 1 (as NEW)"
    )
    mix.add_argument("--out", metavar="DIR", required=True, help="model folder to write; must not exist")
    mix.add_argument("--folder", metavar="FOLDER", help="folder whose versions can be named, and held-out images score")
    mix.add_argument("--val", metavar="FOLDER", help="score on every image of this folder that has a mask instead")
    mix.add_argument("--compare", metavar="NAME|DIR", help="model to score beside the mix (default: NEW)")
    mix.add_argument("--data", metavar="DIR", help="where masks, segtool.json and models/ lie, if not in --folder")
    _add_events(mix)


def _add_events(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", action="store_true", help="print one JSON object per line instead of text")
    parser.add_argument(
        "--tied", action="store_true", help="end when the standard input ends: for a program that waits"
    )


def _add_scoring(commands: argparse._SubParsersAction[_Parser]) -> None:
    evaluate = _command(commands, "evaluate", "compare a model's predictions with the masks of a folder", folder=True)
    evaluate.add_argument("--model", metavar="NAME|DIR", help="model to use (default: the folder's active one)")
    evaluate.add_argument("--report", metavar="DIR", help="also write a page with tables, charts and pictures here")
    evaluate.add_argument("--kinds", metavar="FILE", help="CSV file (stem, kind): also score each kind of image")
    evaluate.add_argument("--tta", action="store_true", help="average over flips and quarter turns: 8 times the work")
    evaluate.add_argument("--json", action="store_true", help="print JSON")

    card = _command(commands, "card", "write the page of a model card, from an evaluation", folder=False)
    card.add_argument("model", metavar="MODEL", help="model name or folder")
    card.add_argument("folder", metavar="FOLDER", help="folder with images and masks that the model has not seen")
    card.add_argument("--out", metavar="PAGE.md", required=True, help="Markdown file to write; pictures go beside it")
    card.add_argument("--kinds", metavar="FILE", help="CSV file (stem, kind): also score each kind of image")


def _command(
    commands: argparse._SubParsersAction[_Parser], name: str, text: str, *, folder: bool
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    if folder:
        parser.add_argument("folder", metavar="FOLDER", help="image folder, or a folder with images/ and masks/")
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that tells a mistake in one line, as everything else is told."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, not {text!r}")
    return value


def _epochs(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return value


def _fail(text: str) -> int:
    sys.stderr.write("segtool: " + " ".join(text.split()) + "\n")
    return FAILED
