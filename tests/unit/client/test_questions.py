"""Questions that are asked at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from kubectl_cafe.client.questions import Questions

SECONDS = 20.0
LIMIT = 3


@pytest.fixture
def questions() -> Questions:
    """Three at a time."""
    return Questions(LIMIT)


def test_they_are_asked_at_once_and_each_has_its_own_answer(questions: Questions) -> None:
    met = threading.Barrier(LIMIT)

    def asked(number: int) -> int:
        met.wait(SECONDS)
        return number

    answers = [questions.ask(asked, number) for number in range(LIMIT)]
    assert [answer.get() for answer in answers] == [0, 1, 2]


def test_more_than_the_limit_take_turns(questions: Questions) -> None:
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

    for answer in [questions.ask(asked) for _ in range(3 * LIMIT)]:
        answer.get()

    assert max(most) == LIMIT


def test_an_error_is_raised_where_the_answer_is_asked_for(questions: Questions) -> None:
    def asked() -> None:
        raise LookupError("there is none")

    answer = questions.ask(asked)

    for _ in range(2):
        with pytest.raises(LookupError, match="there is none"):
            answer.get()
    assert questions.ask(len, "after it").get() == 8


def test_a_process_that_ends_waits_for_no_answer() -> None:
    program = (
        "import time; from kubectl_cafe.client.questions import Questions; "
        f"Questions(1).ask(time.sleep, {3 * SECONDS})"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=SECONDS)


def test_without_a_spare_thread_they_are_asked_here_and_in_turn(
    questions: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    answers = [questions.ask(threading.get_ident) for _ in range(2 * LIMIT)]

    assert [answer.get() for answer in answers] == [threading.get_ident()] * 2 * LIMIT
