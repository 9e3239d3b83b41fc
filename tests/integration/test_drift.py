"""Pods that somebody patched are brought back in place by `repair` (protocol 5, 6, 7; C55)."""

from __future__ import annotations

import json
import signal

import pytest

from testbed.client import Object
from testbed.plugin import Outcome, Running
from testbed.waiting import wait_for
from tests.integration.admission import MIRROR, Admission
from tests.integration.shop import (
    GATE,
    LEASE,
    LEASES,
    NAME,
    SLICES,
    TRAFFIC,
    Shop,
    condition,
    image,
    name,
    phase,
    ready,
    set_gate,
    status,
)
from tests.integration.test_budgets import BUDGETS, guarded, most_at_once
from tests.integration.test_traffic import endpoints_at, image_changes, version

SLOW = {"testbed.cafe/kill-ms": "4000"}
HOTFIX = "app:hotfix"


def drifted(shop: Shop, pod: Object, to: str = HOTFIX, container: str = "main") -> Object:
    """Somebody sets another image on one pod; the pod once its kubelet has followed."""
    body = {"spec": {"containers": [{"name": container, "image": to}]}}
    shop.client.patch("pods", name(pod), body)
    restarts = status(pod, container)["restartCount"]

    def followed(shown: Object) -> bool:
        now = status(shown, container)
        pulls = "ImagePull" in str(now["state"].get("waiting", {}).get("reason"))
        return name(shown) == name(pod) and (pulls or now["restartCount"] > restarts)

    return shop.until_pod(followed, "the other image to run")


def repaired(shop: Shop, *flags: str) -> Outcome:
    return shop.cafe("repair", NAME, *(flags or ("--yes",)), seconds=90)


def repairing(shop: Shop) -> Running:
    return shop.cafe.start("repair", NAME, "--yes")


def identity(pod: Object) -> tuple[str, ...]:
    """What a restart in place leaves as it is."""
    return (name(pod), pod["metadata"]["uid"], pod["status"]["podIP"], pod["spec"]["nodeName"])


def nothing_left(shop: Shop) -> None:
    """Every pod is in traffic with the template's image, and a second repair has nothing to do."""
    wait_for(lambda: all(map(ready, shop.pods())), "all pods to be Ready")
    before = shop.writes()
    again = repaired(shop)
    assert (again.code, "nothing to repair" in again.err) == (0, True), again.out + again.err
    assert shop.writes() == before


# In place, and drained


@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c55_a_strangers_image_is_replaced_in_place(shop: Shop, mode: str) -> None:
    one, _ = shop.born(2, mode, service=True)
    one = drifted(shop, one)

    done = repaired(shop)

    assert done.code == 0, done.err
    assert "1 mended, 0 left" in done.err
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


@pytest.mark.guard("what-admission-rewrote-has-not-drifted")
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
    wait_for(lambda: "waits for PodDisruptionBudget careful" in running.said()[1], "its wait", 20)
    assert shop.writes("pods") == before

    shop.client.patch(BUDGETS, "careful", {"spec": {"minAvailable": 1}})
    done = running.wait()
    assert done.code == 0, done.err
    nothing_left(shop)


# Interrupted


@pytest.mark.parametrize("phase_", ["drained", "patched"])
def test_a_repair_that_was_killed_in_the_middle_is_gone_on_with(shop: Shop, phase_: str) -> None:
    strategy = {"drainSeconds": 30} if phase_ == "drained" else {}
    one = drifted(shop, shop.born(2, notes=SLOW, **strategy)[0])
    running = repairing(shop)
    shop.until_pod(lambda pod: phase(pod) == phase_, f"the pod to be {phase_}")
    running.kill9()
    shop.edit({"strategy": {"drainSeconds": 0}})
    shop.forget_lease()

    done = repaired(shop)

    assert done.code == 0, done.err
    after = next(pod for pod in shop.pods() if name(pod) == name(one))
    restarts = status(after)["restartCount"] - status(one)["restartCount"]
    assert (identity(after), image(after), restarts) == (identity(one), "app:v1", 1)
    nothing_left(shop)


