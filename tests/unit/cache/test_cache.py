"""What a process keeps of what it saw, and what it forgets (protocol 7, 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.pods.record import encode as encode_pod
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions.revision import Revision
from statemachine.record_json import encode
from tests.unit.builders import REVISIONS, cafe_object, pod_record, quoted, release, template


def pod_object(version: int, **parts: Any) -> dict[str, Any]:
    """A pod of our ReplicaSet as the watch shows it."""
    meta = {
        "name": "a",
        "uid": "uid-a",
        "resourceVersion": str(version),
        "ownerReferences": [{"uid": "uid-set", "controller": True}],
        **parts.pop("metadata", {}),
    }
    return {"metadata": meta, "spec": {"containers": [], **parts.pop("spec", {})}, **parts}


def drained_object(version: int, phase: Phase = Phase.DRAINED) -> dict[str, Any]:
    """A pod whose kubelet has acknowledged that its gate is False."""
    return pod_object(
        version,
        metadata={"annotations": {names.IN_PLACE: encode_pod(pod_record(phase))}},
        spec={"readinessGates": [{"conditionType": names.IN_SERVICE}]},
        status={
            "conditions": [
                {"type": names.IN_SERVICE, "status": "False"},
                {
                    "type": "Ready",
                    "status": "False",
                    "reason": "ReadinessGatesNotReady",
                    "message": quoted().message,
                },
                {"type": "ContainersReady", "status": "True"},
            ]
        },
    )


def slice_object(*uids: str, ready: bool = True) -> dict[str, Any]:
    return {
        "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "shop"}},
        "endpoints": [{"targetRef": {"uid": uid}, "conditions": {"ready": ready}} for uid in uids],
    }


def cache(*pods: dict[str, Any]) -> Cache:
    """A memory that has listed our ReplicaSet and `pods`."""
    made = Cache("uid-cafe", InPlaceSet())
    created = InPlaceSet().create(cafe_object(), "", "v1", template()).body
    meta = {**created["metadata"], "uid": "uid-set", "resourceVersion": "1"}
    made.workloads.listed([{**created, "metadata": meta}])
    made.pods_listed(pods, 0.0)
    return made


def seen(of: Cache, now: float = 1.0, revisions: Mapping[str, Revision] = REVISIONS) -> Snapshot:
    obj = cafe_object()
    obj["metadata"]["annotations"] = {names.RELEASE: encode(release())}
    return of.snapshot(CafeDeployment(obj), revisions, now=now, time=0.0, stopping=False)


def version(of: Cache) -> list[str]:
    return [pod.resource_version for pod in seen(of).pods.values()]


def test_the_answer_to_our_own_write_is_in_the_view_at_once() -> None:
    kept = cache(pod_object(5))
    kept.pod_answered(pod_object(8), 1.0, took=False)
    assert version(kept) == ["8"]


@pytest.mark.guard("an-older-event-changes-nothing")
def test_c25_an_older_event_after_our_own_write_changes_nothing() -> None:
    kept = cache(pod_object(5))
    kept.pod_answered(pod_object(8), 1.0, took=False)
    kept.pod_event("MODIFIED", pod_object(6), 2.0)
    assert version(kept) == ["8"]


def test_the_watch_shows_an_own_write_once_more_and_nothing_is_assessed_anew() -> None:
    of = cache(pod_object(1))
    of.pod_answered(pod_object(2), 1.0, took=False)
    before = seen(of)
    of.pod_event("MODIFIED", pod_object(2), 2.0)
    of.pods_listed([pod_object(2)], 3.0)
    after = seen(of)
    assert after.pods["uid-a"] is before.pods["uid-a"]
    assert after.assessment("uid-a") is before.assessment("uid-a")


def test_a_take_is_unseen_until_the_watch_has_shown_it() -> None:
    kept = cache(pod_object(5))
    kept.pod_answered(pod_object(8), 1.0, took=True)
    before = seen(kept).unseen_takes
    kept.pod_event("MODIFIED", pod_object(8), 2.0)
    assert (before, seen(kept).unseen_takes) == (True, False)


@pytest.mark.guard("a-take-of-a-deleted-pod-is-not-waited-for")
def test_a_take_whose_pod_the_watch_shows_deleted_before_its_answer_arrives_is_not_waited_for() -> (
    None
):
    kept = cache(pod_object(7))
    kept.pod_event("DELETED", pod_object(9), 1.0)
    kept.pod_answered(pod_object(8), 1.0, took=True)
    assert not seen(kept).unseen_takes


@pytest.mark.guard("a-deleted-pod-stays-deleted")
def test_c45_a_late_answer_does_not_bring_a_deleted_pod_back() -> None:
    kept = cache(pod_object(5))
    kept.pod_event("DELETED", pod_object(9), 1.0)
    kept.pod_answered(pod_object(8), 2.0, took=False)
    assert version(kept) == []


def test_c45_a_late_answer_does_not_bring_a_pod_back_that_a_list_does_not_have() -> None:
    kept = cache(pod_object(5))
    kept.pods_listed([], 1.0, 9)
    kept.pod_answered(pod_object(8), 2.0, took=False)
    assert version(kept) == []


@pytest.mark.guard("a-pod-comes-back-by-its-labels")
def test_a_pod_that_lost_a_selector_label_and_got_it_back_is_known_again() -> None:
    kept = cache(pod_object(5))
    kept.pod_event("DELETED", pod_object(6), 1.0)
    kept.pod_event("ADDED", pod_object(8), 2.0)
    assert version(kept) == ["8"]


def test_a_list_brings_back_a_pod_that_a_watch_has_said_to_be_gone() -> None:
    kept = cache(pod_object(5))
    kept.pod_event("DELETED", pod_object(6), 1.0)
    kept.pods_listed([pod_object(7)], 2.0, 9)
    assert version(kept) == ["7"]


def test_a_write_that_found_the_pod_gone_hides_it_until_something_newer_is_seen() -> None:
    kept = cache(pod_object(5))
    kept.pod_gone("uid-a")
    kept.pod_event("MODIFIED", pod_object(5), 1.0)
    before = version(kept)
    kept.pod_event("MODIFIED", pod_object(6), 2.0)
    assert (before, version(kept)) == ([], ["6"])


def test_a_deletion_that_is_older_than_our_own_write_says_nothing() -> None:
    kept = cache(pod_object(5))
    kept.pod_answered(pod_object(8), 1.0, took=False)
    kept.pod_event("DELETED", pod_object(6), 2.0)
    assert version(kept) == ["8"]


def workload_object(version: int, **meta: Any) -> dict[str, Any]:
    """Our ReplicaSet at a resourceVersion."""
    created = InPlaceSet().create(cafe_object(), "", "v1", template()).body
    parts = {"uid": "uid-set", "resourceVersion": str(version), **meta}
    return {**created, "metadata": {**created["metadata"], **parts}}


@pytest.mark.guard("a-workload-that-is-not-ours-any-more-is-forgotten")
@pytest.mark.parametrize(
    "changed",
    [
        {"ownerReferences": []},
        {"ownerReferences": [{"uid": "uid-cafe"}]},
        {"ownerReferences": [{"uid": "somebody", "controller": True}]},
        {"deletionTimestamp": "2026-01-01T00:00:00Z"},
    ],
    ids=["orphaned", "not controlled by it", "another's", "on its way out"],
)
def test_pods_of_a_workload_that_is_no_longer_ours_are_not_ours(changed: dict[str, Any]) -> None:
    kept = cache(pod_object(5))
    kept.workloads.event("MODIFIED", workload_object(7, **changed))
    assert (kept.workloads.all(), version(kept)) == ((), [])


def test_a_late_answer_does_not_bring_a_deleted_workload_back() -> None:
    kept = cache()
    kept.workloads.event("DELETED", workload_object(9))
    kept.workloads.event("MODIFIED", workload_object(8))
    assert kept.workloads.all() == ()


def test_a_list_that_was_made_before_a_workload_was_created_does_not_forget_it() -> None:
    kept = cache()
    kept.workloads.event("MODIFIED", workload_object(9))
    kept.workloads.listed([], 8)
    before = len(kept.workloads.all())
    kept.workloads.listed([], 9)
    assert (before, kept.workloads.all()) == (1, ())


@pytest.mark.guard("a-list-keeps-pods-that-are-created-after-it")
@pytest.mark.parametrize(("listed", "kept"), [(8, ["9"]), (9, [])], ids=["before it", "after it"])
def test_a_list_that_was_made_before_the_pod_was_born_does_not_forget_it(
    listed: int, kept: list[str]
) -> None:
    of = cache()
    of.pod_event("ADDED", pod_object(9), 1.0)
    of.pods_listed([], 2.0, listed)
    assert version(of) == kept


def test_a_list_without_the_pod_forgets_it() -> None:
    kept = cache(pod_object(5))
    kept.pods_listed([], 1.0)
    assert version(kept) == []


def test_pods_of_other_owners_are_not_ours() -> None:
    stranger = pod_object(5, metadata={"uid": "other", "ownerReferences": []})
    assert version(cache(stranger)) == []


FOREIGN = {
    "another's": [{"uid": "uid-deployment", "controller": True}],
    "another's, and ours beside it": [
        {"uid": "uid-deployment", "controller": True},
        {"uid": "uid-cafe", "controller": False},
    ],
    "ours, without control": [{"uid": "uid-cafe"}],
    "nobody's": [],
}


@pytest.mark.guard("a-workload-is-ours-by-its-controller")
@pytest.mark.guard("another-controllers-workload-is-not-ours")
@pytest.mark.parametrize("owners", FOREIGN.values(), ids=FOREIGN)
def test_a_replicaset_under_the_selector_with_another_controller_is_not_ours(
    owners: list[dict[str, Any]],
) -> None:
    of = cache(pod_object(5, metadata={"ownerReferences": [{"uid": "x", "controller": True}]}))
    created = InPlaceSet().create(cafe_object(), "", "v1", template()).body
    meta = {**created["metadata"], "name": "theirs", "uid": "x", "resourceVersion": "1"}
    of.workloads.event("ADDED", {**created, "metadata": {**meta, "ownerReferences": owners}})
    found = seen(of)
    assert ([one.name for one in found.workloads], found.pods) == (["shop"], {})


def test_a_conflict_keeps_the_pod_busy_until_a_newer_version_was_seen() -> None:
    kept = cache(pod_object(5))
    kept.writing("uid-a")
    kept.written("uid-a", stale="5")
    before = seen(kept).busy
    kept.pod_event("MODIFIED", pod_object(6), 1.0)
    assert (before, seen(kept).busy) == (frozenset({"uid-a"}), frozenset())


def test_c33_a_pod_is_off_since_this_process_first_saw_it_so() -> None:
    kept = cache(drained_object(5))
    kept.slices_read([], 9, frozenset({"uid-a"}))
    assert [dict(seen(kept, now).off_since) for now in (3.0, 9.0)] == [{"uid-a": 3.0}] * 2


def test_c22_a_list_of_endpoint_slices_counts_while_the_pod_is_shown_off() -> None:
    kept, reopened = cache(drained_object(5)), drained_object(6)
    reopened["status"]["conditions"] = []
    kept.slices_read([], 9, frozenset({"uid-a"}))
    kept.pod_event("MODIFIED", reopened, 1.0)
    assert seen(kept, 3.0).off_since == {}
    kept.pod_event("MODIFIED", drained_object(7), 1.0)
    assert seen(kept, 4.0).off_since == {}


@pytest.mark.guard("a-watch-event-is-no-newer-than-the-list")
def test_c22_an_older_watch_event_does_not_undo_a_list_of_endpoint_slices() -> None:
    kept, older = cache(drained_object(5)), slice_object("uid-a")
    listed = slice_object("uid-a", ready=False)
    older["metadata"]["resourceVersion"], listed["metadata"]["resourceVersion"] = "7", "8"
    kept.slices_read([listed], 9, frozenset({"uid-a"}))
    kept.slices.event("MODIFIED", older)
    assert seen(kept, 3.0).off_since == {"uid-a": 3.0}


@pytest.mark.guard("back-in-the-endpoints-is-not-off")
def test_c33_a_pod_that_is_in_the_endpoints_again_is_not_off_any_more() -> None:
    kept = cache(drained_object(5))
    kept.slices_read([], 9, frozenset({"uid-a"}))
    before = dict(seen(kept, 3.0).off_since)
    kept.slices.event("ADDED", slice_object("uid-a"))
    assert (before, seen(kept, 4.0).off_since) == ({"uid-a": 3.0}, {})


@pytest.mark.guard("a-gates-pod-is-off-where-it-is-listed")
def test_c22_a_gates_pod_is_off_once_its_service_lists_it_as_unready() -> None:
    shown = drained_object(5)
    shown["metadata"]["labels"], shown["status"]["podIP"] = {"app": "shop"}, "10.0.0.1"
    kept = cache(shown)
    kept.services.listed([{"metadata": {"name": "shop"}, "spec": {"selector": {"app": "shop"}}}])
    kept.slices_read([], 9, frozenset({"uid-a"}))
    before = dict(seen(kept, 3.0).off_since)
    kept.slices_read([slice_object("uid-a", ready=False)], 10, frozenset({"uid-a"}))
    assert (before, seen(kept, 4.0).off_since) == ({}, {"uid-a": 4.0})


def test_c30_endpoints_of_a_service_that_publishes_unready_pods_are_not_waited_for() -> None:
    kept = cache(drained_object(5))
    spec = {"publishNotReadyAddresses": True}
    kept.services.listed([{"metadata": {"name": "shop"}, "spec": spec}])
    kept.slices.listed([slice_object("uid-a")])
    found = seen(kept)
    assert (found.endpoints, found.published) == (frozenset(), {"uid-a"})


class Revisions(dict[str, Revision]):
    """Tells `looked_up` each time that a revision is read."""

    def __init__(self, looked_up: Callable[[], object]) -> None:
        super().__init__(REVISIONS)
        self._looked_up = looked_up

    def get(self, key: str, default: Any = None) -> Any:
        self._looked_up()
        return super().get(key, default)


@pytest.mark.guard("pods-are-judged-under-the-caches-lock")
def test_no_event_is_taken_in_while_the_pods_are_judged() -> None:
    """A pod that another thread forgets meanwhile would end the driver with a RuntimeError."""
    of, taken = cache(drained_object(5)), list[bool]()

    def try_the_lock() -> None:
        with ThreadPoolExecutor(1) as other:
            taken.append(other.submit(of.changed.acquire, False).result())

    seen(of, revisions=Revisions(try_the_lock))
    assert taken
    assert not any(taken)


def test_a_finished_pod_is_not_off() -> None:
    kept = cache(drained_object(5))
    seen(kept)
    kept.pod_event("MODIFIED", drained_object(6, Phase.FINISHED), 2.0)
    assert seen(kept).off_since == {}


def test_a_sweep_counts_for_its_own_step_alone() -> None:
    kept = cache()
    kept.swept("r1", 3)
    before = seen(kept).swept
    kept.swept("r1", 0)
    assert (before, seen(kept).swept) == (False, True)


def test_the_highest_epoch_in_any_pods_record_is_known() -> None:
    assert cache(drained_object(5)).highest_epoch() == 1
