"""A release creates and removes pods where the spec asks for it, group by group (protocol 8)."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from kubectl_cafe.times import seconds
from testbed.client import MERGE, Object, Refused
from testbed.waiting import wait_for
from tests.integration.shop import (
    CAFED,
    CELL,
    NAME,
    REPLICASETS,
    SECONDS,
    TWO_CELLS,
    Shop,
    confirm,
    image,
    name,
    ready,
)

ALLOCATION = "cafe.sofastack.io/allocation"


def cells(shop: Shop, version: str = "app:v1") -> dict[str, int]:
    """How many pods of each cell have an image in their spec."""
    pods = [pod for pod in shop.pods() if image(pod) == version]
    return dict(Counter(pod["metadata"]["labels"][CELL] for pod in pods))


def scale(shop: Shop, *flags: str) -> int:
    return shop.cafe("scale", NAME, "--yes", *flags).code


def recorded(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = json.loads(shop.cafed()["metadata"]["annotations"][ALLOCATION])
    return found


def test_scale_creates_pods_group_by_group_and_confirmed(shop: Shop) -> None:
    shop.born(2, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    before = {pod["metadata"]["uid"]: pod["status"]["podIP"] for pod in shop.pods()}

    assert scale(shop, "--replicas", "7") == 3
    assert cells(shop) == {"CellA": 2, "CellB": 2}
    assert confirm(shop) == 0

    assert cells(shop) == {"CellA": 4, "CellB": 3}
    assert recorded(shop) == {"CellA": 4, "CellB": 3}
    after = {pod["metadata"]["uid"]: pod["status"]["podIP"] for pod in shop.pods()}
    assert before.items() <= after.items()


def test_what_kubectl_scale_has_set_is_created_by_the_next_release(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS)
    scaled = {"spec": {"replicas": 4}}
    shop.client.patch(CAFED, NAME, scaled, kind=MERGE, subresource="scale")

    assert shop.upgrade().code == 0

    assert cells(shop) == {"CellA": 2, "CellB": 2}
    assert shop.record()["kind"] == "scale"
    assert shop.upgrade().err.count("already at the target") == 1


def test_an_upgrade_creates_the_pods_at_its_target_after_the_others(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS)
    shop.edit({"replicas": 4})

    assert shop.upgrade("app:v2").code == 0

    assert cells(shop, "app:v2") == {"CellA": 2, "CellB": 2}
    created = [pod for pod in shop.pods() if pod["metadata"]["generation"] == 1]
    assert len(created) == 2


def test_a_cell_that_is_new_gets_a_workload_and_its_pods(shop: Shop) -> None:
    shop.born(1, "label", ("CellA",))
    shop.edit({"replicas": 2, "topology": {"unitType": "Cell", "values": ["CellA", "CellB"]}})

    assert shop.upgrade().code == 0

    assert cells(shop) == {"CellA": 1, "CellB": 1}


def test_a_driver_that_is_killed_in_the_middle_is_continued(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS, batchSize=1)
    running = shop.cafe.start("scale", NAME, "--yes", "--replicas", "6")
    wait_for(lambda: len(shop.pods()) > 2, "the first new pod", 30)
    running.kill9()
    shop.forget_lease()

    assert shop.cafe("drive", NAME).code == 0

    assert (shop.state(), len(shop.pods())) == ("Completed", 6)


def test_an_aborted_scale_leaves_what_it_has_created_and_the_next_one_creates_the_rest(
    shop: Shop,
) -> None:
    shop.born(2, "label", TWO_CELLS, upgradeType="Beta", confirm=True)
    assert scale(shop, "--replicas", "6") == 3
    assert shop.cafe("abort", NAME).code == 0
    assert (len(shop.pods()), recorded(shop)) == (4, {"CellA": 1, "CellB": 1})

    assert shop.upgrade().code in (0, 3)
    while shop.state() == "AwaitingConfirm":
        confirm(shop)

    assert recorded(shop) == {"CellA": 3, "CellB": 3}


def test_after_an_aborted_scale_the_old_number_is_reached_again(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS, upgradeType="Beta", confirm=True)
    assert scale(shop, "--replicas", "6") == 3
    assert shop.cafe("abort", NAME).code == 0

    assert scale(shop, "--replicas", "2") in (0, 3)
    while shop.state() == "AwaitingConfirm":
        confirm(shop)

    assert (cells(shop), recorded(shop)) == ({"CellA": 1, "CellB": 1},) * 2


def test_a_rollback_of_a_scale_out_removes_what_it_has_created(shop: Shop) -> None:
    """The newest pods; a creationTimestamp has whole seconds."""
    shop.born(2, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    before = {pod["metadata"]["uid"] for pod in shop.pods()}
    newest = max(seconds(pod["metadata"]["creationTimestamp"]) for pod in shop.pods())
    wait_for(lambda: time.time() >= newest + 1, "the next second")
    assert scale(shop, "--replicas", "6") == 3
    assert len(shop.pods()) == 4

    plan = shop.cafe("plan", NAME, "--rollback").out
    assert "scale-in" in plan
    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert {pod["metadata"]["uid"] for pod in shop.pods()} == before
    assert (shop.state(), shop.cafed()["spec"]["replicas"]) == ("RolledBack", 2)
    assert shop.cafe("status", NAME).code == 0
    assert shop.upgrade().err.count("already at the target") == 1


def test_a_rollback_of_a_scale_in_creates_what_it_has_removed(shop: Shop) -> None:
    shop.born(4, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    topology = shop.cafed()["spec"]["topology"]
    assert scale(shop, "--cell", "CellA=1", "--cell", "CellB=1", "--replicas", "2") == 0
    assert scale(shop, "--cell", "CellA=3", "--cell", "CellB=1", "--replicas", "4") == 3
    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert cells(shop) == {"CellA": 1, "CellB": 1}
    assert shop.cafed()["spec"]["topology"] == {
        **topology,
        "unitReplicas": {"CellA": 1, "CellB": 1},
    }


def test_an_upgrade_that_removes_pods_goes_back_with_its_pods(shop: Shop) -> None:
    """It removes pods last, each group confirmed; its rollback creates them again first."""
    shop.born(6, "gate", TWO_CELLS, upgradeType="Batch", batchSize=2, confirm=True)
    shop.edit({"replicas": 2})
    assert shop.upgrade("app:v2").code == 3
    while len(shop.pods()) == 6:
        assert confirm(shop) == 3
    assert cells(shop, "app:v2") == {"CellA": 2, "CellB": 2}

    plan = shop.cafe("plan", NAME, "--rollback").out
    assert "the commit also creates 2 pods that the release has removed" in plan
    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert cells(shop) == {"CellA": 3, "CellB": 3}
    assert (shop.state(), shop.cafed()["spec"]["replicas"]) == ("RolledBack", 6)


def test_an_upgrade_that_removes_pods_ends_with_fewer_at_its_target(shop: Shop) -> None:
    shop.born(4, "gate", TWO_CELLS)
    shop.edit({"replicas": 2})

    assert shop.upgrade("app:v2").code == 0

    assert cells(shop, "app:v2") == {"CellA": 1, "CellB": 1}
    assert recorded(shop) == {"CellA": 1, "CellB": 1}


def test_a_rollback_after_a_scale_keeps_the_pods(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS)
    assert shop.upgrade("app:v2").code == 0
    assert scale(shop, "--replicas", "4") == 0

    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert cells(shop) == {"CellA": 2, "CellB": 2}


COST = "controller.kubernetes.io/pod-deletion-cost"


def drained(shop: Shop) -> list[str]:
    """The names of the pods that are drained to be removed."""
    return [name(pod) for pod in shop.pods() if '"op":"scale-in"' in in_place(pod)]


def in_place(pod: Object) -> str:
    return str((pod["metadata"].get("annotations") or {}).get("cafe.sofastack.io/in-place", ""))


@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_scale_removes_pods_that_are_out_of_traffic_and_no_others(shop: Shop, mode: str) -> None:
    shop.born(6, mode, TWO_CELLS, service=True)
    since = shop.now()

    assert scale(shop, "--replicas", "3") == 0

    assert (cells(shop), recorded(shop)) == ({"CellA": 2, "CellB": 1},) * 2
    gone = {name(pod) for pod in shop.history("pods", since)} - {name(p) for p in shop.pods()}
    removed = {name(pod) for pod in shop.history("pods", since) if '"scale-in"' in in_place(pod)}
    assert removed == (set() if mode == "none" else gone)
    assert not drained(shop)


def test_a_scale_in_is_confirmed_group_by_group(shop: Shop) -> None:
    shop.born(4, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    assert scale(shop, "--replicas", "0") == 3
    assert cells(shop) == {"CellA": 1, "CellB": 1}
    assert confirm(shop) == 0
    assert (cells(shop), shop.state()) == ({}, "Completed")


def test_pods_that_move_to_another_cell_are_created_before_the_others_are_removed(
    shop: Shop,
) -> None:
    shop.born(4, "gate", TWO_CELLS)
    since = shop.now()

    assert scale(shop, "--cell", "CellA=1", "--cell", "CellB=3") == 0

    assert cells(shop) == {"CellA": 1, "CellB": 3}
    wishes = [
        (workload["metadata"]["labels"][CELL], workload["spec"]["replicas"])
        for workload in shop.history(REPLICASETS, since)
    ]
    assert wishes.index(("CellB", 3)) < wishes.index(("CellA", 1))


def test_an_aborted_scale_in_reopens_what_it_has_drained(shop: Shop) -> None:
    shop.born(2, "gate", drainSeconds=60)
    running = shop.cafe.start("scale", NAME, "--yes", "--replicas", "1")
    wait_for(lambda: drained(shop), "a drained pod")
    assert shop.cafe("abort", NAME).code in (0, 5)
    running.wait(SECONDS)

    assert (drained(shop), len(shop.pods()), all(map(ready, shop.pods()))) == ([], 2, True)
    assert not any(COST in pod["metadata"].get("annotations", {}) for pod in shop.pods())


def test_a_scale_in_whose_driver_is_killed_is_continued_with_the_same_pods(shop: Shop) -> None:
    shop.born(4, "gate", drainSeconds=5)
    running = shop.cafe.start("scale", NAME, "--yes", "--replicas", "2")
    wait_for(lambda: len(drained(shop)) == 2, "drained pods")
    chosen = drained(shop)
    running.kill9()
    shop.forget_lease()

    assert shop.cafe("drive", NAME).code == 0

    assert (shop.state(), len(shop.pods())) == ("Completed", 2)
    assert not {name(pod) for pod in shop.pods()} & set(chosen)


def test_fewer_pods_than_a_disruption_budget_wants_are_refused(shop: Shop) -> None:
    shop.born(3, "gate")
    selector = {"matchLabels": {"app": NAME}}
    spec = {"selector": selector, "minAvailable": 2}
    shop.client.create(
        "policy/v1/poddisruptionbudgets", {"metadata": {"name": "keep"}, "spec": spec}
    )

    refused = shop.cafe("scale", NAME, "--yes", "--replicas", "1")

    assert (refused.code, "PodDisruptionBudget keep" in refused.err) == (7, True)
    assert len(shop.pods()) == 3


def test_c114_a_cell_that_leaves_the_topology_loses_its_pods_group_by_group(shop: Shop) -> None:
    """The cells that stay grow first; its ReplicaSet stays, empty, until it is used or deleted."""
    shop.born(4, "gate", TWO_CELLS, batchSize=1)
    shop.edit({"topology": {"unitType": "Cell", "values": ["CellA"]}})
    plan = shop.cafe("plan", NAME).out
    assert plan.index("scale-out") < plan.index("scale-in")

    assert shop.upgrade().code == 0

    assert (cells(shop), recorded(shop)) == ({"CellA": 4}, {"CellA": 4})
    sets = {one["metadata"]["labels"][CELL]: one for one in shop.client.list(REPLICASETS)}
    assert sets["CellB"]["spec"]["replicas"] == 0
    assert shop.upgrade("app:v2").code == 0
    shop.edit({"topology": {"unitType": "Cell", "values": ["CellA", "CellB"]}})
    assert shop.upgrade().code == 0
    assert cells(shop, "app:v2") == {"CellA": 2, "CellB": 2}


def test_a_scale_takes_the_place_of_one_that_waits(shop: Shop) -> None:
    shop.born(2, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    assert scale(shop, "--replicas", "6") == 3
    assert scale(shop, "--replicas", "2") == 7

    assert scale(shop, "--replicas", "2", "--supersede") == 0

    assert (cells(shop), recorded(shop)) == ({"CellA": 1, "CellB": 1},) * 2
    assert "Superseded" in shop.cafe("history", NAME).out


def test_a_scale_that_a_quota_stops_in_the_middle_fails_and_is_retried(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS, upgradeType="Beta", confirm=True, progressDeadlineSeconds=12)
    assert scale(shop, "--replicas", "6") == 3
    quota = {"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "4"}}}
    shop.client.create("resourcequotas", quota)
    wait_for(lambda: "hard" in shop.client.get("resourcequotas", "tight")["status"], "the quota")

    failed = shop.cafe("confirm", NAME, seconds=SECONDS)
    assert (failed.code, shop.state()) == (4, "Failed")
    assert "exceeded quota: tight" in shop.cafe("status", NAME).out
    shop.client.delete("resourcequotas", "tight")
    wait_for(lambda: len(shop.pods()) == 6, "the ReplicaSets to try again", 60)
    assert shop.cafe("retry", NAME).code == 0

    assert (cells(shop), shop.state()) == ({"CellA": 3, "CellB": 3}, "Completed")


def test_a_scale_that_fails_puts_the_numbers_back_by_itself(shop: Shop) -> None:
    options = {"progressDeadlineSeconds": 12, "onFailure": "Rollback"}
    shop.born(2, "label", TWO_CELLS, upgradeType="Beta", confirm=True, **options)
    assert scale(shop, "--replicas", "6") == 3
    quota = {"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "4"}}}
    shop.client.create("resourcequotas", quota)
    wait_for(lambda: "hard" in shop.client.get("resourcequotas", "tight")["status"], "the quota")

    shop.cafe("confirm", NAME, seconds=SECONDS)

    assert shop.state() == "RolledBack"
    assert (cells(shop), shop.cafed()["spec"]["replicas"]) == ({"CellA": 1, "CellB": 1}, 2)


def test_c106_where_every_cell_is_fixed_kubectl_scale_is_refused_with_the_reason(
    shop: Shop,
) -> None:
    shop.born(2, "label", TWO_CELLS)
    shop.edit({"topology": {"unitReplicas": {"CellA": 1, "CellB": 1}}})
    with pytest.raises(Refused, match="unitReplicas"):
        shop.client.patch(CAFED, NAME, {"spec": {"replicas": 4}}, kind=MERGE, subresource="scale")


def test_a_rollback_brings_a_cell_that_was_leaving_back(shop: Shop) -> None:
    shop.born(4, "gate", TWO_CELLS, upgradeType="Batch", batchSize=1, confirm=True)
    topology = shop.cafed()["spec"]["topology"]
    shop.edit({"topology": {"values": ["CellA"]}})
    assert shop.upgrade().code == 3
    while cells(shop)["CellB"] == 2:
        assert confirm(shop) == 3

    assert shop.cafe("rollback", NAME, "--yes").code == 0

    assert cells(shop) == {"CellA": 2, "CellB": 2}
    assert shop.cafed()["spec"]["topology"] == topology


def test_another_client_that_has_scaled_a_workload_down_is_followed(shop: Shop) -> None:
    shop.born(4, "label", TWO_CELLS)
    workload = next(
        one for one in shop.client.list(REPLICASETS) if one["metadata"]["labels"][CELL] == "CellA"
    )
    shop.client.patch(REPLICASETS, workload["metadata"]["name"], {"spec": {"replicas": 1}})
    shop.edit({"replicas": 3, "topology": {"unitReplicas": {"CellA": 1}}})
    assert shop.upgrade("app:v2").code == 0

    assert recorded(shop) == {"CellA": 1, "CellB": 2}

    shop.edit({"replicas": 2})
    assert shop.upgrade("app:v3").code == 0
    assert recorded(shop) == {"CellA": 1, "CellB": 1}


def test_a_wrong_number_or_cell_is_refused_and_nothing_is_written(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS)
    before = shop.cafed()["metadata"]["resourceVersion"]

    assert scale(shop) == 2
    assert scale(shop, "--replicas", "-1") == 2
    assert scale(shop, "--cell", "CellA=x") == 2
    assert scale(shop, "--cell", "CellX=2") == 1
    assert scale(shop, "--replicas", "5", "--current-replicas", "9") == 6

    assert shop.cafed()["metadata"]["resourceVersion"] == before
