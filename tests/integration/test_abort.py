"""An abort leaves pods where they are, and none out of traffic that was only drained."""

from __future__ import annotations

import pytest

from tests.integration.shop import (
    GATE,
    NAME,
    TRAFFIC,
    Shop,
    condition,
    phase,
    ready,
    status,
    templates,
    waiting,
)


@pytest.mark.guard("abort-reopens-the-drained")
@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c59_abort_reopens_what_was_only_drained_without_a_restart(shop: Shop, mode: str) -> None:
    before = shop.born(2, mode, drainSeconds=60)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "drained", "a drained pod")

    said = shop.cafe("abort", NAME)
    running.wait(30)

    assert (said.code, shop.state()) == (0, "Aborted")
    assert shop.images() == ["app:v1", "app:v1"]
    assert all(ready(pod) for pod in shop.pods())
    assert [status(p)["containerID"] for p in shop.pods()] == [
        status(p)["containerID"] for p in before
    ]
    assert all(condition(pod, GATE).get("status", "True") == "True" for pod in shop.pods())
    labels = [pod["metadata"]["labels"].get(TRAFFIC, "on") for pod in shop.pods()]
    assert labels == ["on", "on"]


def test_abort_says_how_mixed_it_leaves_the_set(shop: Shop) -> None:
    waiting(shop)

    assert shop.cafe("abort", NAME).code == 0

    said = shop.cafe("status", NAME)
    assert "2 at revision 1" in said.out
    assert "1 at revision 2" in said.out
    assert templates(shop) == {"app:v1"}
