"""A command that is asked to end: by a signal, however many of them come."""

from __future__ import annotations

import signal
import threading

import pytest

from kubectl_cafe.cli.terminal.signals import ALARM
from kubectl_cafe.cli.terminal.stopping import Stopping, Work
from kubectl_cafe.errors import CafeError

SECONDS = 10.0
"""For a thread to begin."""


class Stop(threading.Event):
    """An event that knows in which threads it was set, each time that it was."""

    def __init__(self) -> None:
        super().__init__()
        self.setters: list[threading.Thread] = []

    def set(self) -> None:
        self.setters.append(threading.current_thread())
        super().set()


class Job:
    """Work that knows when it was woken."""

    def __init__(self) -> None:
        self.stop = Stop()
        self.woken = threading.Event()

    def wake(self) -> None:
        self.woken.set()


def asked(stopping: Stopping, *numbers: int) -> Job:
    """A job under way, after these signals."""
    job = Job()
    stopping.work = Work(job)
    assert [stopping.ask(number) for number in numbers] == [None] * len(numbers)
    assert job.woken.wait(SECONDS)
    return job


def made() -> Stopping:
    return Stopping("web", "shop", "drive", 60.0)


@pytest.mark.guard("a-signal-takes-no-lock")
def test_a_signal_sets_no_event_in_the_thread_that_it_interrupts() -> None:
    """That thread may hold the event's lock, in a wait or in another signal: it would wait for
    itself for ever."""
    job = asked(made(), signal.SIGINT)
    assert job.stop.is_set()
    assert threading.main_thread() not in job.stop.setters


def test_the_work_is_asked_once_however_many_signals_come() -> None:
    job = asked(made(), *[signal.SIGTERM] * 3)
    assert len(job.stop.setters) == 1


def test_other_work_that_begins_later_is_asked_anew() -> None:
    stopping = made()
    asked(stopping, signal.SIGTERM)
    assert asked(stopping, signal.SIGTERM).stop.is_set()


def test_the_time_that_is_up_is_told_from_a_signal() -> None:
    late, early = made(), made()
    asked(late, ALARM)
    asked(early, signal.SIGTERM, ALARM)
    assert (late.timed_out, early.timed_out) == (True, False)


def test_without_work_a_signal_is_raised() -> None:
    assert isinstance(made().ask(signal.SIGINT), KeyboardInterrupt)
    assert isinstance(made().ask(ALARM), CafeError)
