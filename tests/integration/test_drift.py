"""Pods that somebody patched are brought back in place by `repair` (protocol 5, 6, 7; C55)."""

from __future__ import annotations

import pytest

from testbed.waiting import wait_for
from tests.integration.admission import MIRROR, Admission
from tests.integration.drifting import (
    HOTFIX,
    drifted,
    identity,
    nothing_left,
    repaired,
    repairing,
)
from tests.integration.shop import (
    GATE,
    NAME,
    SLICES,
    TRAFFIC,
    Shop,
    condition,
    image,
    phase,
    ready,
    set_gate,
    status,
)
from tests.integration.test_budgets import BUDGETS, guarded, most_at_once
from tests.integration.test_traffic import endpoints_at, image_changes, version

# In place, and drained


@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c55_another_clients_image_is_replaced_in_place(shop: Shop, mode: str) -> None:
    one, _ = shop.born(2, mode, service=True)
    one = drifted(shop, one)

    done = repaired(shop)

    assert done.code == 0, done.err
    assert "1 repaired, 0 remaining" in done.err
    assert identity(one) in {identity(pod) for pod in shop.pods()}
    assert (shop.images(), len(shop.pods())) == (["app:v1"] * 2, 2)
    nothing_left(shop)


@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c22_its_traffic_was_seen_off_when_its_image_is_replaced(shop: Shop, mode: str) -> None:
    one = drifted(shop, shop.born(2, mode, service=True)[0])
    uid, since = one["metadata"]["uid"], shop.now()

    assert repaired(shop).code == 0

    before, after = image_changes(shop, [*shop.pods(), one], since)[uid]
    assert image(before) == HOTFIX
    assert phase(before) == "drained"
    if mode == "gate":
        assert "but False" in condition(before)["message"]
    else:
        assert before["metadata"]["labels"][TRAFFIC] == "off"
    slices = shop.history(SLICES, since)
    assert uid not in endpoints_at(slices, version(after))


def test_another_revision_than_the_templates_is_drift_once_a_release_has_completed(
    shop: Shop,
) -> None:
    one, _ = shop.born(2)
    assert shop.upgrade("app:v2").code == 0
    drifted(shop, one, "app:v1")

    assert repaired(shop).code == 0

    assert shop.images() == ["app:v2"] * 2
    nothing_left(shop)


def test_an_image_that_does_not_start_is_replaced_whatever_the_budget_says(shop: Shop) -> None:
    one, _ = shop.born(2, maxUnavailable=1)
    drifted(shop, one, "app:missing")
    wait_for(lambda: len([p for p in shop.pods() if ready(p)]) == 1, "the pull to fail")
    guarded(shop, 0, minAvailable=1)

    done = repaired(shop)

    assert done.code == 0, done.err
    assert shop.images() == ["app:v1"] * 2
    nothing_left(shop)


def test_an_orphan_that_drifted_is_brought_back_before_it_is_let_in(shop: Shop) -> None:
    one, _ = shop.born(2)
    set_gate(shop.client, one, GATE, "False")
    drifted(shop, one)

    done = repaired(shop)

    assert done.code == 0, done.err
    assert shop.images() == ["app:v1"] * 2
    nothing_left(shop)


@pytest.mark.parametrize("drifting", ["main", "side"])
def test_under_a_registry_mirror_only_what_drifted_is_restarted(
    shop: Shop, admission: Admission, drifting: str
) -> None:
    admission.mirror()
    one, _ = shop.born(
        2, containers={"main": "app:v1", "side": "side:v1"}, progressDeadlineSeconds=20
    )
    drifted(shop, one, container=drifting)

    done = repaired(shop)

    assert done.code == 0, done.err
    assert shop.images() == [f"{MIRROR}app:v1"] * 2
    assert shop.images("side") == ["side:v1"] * 2
    other = "side" if drifting == "main" else "main"
    assert all(status(pod, other)["restartCount"] == 0 for pod in shop.pods())
    nothing_left(shop)


# One at a time, within every budget


def test_c62_pods_are_brought_back_one_at_a_time(shop: Shop) -> None:
    for pod in shop.born(3, maxUnavailable="100%"):
        drifted(shop, pod)
    since = shop.now()

    assert repaired(shop).code == 0

    assert most_at_once(shop.history("pods", since)) == 1
    assert shop.images() == ["app:v1"] * 3


def test_c64_a_pod_in_traffic_waits_for_a_disruption_budget(shop: Shop) -> None:
    drifted(shop, shop.born(2)[0])
    guarded(shop, 0, minAvailable=2)
    before = shop.writes("pods")

    running = repairing(shop)
    wait_for(lambda: "waiting for PodDisruptionBudget careful" in running.said()[1], "its wait", 20)
    assert shop.writes("pods") == before

    shop.client.patch(BUDGETS, "careful", {"spec": {"minAvailable": 1}})
    done = running.wait()
    assert done.code == 0, done.err
    nothing_left(shop)


# Left alone


@pytest.mark.parametrize("flags", [("--dry-run=server",), ("--dry-run=client",), ()])
def test_without_a_yes_drift_is_listed_and_nothing_is_written(
    shop: Shop, flags: tuple[str, ...]
) -> None:
    drifted(shop, shop.born(1)[0])
    before = shop.writes()

    done = shop.cafe("repair", NAME, *flags)

    assert done.code == (1 if flags else 7)
    assert "repair: restore revision 1 in place" in done.out
    assert (shop.writes(), shop.images()) == (before, [HOTFIX])


def test_c55_drift_under_a_release_is_left_alone(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    (old,) = (pod for pod in shop.pods() if image(pod) == "app:v1")
    drifted(shop, old)
    before = shop.writes()

    done = repaired(shop, "-o", "json", "--yes")

    (finding,) = done.document()["findings"]
    assert (done.code, finding["what"], finding["mend"]) == (3, "drift", "")
    assert f"kubectl cafe repair {NAME}" in finding["hint"]
    assert (shop.writes(), sorted(shop.images())) == (before, [HOTFIX, "app:v2"])


def test_a_mix_that_an_abort_has_left_is_left_alone(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    assert shop.cafe("abort", NAME).code == 0

    done = repaired(shop)

    assert (done.code, "nothing to repair" in done.err) == (0, True)
