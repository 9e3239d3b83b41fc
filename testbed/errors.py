"""The testbed's one error."""

from __future__ import annotations


class TestbedError(Exception):
    """Something of the testbed does not work; the message says what, where and what to do."""

    __test__ = False  # not a test class, whatever its name begins with
