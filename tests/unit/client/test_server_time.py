"""The server's clock by its Date headers."""

from __future__ import annotations

from email.utils import formatdate

from kubectl_cafe.client.server_time import ServerTime
from tests.unit.client.conftest import HandClock


def observe(time: ServerTime, server: float, sent: float, received: float) -> None:
    time.observe(formatdate(server, usegmt=True), sent, received)


def test_without_an_answer_it_is_this_machines_time(clock: HandClock) -> None:
    assert ServerTime(clock).now() == clock.time()


def test_answers_within_one_second_narrow_the_estimate(clock: HandClock) -> None:
    time = ServerTime(clock)
    true = 5_000.9 - clock.now  # server's clock minus ours
    for step in range(11):
        clock.now = 1000.0 + step / 10
        observe(time, clock.now + true, clock.now, clock.now)
    assert abs(time.now() - (clock.now + true)) <= 0.1


def test_it_runs_on_by_the_monotonic_clock(clock: HandClock) -> None:
    time = ServerTime(clock)
    observe(time, 5000, clock.now, clock.now)
    before = time.now()
    clock.now += 60
    assert time.now() == before + 60


def test_a_server_whose_clock_was_set_is_believed_anew(clock: HandClock) -> None:
    time = ServerTime(clock)
    observe(time, 5000, clock.now, clock.now)
    observe(time, 9000, clock.now, clock.now)
    assert abs(time.now() - 9000) <= 1.0


def test_a_missing_or_broken_date_changes_nothing(clock: HandClock) -> None:
    time = ServerTime(clock)
    observe(time, 5000, clock.now, clock.now)
    before = time.now()
    time.observe(None, 0, 0)
    time.observe("yesterday", 0, 0)
    assert time.now() == before
