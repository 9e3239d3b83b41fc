"""The writes of one pod: what they change, and what they leave alone (protocol 6, 11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.api.merge_patch import merge_patch
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.pods.model import Container, Pod
from kubectl_cafe.pods.record import Before, Phase, PodRecord, decode
from kubectl_cafe.reconcile.pod_patches import Writes
from kubectl_cafe.revisions.revision import Revision
from tests.unit.builders import (
    REVISIONS,
    before,
    container,
    drained,
    patched,
    pod,
    pod_record,
    release,
    renewed,
    revision,
    snapshot,
    template,
)

TWO = {
    "metadata": {"labels": {"app": "shop"}},
    "spec": {
        "containers": [{"name": "main", "image": "app:v2"}, {"name": "side", "image": "side:v1"}]
    },
}


def image_patch(shown: Pod, **revisions: Revision) -> dict[str, Any]:
    """The body of W2 for `shown`."""
    of = snapshot(shown, record=release(step=1), revisions={**REVISIONS, **revisions})
    return dict(Writes(of).patch_images(assess(shown, of)).body)


def recorded(body: dict[str, Any]) -> PodRecord:
    return decode(body["metadata"]["annotations"][names.IN_PLACE])


def labelled(name: str, **labels: str) -> Revision:
    return revision(name, template=template(f"app:{name}", **labels))


@pytest.mark.guard("only-what-differs-is-patched")
def test_c21_only_containers_whose_image_differs_are_patched_and_by_name() -> None:
    side = container("S1", "side:v1", "side")
    shown = drained("a", containers={"side": side, "main": container()})
    body = image_patch(shown, v2=revision("v2", template=TWO))
    assert body["spec"]["containers"] == [{"name": "main", "image": "app:v2"}]


def test_c18_two_images_go_in_one_write() -> None:
    shown = drained(
        "a", containers={"main": container(), "side": container("S", "side:v0", "side")}
    )
    body = image_patch(shown, v2=revision("v2", template=TWO))
    assert [c["name"] for c in body["spec"]["containers"]] == ["main", "side"]


def test_c16_an_injected_sidecar_is_not_touched() -> None:
    shown = drained("a", containers={"mesh": container("M", "mesh:1", "mesh"), "main": container()})
    assert [c["name"] for c in image_patch(shown)["spec"]["containers"]] == ["main"]


@pytest.mark.guard("image-patch-carries-its-record")
def test_an_image_patch_records_what_each_container_was_and_the_next_generation() -> None:
    record = recorded(image_patch(drained(generation=4)))
    assert (record.phase, record.gen, record.to) == (Phase.PATCHED, 5, "v2")
    assert record.before == {"main": Before("app:v1", "D1", "C1", 0)}


def test_the_record_carries_release_epoch_and_group() -> None:
    record = recorded(image_patch(drained()))
    assert (record.release, record.epoch, record.group) == ("r1", 1, 2)


def test_c8_a_container_whose_last_change_is_stuck_goes_on_being_what_it_was_before() -> None:
    stuck = container("C1", "app:v3", ready=False, running=False, waiting="ErrImagePull")
    shown = patched("a", stuck, observed=2, record=pod_record(to="v3"))
    assert recorded(image_patch(shown)).before["main"].image == "app:v1"


@pytest.mark.parametrize(
    ("shown", "was"),
    [
        (container("", "app:v3"), ("C1", "D1", 0)),
        (container("C5", "app:v3", image_id="D5", restart_count=4), ("C5", "D5", 4)),
    ],
    ids=["none yet", "another one"],
)
def test_c8_of_such_a_container_what_runs_now_is_recorded(
    shown: Container, was: tuple[str, str, int]
) -> None:
    found = patched("a", shown, observed=2, record=pod_record(to="v3"))
    main = recorded(image_patch(found)).before["main"]
    assert main.image == "app:v1"
    assert (main.container_id, main.image_id, main.restart_count) == was


def test_a_container_that_the_pod_does_not_have_is_no_longer_recorded() -> None:
    """The record may have been copied with another pod's."""
    old = {"main": before(), "side": before("S1", "side:v0", "S")}
    stuck = container("C1", "app:v3", ready=False, running=False, waiting="ErrImagePull")
    shown = patched("a", stuck, observed=2, record=pod_record(to="v3", before=old))
    assert set(recorded(image_patch(shown)).before) == {"main"}


def test_a_container_that_this_write_leaves_alone_stays_listed_until_it_is_settled() -> None:
    side = container("S1", "side:v1", "side")
    old = {"main": before(), "side": before("S1", "side:v0", "S")}
    shown = patched(
        "a", container("C1", "app:v3"), side, observed=2, record=pod_record(to="v3", before=old)
    )
    assert set(recorded(image_patch(shown, v2=revision("v2", template=TWO))).before) == set(old)


