"""Nodes that are lost, that flap, that are of two architectures (protocol 5, 7)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from kubectl_cafe.times import seconds
from testbed.audit import Request
from testbed.controlplane import ControlPlane
from testbed.puppet import Container, Puppet, Ready
from testbed.waiting import wait_for
from tests.integration.crew import V2, Crew
from tests.integration.shop import NAME, RECORD, Shop, condition, image, name, phase, ready, stays
from tests.integration.stage import Stage, gate

LOST = Ready("False")
"""What the node controller writes: Ready alone, and no reason."""
SOMEBODY = f"somebody-{secrets.token_hex(4)}"
MOVED = "sha256:" + "7e" * 32


@pytest.fixture
def crew(shop: Shop, puppet: Callable[..., Puppet]) -> Callable[[int], Crew]:
    """Pods on so many nodes whose kubelets are the test."""
    return lambda nodes: Crew(shop, [puppet() for _ in range(nodes)])


@pytest.fixture
def look(shop: Shop, installed: None, control_plane: ControlPlane) -> Callable[[], str]:
    """`status` by a user who has the viewer's role in this namespace."""

    def status() -> str:
        roles = "rbac.authorization.k8s.io"
        assert shop.cafe("init", "--rbac").code == 0
        body = {
            "metadata": {"name": "viewer"},
            "roleRef": {"apiGroup": roles, "kind": "ClusterRole", "name": "kubectl-cafe-viewer"},
            "subjects": [{"apiGroup": roles, "kind": "User", "name": "viewer"}],
        }
        shop.client.create(f"{roles}/v1/rolebindings", body)
        return shop.cafe.at(control_plane.user("viewer"))("status", NAME).out

    return status


# Lost


def test_c80_a_pod_on_a_lost_node_is_no_beta_canary(crew: Callable[[int], Crew]) -> None:
    """It is the newest and it is unavailable: but for its node it would come first."""
    at = crew(2)
    at.born(upgradeType="Beta")
    at.shop.edit({"strategy": {"needWaitingForConfirm": True}})
    at.kubelets[1].lose()
    (lost,) = at.kubelets[1].pods(at.shop.client.namespace or "")

    running = at.shop.start("app:v2")
    at.upgraded(at.taken())

    at.ended(running, 3)
    assert sorted(at.shop.images()) == ["app:v1", "app:v2"]
    after = at.shop.client.get("pods", name(lost))
    assert (image(after), phase(after)) == ("app:v1", phase(lost))
    assert "node lost" in at.shop.cafe("status", NAME).out


@pytest.mark.guard("a-lost-pod-is-no-candidate")
def test_c80_a_pod_on_a_lost_node_uses_up_the_budget(crew: Callable[[int], Crew]) -> None:
    at = crew(2)
    at.born(1, "label", maxUnavailable=1)
    at.shop.edit({"strategy": {"progressDeadlineSeconds": 3}})
    at.kubelets[0].lose()
    before = len(at.shop.writes("pods"))

    done = at.shop.upgrade("app:v2")

    assert (done.code, len(at.shop.writes("pods"))) == (4, before)
    assert "on a lost node: " in done.err


def test_c80_a_lost_node_acknowledges_no_drain(stage: Stage) -> None:
    """Ready turns False while the kubelet's word is awaited: that is not its word."""
    stage.born()
    stage.shop.edit({"strategy": {"progressDeadlineSeconds": 4}})
    running = stage.shop.start("app:v2")
    stage.until(lambda pod: gate(pod) == "False", "the gate to be closed")

    stage.kubelet.lose()

    assert stage.ended(running).code == 4
    assert (image(stage.pod()), phase(stage.pod()), gate(stage.pod())) == (
        "app:v1",
        "finished",
        "True",
    )


# Flapping


