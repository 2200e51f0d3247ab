"""Write docs/reliability.md from the rows that ``make faults`` has counted."""

from __future__ import annotations

import argparse
import platform
from datetime import date
from pathlib import Path

from segtool import __version__
from tests.faults.counting import FaultCount, read_counts

HEAD = """# What the program was put through

Written by `make faults` on {day}, SegTool {version}, {machine}. Each row says what was done to the real
program (real files, real processes, the real window), how often, what was looked at each time, and how often it
did not hold. `make test` does the same with smaller numbers.

| Test | What was done | Times | What must hold each time | Failures | Found |
|---|---|---:|---|---:|---|
"""


def table(rows: list[FaultCount]) -> str:
    """Return the page."""
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    lines = [f"| {row.test} | {row.done} | {row.times:,} | {row.promise} | {row.bad} | {row.found} |" for row in rows]
    total = f"\n{sum(row.times for row in rows):,} faults in all, {sum(row.bad for row in rows)} failures.\n"
    return HEAD.format(day=date.today(), version=__version__, machine=machine) + "\n".join(lines) + "\n" + total


def main() -> None:
    """Read the rows, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", type=Path)
    parser.add_argument("page", type=Path)
    arguments = parser.parse_args()
    arguments.page.write_text(table(read_counts(arguments.counts)), encoding="utf-8")


if __name__ == "__main__":
    main()
