"""One image string that means another content on some pods: a tag moved mid-release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.assessment.image_digests import differing, findings
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.reconcile.decide import decide
from tests.unit.builders import assessments, container, patched, pod, snapshot, upgraded

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64
PAIR = (OLD, NEW)
AMD = {"n1": "amd64", "n2": "amd64", "n3": "amd64"}


def at_v2(name: str, digest: str, node: str, prefix: str = "docker.io/library/app@") -> Pod:
    """A pod that was upgraded to app:v2 and shows `digest` for it."""
    shown = container("C2", "app:v2", image_id=f"{prefix}{digest}")
    return structs.replace(upgraded(name, shown), node=node)


def found(*pods: Pod, architectures: dict[str, str] = AMD) -> tuple[str, ...]:
    return findings(differing(assessments(snapshot(*pods))), architectures)


@pytest.mark.guard("a-moved-tag-is-said")
def test_c13_two_digests_for_one_tag_on_one_architecture_are_said_with_their_pods() -> None:
    said = found(at_v2("a", OLD, "n1"), at_v2("b", NEW, "n2"), at_v2("c", OLD, "n3"))
    assert said == (
        "container main: app:v2 is sha256:000000000000 on 2 pods, sha256:111111111111 on 1 pod "
        "(all amd64): its tag has moved",
    )


@pytest.mark.guard("architectures-are-not-compared")
def test_c12_two_digests_on_two_architectures_are_no_finding() -> None:
    pods = at_v2("a", OLD, "n1"), at_v2("b", NEW, "n2")
    assert found(*pods, architectures={"n1": "amd64", "n2": "arm64"}) == ()


def test_c12_c13_a_tag_that_moved_on_one_of_two_architectures_is_said_of_that_one() -> None:
    pods = at_v2("a", OLD, "n1"), at_v2("b", NEW, "n2"), at_v2("c", OLD, "n3")
    (said,) = found(*pods, architectures={"n1": "amd64", "n2": "arm64", "n3": "arm64"})
    assert "on 1 pod (all arm64)" in said


@pytest.mark.guard("an-unknown-architecture-is-said")
@pytest.mark.parametrize("known", [{}, {"n1": "amd64"}], ids=["none", "one"])
def test_c12_where_an_architecture_is_not_known_that_is_said(known: dict[str, str]) -> None:
    (said,) = found(at_v2("a", OLD, "n1"), at_v2("b", NEW, "n2"), architectures=known)
    assert said.endswith(
        "(architectures could not be compared): its tag has moved, or their nodes have "
        "different architectures"
    )


def test_one_digest_everywhere_is_no_finding() -> None:
    assert found(at_v2("a", NEW, "n1"), at_v2("b", NEW, "n2")) == ()


def test_two_strings_with_a_digest_each_are_no_finding() -> None:
    shown = container(image_id=f"docker.io/library/app@{OLD}")
    assert found(structs.replace(pod("a", shown), node="n1"), at_v2("b", NEW, "n2")) == ()


@pytest.mark.guard("only-settled-digests-tell")
def test_c13_a_pod_whose_restart_is_outstanding_shows_the_digest_of_its_old_image() -> None:
    waits = patched("a", container("C1", "app:v2", image_id=f"docker.io/library/app@{OLD}"))
    assert found(structs.replace(waits, node="n1"), at_v2("b", NEW, "n2")) == ()


def test_how_a_runtime_spells_the_repository_makes_no_other_digest() -> None:
    other = at_v2("b", NEW, "n2", prefix="docker-pullable://mirror.example/app@")
    assert found(at_v2("a", NEW, "n1"), other) == ()


@pytest.mark.guard("a-loaded-image-has-no-digest")
def test_an_image_that_was_loaded_by_hand_has_no_digest_to_compare() -> None:
    assert found(at_v2("a", NEW, "n1"), at_v2("b", OLD, "n2", prefix="")) == ()


@pytest.mark.parametrize("leaving", [{"terminating": True}, {"phase": "Failed"}])
def test_a_pod_that_is_on_its_way_out_tells_of_no_digest(leaving: dict[str, Any]) -> None:
    gone = structs.replace(at_v2("a", OLD, "n1"), **leaving)
    assert found(gone, at_v2("b", NEW, "n2")) == ()


def test_a_pod_without_a_container_of_the_goal_tells_of_no_digest_of_it() -> None:
    lone = pod("a", container("C1", "side:v1", name="side"))
    assert found(lone, at_v2("b", OLD, "n2")) == ()


def test_of_digests_on_as_many_pods_each_the_order_is_always_the_same() -> None:
    ways = [found(at_v2("a", one, "n1"), at_v2("b", two, "n2")) for one, two in (PAIR, PAIR[::-1])]
    assert ways[0] == ways[1] != ()


# What it costs


def moved(**changes: object) -> Snapshot:
    return replace(snapshot(at_v2("a", OLD, "n1"), at_v2("b", NEW, "n2")), **changes)  # type: ignore[arg-type]


@pytest.mark.guard("nodes-are-read-where-digests-differ")
def test_the_nodes_are_asked_for_only_where_digests_differ() -> None:
    same = snapshot(at_v2("a", NEW, "n1"), at_v2("b", NEW, "n2"))
    assert [decide(one).nodes for one in (moved(), same)] == [True, False]


def test_the_nodes_are_asked_for_once() -> None:
    assert not decide(moved(architectures={})).nodes


def test_nothing_is_said_before_the_nodes_are_read() -> None:
    assert decide(moved()).warnings == ()
    assert len(decide(moved(architectures=AMD)).warnings) == 1
