"""How many requests a release costs, by the API server's own audit log."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.shop import AGENT, NAME, SECONDS, Shop, name


def pod_writes(shop: Shop) -> Counter[str]:
    """How often the plugin wrote each pod."""
    return Counter(request.name for request in shop.writes("pods"))


@pytest.mark.parametrize(("mode", "count"), [("gate", 3), ("label", 3), ("none", 1)])
def test_an_upgrade_writes_a_pod(shop: Shop, mode: str, count: int) -> None:
    pods = shop.born(3, mode)
    before = pod_writes(shop)

    assert shop.upgrade("app:v2").code == 0

    assert pod_writes(shop) - before == {name(pod): count for pod in pods}


@pytest.mark.parametrize(("mode", "count"), [("gate", 1), ("label", 0), ("none", 0)])
def test_a_first_release_writes_a_new_pod(shop: Shop, mode: str, count: int) -> None:
    pods = shop.born(2, mode)

    assert pod_writes(shop) == {name(pod): count for pod in pods if count}


@pytest.mark.guard("at-goal-is-left-alone")
def test_c66_a_pod_that_is_at_the_target_already_costs_no_write(shop: Shop) -> None:
    """C66, C7: half of the pods were upgraded by a release that was aborted."""
    pods = shop.born(2, "gate", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    assert shop.cafe("abort", NAME).code == 0
    there = {name(pod) for pod in shop.pods() if pod["spec"]["containers"][0]["image"] == "app:v2"}
    assert len(there) == 1
    before = pod_writes(shop)

    assert shop.upgrade("app:v2").code == 3
    assert shop.cafe("confirm", NAME, seconds=SECONDS).code == 0

    assert pod_writes(shop) - before == {name(p): 3 for p in pods if name(p) not in there}


@pytest.mark.guard("already-at-target")
def test_c66_a_second_run_after_success_writes_nothing(shop: Shop) -> None:
    shop.born(2)
    assert shop.upgrade("app:v2").code == 0
    before = len(shop.writes())

    done = shop.upgrade("app:v2")

    assert (done.code, len(shop.writes())) == (0, before)
    assert "already at the target" in done.err


@pytest.mark.guard("dry-run-stops-before-the-record")
@pytest.mark.parametrize("kind", ["client", "server"])
def test_c66_a_dry_run_writes_nothing(shop: Shop, kind: str) -> None:
    shop.born(2)
    before = len(shop.writes())

    done = shop.upgrade("app:v2", f"--dry-run={kind}")

    assert (done.code, len(shop.writes())) == (0, before)
    assert "nothing was written" in done.err


def test_plan_writes_nothing(shop: Shop) -> None:
    shop.born(2)
    before = len(shop.writes())

    done = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert (done.code, len(shop.writes())) == (1, before)


def test_a_release_lists_and_watches_each_kind_once(shop: Shop) -> None:
    shop.born(4, "gate", service=True)
    before = len(shop.audit.requests(AGENT, shop.client.namespace))

    assert shop.upgrade("app:v2").code == 0

    made = shop.audit.requests(AGENT, shop.client.namespace)[before:]
    reads = Counter((r.verb, r.resource) for r in made if r.verb in ("list", "watch"))
    watched = ("pods", "replicasets", "endpointslices", "services")
    assert {kind: reads["watch", kind] for kind in watched} == dict.fromkeys(watched, 1)
    # The sweep after the commit is a consistent list of the pods: the one list more. The
    # EndpointSlices are listed once more for pods that are drained, several at a time.
    slices = reads["list", "endpointslices"]
    assert 1 < slices <= 1 + len(shop.pods())
    assert {kind: reads["list", kind] for kind in watched} == {
        **dict.fromkeys(watched, 1),
        "pods": 2,
        "endpointslices": slices,
    }
    assert not [r for r in made if r.verb == "get" and r.resource == "pods"]