def test_a_release_goes_on_with_what_a_killed_repair_has_left(shop: Shop) -> None:
    one = drifted(shop, shop.born(2, drainSeconds=30)[0])
    running = repairing(shop)
    shop.until_pod(lambda pod: phase(pod) == "drained", "the pod to be drained")
    running.kill9()
    shop.edit({"strategy": {"drainSeconds": 0}})
    shop.forget_lease()

    done = shop.upgrade("app:v2")

    assert done.code == 0, done.err
    assert shop.images() == ["app:v2"] * 2
    assert identity(one) in {identity(pod) for pod in shop.pods()}


def test_after_ctrl_c_the_pod_under_way_is_finished_and_no_other_begun(shop: Shop) -> None:
    for pod in shop.born(2, notes=SLOW):
        drifted(shop, pod)
    running = repairing(shop)
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")

    running.send(signal.SIGINT)

    done = running.wait()
    assert done.code == 130
    assert sorted(shop.images()) == [HOTFIX, "app:v1"]
    assert "1 mended, 1 left" in done.err
    assert shop.client.get(LEASES, LEASE)["spec"]["holderIdentity"] == ""


@pytest.mark.guard("a-release-that-begins-ends-a-repair")
def test_a_release_that_begins_meanwhile_ends_the_repair_and_goes_on_with_its_pod(
    shop: Shop,
) -> None:
    drifted(shop, shop.born(1, drainSeconds=20)[0])
    running = repairing(shop)
    shop.until_pod(lambda pod: phase(pod) == "drained", "the pod to be drained")
    begun = shop.upgrade("app:v2", "--detach")
    assert begun.code == 0, begun.err

    done = running.wait()

    assert (done.code, "a release has begun" in done.err) == (6, True)
    assert shop.images() == [HOTFIX]
    assert shop.cafe("drive", NAME, seconds=60).code == 0
    assert shop.images() == ["app:v2"]


# Left alone


@pytest.mark.parametrize("flags", [("--dry-run=server",), ("--dry-run=client",), ()])
def test_without_a_yes_drift_is_listed_and_nothing_is_written(
    shop: Shop, flags: tuple[str, ...]
) -> None:
    drifted(shop, shop.born(1)[0])
    before = shop.writes()

    done = shop.cafe("repair", NAME, *flags)

    assert done.code == (0 if flags else 7)
    assert "repair would bring it back to revision 1 in place" in done.out
    assert (shop.writes(), shop.images()) == (before, [HOTFIX])


def test_c55_drift_under_a_release_is_left_alone(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    (old,) = (pod for pod in shop.pods() if image(pod) == "app:v1")
    drifted(shop, old)
    before = shop.writes()

    done = repaired(shop, "-o", "json", "--yes")

    (finding,) = json.loads(done.out)["findings"]
    assert (done.code, finding["what"], finding["mend"]) == (3, "drift", "")
    assert f"kubectl cafe repair {NAME}" in finding["hint"]
    assert (shop.writes(), sorted(shop.images())) == (before, [HOTFIX, "app:v2"])


def test_a_mix_that_an_abort_has_left_is_left_alone(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    assert shop.cafe("abort", NAME).code == 0

    done = repaired(shop)

    assert (done.code, "nothing to repair" in done.err) == (0, True)


# Failures


def test_an_image_that_is_patched_over_ours_in_the_middle_is_replaced_too(shop: Shop) -> None:
    drifted(shop, shop.born(1, notes=SLOW)[0])
    running = repairing(shop)
    pod = shop.until_pod(lambda pod: phase(pod) == "patched", "the pod to be patched")
    body = {"spec": {"containers": [{"name": "main", "image": "app:missing"}]}}
    shop.client.patch("pods", name(pod), body)

    done = running.wait(90)

    assert done.code == 0, done.err
    assert shop.images() == ["app:v1"]
    nothing_left(shop)


def test_a_pod_that_does_not_start_ends_the_repair_and_no_other_is_begun(
    shop: Shop, admission: Admission
) -> None:
    for pod in shop.born(2):
        drifted(shop, pod)
    admission.pin("app:missing")

    done = repaired(shop)

    assert done.code == 3
    assert "0 mended, 2 left" in done.err
    assert "main: ErrImagePull" in done.err or "main: ImagePullBackOff" in done.err
    assert "not begun, for another pod has failed" in done.err
    assert sorted(shop.images()) == [HOTFIX, "app:missing"]
