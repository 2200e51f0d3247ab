"""``python -m segtool``: the same as the installed command."""

import sys

from segtool.cli import main

if __name__ == "__main__":
    sys.exit(main())
