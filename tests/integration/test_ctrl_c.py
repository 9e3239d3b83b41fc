"""A person's Ctrl-C where the server is silent: the command ends, and waits for no answer."""

from __future__ import annotations

import signal
import time

import pytest

from testbed.faults import Fault
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.shop import NAME, Shop

AT_ONCE = 20.0
"""Seconds, of which a busy machine may need some; a silent server is waited for 35."""


@pytest.mark.parametrize(
    ("args", "silent"),
    [
        (("status", NAME), "services"),
        (("status", NAME), "pods"),
        (("plan", NAME, "--image", "main=app:v2"), "selfsubjectaccessreviews"),
        (("upgrade", NAME, "--image", "main=app:v2", "--yes"), "selfsubjectaccessreviews"),
    ],
    ids=["status-beside", "status-after", "plan", "upgrade"],
)
def test_ctrl_c_does_not_wait_for_a_silent_server(
    shop: Shop, proxy: FaultProxy, args: tuple[str, ...], silent: str
) -> None:
    shop.born(1, "label")
    proxy.on(lambda request: request.path.endswith(f"/{silent}"), Fault(stall=True))
    running = shop.cafe.at(proxy.kubeconfig).start(*args)
    wait_for(lambda: any(r.path.endswith(f"/{silent}") for r in proxy.requests), "the question")
    begun = time.monotonic()

    running.send(signal.SIGINT)

    done = running.wait()
    assert (done.code, done.err.splitlines()[-1]) == (130, "interrupted")
    assert time.monotonic() - begun < AT_ONCE
