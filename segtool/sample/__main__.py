"""Write the sample images into a folder: ``python -m segtool.sample FOLDER``."""

from __future__ import annotations

import argparse
from pathlib import Path

from segtool.sample.images import write_sample


def main() -> None:
    """Read the command line and write the images."""
    parser = argparse.ArgumentParser(prog="python -m segtool.sample", description="Write the sample images.")
    parser.add_argument("folder", type=Path, help="folder to write them into, made if it is missing")
    write_sample(parser.parse_args().folder)


if __name__ == "__main__":
    main()
