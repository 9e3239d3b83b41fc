"""When every own write is answered, so that the lease may be given back (protocol 10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine.act import Actor
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.podsets.inplaceset import InPlaceSet
from tests.unit.builders import cafe_object, template, workload
from tests.unit.cluster.stub import Reply, Stub

SETS = InPlaceSet()


def replicaset(version: int) -> dict[str, Any]:
    """The ReplicaSet of the CafeDeployment as the watch shows it."""
    made = dict(SETS.create(cafe_object(), "", "v1", template()).body)
    return {**made, "metadata": {**made["metadata"], "uid": "s", "resourceVersion": str(version)}}


@pytest.fixture
def memory() -> Memory:
    return Memory("uid-cafe", SETS)


@pytest.fixture
def actor(stub: Stub, transport: Transport, memory: Memory) -> Iterator[Actor]:
    """Every answer is lost."""
    stub.script = lambda _: Reply(reset=True)
    made = Actor(transport, "stores", memory)
    yield made
    made.close()


def send(actor: Actor, write: WorkloadWrite) -> None:
    actor.write_workloads([write], lambda _what: None)


def test_an_actor_that_has_sent_nothing_awaits_no_answer(actor: Actor) -> None:
    assert actor.answered


@pytest.mark.guard("lost-workload-writes-are-unanswered")
def test_a_lost_patch_of_a_workload_may_land_until_the_workload_has_moved_on(
    actor: Actor, memory: Memory
) -> None:
    memory.workloads.event("ADDED", replicaset(3))
    send(actor, SETS.scale(workload(name="shop"), 4))
    assert not actor.answered

    memory.workloads.event("MODIFIED", replicaset(4))

    assert actor.answered


def test_a_lost_creation_of_a_workload_may_land_until_it_is_there(
    actor: Actor, memory: Memory
) -> None:
    send(actor, SETS.create(cafe_object(), "", "v1", template()))
    assert not actor.answered

    memory.workloads.event("ADDED", replicaset(3))

    assert actor.answered
