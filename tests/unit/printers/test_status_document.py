"""What is particular to the documents of `status`."""

from __future__ import annotations

from msgspec.structs import replace

from kubectl_cafe.printers import status
from tests.unit.printers.scenes import PROGRESSING


def test_durations_are_told_to_a_tenth_of_a_second() -> None:
    found = status.document(replace(PROGRESSING, age=1.23456, remaining=None))
    assert (found["age"], found["remaining"]) == (1.2, None)
