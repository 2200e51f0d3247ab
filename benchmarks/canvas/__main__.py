"""Everything that the canvas is measured by, beside its goals.

``python -m benchmarks.canvas [--quick] [--part NAME ...] [--write docs/canvas.md]``. Each part runs in a process of
its own, so that the memory of one is not counted for another.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from benchmarks.harness import Row, machine, table

PARTS = ("starting", "opening", "painting", "shapes", "regions", "operations")
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: does it run at all?")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be given several times")
    parser.add_argument("--write", type=Path, help="also write the table into this file")
    parser.add_argument("--json", action="store_true", help="run one part here and print its rows as JSON")
    arguments = parser.parse_args()
    parts = tuple(arguments.part or PARTS)
    if arguments.json:
        (part,) = parts
        rows = importlib.import_module(f"benchmarks.canvas.{part}").rows(arguments.quick)
        print(json.dumps([asdict(row) for row in rows]))
        return 0
    rows, failed = [], []
    for part in parts:
        command = [sys.executable, "-m", "benchmarks.canvas", "--json", "--part", part]
        run = subprocess.run(
            command + ["--quick"] * arguments.quick, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
        if run.returncode:
            failed.append(part)
            continue
        rows += [Row(**{**row, "values": tuple(row["values"])}) for row in json.loads(run.stdout.splitlines()[-1])]
    text = f"{machine()}\n\n{table(rows)}\n"
    print(text)
    if failed:
        print(f"These parts failed, see above: {', '.join(failed)}")
    if arguments.write is not None:
        about = "Written by `python -m benchmarks.canvas`: a real window offscreen, real mouse events."
        arguments.write.write_text(f"# Speed and memory of the canvas\n\n{about} {text}", encoding="utf-8")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
