"""A rollback where the record is gone (protocol 9: from Idle; C72)."""

from __future__ import annotations

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning import rollback_plan
from kubectl_cafe.planning.around import Around
from kubectl_cafe.planning.rollback_target import rollback_target
from kubectl_cafe.planning.without_record import presumed
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions import past_releases
from kubectl_cafe.revisions.revision import name_of
from statemachine.lifecycle import State
from tests.unit.builders import cafe_object, drained, pod, revision, template, upgraded

CAFE = CafeDeployment(cafe_object(template=template("app:v2")))
KNOWN = (
    revision("v1", 1, "Completed"),
    revision(name_of(CAFE.name, template("app:v2")), 2, "Completed"),
)


def around(*pods: Pod) -> Around:
    ended = past_releases.ordered((), KNOWN)
    return Around(revisions=KNOWN, workloads=(), pods=pods, releases=ended)


def test_it_is_as_if_the_spec_as_it_stands_had_been_released() -> None:
    record = presumed(CAFE, around(pod("a"), upgraded("b")))
    assert (record.state, record.to_revision) == (State.IDLE, KNOWN[1].name)
    assert rollback_target(record, KNOWN, past_releases.ordered((), KNOWN)) == KNOWN[0]


def test_it_goes_back_from_the_spec_as_it_stands() -> None:
    found = rollback_plan.way(CAFE, around(pod("a"), upgraded("b")), fast=False)
    assert (found.source, found.target) == (KNOWN[1], KNOWN[0])
    assert found.plan.cells == {"": 2}


@pytest.mark.guard("nothing-starts-without-a-record")
def test_c72_nothing_starts_while_pods_are_in_the_middle_of_a_release() -> None:
    with pytest.raises(Refused, match="1 pod of an unfinished release without a record"):
        presumed(CAFE, around(drained("a"), pod("b")))


def test_of_many_pods_in_the_middle_three_are_named() -> None:
    with pytest.raises(Refused, match=r"4 pods .*: a, b, c and 1 more\. Nothing was written"):
        presumed(CAFE, around(*(drained(name) for name in "abcd")))


def test_before_the_first_release_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(Refused, match="there is no release yet"):
        presumed(CAFE, Around(revisions=(), workloads=(), pods=()))