def test_a_container_whose_last_change_is_settled_is_recorded_as_it_is_now() -> None:
    of = snapshot(*renewed().pods.values(), record=release(to_revision="v1"))
    of = replace(of, sightings=renewed().sightings)
    body = dict(Writes(of).patch_images(of.assessments[0]).body)
    assert recorded(body).before == {"main": Before("app:v2", "D2", "C2", 0)}


def test_a_pod_that_names_a_revision_that_is_gone_is_taken_and_nothing_vouches_for_it() -> None:
    shown = pod(labels={names.REVISION: "gone"})
    of = snapshot(shown)
    assert recorded(dict(Writes(of).take(assess(shown, of)).body)).gen == 0


@pytest.mark.guard("foreign-labels-stay")
def test_i10_labels_that_no_template_of_ours_named_stay() -> None:
    body = image_patch(drained(labels={"mesh": "on", "app": "shop"}))
    assert body["metadata"]["labels"] == {names.REVISION: "v2"}


def test_a_label_that_the_new_revision_no_longer_has_goes() -> None:
    shown = drained(labels={"app": "shop", "tier": "web"})
    body = image_patch(shown, v1=labelled("v1", tier="web"))
    assert body["metadata"]["labels"]["tier"] is None


def test_a_label_that_the_pod_has_lost_already_is_not_removed_again() -> None:
    body = image_patch(drained(labels={"app": "shop"}), v1=labelled("v1", tier="web"))
    assert body["metadata"]["labels"] == {names.REVISION: "v2"}


def test_a_label_that_the_new_revision_brings_comes() -> None:
    body = image_patch(drained(labels={"app": "shop"}), v2=labelled("v2", tier="web"))
    assert body["metadata"]["labels"]["tier"] == "web"


@pytest.mark.guard("traffic-label-is-the-switchs-alone")
def test_an_image_patch_leaves_the_traffic_label_out() -> None:
    shown = drained(labels={"app": "shop", names.TRAFFIC: "off"})
    body = image_patch(shown, v2=labelled("v2", **{names.TRAFFIC: "on"}))
    assert names.TRAFFIC not in body["metadata"]["labels"]


def test_a_finished_record_forgets_what_the_containers_were() -> None:
    shown = patched()
    of = snapshot(shown)
    record = recorded(dict(Writes(of).finish(assess(shown, of)).body))
    assert (record.phase, record.before, record.gen) == (Phase.FINISHED, {}, 2)


def test_a_finished_record_keeps_the_group_that_took_the_pod() -> None:
    shown = patched(record=pod_record(group=1))
    of = snapshot(shown, record=release(step=1))
    assert recorded(dict(Writes(of).take(assess(shown, of)).body)).group == 2
    assert recorded(dict(Writes(of).finish(assess(shown, of)).body)).group == 1


def test_an_image_patch_keeps_when_the_pod_was_drained() -> None:
    shown = drained(record=pod_record(Phase.DRAINED, since="2001-01-01T00:00:00Z"))
    assert recorded(image_patch(shown)).passed == {"drained": "2001-01-01T00:00:00Z"}


def test_a_finished_record_keeps_when_each_phase_was_written() -> None:
    passed = {"drained": "2001-01-01T00:00:00Z"}
    shown = patched(record=pod_record(passed=passed, since="2001-01-01T00:00:09Z"))
    of = snapshot(shown)
    record = recorded(dict(Writes(of).finish(assess(shown, of)).body))
    assert record.passed == {**passed, "patched": "2001-01-01T00:00:09Z"}


def test_a_pod_that_is_taken_anew_forgets_when_it_was_taken_before() -> None:
    last = pod_record(Phase.FINISHED, to="v1", passed={"drained": "2001-01-01T00:00:00Z"})
    shown = pod(record=last)
    of = snapshot(shown)
    assert recorded(dict(Writes(of).take(assess(shown, of)).body)).passed == {}


def test_c60_a_record_goes_on_under_the_new_releases_id_and_epoch() -> None:
    shown = drained(record=pod_record(Phase.DRAINED, release="r0", epoch=1))
    of = snapshot(shown, record=release(epoch=5))
    record = recorded(dict(Writes(of).finish(assess(shown, of)).body))
    assert (record.release, record.epoch) == ("r1", 5)


def test_c78_relabelling_is_one_write_without_images_or_a_gate() -> None:
    shown = pod("a", container("C1", "app:v2"))
    of = snapshot(shown)
    written = Writes(of).take(assess(shown, of))
    assert (written.what, written.status) == ("relabel", False)
    assert "spec" not in written.body


MERGES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": 1}, {"a": 1}, {}),
    ({"a": 1}, {"a": 2}, {"a": 2}),
    ({"a": 1}, {}, {"a": None}),
    ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
    ({"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
    ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
]


@pytest.mark.parametrize(("old", "new", "expected"), MERGES)
def test_a_merge_patch_says_only_what_changes(
    old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert merge_patch(old, new) == expected
