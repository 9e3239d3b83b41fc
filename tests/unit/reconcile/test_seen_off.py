"""When a drained pod counts as seen off (protocol 5)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.out_of_traffic import seen_off
from kubectl_cafe.traffic import Service
from kubectl_cafe.traffic.endpoints import Slice
from tests.unit.builders import drained, patched, pod, pod_record, quoted, snapshot


def is_seen_off(shown: Pod, *, before: bool = False, **changes: Any) -> bool:
    of = snapshot(shown, **{"relisted": frozenset({shown.uid}), **changes})
    return seen_off(assess(shown, of), of, before=before)


def labelled_off(name: str) -> Pod:
    labelled = {"labels": {names.TRAFFIC: "off"}, "gated": False, "gate": ABSENT}
    return drained(name, record=pod_record(Phase.DRAINED, mode=Mode.LABEL), **labelled)


def test_a_drained_pod_that_its_kubelet_and_the_endpoints_show_off_is_seen_off() -> None:
    assert is_seen_off(drained("a"))


@pytest.mark.guard("the-endpoints-are-listed-once-more")
def test_c22_a_pod_for_which_the_endpoint_slices_were_not_listed_again_is_not_seen_off() -> None:
    assert not is_seen_off(drained("a"), relisted=frozenset())
    assert is_seen_off(drained("a"), relisted=frozenset(), before=True)


def test_c22_in_mode_none_no_endpoint_slices_are_listed_again() -> None:
    shown = patched("a", record=pod_record(mode=Mode.NONE), gated=False, gate=ABSENT)
    assert is_seen_off(shown, relisted=frozenset())


def slices_for(*pods: Pod, **changes: Any) -> frozenset[str]:
    return decide(snapshot(*pods, **changes)).slices


def test_c22_the_endpoint_slices_are_listed_once_the_watches_show_a_drained_pod_off() -> None:
    waiting = drained("b", ready=Condition("True"))
    assert slices_for(drained("a"), waiting, pod("c"), patched("d")) == {"uid-a"}
    assert slices_for(drained("a"), endpoints=frozenset({"uid-a"})) == frozenset()


def test_c22_the_endpoint_slices_are_listed_once_for_a_drain() -> None:
    assert slices_for(drained("a"), relisted=frozenset({"uid-a"})) == frozenset()
    assert slices_for(drained("a"), off_since={"uid-a": 0.0}) == frozenset()


def test_no_endpoint_slices_are_listed_for_pods_without_a_switch() -> None:
    record = pod_record(Phase.DRAINED, mode=Mode.NONE)
    assert slices_for(drained("a", record=record, gated=False, gate=ABSENT)) == frozenset()


@pytest.mark.guard("no-endpoint-shows-it-ready")
def test_a_pod_that_an_endpoint_slice_still_shows_ready_is_not_seen_off() -> None:
    assert not is_seen_off(drained("a"), endpoints=frozenset({"uid-a"}))


def test_c30_a_service_that_publishes_unready_pods_holds_no_pod_in_gate_mode() -> None:
    assert is_seen_off(drained("a"), published=frozenset({"uid-a"}))


@pytest.mark.guard("a-label-leaves-every-service")
def test_c30_in_label_mode_such_a_service_is_waited_for_too() -> None:
    shown = labelled_off("a")
    assert is_seen_off(shown)
    assert not is_seen_off(shown, published=frozenset({"uid-a"}))


SELECTING = Service("shop", {names.TRAFFIC: "on"})


@pytest.mark.parametrize("listing", ["ready", "unready"])
@pytest.mark.guard("a-labels-pod-is-off-where-it-is-listed-no-more")
def test_c22_a_labels_pod_is_off_once_no_service_lists_it_any_more(listing: str) -> None:
    shown = labelled_off("a")
    of = Slice("shop-1", "shop", frozenset(), frozenset())
    assert is_seen_off(shown, services=(SELECTING,), slices=(of,))
    of = structs.replace(of, **{listing: frozenset({"uid-a"})})
    assert not is_seen_off(shown, services=(SELECTING,), slices=(of,))


def test_c22_a_slice_of_a_service_without_a_selector_need_not_drop_a_labels_unready_pod() -> None:
    of = Slice("by-hand", "shop", frozenset(), frozenset({"uid-a"}))
    assert is_seen_off(labelled_off("a"), services=(Service("shop", {}),), slices=(of,))


def test_c23_a_pod_that_is_still_ready_is_not_seen_off() -> None:
    assert not is_seen_off(drained("a", ready=Condition("True")))


CRASHING = Condition("False", "ContainersNotReady", "containers with unready status: [main]")


@pytest.mark.guard("seen-off-is-not-forgotten")
def test_c77_a_pod_that_was_seen_off_stays_so_while_it_crashes_in_a_loop() -> None:
    assert is_seen_off(drained("a", ready=CRASHING), before=True)


def test_c77_a_pod_that_only_crashes_was_not_seen_off_by_that() -> None:
    assert not is_seen_off(drained("a", ready=CRASHING))


def test_c23_a_pod_that_was_seen_off_and_is_ready_again_is_not_off() -> None:
    assert not is_seen_off(drained("a", ready=Condition("True")), before=True)


def test_c85_a_pod_without_an_unfinished_record_is_not_seen_off() -> None:
    assert not is_seen_off(pod("a", gate=Condition("False"), ready=quoted()))
