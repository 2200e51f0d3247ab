"""Timing, percentiles and the table that benchmarks print."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: milliseconds (or what ``unit`` says), and a remark such as a ratio."""

    name: str
    values: tuple[float, ...]
    remark: str = ""
    unit: str = "ms"


def measure(work: Callable[[], object], *, rounds: int, warm_up: int = 1) -> tuple[float, ...]:
    """Run ``work`` some times and return the durations in milliseconds."""
    for _ in range(warm_up):
        work()
    durations = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        durations.append((time.perf_counter() - start) * 1000)
    return tuple(durations)


def ratio(ours: Sequence[float], bare: Sequence[float]) -> str:
    """Say how many times as long ours takes, by the medians of one run."""
    return f"{np.median(ours) / np.median(bare):.2f} × bare"


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table of p50, p95 and p99."""
    lines = ["| what | p50 | p95 | p99 | n | |", "|---|---:|---:|---:|---:|---|"]
    for row in rows:
        p50, p95, p99 = np.percentile(row.values, (50, 95, 99))
        cells = " | ".join(f"{value:.{2 if value < 10 else 0}f} {row.unit}" for value in (p50, p95, p99))
        lines.append(f"| {row.name} | {cells} | {len(row.values)} | {row.remark} |")
    return "\n".join(lines)


def machine() -> str:
    """Describe the machine in a line: processor, cores, memory, Python and load."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    return f"{name}, {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}, load {load:.1f}"


def peak_memory_mib(*, children: bool = False) -> float:
    """Return the largest resident size so far of this process, or of its ended children, in MiB; NaN on Windows."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    who = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    return resource.getrusage(who).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
