"""What a command says is not read: the reader of a pipe leaves, the terminal is closed (C65)."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from testbed.plugin import PROGRAM
from testbed.terminal import Terminal
from testbed.waiting import wait_for
from tests.integration.restarting import KILL, restarts
from tests.integration.shop import NAME, Shop

SLOW = {KILL: "4000"}
V2 = ("upgrade", NAME, "--image", "main=app:v2", "--yes")


def patched(shop: Shop) -> None:
    """Wait for the first pod to be patched."""
    shop.until_pod(lambda pod: "app:v2" in str(pod["spec"]), "a pod to be patched")


@contextmanager
def unread(shop: Shop, *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program, with a pipe as stdout and stderr whose reader leaves once a pod is patched."""
    reader, writer = os.pipe()
    env = {**os.environ, "KUBECONFIG": str(shop.cafe.kubeconfig)}
    command = [str(PROGRAM), *args, "-n", str(shop.client.namespace)]
    with subprocess.Popen(command, stdout=writer, stderr=writer, env=env) as running:
        os.close(writer)
        patched(shop)
        os.close(reader)
        yield running
        running.kill()


@pytest.mark.guard("talk-that-cannot-be-written-ends-no-release")
@pytest.mark.parametrize("more", [(), ("-v=6",), ("-o", "json")], ids=["talk", "trace", "document"])
def test_a_release_goes_on_when_the_reader_of_its_pipe_leaves(
    shop: Shop, more: tuple[str, ...]
) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)

    with unread(shop, *V2, *more) as running:
        assert running.wait(60) == 0

    assert (shop.state(), shop.images()) == ("Completed", ["app:v2"] * 2)
    assert shop.lease()["holderIdentity"] == ""


def test_a_failed_release_keeps_its_exit_code_when_nobody_reads_its_words(shop: Shop) -> None:
    shop.born(1, notes=SLOW, minReadySeconds=3)
    args = ("upgrade", NAME, "--image", "main=app:v2-crash", "--yes")

    with unread(shop, *args) as running:
        assert running.wait(90) == 4


def test_a_closed_terminal_takes_no_new_pods_and_finishes_those_in_flight(shop: Shop) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    one = shop.cafe.at_terminal(*V2)
    patched(shop)

    one.hang_up()

    assert one.ended() == 130
    assert sorted(shop.images()) == ["app:v1", "app:v2"]
    assert (restarts(shop).count(1), shop.state()) == (1, "Progressing")
    assert shop.lease()["holderIdentity"] == ""


@pytest.mark.guard("a-hangup-ends-nothing-at-once")
def test_a_session_that_ends_sends_several_hangups_and_none_of_them_ends_it_at_once(
    shop: Shop,
) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    running = shop.cafe.start(*V2)
    patched(shop)

    running.send(signal.SIGHUP)
    wait_for(lambda: "no further pods" in running.said()[1], "the first one to be handled")
    for _ in range(2):
        running.send(signal.SIGHUP)
        time.sleep(0.5)  # Those that are pending at once are one.

    assert running.wait().code == 130
    assert restarts(shop).count(1) == 1
    assert shop.lease()["holderIdentity"] == ""


def test_a_release_under_nohup_goes_on_after_its_terminal_is_closed(shop: Shop) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    shell = f"trap '' HUP; exec {PROGRAM} {' '.join(V2)} -n {shop.client.namespace}"
    env = {**os.environ, "KUBECONFIG": str(shop.cafe.kubeconfig), "TERM": "xterm-256color"}
    one = Terminal(["bash", "-c", shell], env)
    patched(shop)

    one.hang_up()

    assert one.ended() == 0
    assert (shop.state(), shop.images()) == ("Completed", ["app:v2"] * 2)


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "</dev/null 2>&- >&-"])
def test_a_release_without_a_place_for_its_words(shop: Shop, closed: str) -> None:
    shop.born(1)
    shell = f"exec {PROGRAM} {' '.join(V2)} -n {shop.client.namespace} {closed}"
    env = {**os.environ, "KUBECONFIG": str(shop.cafe.kubeconfig)}

    done = subprocess.run(["bash", "-c", shell], env=env, timeout=60, check=False)

    assert (done.returncode, shop.state()) == (0, "Completed")


@pytest.mark.parametrize(
    "args", [("status", NAME), ("status", NAME, "-o", "json"), ("history", NAME), ("status", "-w")]
)
def test_data_that_is_not_read_to_its_end_ends_the_command_quietly(
    shop: Shop, args: tuple[str, ...]
) -> None:
    shop.born(1)
    reader, writer = os.pipe()
    os.close(reader)
    env = {**os.environ, "KUBECONFIG": str(shop.cafe.kubeconfig)}
    command = [str(PROGRAM), *args, "-n", str(shop.client.namespace)]

    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=env, timeout=60)

    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


CTRL_S, CTRL_Q = "\x13", "\x11"


@pytest.mark.guard("a-stuck-reader-holds-up-no-release")
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"], ids=["live view", "lines"])
def test_a_terminal_that_was_stopped_by_ctrl_s_holds_up_no_release(shop: Shop, term: str) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    one = replace(shop.cafe, env={"TERM": term}).at_terminal(*V2)
    patched(shop)

    one.type(CTRL_S)

    wait_for(lambda: shop.state() == "Completed", "the release to end", 60)
    assert shop.images() == ["app:v2"] * 2
    one.type(CTRL_Q)
    assert one.ended() == 0
    assert "Completed: release" in one.written


def test_a_pipe_that_is_full_holds_up_no_release(shop: Shop) -> None:
    """A line a request fills it soon."""
    shop.born(3, notes=SLOW, maxUnavailable=1)
    env = {**os.environ, "KUBECONFIG": str(shop.cafe.kubeconfig)}
    command = [str(PROGRAM), *V2, "-v=8", "-n", str(shop.client.namespace)]

    with subprocess.Popen(command, stderr=subprocess.PIPE, env=env) as running:
        assert running.stderr is not None
        fcntl.fcntl(running.stderr, fcntl.F_SETPIPE_SZ, 4096)
        while not any("app:v2" in str(pod["spec"]) for pod in shop.pods()):
            os.read(running.stderr.fileno(), 65536)
        wait_for(lambda: shop.state() == "Completed", "the release to end", 60)
        said = running.stderr.read()

    assert (running.returncode, shop.images()) == (0, ["app:v2"] * 3)
    assert b"Completed: release" in said
