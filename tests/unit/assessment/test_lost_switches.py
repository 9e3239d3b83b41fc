"""A pod whose traffic switch was lost under a release is not restarted in mode None (C28)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import lost_switches
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.group_waits import waits
from kubectl_cafe.traffic import Service
from kubectl_cafe.traffic.endpoints import Slice
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from statemachine.record_json import encode
from tests.unit.builders import (
    REVISIONS,
    assessments,
    cafe_object,
    drained,
    pod,
    pod_record,
    release,
    revision,
    snapshot,
    template,
    upgraded,
    writes,
)

APP = {"app": "shop"}
ON = {**APP, names.TRAFFIC: "on"}
BY_LABEL, CANARY = Service("web", ON), Service("canary", APP)
IN_TEMPLATE = {**REVISIONS, "v1": revision("v1", template=template(**{names.TRAFFIC: "on"}))}


def labelled(name: str = "a", **changes: Any) -> Pod:
    return pod(
        name, gated=False, gate=ABSENT, labels={**ON, **changes.pop("labels", {})}, **changes
    )


def bare(name: str = "a", **changes: Any) -> Pod:
    """A pod without the label."""
    return pod(name, gated=False, gate=ABSENT, labels=APP, **changes)


def seen(
    *pods: Pod, services: tuple[Service, ...] = (BY_LABEL, CANARY), **changes: Any
) -> Snapshot:
    endpoints = frozenset(p.uid for p in pods)
    return snapshot(*pods, services=services, endpoints=endpoints, **changes)


def failed(of: Snapshot) -> str:
    move = decide(of).move
    return str(move.failure) if move is not None and move.trigger is Trigger.FAIL else ""


@pytest.mark.guard("a-lost-switch-stops-the-release")
def test_c28_a_service_that_bypasses_the_label_stops_the_release_and_is_named() -> None:
    of = seen(labelled())
    assert failed(of).startswith(f"a: {lost_switches.CHANGED}: the pod has lost its traffic switch")
    assert "Service canary does not select by" in failed(of)
    assert writes(of) == []


def test_c28_a_service_that_no_longer_selects_by_the_label_is_named() -> None:
    assert "Service web does not select by" in failed(
        seen(labelled(), services=(Service("web", APP),))
    )


def test_c28_a_pod_whose_label_is_taken_away_is_not_restarted_in_traffic() -> None:
    record = pod_record(Phase.FINISHED, mode=Mode.LABEL, to="v1", release="r0", gen=1)
    of = seen(bare(record=record), services=(BY_LABEL,))
    assert f"its label {names.TRAFFIC} is missing" in failed(of)


def test_c28_a_pod_that_was_born_with_the_label_and_has_lost_it_is_not_restarted() -> None:
    of = seen(bare(), services=(BY_LABEL,), revisions=IN_TEMPLATE)
    assert f"its label {names.TRAFFIC} is missing" in failed(of)


def test_a_pod_without_the_gate_that_its_template_declares_is_not_restarted_in_traffic() -> None:
    made = template()
    made["spec"]["readinessGates"] = [{"conditionType": names.IN_SERVICE}]
    of = seen(bare(), services=(), revisions={**REVISIONS, "v1": revision("v1", template=made)})
    assert f"its readiness gate {names.IN_SERVICE} is missing" in failed(of)


def test_a_pod_that_never_had_a_switch_is_restarted_in_mode_none() -> None:
    assert writes(seen(bare(), services=(CANARY,))) == ["image a"]


def test_a_pod_of_mode_none_whose_revision_brought_the_label_later_never_had_it() -> None:
    """A patch in place leaves the traffic label alone, so its last restart was without."""
    record = pod_record(Phase.FINISHED, mode=Mode.NONE, to="v1", release="r0", gen=1)
    assert failed(seen(bare(record=record), services=(BY_LABEL,), revisions=IN_TEMPLATE)) == ""


@pytest.mark.guard("what-was-planned-in-mode-none-goes-on")
def test_c28_what_took_the_switch_before_the_release_started_does_not_stop_it() -> None:
    of = seen(labelled(), unswitched=frozenset({"service/canary"}))
    assert (failed(of), writes(of)) == ("", ["image a"])


def test_c28_another_service_than_the_one_that_was_planned_for_stops_it() -> None:
    assert failed(seen(labelled(), unswitched=frozenset({"service/old"})))


def test_a_pod_at_the_goal_is_not_restarted_so_its_switch_may_be_lost() -> None:
    there = upgraded("a", gated=False, gate=ABSENT, labels=ON)
    assert failed(seen(there)) == ""


def test_a_pod_that_is_out_of_service_anyway_is_restarted() -> None:
    unready = Condition("False", "ContainersNotReady")
    broken = labelled(ready=unready, containers_ready=unready)
    assert (failed(seen(broken)), writes(seen(broken))) == ("", ["image a"])


def test_c59_what_was_only_drained_is_reopened_once_it_has_failed() -> None:
    record = pod_record(Phase.DRAINED, mode=Mode.LABEL, gen=1)
    out = labelled("b", record=record, labels={names.TRAFFIC: "off"})
    both = seen(labelled(), out)
    assert writes(both) == []
    after = replace(both, record=release(State.FAILED, origin=State.PROGRESSING))
    assert writes(after) == ["on b"]


def test_the_causes_are_kept_for_the_release_that_was_started_over_them() -> None:
    text = lost_switches.note("r1", ("label", "service/canary"))

    def kept(of: str) -> frozenset[str]:
        obj = cafe_object()
        notes = {names.RELEASE: encode(release(id=of)), names.UNSWITCHED: text}
        obj["metadata"]["annotations"] = notes
        return CafeDeployment(obj).unswitched

    assert (kept("r1"), kept("r2")) == ({"label", "service/canary"}, frozenset())


def test_what_will_stop_a_release_is_noted_before_it_goes_on() -> None:
    of = seen(labelled(), record=release(State.AWAITING_CONFIRM))
    (said,) = lost_switches.noted(of, assessments(of))
    assert said.startswith("no pod is restarted: a: ")
    assert "Service canary" in said


# What keeps a drained pod in traffic


def leaving(service: str, *, after: float = 60.0, **changes: Any) -> tuple[str, ...]:
    record = pod_record(Phase.DRAINED, mode=Mode.LABEL, gen=1)
    off = labelled(record=record, labels={names.TRAFFIC: "off"})
    shown = Slice("left-x1", service, frozenset({off.uid}))
    of = snapshot(off, slices=(shown,), endpoints=shown.ready, now=after, **changes)
    return texts(waits(of, assessments(of)))


@pytest.mark.guard("the-endpointslice-that-holds-a-pod-is-named")
def test_the_endpointslice_that_keeps_a_drained_pod_in_traffic_is_named_with_its_service() -> None:
    assert leaving("canary") == (
        "leaving traffic, still shown ready by EndpointSlice left-x1 of Service canary: a",
    )


def test_an_endpointslice_of_no_service_is_named_as_well() -> None:
    assert leaving("") == ("leaving traffic, still shown ready by EndpointSlice left-x1: a",)


def test_the_moment_that_a_controller_takes_names_nothing() -> None:
    assert leaving("canary", after=1.0) == ("leaving traffic: a",)


def unlisted(after: float) -> tuple[str, ...]:
    off = drained("a", labels={"app": "shop"}, ip="10.0.0.1")
    of = snapshot(off, services=(Service("shop", {"app": "shop"}),), now=after)
    return texts(waits(of, assessments(of)))


def test_c22_a_service_that_has_yet_to_list_a_drained_pod_is_named_after_a_while() -> None:
    assert unlisted(1.0) == ("leaving traffic: a",)
    assert unlisted(60.0) == (
        "leaving traffic, not listed by the EndpointSlices of Service shop: a",
    )
