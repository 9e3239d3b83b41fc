"""When a drained pod counts as seen off (protocol 5)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.decide import seen_off
from tests.unit.builders import drained, pod, pod_record, quoted, snapshot


def is_seen_off(shown: Pod, *, before: bool = False, **changes: Any) -> bool:
    of = snapshot(shown, **changes)
    return seen_off(assess(shown, of), of, before=before)


def test_a_drained_pod_that_its_kubelet_and_the_endpoints_show_off_is_seen_off() -> None:
    assert is_seen_off(drained("a"))


@pytest.mark.guard("no-endpoint-shows-it-ready")
def test_a_pod_that_an_endpoint_slice_still_shows_ready_is_not_seen_off() -> None:
    assert not is_seen_off(drained("a"), endpoints=frozenset({"uid-a"}))


def test_c30_a_service_that_publishes_unready_pods_holds_no_pod_in_gate_mode() -> None:
    assert is_seen_off(drained("a"), published=frozenset({"uid-a"}))


@pytest.mark.guard("a-label-leaves-every-service")
def test_c30_in_label_mode_such_a_service_is_waited_for_too() -> None:
    labelled = {"labels": {names.TRAFFIC: "off"}, "gated": False, "gate": ABSENT}
    record = pod_record(Phase.DRAINED, mode=Mode.LABEL)
    shown = drained("a", record=record, **labelled)
    assert is_seen_off(shown)
    assert not is_seen_off(shown, published=frozenset({"uid-a"}))


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
