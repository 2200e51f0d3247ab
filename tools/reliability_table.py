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
did not hold. `make test` does the same with smaller numbers.{earlier}

| Test | What was done | Times | What must hold each time | Failures | Found |
|---|---|---:|---|---:|---|
"""
EARLIER = """

Rows with a star were counted on an earlier build, before its parts were put together, on a computer that was busy with
other work; they have not been counted again since."""


def table(rows: list[FaultCount], earlier: list[FaultCount]) -> str:
    """Return the page; rows of an earlier run stand in for those that are missing."""
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    known = {(row.test, row.done) for row in rows}
    # The last of several runs counts.
    old = {(row.test, row.done): row for row in earlier if (row.test, row.done) not in known}
    stars = dict.fromkeys(old, "\\*")
    everything = sorted([*rows, *old.values()], key=lambda row: (int(row.test.lstrip("R")), row.done))
    lines = [
        f"| {row.test}{stars.get((row.test, row.done), '')} | {row.done} | {row.times:,} | {row.promise} | {row.bad} "
        f"| {' '.join(row.found.replace('|', '/').split())} |"
        for row in everything
    ]
    times, bad = sum(row.times for row in everything), sum(row.bad for row in everything)
    head = HEAD.format(day=date.today(), version=__version__, machine=machine, earlier=EARLIER if old else "")
    return head + "\n".join(lines) + f"\n\n{times:,} faults in all, {bad} failures.\n"


def main() -> None:
    """Read the rows, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--earlier", type=Path, nargs="*", default=[], help="rows of earlier runs")
    arguments = parser.parse_args()
    earlier = [row for path in arguments.earlier for row in read_counts(path)]
    arguments.page.write_text(table(read_counts(arguments.counts), earlier), encoding="utf-8")


if __name__ == "__main__":
    main()
