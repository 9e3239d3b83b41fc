"""A gateway between the workstation and the API server, and servers whose clocks differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from testbed.plugin import Cafe
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.gateway import Gateway
from tests.integration.restarting import KILL, in_the_middle, restarts
from tests.integration.shop import NAME, Shop, phase

Through = Callable[..., tuple[Gateway, Cafe]]
UPGRADE = ("upgrade", NAME, "--yes", "--image", "main=app:v2")


@pytest.fixture
def through(shop: Shop, proxy: FaultProxy) -> Iterator[Through]:
    """`through(ahead=s)` is a gateway, and the plugin that goes through it."""
    with ExitStack() as stack:

        def make(ahead: float = 0.0) -> tuple[Gateway, Cafe]:
            gateway = stack.enter_context(Gateway(proxy.server, ahead))
            return gateway, shop.cafe.at(gateway.kubeconfig(proxy.kubeconfig))

        yield make


def test_a_release_through_a_gateway_that_speaks_http_1_0_comes_to_its_end(
    shop: Shop, through: Through
) -> None:
    shop.born(3, service=True, maxUnavailable=1)
    _, cafe = through()

    done = cafe(*UPGRADE)

    assert (done.code, shop.state(), restarts(shop)) == (0, "Completed", [1, 1, 1]), done.err


def test_a_sign_in_page_for_a_moment_in_the_middle_of_a_release_costs_nothing(
    shop: Shop, through: Through
) -> None:
    shop.born(2, notes={KILL: "12000"})
    gateway, cafe = through()
    running = cafe.start(*UPGRADE)
    wait_for(lambda: [phase(pod) for pod in shop.pods()] == ["patched"] * 2, "pods to be patched")

    gateway.signed_out.set()
    time.sleep(8)  # Longer than a renewal, shorter than the lease's deadline.
    gateway.signed_out.clear()

    done = running.wait()
    assert (done.code, shop.state(), restarts(shop)) == (0, "Completed", [1, 1]), done.err


def test_a_sign_in_page_that_stays_ends_the_driver_and_is_named_with_the_next_command(
    shop: Shop, through: Through
) -> None:
    shop.born(1, notes={KILL: "4000"})
    gateway, cafe = through()
    running = cafe.start(*UPGRADE)
    shop.until_pod(lambda pod: phase(pod) == "patched", "the pod to be patched")

    gateway.signed_out.set()
    done = running.wait()

    assert (done.code, shop.state()) == (6, "Progressing")
    assert "the lease is lost: it was not renewed for 20s: " in done.err
    assert 'did: the web page "Sign in - Example SSO"' in done.err
    status = cafe("status", NAME)
    assert status.code == 1
    assert "sign in there, then: kubectl --context testbed get --raw /version" in status.err
    shop.forget_lease()
    assert (shop.cafe("drive", NAME).code, restarts(shop)) == (0, [1])


@pytest.mark.parametrize("ahead", [40.0, -40.0])
def test_c65_a_driver_is_followed_and_not_taken_over_from_by_a_server_whose_clock_differs(
    shop: Shop, through: Through, ahead: float
) -> None:
    first = in_the_middle(shop, 12)
    _, cafe = through(ahead)

    second = cafe("drive", NAME)

    assert (second.code, first.wait().code, shop.state()) == (0, 0, "Completed")
    assert "Ctrl-C stops following" in second.err
    assert "no driver any more: this command takes over" not in second.err
    assert restarts(shop) == [1]


def test_a_driver_that_was_killed_is_taken_over_from_after_its_lease_was_watched(
    shop: Shop, through: Through
) -> None:
    """By the clock of the server that the second one asks the lease is 40 s old at once."""
    first = in_the_middle(shop, 2)
    first.kill9()
    _, cafe = through(40.0)
    began = time.monotonic()

    second = cafe("drive", NAME)

    assert (second.code, shop.state(), restarts(shop)) == (0, "Completed", [1]), second.err
    assert time.monotonic() - began >= 31
    assert "the lease is watched for 32s before it is taken over" in second.err
    assert "this command takes over" in second.err
