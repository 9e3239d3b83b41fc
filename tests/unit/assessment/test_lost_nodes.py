"""Whether a pod's node went away: by the Node's own word, else by Ready's reason (protocol 5)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import NODES_FRESH
from kubectl_cafe.cache import nodes
from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.cache.known_nodes import suspects
from kubectl_cafe.client.errors import Forbidden
from kubectl_cafe.client.transport import Listing
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.pods.restarted import quotes_gate
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from kubectl_cafe.reconcile.decide import decide
from tests.unit.builders import START, drained, pod, release, snapshot
from tests.unit.server import cafe, replicaset

QUOTE = f'the status of pod readiness gate "{names.IN_SERVICE}" is not "True", but False'


def unready(reason: str = "", message: str = "", **changes: Any) -> Pod:
    """A pod whose containers are ready and which is not."""
    return pod("a", node="n1", ready=Condition("False", reason, message), **changes)


READY = [
    ("as the node controller leaves it", unready(), True),
    ("a node's reason", unready("NodeStatusUnknown"), True),
    ("a kubelet's reason", unready("ReadinessGatesNotReady"), False),
    ("our gate, quoted under another reason", unready("GateClosed", QUOTE), False),
    ("our gate, quoted without a reason", unready("", QUOTE), False),
    ("a simulator's own word", unready("NotAdmittedYet"), False),
    ("the Node is Ready", unready(node_ready=True), False),
    ("the Node is not Ready", unready("NotAdmittedYet", node_ready=False), True),
    ("the Node is not Ready, and a gate explains it", unready("", QUOTE, node_ready=False), False),
]


@pytest.mark.guard("a-quoted-gate-is-no-lost-node")
@pytest.mark.parametrize(("shown", "expected"), [r[1:] for r in READY], ids=[r[0] for r in READY])
def test_c80_a_node_is_lost_by_its_own_word_or_by_a_reason_that_says_nothing(
    shown: Pod, expected: bool
) -> None:
    assert shown.lost is expected


@pytest.mark.guard("a-node-that-came-back-is-given-time")
def test_c80_a_pod_whose_node_came_back_is_no_candidate_before_its_kubelet_has_spoken() -> None:
    back = unready(node_ready=True, gated=False, gate=Condition(""))
    assert decide(snapshot(back)).patches == ()


def test_c22_a_quoted_gate_acknowledges_whatever_the_reason_beside_it() -> None:
    assert quotes_gate(drained(ready=Condition("False", "GateClosed", QUOTE)))


# Reading the Nodes


def a_node(name: str, status: str) -> dict[str, Any]:
    pressure, ready = ({"type": kind} for kind in ("MemoryPressure", "Ready"))
    conditions = [{**pressure, "status": "False"}, {**ready, "status": status}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


@pytest.mark.guard("the-nodes-of-suspect-pods-are-read")
def test_the_nodes_are_read_while_a_pods_status_leaves_it_open() -> None:
    suspect, well = snapshot(unready()), snapshot(pod("a", node="n1"))
    assert (decide(suspect).nodes, decide(well).nodes) == (True, False)


def test_they_are_read_again_once_the_last_reading_is_old() -> None:
    due = [snapshot(unready(), nodes_at=60.0 - ago).nodes_due for ago in (1.0, NODES_FRESH)]
    assert due == [False, True]


def test_a_pod_without_a_node_has_none_to_be_read() -> None:
    assert not snapshot(replace(unready(), node="")).nodes_due


class Asked:
    """A server of nodes; `may` says whether they may be listed."""

    def __init__(self, *items: dict[str, Any], may: bool = True) -> None:
        self.items, self.may, self.queries = items, may, list[Any]()

    def list(self, path: str, query: Any = None, slim: Any = None) -> Listing:
        """Those of the name in `query`, or all."""
        self.queries.append(query)
        if not self.may:
            raise Forbidden("nodes is forbidden", where=path)
        name = query["fieldSelector"].removeprefix("metadata.name=") if query else ""
        found = [item for item in self.items if name in ("", item["metadata"]["name"])]
        return Listing([slim(item) for item in found], "1")


def read(server: Any, *of: str) -> dict[str, bool]:
    return nodes.ready(server, of)


def test_each_node_is_asked_for_by_name_and_one_that_is_gone_is_not_ready() -> None:
    server = Asked(a_node("n1", "True"), a_node("n2", "Unknown"), a_node("n3", "True"))
    assert read(server, "n1", "n2", "n4") == {"n1": True, "n2": False, "n4": False}
    assert len(server.queries) == 3


def test_many_nodes_are_listed_at_once() -> None:
    server = Asked(a_node("n1", "True"))
    assert read(server, *(f"n{n}" for n in range(nodes.FEW + 1)))["n1"]
    assert server.queries == [None]


def test_where_nodes_may_not_be_listed_nothing_is_known_of_them() -> None:
    assert read(Asked(a_node("n1", "True"), may=False), "n1") == {}


OBJECT = {
    "metadata": {
        "name": "a",
        "uid": "uid-a",
        "resourceVersion": "1",
        "ownerReferences": [{"uid": "uid-set", "controller": True}],
    },
    "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "app:v1"}]},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "False"},
            {"type": "ContainersReady", "status": "True"},
        ]
    },
}


@pytest.mark.guard("what-a-node-said-is-believed-for-a-while")
def test_what_a_node_said_decides_until_it_is_old() -> None:
    cache = Cache("uid-cafe", InPlaceSet())
    cache.workloads.listed([replicaset()])
    cache.pods_listed([OBJECT], 0.0)
    assert suspects(cache.pods()) == {"n1"}
    cache.nodes_shown({"n1": True}, 5.0)
    of = CafeDeployment(cafe(release()))
    views = [cache.snapshot(of, {}, now=t, time=START, stopping=False) for t in (5.0, 26.0)]
    assert [one.pods["uid-a"].lost for one in views] == [False, True]
