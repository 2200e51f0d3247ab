"""Fixtures of the fault tests: how often to do it, and where to write what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.counting import FaultCount, Times, append_count


@pytest.fixture(scope="session")
def times(pytestconfig: pytest.Config) -> Times:
    """Tells how often to do something: ``times(quick=20, full=1000)``."""
    is_full = pytestconfig.getoption("--full")

    def choose(*, quick: int, full: int) -> int:
        return full if is_full else quick

    return choose


@pytest.fixture(scope="session")
def counted(pytestconfig: pytest.Config) -> Callable[[FaultCount], None]:
    """Takes the row of a test into the table of counts, then fails the test unless nothing was bad."""
    place: str | None = pytestconfig.getoption("--counts")

    def note(count: FaultCount) -> None:
        if place is not None:
            append_count(Path(place), count)
        assert count.bad == 0, f"{count.test}: {count.bad} of {count.times} times not: {count.promise}. {count.found}"

    return note
