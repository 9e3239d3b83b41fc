"""Taking over from a driver that did not give its lease back (protocol 10; I7; C33, C70, C86)."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from testbed.audit import Request as Audited
from testbed.faults import LOST_ANSWER, Fault, Held, Request, killed_after, killed_before
from testbed.plugin import Running
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.restarting import in_the_middle, restarts
from tests.integration.rows.ways import agreed
from tests.integration.shop import AGENT, CAFED, EPOCH, NAME, RELEASE, TOUCHED, Shop, ready
from tests.integration.stage import gate_write

UPGRADE = ("upgrade", NAME, "--yes", "--image", "main=app:v2")


def image_write(request: Request) -> bool:
    """Whether it is W2, and no trial of it in a dry run."""
    parts, patches = request.path.split("/"), bool(request.write) and request.method == "PATCH"
    return patches and parts[-2] == "pods" and "spec" in request.json


def commit(request: Request) -> bool:
    """Whether it writes the template of a workload, and no trial of it in a dry run."""
    return bool(request.write) and request.method == "PATCH" and "/replicasets/" in request.path


def last_move(request: Request) -> bool:
    """Whether it moves the release to its end."""
    if request.method != "PATCH" or not request.path.endswith(f"/cafedeployments/{NAME}"):
        return False
    notes = request.json["metadata"].get("annotations") or {}
    return RELEASE in notes and json.loads(notes[RELEASE])["state"] == "Completed"


def start_through(shop: Shop, proxy: FaultProxy) -> Running:
    """An upgrade whose requests go through the proxy."""
    return shop.cafe.at(proxy.kubeconfig).start(*UPGRADE)


def versions(shop: Shop) -> dict[str, str]:
    """The resourceVersions of everything that a late write could change."""
    kinds = ("pods", "apps/v1/replicasets", CAFED)
    objects = [one for kind in kinds for one in shop.client.list(kind)]
    return {o["metadata"]["uid"]: o["metadata"]["resourceVersion"] for o in objects}


def touched(shop: Shop, epoch: int) -> list[str]:
    """The kinds of the objects that carry the touch of `epoch`."""
    kinds = {"pods": "Pod", "apps/v1/replicasets": "ReplicaSet"}
    return sorted(
        kind
        for resource, kind in kinds.items()
        for one in shop.client.list(resource)
        if one["metadata"].get("annotations", {}).get(EPOCH) == str(epoch)
    )


def codes_of_late_writes(shop: Shop, held: Held, count: int) -> list[int]:
    """Let go what was held; what the server answered to it."""
    since = shop.audit.from_now_on()
    held.let_go()

    def late() -> list[Audited]:
        writes = since.writes(AGENT, shop.client.namespace)
        return [r for r in writes if r.resource not in ("leases", "events")]

    wait_for(lambda: len(late()) == count, "the late writes to be answered", every=0.2)
    return [request.code for request in late()]


@pytest.mark.guard("workloads-and-pods-are-touched")
@pytest.mark.parametrize("verb", ["rollback", "abort"])
def test_c86_a_drain_in_flight_of_a_driver_that_hangs_meets_409_on_pods_nobody_wrote_to(
    shop: Shop, proxy: FaultProxy, verb: str
) -> None:
    shop.born(2)
    held = Held()
    proxy.on(gate_write("False"), held.fault, times=2)
    hung = start_through(shop, proxy)
    wait_for(lambda: len([r for r in proxy.writes if gate_write("False")(r)]) == 2, "two drains")
    hung.send(signal.SIGSTOP)
    shop.forget_lease()

    assert shop.cafe(verb, NAME, *agreed(verb)).code == 0
    before = versions(shop)

    assert codes_of_late_writes(shop, held, 2) == [409, 409]
    assert versions(shop) == before
    hung.send(signal.SIGCONT)
    assert hung.wait().code == 6
    assert (shop.images(), restarts(shop)) == (["app:v1", "app:v1"], [0, 0])
    assert all(ready(pod) for pod in shop.pods())


@pytest.mark.guard("touch-carries-the-resource-version")
@pytest.mark.parametrize(
    "write",
    [gate_write("False"), image_write, gate_write("True"), commit, last_move],
    ids=["drain", "image", "opening", "commit", "move"],
)
def test_c70_each_write_of_a_zombie_meets_409_when_all_is_at_rest(
    shop: Shop, proxy: FaultProxy, write: Callable[[Request], bool]
) -> None:
    shop.born(1)
    held = Held()
    proxy.on(write, held.fault)
    zombie = start_through(shop, proxy)
    held.wait()
    zombie.send(signal.SIGSTOP)
    shop.forget_lease()

    assert shop.cafe("abort", NAME).code == 0
    wait_for(lambda: all(ready(pod) for pod in shop.pods()), "the pod to be in traffic")
    before = versions(shop)

    assert codes_of_late_writes(shop, held, 1) == [409]
    assert (versions(shop), shop.state()) == (before, "Aborted")
    zombie.send(signal.SIGCONT)
    assert zombie.wait().code == 6


def test_c33_whoever_takes_over_drains_again_in_full(shop: Shop, proxy: FaultProxy) -> None:
    shop.born(1, service=True, drainSeconds=3)
    cafe = shop.cafe.at(proxy.kubeconfig)
    # Its own drain was over when it died: the image was about to be patched.
    proxy.on(image_write, killed_before(lambda: cafe.runs[-1].send(signal.SIGKILL)))
    assert cafe(*UPGRADE).code == -signal.SIGKILL
    shop.forget_lease()
    since = shop.audit.from_now_on()

    assert shop.cafe("drive", NAME).code == 0

    writes = since.writes(AGENT, shop.client.namespace)
    own = [r for r in writes if (r.resource, r.subresource, r.code) == ("pods", "", 200)]
    _touch, image = own
    assert (image.time - writes[0].time).total_seconds() >= 3
    assert restarts(shop) == [1]


def killed_in_the_middle(shop: Shop, pods: int) -> None:
    """A driver that died while its pods restart; its lease has run out."""
    in_the_middle(shop, 4, pods).kill9()
    shop.forget_lease()


def test_a_takeover_writes_lease_record_touches_fenced_epoch_and_then_all_else(shop: Shop) -> None:
    killed_in_the_middle(shop, 2)
    since, now = shop.audit.from_now_on(), shop.now()
    epoch = shop.record()["epoch"]

    done = shop.cafe("drive", NAME)

    assert (done.code, restarts(shop)) == (0, [1, 1])
    writes = since.writes(AGENT, shop.client.namespace)
    kinds = [
        (r.resource, r.subresource)
        for r in writes
        if r.resource != "events" and (r.resource, r.code) != ("pods", 409)
    ]
    assert kinds[:2] == [("leases", ""), ("cafedeployments", "")]
    assert sorted(kinds[2:5]) == [("pods", ""), ("pods", ""), ("replicasets", "")]
    assert kinds[5] == ("cafedeployments", "")
    records = [json.loads(o["metadata"]["annotations"][RELEASE]) for o in shop.history(CAFED, now)]
    epochs = [(r["epoch"], r.get("fencedEpoch")) for r in records]
    new = shop.record()["epoch"]
    assert new > epoch
    assert epochs[:2] == [(new, epoch), (new, new)]
    assert touched(shop, new) == ["Pod", "Pod", "ReplicaSet"]


@pytest.mark.guard("fenced-epoch-after-the-touches")
@pytest.mark.parametrize("number", range(1, 7))
def test_whoever_follows_a_driver_killed_while_fencing_fences_again(
    shop: Shop, proxy: FaultProxy, number: int
) -> None:
    """The six writes: the lease, the record, a workload and two pods, the record."""
    killed_in_the_middle(shop, 2)
    cafe = shop.cafe.at(proxy.kubeconfig)
    proxy.on_write(number, killed_after(lambda: cafe.runs[-1].send(signal.SIGKILL)))
    assert cafe("drive", NAME).code == -signal.SIGKILL
    shop.forget_lease()

    done = shop.cafe("drive", NAME)

    assert (done.code, shop.state(), restarts(shop)) == (0, "Completed", [1, 1])
    assert "invalidating its pending writes on 3 objects" in done.err
    assert touched(shop, shop.record()["epoch"]) == ["Pod", "Pod", "ReplicaSet"]


@pytest.mark.guard("a-lease-given-back-needs-no-fence")
def test_a_clean_handover_touches_nothing(shop: Shop) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    since = shop.audit.from_now_on()

    assert shop.cafe("drive", NAME).code == 3

    writes = since.writes(AGENT, shop.client.namespace)
    kinds = [r.resource for r in writes if r.subresource != "status" and r.resource != "events"]
    assert kinds == ["leases", "cafedeployments", "leases"]


def interrupt(running: Callable[[], Running], **fault: Any) -> Fault:
    """Ctrl-C while a write is on its way, and then its answer is lost."""
    return Fault(before=lambda _: running().send(signal.SIGINT), lost=True, **fault)


@pytest.mark.parametrize("committed", [False, True], ids=["may land", "has landed"])
def test_a_lost_answer_is_settled_before_the_lease_is_given_back(
    shop: Shop, proxy: FaultProxy, *, committed: bool
) -> None:
    """A write that may still land is headed off: the pod is touched, so that it meets a 409."""
    shop.born(1)
    cafe = shop.cafe.at(proxy.kubeconfig)
    lost = interrupt(lambda: cafe.runs[-1], committed=committed)
    proxy.on(gate_write("False"), lost)

    assert cafe(*UPGRADE).code in (0, 130)

    (pod,) = shop.pods()
    assert (TOUCHED in pod["metadata"]["annotations"]) is not committed
    assert shop.lease()["holderIdentity"] == ""
    done = shop.cafe("drive", NAME)
    assert (done.code, restarts(shop)) == (0, [1])
    assert "invalidating its pending writes" not in done.err


def test_a_lost_answer_of_a_touch_is_touched_again_or_recognised(
    shop: Shop, proxy: FaultProxy
) -> None:
    killed_in_the_middle(shop, 1)
    proxy.on(lambda r: r.method == "PATCH" and touches(r), LOST_ANSWER, times=2)

    assert shop.cafe.at(proxy.kubeconfig)("drive", NAME).code == 0

    assert restarts(shop) == [1]
    assert touched(shop, shop.record()["epoch"]) == ["Pod", "ReplicaSet"]


def touches(request: Request) -> bool:
    """Whether it writes an epoch as an annotation."""
    return EPOCH in (request.json["metadata"].get("annotations") or {})
