"""A repair that is killed, stopped, overtaken by a release, or fails (protocol 10; C55)."""

from __future__ import annotations

import signal

import pytest

from tests.integration.admission import Admission
from tests.integration.drifting import (
    HOTFIX,
    SLOW,
    drifted,
    identity,
    nothing_left,
    repaired,
    repairing,
)
from tests.integration.shop import (
    LEASE,
    LEASES,
    NAME,
    Shop,
    image,
    name,
    phase,
    status,
)

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


def test_a_repair_whose_time_is_up_finishes_its_pod_begins_no_other_and_exits_with_5(
    shop: Shop,
) -> None:
    for pod in shop.born(2, notes=SLOW, maxUnavailable=1):
        drifted(shop, pod)

    done = shop.cafe("repair", NAME, "--yes", "--timeout=2s", seconds=90)

    assert (done.code, sorted(shop.images())) == (5, [HOTFIX, "app:v1"]), done.err
    assert "timed out after 2s: no further pods" in done.err
    assert shop.lease()["holderIdentity"] == ""


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
    assert "1 repaired, 1 remaining" in done.err
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

    assert (done.code, "a release has started" in done.err) == (6, True)
    assert shop.images() == [HOTFIX]
    assert shop.cafe("drive", NAME, seconds=60).code == 0
    assert shop.images() == ["app:v2"]


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
    assert "0 repaired, 2 remaining" in done.err
    assert "main: ErrImagePull" in done.err or "main: ImagePullBackOff" in done.err
    assert "not started: the repair of another pod failed" in done.err
    assert sorted(shop.images()) == [HOTFIX, "app:missing"]