@pytest.mark.guard("min-ready-begins-anew")
def test_c42_a_flapping_node_begins_min_ready_seconds_anew_and_takes_nobody_down(
    crew: Callable[[int], Crew],
) -> None:
    at = crew(1)
    at.born(2, maxUnavailable=1)
    at.shop.edit({"strategy": {"minReadySeconds": 4, "batchSize": 1}})
    running = at.shop.start("app:v2")
    first = at.upgraded(at.taken())
    (second,) = [pod for pod in at.shop.pods() if name(pod) != name(first)]

    time.sleep(3)  # Of its minReadySeconds.
    at.show(first, ready=LOST)
    stays(lambda: [phase(pod) in ("drained", "patched") for pod in at.shop.pods()])
    back = at.show(first)

    since = at.shop.now()
    at.upgraded(second)
    at.ended(running)
    drains = [
        pod
        for pod in at.shop.history("pods", since)
        if name(pod) == name(second) and phase(pod) == "drained"
    ]
    began = min(
        seconds(json.loads(pod["metadata"]["annotations"][RECORD])["since"]) for pod in drains
    )
    assert began + 1 >= seconds(condition(back)["lastTransitionTime"]) + 4
    assert [(pod["metadata"]["generation"], ready(pod)) for pod in at.shop.pods()] == [
        (2, True)
    ] * 2


# Architectures


def test_c13_a_tag_that_moved_in_the_middle_of_a_release_is_said(
    crew: Callable[[int], Crew],
) -> None:
    at = crew(1)
    at.built_for("amd64")
    first, second, third = at.born(3, "none")

    running = at.shop.start("app:v2")
    at.upgraded(first)
    at.upgraded(second)
    at.upgraded(third, moved())

    said = at.ended(running)
    digest = V2.status("main", "")["imageID"].rpartition("@")[2]
    told = (
        f"container main: app:v2 is {digest[:19]} on 2 pods, {MOVED[:19]} on 1 pod "
        "(all amd64): its tag has moved"
    )
    assert f"warning: {told}" in said
    assert told in at.shop.cafe("status", NAME).out
    assert f"warning: {told}" in at.shop.cafe("plan", NAME).out


def test_c12_nodes_of_two_architectures_have_a_digest_each(crew: Callable[[int], Crew]) -> None:
    at = crew(2)
    at = replace(at, shop=as_somebody(at.shop))
    at.built_for("amd64", "arm64")
    first, second = at.born(1, "none")

    running = at.shop.start("app:v2")
    at.upgraded(first)
    at.upgraded(second, moved())

    said = at.ended(running)
    assert at.shop.audit.requests(where=nodes_read)
    assert "warning" not in said.partition("effect:")[2]
    assert "Note:" not in at.shop.cafe("status", NAME).out


def test_c12_whoever_watches_compares_architectures_too(crew: Callable[[int], Crew]) -> None:
    at = crew(2)
    at.built_for("amd64", "arm64")
    first, second = at.born(1, "none")
    watching = at.shop.cafe.start("status", NAME, "-w", "-o", "json")
    wait_for(lambda: watching.said()[0], "the first look")

    running = at.shop.start("app:v2")
    at.upgraded(first)
    at.upgraded(second, moved())
    at.ended(running)

    wait_for(lambda: '"state": "Completed"' in watching.said()[0].splitlines()[-1], "its end")
    told = [json.loads(line) for line in watching.said()[0].splitlines()]
    assert [one["notes"] for one in told if one["notes"]] == []


def test_c12_where_nodes_may_not_be_listed_that_is_said(
    crew: Callable[[int], Crew], look: Callable[[], str]
) -> None:
    at = crew(1)
    first, second = at.born(2, "none")
    running = at.shop.start("app:v2")
    at.upgraded(first)
    at.upgraded(second, moved())
    at.ended(running)

    assert "(architectures could not be compared): its tag has moved, or their nodes" in look()


def test_where_all_show_one_digest_no_node_is_listed(shop: Shop) -> None:
    shop = as_somebody(shop)
    shop.born(2)
    assert shop.upgrade("app:v2").code == 0
    assert shop.cafe("status", NAME).code == 0

    assert shop.audit.requests(where=lambda request: SOMEBODY in request.acting)
    assert not shop.audit.requests(where=nodes_read)


def as_somebody(shop: Shop) -> Shop:
    """The shop by a user of this test alone: reads of nodes have no namespace to tell tests by."""
    flags = ("--as", SOMEBODY, "--as-group", "system:masters")
    return replace(shop, cafe=replace(shop.cafe, flags=flags))


def nodes_read(request: Request) -> bool:
    """Whether that user reads nodes by it."""
    return request.resource == "nodes" and SOMEBODY in request.acting


def moved() -> Container:
    """v2 by another digest."""
    return Container("app:v2", run=1, image_id=f"docker.io/library/app@{MOVED}")
