"""Which pods `plan` says each group would take, in the order of the engine (protocol 7)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.group_members import members
from kubectl_cafe.planning.proposal import propose
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.revisions.revision import Revision, name_of
from tests.unit.builders import (
    cafe_object,
    container,
    drained,
    pod,
    pod_record,
    template,
    workload,
)

V1, V2 = (name_of("shop", template(f"app:{version}")) for version in ("v1", "v2"))
AT_V1 = {names.REVISION: V1}
UNREADY = Condition("False", "ContainersNotReady")
LOST = {"gated": False, "gate": ABSENT, "ready": Condition("False", "NodeStatusUnknown")}


def groups(*pods: Pod, new: Any = None) -> dict[int, Any]:
    """The groups of an upgrade from v1 to v2: Beta's one pod, then the rest."""
    obj = cafe_object(replicas=len(pods))
    obj["metadata"]["annotations"] = {names.ALLOCATION: f'{{"":{len(pods)}}}'}
    known = (Revision(V1, 1, template("app:v1")),)
    around = Around(known, (workload(len(pods), revision=V1),), pods)
    proposal = propose(CafeDeployment(obj), around, new or template("app:v2"))
    found = members(proposal, around, InPlaceSet())
    return {group: list(cells[""]) for group, cells in found.items()}


def test_the_newest_pod_comes_first() -> None:
    old, new = pod("old", created=1.0, labels=AT_V1), pod("new", created=9.0, labels=AT_V1)
    assert groups(old, new) == {1: ["new"], 2: ["old"]}


def test_a_pod_that_is_unavailable_already_comes_before_the_newest() -> None:
    new = pod("new", created=9.0, labels=AT_V1)
    broken = pod("broken", created=1.0, labels=AT_V1, ready=UNREADY, containers_ready=UNREADY)
    assert groups(new, broken) == {1: ["broken"], 2: ["new"]}


@pytest.mark.guard("in-flight-comes-first")
def test_c88_a_pod_in_the_middle_of_an_earlier_release_is_the_first_group() -> None:
    left = drained("left", created=1.0, labels=AT_V1, record=pod_record(Phase.DRAINED))
    broken = pod("broken", created=5.0, labels=AT_V1, ready=UNREADY, containers_ready=UNREADY)
    assert groups(pod("new", created=9.0, labels=AT_V1), broken, left)[1] == ["left"]


@pytest.mark.guard("a-lost-pod-is-no-canary")
def test_c80_a_pod_on_a_lost_node_comes_last() -> None:
    lost = pod("lost", created=9.0, labels=AT_V1, containers_ready=Condition("True"), **LOST)
    assert groups(lost, pod("a", labels=AT_V1)) == {1: ["a"], 2: ["lost"]}


def test_a_pod_that_is_at_the_target_is_no_member_of_any_group() -> None:
    there = pod("a", container("C2", "app:v2"), labels={names.REVISION: V2})
    assert groups(there, pod("b", labels=AT_V1)) == {1: [], 2: ["b"]}


def test_a_group_of_which_more_are_at_the_target_than_it_asks_for_takes_no_pod() -> None:
    there = [pod(n, container("C2", "app:v2"), labels={names.REVISION: V2}) for n in "ab"]
    assert groups(*there, pod("c", labels=AT_V1), pod("d", labels=AT_V1)) == {1: [], 2: ["c", "d"]}


def test_a_pod_that_admission_rewrote_is_no_member_where_its_birth_put_it_at_the_target() -> None:
    there = pod("a", container("C1", "mirror/app:v1"), labels=AT_V1)
    assert groups(there, pod("b", labels=AT_V1), new=template("app:v1")) == {1: [], 2: []}


def test_c78_a_pod_that_only_lacks_labels_is_a_member() -> None:
    pods = [pod("a", labels=AT_V1), pod("b", labels=AT_V1)]
    assert groups(*pods, new=template("app:v1", tier="web")) == {1: ["a"], 2: ["b"]}


def test_each_group_names_the_pods_of_every_cell() -> None:
    obj = cafe_object(replicas=3, topology={"unitType": "Cell", "values": ["A", "B"]})
    obj["metadata"]["annotations"] = {names.ALLOCATION: '{"A":2,"B":1}'}
    known = (Revision(V1, 1, template("app:v1")),)
    cells = {"a1": "A", "a2": "A", "b1": "B"}
    pods = [pod(n, labels={**AT_V1, names.CELL: cell}) for n, cell in cells.items()]
    sets = (workload(2, "A", revision=V1), workload(1, "B", revision=V1))
    around = Around(known, sets, tuple(pods))
    proposal = propose(CafeDeployment(obj), around, template("app:v2"))
    assert members(proposal, around, InPlaceSet()) == {
        1: {"A": ["a1"], "B": ["b1"]},
        2: {"A": ["a2"], "B": []},
    }


def test_a_scale_in_names_the_pods_that_it_would_drain() -> None:
    pods = [pod(name, created=float(at), labels=AT_V1) for at, name in enumerate("abc")]
    unready = pod("u", created=-1.0, labels=AT_V1, ready=UNREADY)
    obj = cafe_object(replicas=1)
    obj["metadata"]["annotations"] = {names.ALLOCATION: '{"":4}'}
    known = (Revision(V1, 1, template("app:v1")),)
    around = Around(known, (workload(4, revision=V1),), (*pods, unready))
    found = members(propose(CafeDeployment(obj), around, template("app:v1")), around, InPlaceSet())
    assert found == {1: {"": ["u"]}, 2: {"": ["c", "b"]}}
