"""Traffic finalizers: waited for before the image and after it, never written (protocol 5, C31)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.node_clocks import ready_since
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.errors import Refused
from kubectl_cafe.planning.traffic_finalizers import new_pod, refuse_undrainable, warnings
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.group_progress import deadline
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from statemachine.record import Record
from tests.unit.builders import (
    START,
    assessments,
    cafe_object,
    container,
    drained,
    patched,
    pod,
    pod_record,
    release,
    snapshot,
    template,
    upgraded,
)

LB = "example.com/lb"
HELD: Mapping[str, float] = {LB: START - 900}
OFF: Mapping[str, Any] = {"off_since": {"uid-a": 59.0}}


def declared(state: State = State.PROGRESSING, **changes: Any) -> Record:
    """A release that waits for one finalizer."""
    return release(state, traffic_finalizers=(LB,), **changes)


def seen(*pods: Pod, record: Record | None = None, **changes: Any) -> Snapshot:
    return snapshot(*pods, record=record or declared(), **changes)


def writes(of: Snapshot) -> list[str]:
    return [f"{patch.what} {patch.pod}" for patch in decide(of).patches]


def available(shown: Pod, **changes: Any) -> bool:
    of = seen(shown, record=declared(**changes.pop("strategy", {})), **changes)
    (found,) = assessments(of)
    return found.available


def cafe(*finalizers: str) -> CafeDeployment:
    return CafeDeployment(cafe_object(strategy={"trafficFinalizers": list(finalizers)}))


# Before the image


@pytest.mark.guard("finalizers-let-go-first")
def test_c31_a_drained_pod_gets_no_image_while_a_declared_finalizer_is_left() -> None:
    assert writes(seen(drained("a", finalizers=HELD), **OFF)) == []


def test_c31_a_drained_pod_gets_its_image_once_the_declared_finalizer_is_gone() -> None:
    assert writes(seen(drained("a"), **OFF)) == ["image a"]


def test_c31_a_finalizer_that_nobody_declared_is_not_waited_for() -> None:
    assert writes(seen(drained("a", finalizers={"example.com/storage": 0.0}), **OFF)) == ["image a"]


def test_c31_a_change_of_mind_waits_for_the_finalizer_as_well() -> None:
    record = declared(State.ROLLING_BACK, to_revision="v1")
    first, shown = patched("a", observed=2), patched("a", container("C2", "app:v2"), observed=2)
    sighting = {"sightings": {"uid-a": look(look(None, first, 0), shown, 5)}}
    pods = shown, replace(shown, finalizers=HELD)
    assert [writes(seen(p, record=record, **sighting, **OFF)) for p in pods] == [["image a"], []]


def test_c31_a_pod_whose_finalizer_does_not_let_go_is_named_by_the_failure() -> None:
    move = decide(seen(drained("a", finalizers=HELD), time=START + 700, **OFF)).move
    assert move is not None
    assert move.trigger is Trigger.FAIL
    assert f"removal of finalizer {LB} from: a" in str(move.failure)


def test_c31_after_that_failure_it_is_reopened_without_a_restart() -> None:
    record = declared(State.FAILED, origin=State.PROGRESSING)
    assert writes(seen(drained("a", finalizers=HELD), record=record, **OFF)) == ["on a"]


def test_a_pod_that_is_still_leaving_traffic_is_said_apart_from_one_that_is_held() -> None:
    said = texts(decide(seen(drained("a", finalizers=HELD), drained("b"))).waits)
    assert said == (f"removal of finalizer {LB} from: a", "leaving traffic: b")


# After it


@pytest.mark.guard("finalizers-are-back")
def test_c31_an_upgraded_pod_is_available_once_the_declared_finalizer_is_back() -> None:
    shown = upgraded("a")
    assert [available(replace(shown, finalizers=f)) for f in ({}, HELD)] == [False, True]


def test_c31_a_new_pod_that_never_had_it_is_not_available() -> None:
    born = pod("a", container("C9", "app:v2"), labels={names.REVISION: "v2"})
    assert not available(born)


def test_c31_a_finalizer_that_is_not_back_is_awaited_by_name() -> None:
    of = seen(upgraded("a"), upgraded("b", finalizers=HELD))
    assert texts(decide(of).waits) == (f"return of finalizer {LB} to: a",)


def test_c31_a_group_is_not_over_before_the_finalizer_is_back() -> None:
    shown = upgraded("a"), upgraded("b", finalizers=HELD)
    last = declared(step=1)
    moves = [
        decide(seen(*pods, record=last)).move
        for pods in (shown, [replace(p, finalizers=HELD) for p in shown])
    ]
    assert [move and move.trigger for move in moves] == [None, Trigger.STEP_DONE]


def test_c31_one_that_never_comes_back_fails_the_group_and_is_named() -> None:
    move = decide(seen(upgraded("a"), upgraded("b"), time=START + 700)).move
    assert move is not None
    assert f"return of finalizer {LB} to: a, b" in str(move.failure)


@pytest.mark.guard("min-ready-counts-from-the-finalizer")
def test_c63_min_ready_seconds_begin_when_the_finalizer_is_back() -> None:
    shown = upgraded("a", finalizers={LB: START + 40})
    strategy = {"min_ready_seconds": 30}
    assert [available(shown, strategy=strategy, time=START + t) for t in (69, 70)] == [False, True]


def test_a_finalizer_that_is_not_asked_for_moves_no_min_ready_seconds() -> None:
    shown = pod("a", finalizers={LB: START + 40})
    assert ready_since(shown, snapshot(shown), ()) == ready_since(pod("a"), snapshot(pod("a")))


def test_the_deadline_leaves_time_for_min_ready_seconds_after_the_finalizer() -> None:
    of = seen(upgraded("a", finalizers={LB: START + 500}), record=declared(min_ready_seconds=1000))
    assert deadline(of, assessments(of)) == START + 500 + 1000 + 600


# Mode None


def test_a_pod_of_mode_none_is_judged_without_finalizers() -> None:
    record = pod_record(Phase.FINISHED, gen=2, mode=Mode.NONE)
    shown = upgraded("a", gated=False, gate=ABSENT, record=record)
    assert available(shown)


@pytest.mark.guard("undrainable-pods-are-refused")
def test_finalizers_on_pods_without_a_switch_are_refused() -> None:
    with pytest.raises(Refused, match="pods such as a have no traffic switch") as caught:
        refuse_undrainable(cafe(LB), [pod("a", gated=False, gate=ABSENT)], ())
    assert "Nothing was written" in caught.value.message
    assert caught.value.where.endswith("spec.strategy.trafficFinalizers")


def test_of_several_pods_without_a_switch_the_first_is_named() -> None:
    bare = [pod(name, gated=False, gate=ABSENT) for name in "ab"]
    with pytest.raises(Refused, match="pods such as a have"):
        refuse_undrainable(cafe(LB), [pod("c"), *bare], ())


def test_pods_without_a_switch_are_not_refused_where_no_finalizer_is_declared() -> None:
    refuse_undrainable(cafe(), [pod("a", gated=False, gate=ABSENT)], ())


def test_a_template_tells_the_mode_of_pods_that_are_not_born_yet() -> None:
    bare = new_pod(cafe(LB), template())
    labelled = new_pod(cafe(LB), template(**{names.TRAFFIC: "on"}))
    refuse_undrainable(cafe(LB), [labelled], ())
    with pytest.raises(Refused):
        refuse_undrainable(cafe(LB), [bare], ())


def test_pods_that_lack_a_declared_finalizer_are_warned_about() -> None:
    (said,) = warnings(cafe(LB), [pod("a"), pod("b", finalizers=HELD)])
    assert said.startswith(f"traffic finalizer {LB} is missing on 1 of 2 pods (a)")


def test_of_a_pod_that_is_on_its_way_out_or_over_no_finalizer_is_missed() -> None:
    leaving, over = pod("a", terminating=True), pod("b", phase="Failed")
    assert warnings(cafe(LB), [leaving, over, pod("c", finalizers=HELD)]) == ()


def test_an_unready_pod_is_not_said_to_wait_for_its_finalizer() -> None:
    of = seen(upgraded("a", ready=Condition("False")), upgraded("b", finalizers=HELD))
    assert not any("finalizer" in said for said in texts(decide(of).waits))
