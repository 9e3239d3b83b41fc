"""A rollback brings every pod and workload back, from wherever the release stood."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.integration.shop import (
    GATE,
    NAME,
    SECONDS,
    Shop,
    condition,
    image,
    name,
    phase,
    ready,
    templates,
    waiting,
)


def by_waiting(shop: Shop) -> None:
    """A release that waits for a person."""
    waiting(shop)


def by_pausing(shop: Shop) -> None:
    """A release that is paused."""
    waiting(shop)
    shop.cafe("pause", NAME)
    assert shop.state() == "Paused"


def by_completing(shop: Shop) -> None:
    """A release that ended well."""
    shop.born(3, "label", batchSize=1)
    assert shop.upgrade("app:v2").code == 0


@pytest.mark.parametrize("come", [by_waiting, by_pausing, by_completing])
def test_rollback_brings_every_pod_and_workload_back(
    shop: Shop, come: Callable[[Shop], None]
) -> None:
    come(shop)

    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert shop.state() == "RolledBack"
    assert shop.images() == ["app:v1"] * 3
    assert templates(shop) == {"app:v1"}
    assert shop.cafed()["spec"]["template"]["spec"]["containers"][0]["image"] == "app:v1"
    assert all(ready(pod) for pod in shop.pods())


def test_rollback_of_an_unfinished_release_leaves_untouched_pods_alone(shop: Shop) -> None:
    """C59."""
    waiting(shop)
    untouched = {
        name(pod): pod["metadata"]["resourceVersion"]
        for pod in shop.pods()
        if image(pod) == "app:v1"
    }

    assert shop.cafe("rollback", NAME, "--yes").code == 0

    after = {name(pod): pod["metadata"]["resourceVersion"] for pod in shop.pods()}
    assert {key: after[key] for key in untouched} == untouched


@pytest.mark.guard("patched-for-another-goal-goes-on")
def test_c59_rollback_of_a_patched_pod_opens_its_traffic_once(shop: Shop) -> None:
    (pod,) = shop.born(1, "gate", notes={"testbed.cafe/kill-ms": "6000"})
    since = shop.now()
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")

    assert shop.cafe("rollback", NAME, "--yes", "--detach").code == 0
    assert running.wait(SECONDS).code == 4, "an upgrade that was rolled back has not reached v2"

    seen = [
        (image(one), condition(one, GATE)["status"] == "True")
        for one in [pod, *shop.history("pods", since)]
    ]
    assert changes(seen) == [
        ("app:v1", True),
        ("app:v1", False),
        ("app:v2", False),
        ("app:v1", False),
        ("app:v1", True),
    ]
    assert shop.state() == "RolledBack"


def changes(seen: Sequence[object]) -> list[object]:
    """What was seen, repetitions left out."""
    return [one for place, one in enumerate(seen) if place == 0 or one != seen[place - 1]]


def test_rollback_without_an_earlier_revision_is_refused(shop: Shop) -> None:
    shop.born(1)
    before = shop.writes()

    done = shop.cafe("rollback", NAME, "--yes")

    assert done.code == 7
    assert "no earlier revision" in done.err
    assert shop.writes() == before
