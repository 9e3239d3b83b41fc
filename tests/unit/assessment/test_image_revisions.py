"""Whose images a pod runs where admission rewrote their strings (protocol 6)."""

from __future__ import annotations

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.image_revisions import lacking, shown_revision
from kubectl_cafe.assessment.pod import PodState, assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.pods.record import Phase, PodRecord, decode
from kubectl_cafe.pods.restarted import acknowledgement
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.pod_patches import Writes
from statemachine.lifecycle import State
from tests.unit.builders import (
    REVISIONS,
    before,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    release,
    revision,
    snapshot,
    template,
    upgraded,
)


def mirrored(name: str = "a", version: str = "v1", **changes: object) -> Pod:
    """A pod as its ReplicaSet made it under a registry mirror: its image is in no template."""
    labels = {names.REVISION: version}
    shown = {"main": container("C1", f"mirror/app:{version}")}
    return pod(name, **{"containers": shown, "labels": labels, **changes})


def row(shown: Pod, **changes: object) -> PodState:
    return assess(shown, snapshot(shown, **changes)).row


def recorded(of: Snapshot) -> PodRecord:
    """The record in the only write that is decided."""
    (patch,) = decide(of).patches
    return decode(patch.body["metadata"]["annotations"][names.IN_PLACE])


@pytest.mark.guard("a-birth-vouches")
@pytest.mark.parametrize(
    ("version", "expected"), [("v1", PodState.CANDIDATE), ("v2", PodState.AT_GOAL)]
)
def test_a_pod_that_admission_rewrote_at_its_birth_runs_the_revision_that_made_it(
    version: str, expected: PodState
) -> None:
    assert row(mirrored(version=version)) is expected


@pytest.mark.guard("a-birth-vouches-for-an-untouched-spec-alone")
def test_c55_an_image_that_another_client_wrote_is_drift_whatever_the_label_says() -> None:
    assert row(mirrored(generation=2, observed=2)) is PodState.DRIFT


def test_a_server_that_counts_no_generations_leaves_the_strings_alone_to_decide() -> None:
    assert row(mirrored(generation=0, observed=0)) is PodState.DRIFT


def test_a_label_that_names_no_known_revision_vouches_for_nothing() -> None:
    assert row(mirrored(labels={names.REVISION: "v9"})) is PodState.DRIFT


@pytest.mark.guard("strings-come-before-the-label")
def test_an_edited_label_does_not_make_a_pod_of_a_known_image_another_revisions() -> None:
    assert row(pod("a", labels={names.REVISION: "v2"})) is PodState.CANDIDATE


@pytest.mark.guard("a-record-vouches-until-the-spec-moves")
@pytest.mark.parametrize(("generation", "expected"), [(2, PodState.AT_GOAL), (3, PodState.DRIFT)])
def test_c55_a_finished_record_vouches_until_somebody_changes_the_spec(
    generation: int, expected: PodState
) -> None:
    shown = container("C2", "mirror/app:v2")
    assert row(upgraded("a", shown, generation=generation, observed=generation)) is expected


def test_c78_the_same_images_under_another_label_are_no_reason_to_restart() -> None:
    known = {**REVISIONS, "v2": revision("v2", 2, template=template("app:v1", tier="web"))}
    assert row(mirrored(), revisions=known) is PodState.UNLABELLED


@pytest.mark.parametrize(("label", "expected"), [("v1", "v1"), ("v2", "v2"), ("v9", "v2")])
def test_of_revisions_with_the_same_images_a_pod_is_at_the_one_of_its_label_else_the_newest(
    label: str, expected: str
) -> None:
    known = {**REVISIONS, "v2": revision("v2", 2, template=template("app:v1", tier="web"))}
    found = shown_revision(pod("a", labels={names.REVISION: label}), known)
    assert found is not None
    assert found.name == expected


@pytest.mark.guard("only-what-differs-from-its-own-revision-is-patched")
def test_c20_a_rewritten_image_that_stays_the_same_is_not_patched() -> None:
    def both(main: str) -> dict[str, object]:
        images = (("main", main), ("side", "side:v1"))
        return {"spec": {"containers": [{"name": n, "image": i} for n, i in images]}}

    known = {v: revision(v, n, template=both(f"app:{v}")) for n, v in enumerate(("v1", "v2"), 1)}
    two = {
        "main": container("C1", "mirror/app:v1"),
        "side": container("S1", "mirror/side:v1", "side"),
    }
    of = snapshot(mirrored(containers=two), revisions=known)
    (shown,) = of.pods.values()
    body = Writes(of).patch_images(assess(shown, of)).body
    assert body["spec"]["containers"] == [{"name": "main", "image": "app:v2"}]


def test_a_drained_pod_goes_on_running_its_own_revision() -> None:
    record = pod_record(Phase.DRAINED, gen=2)
    shown = drained(
        "a",
        containers={"main": container("C1", "mirror/app:v1")},
        generation=2,
        observed=2,
        record=record,
    )
    assert lacking(shown, REVISIONS["v1"].images, REVISIONS) == {}


@pytest.mark.guard("a-drain-goes-on-vouching")
@pytest.mark.parametrize("generation", [1, 5], ids=["as born", "patched before"])
def test_a_drain_records_the_generation_for_which_the_label_is_right(generation: int) -> None:
    vouched = pod_record(Phase.FINISHED, to="v1", gen=generation)
    shown = mirrored(generation=generation, observed=generation, record=vouched)
    assert recorded(snapshot(shown)).gen == generation


@pytest.mark.guard("reopening-vouches-for-nothing-new")
def test_c55_a_pod_that_another_client_patched_while_it_was_drained_is_not_vouched_for() -> None:
    record = pod_record(Phase.DRAINED, gen=1)
    through = {
        "gate": Condition("Unknown", message=acknowledgement(2)),
        "ready": quoted("Unknown"),
        "containers": {"main": container("C2", "app:hotfix")},
    }
    shown = drained("a", generation=2, observed=2, record=record, **through)
    assert recorded(snapshot(shown, record=release(State.ABORTING))).gen == 0


def test_c59_a_rollback_reopens_a_drained_pod_without_a_restart() -> None:
    record = pod_record(Phase.DRAINED, gen=2)
    main = container("C1", "mirror/app:v1")
    shown = drained("a", containers={"main": main}, generation=2, observed=2, record=record)
    back = release(State.ROLLING_BACK, to_revision="v1", from_revision="v2")
    (patch,) = decide(snapshot(shown, record=back)).patches
    assert (patch.what, patch.status) == ("on", True)


@pytest.mark.guard("a-patch-without-effect-is-done")
def test_an_image_patch_that_admission_made_to_nothing_is_done_at_once() -> None:
    pinned = {"main": before("C1", "mirror/app@sha256:1")}
    shown = patched(
        "a",
        container("C1", "mirror/app@sha256:1"),
        generation=1,
        observed=1,
        ready=quoted(),
        labels={names.REVISION: "v2"},
        record=pod_record(gen=2, before=pinned),
    )
    record = recorded(snapshot(shown))
    assert (record.phase, record.to, record.gen) == (Phase.FINISHED, "v2", 1)
