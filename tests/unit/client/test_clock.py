"""Clocks that run on while a machine sleeps, on each operating system."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kubectl_cafe.client.clock import BootClock, running_on

LINUX = SimpleNamespace(CLOCK_BOOTTIME=7, CLOCK_MONOTONIC=1, clock_gettime=float, monotonic=None)
MACOS = SimpleNamespace(CLOCK_MONOTONIC=6, clock_gettime=float, monotonic=None)
WINDOWS = SimpleNamespace(monotonic=lambda: 3.0)


@pytest.mark.parametrize(
    ("clocks", "read"),
    [(LINUX, 7.0), (MACOS, 6.0), (WINDOWS, 3.0)],
    ids=["Linux", "macOS", "Windows"],
)
def test_the_clock_is_one_that_the_operating_system_has(
    clocks: SimpleNamespace, read: float
) -> None:
    assert running_on(clocks)() == read


def test_this_machines_clock_never_goes_back() -> None:
    clock = BootClock()
    assert clock.monotonic() <= clock.monotonic()
