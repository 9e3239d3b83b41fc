"""Wait for something that a test expects to come true."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from testbed.errors import TestbedError

Found = TypeVar("Found")


def wait_for(
    look: Callable[[], Found], what: str, seconds: float = 20.0, every: float = 0.02
) -> Found:
    """The first truthy answer of `look`, asked every so many seconds.

    Raises TestbedError that names `what` and the last answer when `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TestbedError(
                f"testbed: waited {seconds:.0f} s for {what}; the last look gave {found!r}"
            )
        time.sleep(every)
