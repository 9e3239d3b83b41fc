"""The second signal ends the process, whatever its main thread and its reader are stuck in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from kubectl_cafe.cli.terminal.signals import ALARM, Stops

AT_ONCE = 2.0
STUCK = """
import ctypes, sys
from kubectl_cafe.cli.terminal.signals import STOPS
STOPS.listen()
mutex = ctypes.create_string_buffer(64)
libc = ctypes.CDLL(None)
libc.pthread_mutex_lock(mutex)
with STOPS.asking(lambda _number: None, lambda: "last words"):
    print("stuck", flush=True)
    libc.pthread_mutex_lock(mutex)
"""
"""Waits in C for ever, as for a name server: no signal makes it come back to Python."""
OVER = """
import time
from kubectl_cafe.cli.terminal.signals import STOPS
STOPS.listen()
STOPS.over(4)
print("over", flush=True)
time.sleep(60)
"""


def begun(program: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """The program, once it has said a word."""
    command = [sys.executable, "-c", program]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert running.stdout is not None
    assert running.stdout.readline()
    return running


def ended(running: subprocess.Popen[str], signals: Sequence[signal.Signals]) -> tuple[int, str]:
    """The exit code and the words of a process that its last signal ends at once."""
    for number in signals[:-1]:
        running.send_signal(number)
        time.sleep(0.2)
        assert running.poll() is None
    running.send_signal(signals[-1])
    _, said = running.communicate(timeout=AT_ONCE)
    return running.returncode, said


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """A pipe whose reader is there and does not read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"." * 65536):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


@pytest.mark.guard("the-second-signal-ends-the-process")
@pytest.mark.parametrize(
    "signals",
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP, signal.SIGTERM),
    ],
    ids=["Ctrl-C twice", "Ctrl-C, SIGTERM", "hangups do not count"],
)
def test_a_main_thread_that_is_stuck_in_c(signals: Sequence[signal.Signals]) -> None:
    assert ended(begun(STUCK), signals) == (130, "last words\n")


def test_a_reader_that_does_not_read(full_pipe: int) -> None:
    running = begun(STUCK, full_pipe)
    assert ended(running, (signal.SIGINT, signal.SIGINT))[0] == 130


def test_where_the_command_is_over_one_signal_is_enough_and_the_exit_code_stays() -> None:
    assert ended(begun(OVER), (signal.SIGINT,)) == (4, "")


class Late(Exception):
    """What a command raises that can't end otherwise."""


@pytest.mark.parametrize("alarm", [ALARM, 0], ids=["a signal", "a thread"])
def test_when_the_time_is_up_the_command_is_asked_to_end(alarm: int) -> None:
    """Where there is no such signal (Windows) a thread keeps the time."""
    asked: list[int] = []
    done = threading.Event()

    def polite(number: int) -> None:
        asked.append(number)
        done.set()

    with Stops(alarm).asking(polite, str, 0.05):
        assert done.wait(10)

    assert asked == [alarm]


@pytest.mark.parametrize("alarm", [ALARM, 0], ids=["a signal", "a thread"])
def test_when_the_time_is_up_and_nothing_can_end_it_is_raised(alarm: int) -> None:
    stops = Stops(alarm)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(Late), stops.asking(lambda _number: Late(), str, 0.05):
            time.sleep(10)
    finally:
        signal.signal(signal.SIGINT, before)
