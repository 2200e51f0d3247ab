"""Starts the window: ``python main.py [FOLDER]``."""

from __future__ import annotations

import sys

from segtool.launch import main

if __name__ == "__main__":
    sys.exit(main())
