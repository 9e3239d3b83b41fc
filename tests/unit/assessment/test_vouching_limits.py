"""What a pod's record tells, and what it does not, once the spec has moved on (protocol 6)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.assessment.image_revisions import unchanged
from kubectl_cafe.assessment.pod import PodState, assess, on_target
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from tests.unit.builders import (
    container,
    patched,
    pod,
    pod_record,
    release,
    snapshot,
    upgraded,
)

HOTFIX = container("C3", "app:hotfix")


def none_mode(image: str = "app:v2", generation: int = 2, **record: Any) -> Pod:
    """A pod of mode None after its only write."""
    return pod(
        "a",
        container("C2", image),
        gated=False,
        gate=ABSENT,
        generation=generation,
        observed=generation,
        record=pod_record(mode=Mode.NONE, **record),
        labels={names.REVISION: "v2"},
    )


def test_c55_an_image_over_that_of_an_unknown_revision_is_not_on_target() -> None:
    to_unknown = pod_record(to="forgotten")
    shown = patched("a", HOTFIX, generation=3, observed=3, record=to_unknown)
    assert not on_target(shown, snapshot(shown))
    ours = patched("a", record=to_unknown)
    assert on_target(ours, snapshot(ours))


def appeared(before: Pod, shown: Pod) -> Snapshot:
    """The view of a process that saw the pod's container appear."""
    return snapshot(shown, sightings={shown.uid: look(look(None, before, 0), shown, 5)})


def row(shown: Pod, **changes: Any) -> PodState:
    return assess(shown, snapshot(shown, record=release(**changes))).row


def test_c55_in_mode_none_another_clients_image_over_ours_does_not_finish_the_record() -> None:
    before = none_mode(generation=3)
    old = replace(before, containers={"main": container("C1", "app:v2")})
    stranger = none_mode("app:hotfix", generation=3)
    assert assess(before, appeared(old, before)).row is PodState.AT_GOAL
    assert assess(stranger, appeared(old, stranger)).row is PodState.PATCHED


def test_in_mode_none_a_pod_that_the_sweep_took_is_at_the_goal_and_not_available_yet() -> None:
    shown = none_mode(group=0)
    found = assess(shown, snapshot(shown, record=release(step=3)))
    assert (found.row, found.available) == (PodState.AT_GOAL, False)


def test_in_mode_none_a_record_of_a_revision_that_is_gone_is_not_finished() -> None:
    assert row(none_mode(to="v0", release="r0")) is PodState.PATCHED_ELSEWHERE


def test_a_patched_pod_whose_generation_moved_is_done_where_it_runs_what_it_went_to() -> None:
    """Nobody tells who wrote its images, but they are those of the revision."""
    moved = {"generation": 3, "observed": 3}
    shown = patched("a", container("C2", "app:v2"), **moved)
    assert assess(shown, appeared(patched("a", **moved), shown)).done


def test_a_record_of_no_generation_verifies_no_container() -> None:
    """So it is on a server that counts no generations."""
    finished = pod_record(Phase.FINISHED, gen=0)
    shown = upgraded("a", generation=0, observed=0, record=finished)
    evidence = assess(shown, snapshot(shown)).evidence
    assert (evidence.verified, evidence.changed) == (frozenset(), {"main": None})


def test_a_pod_whose_kubelet_does_not_say_what_it_saw_is_available() -> None:
    shown = upgraded("a", observed=0)
    assert assess(shown, snapshot(shown)).available


# Admission has made the pod's image another string, which is in no template


def mirrored(version: str, record: Phase | None = None, **changes: Any) -> Pod:
    """A pod of `version` whose record has `changes`, at generation 1 unless they say another."""
    generation = changes.pop("generation", 1)
    return pod(
        "a",
        container("C1", f"mirror/app:{version}"),
        labels={names.REVISION: version},
        generation=generation,
        observed=generation,
        record=pod_record(record, **changes) if record else None,
    )


def test_the_record_of_a_pod_as_born_comes_before_an_edited_label() -> None:
    shown = mirrored("v1", Phase.FINISHED, to="v1", gen=1)
    edited = replace(shown, labels={names.REVISION: "v2"})
    assert row(edited) is PodState.CANDIDATE


def test_a_record_vouches_for_nothing_where_generations_are_not_counted() -> None:
    assert row(mirrored("v2", Phase.FINISHED, gen=0, generation=0)) is PodState.DRIFT


@pytest.mark.parametrize("phase", [Phase.FINISHED, Phase.DRAINED])
def test_a_record_of_a_generation_that_the_pod_never_had_vouches_for_nothing(phase: Phase) -> None:
    """It was copied with the pod, from a backup: the pod's generations begin anew."""
    shown = mirrored("v2", phase, gen=5)
    assert not unchanged(shown)


def test_c55_a_patch_of_no_container_vouches_for_no_strangers_image() -> None:
    shown = patched("a", HOTFIX, generation=3, observed=3, record=pod_record(before={}))
    assert not unchanged(shown)
