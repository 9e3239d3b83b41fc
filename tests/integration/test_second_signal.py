"""A second Ctrl-C or SIGTERM ends the process within a second, whatever is under way."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Sequence

import pytest

from testbed.faults import Fault, Request
from testbed.plugin import Running
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.drifting import SLOW, drifted
from tests.integration.restarting import in_the_middle
from tests.integration.shop import NAME, Shop

AT_ONCE = 10.0
"""Seconds, of which a busy machine may need some; a silent server is waited for 35."""
BOTH = (signal.SIGINT, signal.SIGTERM)
V2 = ("upgrade", NAME, "--image", "main=app:v2", "--yes")
Where = Callable[[Request], bool]


def write_to(resource: str) -> Where:
    """A write to the objects of a resource."""
    return lambda request: bool(request.write) and f"/{resource}/" in request.path


def read_of(resource: str) -> Where:
    """A read of one object of a resource."""
    return lambda request: request.method == "GET" and f"/{resource}/" in request.path


def silence(proxy: FaultProxy, where: Where) -> None:
    """From here on these requests get no answer."""
    proxy.on(where, Fault(stall=True), math.inf)


def until_silent(proxy: FaultProxy, where: Where, known: int = 0) -> None:
    """Wait for such a request, after the first `known` ones of all kinds."""
    wait_for(lambda: any(map(where, proxy.requests[known:])), "a request without an answer")


def ended_by(running: Running, signals: Sequence[signal.Signals]) -> str:
    """What the run said, when its last signal has ended it at once."""
    for number in signals[:-1]:
        running.send(number)
        time.sleep(0.5)
        assert running.running(), "\n".join(running.said())
    begun = time.monotonic()
    running.send(signals[-1])
    done = running.wait()
    assert time.monotonic() - begun < AT_ONCE
    assert done.code == 130
    assert "Traceback" not in done.err
    return done.err


@pytest.mark.parametrize("signals", [(signal.SIGINT,) * 2, (signal.SIGTERM,) * 2, BOTH])
def test_a_driver_whose_writes_get_no_answer_keeps_its_lease(
    shop: Shop, proxy: FaultProxy, signals: tuple[signal.Signals, ...]
) -> None:
    shop.born(2)
    silence(proxy, write_to("pods"))
    running = shop.cafe.at(proxy.kubeconfig).start(*V2)
    until_silent(proxy, write_to("pods"))

    said = ended_by(running, signals)

    place = f"{NAME} -n {shop.client.namespace}"
    assert "interrupted: no further pods; waiting for pods in flight" in said
    assert "error: stopped immediately: pods in flight stay as they are" in said
    assert said.endswith(f"  next:  kubectl cafe status {place}, then kubectl cafe drive {place}\n")
    assert shop.lease()["holderIdentity"]


def test_a_driver_to_which_the_server_says_nothing_at_all_any_more(
    shop: Shop, proxy: FaultProxy
) -> None:
    shop.born(2, notes=SLOW)
    running = shop.cafe.at(proxy.kubeconfig).start(*V2)
    shop.until_pod(lambda pod: "app:v2" in str(pod["spec"]), "a pod to be patched")
    silence(proxy, lambda _: True)
    proxy.stall_streams()
    time.sleep(6)  # Its lease is renewed every 5 s: that waits, too.

    assert "stopped immediately" in ended_by(running, BOTH)


@pytest.mark.guard("the-second-signal-ends-the-process")
def test_a_driver_that_is_fencing_off_the_last_one(shop: Shop, proxy: FaultProxy) -> None:
    in_the_middle(shop, 30, pods=2).kill9()
    shop.forget_lease()
    silence(proxy, write_to("pods"))
    running = shop.cafe.at(proxy.kubeconfig).start("drive", NAME)
    until_silent(proxy, write_to("pods"))

    said = ended_by(running, BOTH)

    assert "error: stopped immediately: requests already sent may still take effect" in said
    assert f"kubectl cafe drive {NAME} -n {shop.client.namespace}" in said


def test_a_follower_that_gets_no_answer(shop: Shop, proxy: FaultProxy) -> None:
    in_the_middle(shop, 60)
    running = shop.cafe.at(proxy.kubeconfig).start("drive", NAME)
    wait_for(lambda: "; following that driver. Ctrl-C" in running.said()[1], "it to follow")
    known = len(proxy.requests)
    silence(proxy, read_of("leases"))
    until_silent(proxy, read_of("leases"), known)

    said = ended_by(running, BOTH)

    assert "left: the current driver continues" in said


def test_a_repair_whose_writes_get_no_answer(shop: Shop, proxy: FaultProxy) -> None:
    drifted(shop, shop.born(1)[0])
    silence(proxy, write_to("pods"))
    running = shop.cafe.at(proxy.kubeconfig).start("repair", NAME, "--yes")
    until_silent(proxy, write_to("pods"))

    said = ended_by(running, BOTH)

    assert f"kubectl cafe repair {NAME} -n {shop.client.namespace}" in said.splitlines()[-1]


def test_while_the_lease_is_waited_for_one_signal_is_enough(shop: Shop, proxy: FaultProxy) -> None:
    in_the_middle(shop, 60)
    running = shop.cafe.at(proxy.kubeconfig).start("drive", NAME, "--takeover")
    wait_for(lambda: "waiting for the lease of" in running.said()[1], "it to wait")

    assert ended_by(running, (signal.SIGTERM,)).endswith("interrupted\n")


@pytest.mark.parametrize("args", [("status", NAME, "-w"), V2], ids=["status -w", "pre-flight"])
def test_a_command_that_asks_a_silent_server(
    shop: Shop, proxy: FaultProxy, args: tuple[str, ...]
) -> None:
    shop.born(1)
    silence(proxy, lambda request: "/services" in request.path)
    running = shop.cafe.at(proxy.kubeconfig).start(*args)
    until_silent(proxy, lambda request: "/services" in request.path)

    running.send(signal.SIGINT)
    running.send(signal.SIGINT)
    begun = time.monotonic()

    done = running.wait()
    assert (done.code, time.monotonic() - begun < AT_ONCE) == (130, True)
    assert "Traceback" not in done.err


def test_a_command_that_has_ended_and_waits_for_its_events_ends_with_its_own_code(
    shop: Shop, proxy: FaultProxy
) -> None:
    shop.born(1)
    silence(proxy, lambda request: request.path.endswith("/events"))
    running = shop.cafe.at(proxy.kubeconfig).start(*V2)
    wait_for(lambda: "Completed" in running.said()[1], "the release to be over", 60)
    wait_for(lambda: shop.lease()["holderIdentity"] == "", "the lease to be given back")
    time.sleep(0.5)
    begun = time.monotonic()

    running.send(signal.SIGINT)

    assert (running.wait().code, time.monotonic() - begun < AT_ONCE) == (0, True)
