"""What stands where a release would create its own workloads, found before any write."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.names import KIND
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.conflicts import (
    Taken,
    lacking,
    overlapping,
    parse,
    refuse,
    refuse_unknown,
    refuse_unowned,
)
from kubectl_cafe.planning.proposal import kind_of, outline, propose
from statemachine.lifecycle import State
from statemachine.steps import Kind
from tests.unit.builders import cafe_object, container, pod, release, template, workload
from tests.unit.server import cafe as released
from tests.unit.server import replicaset

CAFE = CafeDeployment(cafe_object())


def found(*owners: dict[str, Any], **meta: Any) -> Taken | None:
    obj = replicaset()
    return parse(CAFE, {**obj, "metadata": {**obj["metadata"], "ownerReferences": owners, **meta}})


def owner(kind: str, name: str, uid: str = "other") -> dict[str, Any]:
    return {"kind": kind, "name": name, "uid": uid, "controller": True}


def refusal(taken: Taken | None) -> Refused:
    assert taken is not None
    with pytest.raises(Refused) as caught:
        refuse(CAFE, [taken])
    return caught.value


def test_our_own_replicaset_takes_no_name() -> None:
    assert found(owner(KIND, "shop", CAFE.uid)) is None


def test_a_replicaset_without_owner_references_is_without_a_controller() -> None:
    taken = parse(CAFE, {"metadata": {"name": "shop"}})
    assert taken == Taken("shop", controller="", earlier=False, leaving=False)


def test_the_cells_without_a_workload_are_those_that_lack_one() -> None:
    two = CafeDeployment(cafe_object(topology={"unitType": "Cell", "values": ["A", "B"]}))
    assert lacking(two, [workload(1, "A")]) == ["B"]


@pytest.mark.guard("an-orphaned-replicaset-takes-its-name")
def test_an_orphaned_replicaset_is_named_with_the_ways_to_adopt_and_to_delete_it() -> None:
    error = refusal(found())
    assert "ReplicaSet shop exists and has no owner" in error.message
    assert "kubectl patch replicaset shop -n stores --type merge -p" in error.hint
    assert f'"uid":"{CAFE.uid}"' in error.hint
    assert "kubectl delete replicaset shop -n stores" in error.hint


@pytest.mark.guard("another-controllers-replicaset-takes-its-name")
def test_a_replicaset_of_another_controller_is_named_with_it() -> None:
    assert "is controlled by Deployment/shop" in refusal(found(owner("Deployment", "shop"))).message


def test_a_replicaset_of_an_earlier_cafedeployment_of_this_name_is_waited_for() -> None:
    error = refusal(found(owner(KIND, "shop")))
    assert "belongs to a deleted CafeDeployment of the same name" in error.message
    assert error.hint.startswith("kubectl wait --for=delete replicaset/shop -n stores")


def test_our_own_replicaset_that_is_being_deleted_is_waited_for() -> None:
    error = refusal(found(owner(KIND, "shop", CAFE.uid), deletionTimestamp="2026-01-01T00:00:00Z"))
    assert "is being deleted" in error.message


@pytest.mark.guard("pods-without-a-controller-are-not-adopted-to-be-deleted")
def test_pods_without_a_controller_keep_a_first_release_from_starting() -> None:
    stray = pod("a", owner="")
    first = outline(CAFE, Around((), (), (), others=(stray,)), template())
    assert "spec.selector matches 1 pod without a controller (a)" in str(first.refusals[0])
    refuse_unowned(CAFE, ())


def test_pods_of_no_known_revision_are_released_as_they_are_first() -> None:
    around = Around((), (workload(1),), (pod("a"),))
    with pytest.raises(Refused) as caught:
        propose(CAFE, around, template("app:v2"))
    assert caught.value.hint == "kubectl cafe upgrade shop -n stores --image main=app:v1"
    assert propose(CAFE, around, template("app:v1")).needed


def test_of_several_pods_of_no_known_revision_the_first_is_named_with_its_images() -> None:
    pods = [pod("a"), pod("b", container("C1", "app:v0")), pod("c", container("C1", "app:v9"))]
    with pytest.raises(
        Refused, match=r"^2 pods with images of no revision .*such as b\)"
    ) as caught:
        refuse_unknown(CAFE, pods, template("app:v1"))
    assert caught.value.hint == "kubectl cafe upgrade shop -n stores --image main=app:v0"


def test_after_a_first_release_a_set_without_workloads_is_upgraded_not_created_again() -> None:
    obj = released(release(State.COMPLETED, step=4))
    around = Around((), (), ())
    assert kind_of(CafeDeployment(obj), around) is Kind.UPGRADE
    assert outline(CafeDeployment(obj), around, template("app:v2")).needed


def test_a_first_release_that_was_aborted_goes_on_being_one() -> None:
    obj = released(release(State.ABORTED, kind=Kind.CREATE))
    assert kind_of(CafeDeployment(obj), Around((), (workload(),), ())) is Kind.CREATE


def test_selected_pods_of_another_controller_are_warned_about() -> None:
    others = tuple(pod(name, owner="uid-of-another") for name in "cabd")
    (found,) = overlapping(CAFE, others)
    assert "4 pods of other controllers (a, b, c and 1 more)" in found.message
    assert "kubectl get pods -n stores -l " in found.hint
    assert not list(overlapping(CAFE, (pod("a", owner=""),)))
