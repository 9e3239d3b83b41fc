"""Questions that are asked at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from kubectl_cafe.cluster.questions import ask

SECONDS = 20.0


def test_they_are_asked_at_once_and_each_has_its_own_answer() -> None:
    met = threading.Barrier(3)

    def asked(number: int) -> int:
        met.wait(SECONDS)
        return number

    assert [answer.get() for answer in [ask(asked, number) for number in range(3)]] == [0, 1, 2]


def test_more_than_three_take_turns() -> None:
    busy: list[int] = []
    most: list[int] = []
    gate = threading.Lock()

    def asked() -> None:
        with gate:
            busy.append(1)
            most.append(len(busy))
        time.sleep(0.02)
        with gate:
            busy.pop()

    for answer in [ask(asked) for _ in range(9)]:
        answer.get()

    assert max(most) == 3


def test_an_error_is_raised_where_the_answer_is_asked_for() -> None:
    def asked() -> None:
        raise LookupError("there is none")

    answer = ask(asked)

    for _ in range(2):
        with pytest.raises(LookupError, match="there is none"):
            answer.get()
    assert ask(len, "after it").get() == 8


def test_a_process_that_ends_waits_for_no_answer() -> None:
    program = (
        "import time; from kubectl_cafe.cluster.questions import ask; "
        f"ask(time.sleep, {3 * SECONDS})"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=SECONDS)
