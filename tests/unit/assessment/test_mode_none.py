"""A pod without a traffic switch: nothing holds it back, and no third write ends its record."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import PodState
from kubectl_cafe.pods.model import ABSENT
from kubectl_cafe.pods.record import Mode
from statemachine.lifecycle import State
from tests.unit.assessment.test_pod import assessment, none_mode, row
from tests.unit.builders import container, pod, release, snapshot


@pytest.mark.parametrize("labels", [{}, {names.TRAFFIC: "on"}], ids=["mode None", "Label mode"])
def test_a_pod_without_a_gate_is_available_although_no_gate_says_so(labels: dict[str, str]) -> None:
    assert assessment(pod(gated=False, gate=ABSENT, labels=labels)).available


def test_a_pod_is_available_to_whoever_looks_after_the_last_step_of_its_release() -> None:
    shown = none_mode()
    over = release(State.COMPLETED, step=len(release().steps))
    assert assessment(shown, snapshot(shown, record=over)).available


def test_c55_another_clients_image_finishes_no_record_although_the_group_is_over() -> None:
    hotfix = {"main": container("C3", "app:hotfix")}
    shown = replace(none_mode(), containers=hotfix, generation=3, observed=3)
    assert row(shown, step=1) is PodState.PATCHED


def test_a_pod_with_a_gate_is_not_verified_although_its_group_is_over() -> None:
    shown = none_mode()
    assert shown.record is not None
    gated = replace(shown, record=replace(shown.record, mode=Mode.GATE))
    over = release(State.COMPLETED, step=len(release().steps))
    assert [assessment(pod, snapshot(pod, record=over)).settled for pod in (shown, gated)] == [
        True,
        False,
    ]
