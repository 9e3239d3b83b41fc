"""Pods as servers really answer them, and the record that they carry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_cafe import names
from kubectl_cafe.pods.model import ABSENT, NODE_REASONS, Condition, parse
from kubectl_cafe.pods.patches import patch
from kubectl_cafe.pods.record import Before, Mode, Phase, PodRecord, PodRecordError, decode, encode
from tests.unit.builders import pod, pod_record, quoted

TEXTS = st.text(max_size=30)
RECORDS = st.builds(
    PodRecord,
    release=TEXTS,
    epoch=st.integers(0, 99),
    phase=st.sampled_from(Phase),
    mode=st.sampled_from(Mode),
    to=TEXTS,
    since=st.just("2026-11-23T12:00:00Z"),
    group=st.integers(0, 9),
    gen=st.integers(0, 99),
    before=st.dictionaries(TEXTS, st.builds(Before, TEXTS, TEXTS, TEXTS, st.integers(0, 9))),
    passed=st.dictionaries(
        st.sampled_from(["drained", "patched", "again"]), st.just("2026-11-23T11:00:00Z")
    ),
)


def bare(**parts: Any) -> dict[str, Any]:
    """The least that a server answers."""
    meta = {"name": "a", "uid": "u", "resourceVersion": "1"}
    return {"metadata": {**meta, **parts.pop("metadata", {})}, **parts}


def one(name: str = "main", **status: Any) -> dict[str, Any]:
    """A pod with one container and this status of it."""
    return bare(
        spec={"containers": [{"name": name, "image": "app:v1"}]},
        status={"containerStatuses": [{"name": name, **status}]},
    )


def test_c14_a_pod_without_any_status_is_read() -> None:
    found = parse(bare(spec={"containers": [{"name": "main", "image": "app:v1"}]}))
    assert found.containers["main"].container_id == ""
    assert (found.ready, found.gate, found.observed) == (ABSENT, ABSENT, 0)


def test_c14_a_container_without_any_status_has_not_been_restarted() -> None:
    found = parse(bare(spec={"containers": [{"name": "main", "image": "app:v1"}]}))
    assert found.containers["main"].restart_count == 0


def test_a_pod_of_a_server_that_counts_no_generations_has_generation_0() -> None:
    assert parse(bare()).generation == 0


def test_null_lists_and_maps_are_read_as_empty() -> None:
    found = parse(
        bare(
            metadata={"labels": None, "annotations": None, "ownerReferences": None},
            spec={"containers": None, "readinessGates": None},
            status={"conditions": None, "containerStatuses": None},
        )
    )
    assert (found.labels, found.containers, found.gated) == ({}, {}, False)


def test_a_status_of_a_container_that_the_spec_does_not_have_is_left_out() -> None:
    obj = one()
    obj["status"]["containerStatuses"].append({"name": "ghost", "containerID": "G"})
    assert list(parse(obj).containers) == ["main"]


def test_a_running_container_is_read_with_its_ids_and_start() -> None:
    found = parse(
        one(
            containerID="C1",
            imageID="D1",
            restartCount=2,
            ready=True,
            state={"running": {"startedAt": "1970-01-01T00:00:05Z"}},
        )
    ).containers["main"]
    assert (found.container_id, found.image_id, found.restart_count) == ("C1", "D1", 2)
    assert (found.running, found.ready, found.started_at) == (True, True, 5.0)


def test_a_waiting_container_is_read_with_reason_and_message() -> None:
    state = {"waiting": {"reason": "ErrImagePull", "message": "no such tag"}}
    found = parse(one(state=state)).containers["main"]
    assert (found.waiting, found.message, found.running) == ("ErrImagePull", "no such tag", False)


def test_an_exited_container_is_read_with_reason_and_message() -> None:
    state = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "out of memory"}}
    found = parse(one(state=state)).containers["main"]
    assert (found.terminated, found.message, found.running) == ("OOMKilled", "out of memory", False)


def test_an_exited_container_without_a_reason_has_one_all_the_same() -> None:
    found = parse(one(state={"terminated": {"exitCode": 0}})).containers["main"]
    assert found.terminated == "Exited"


def test_a_startup_probe_without_a_period_has_the_servers_default() -> None:
    obj = one()
    obj["spec"]["containers"][0]["startupProbe"] = {"exec": {"command": ["true"]}}
    assert parse(obj).containers["main"].startup_period == 10


def test_the_controller_among_the_owners_is_the_owner() -> None:
    owners = [{"uid": "x"}, {"uid": "set", "controller": True}]
    assert parse(bare(metadata={"ownerReferences": owners})).owner == "set"


def test_our_gate_among_others_puts_the_pod_in_gate_mode() -> None:
    gates = [{"conditionType": "other"}, {"conditionType": names.IN_SERVICE}]
    assert parse(bare(spec={"readinessGates": gates})).gated


def test_c56_a_damaged_record_is_a_problem_and_not_a_crash() -> None:
    found = parse(bare(metadata={"annotations": {names.IN_PLACE: "{"}}))
    assert found.record is None
    assert "not JSON" in found.record_problem


def test_c56_a_wiped_record_is_no_record() -> None:
    found = parse(bare(metadata={"annotations": {names.IN_PLACE: ""}}))
    assert (found.record, found.record_problem) == (None, "")


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_c50_a_leftover_is_over(phase: str) -> None:
    assert parse(bare(status={"phase": phase})).over


@pytest.mark.guard("a-lost-node-differs-from-a-closed-gate")
def test_c80_ready_false_with_ready_containers_and_no_gate_named_is_a_lost_node() -> None:
    assert pod(ready=Condition("False")).lost


def test_c80_a_pod_that_is_held_by_a_gate_is_not_lost() -> None:
    assert not pod(ready=quoted()).lost


def test_c80_a_gate_that_only_the_reason_names_holds_the_pod_and_no_node_is_asked() -> None:
    """The words of the message are the node agent's own; a kubelet's name the gate."""
    held = Condition("False", "ReadinessGatesNotReady", "not in service")
    assert not pod(ready=held).suspect
    assert not pod(ready=held, node_ready=False).lost


def test_c80_a_pod_whose_containers_are_not_ready_is_not_lost() -> None:
    down = Condition("False", "ContainersNotReady")
    assert not pod(ready=down, containers_ready=down).lost


@pytest.mark.parametrize("reason", NODE_REASONS)
@pytest.mark.parametrize("node_ready", [False, None])
def test_c80_a_pod_whose_containers_are_not_ready_is_not_lost_for_any_reason(
    reason: str, node_ready: bool | None
) -> None:
    down = Condition("False", reason)
    assert not pod(ready=down, containers_ready=down, node_ready=node_ready).lost


@given(RECORDS)
def test_a_pods_record_comes_back_as_it_went(record: PodRecord) -> None:
    assert decode(encode(record)) == record


def test_a_pods_record_of_a_newer_version_is_named_as_such() -> None:
    with pytest.raises(PodRecordError, match="version 4, written by a newer kubectl-cafe"):
        decode('{"v":4}')


def test_an_unknown_field_of_a_pods_record_is_refused_with_its_path() -> None:
    odd = json.loads(encode(pod_record()))
    odd["before"]["main"]["digest"] = "D"
    with pytest.raises(PodRecordError, match=r"^\.before\.main\.digest: unknown field$"):
        decode(json.dumps(odd))


def test_an_unknown_phase_of_a_pods_record_is_refused_and_names_the_known_ones() -> None:
    odd = json.loads(encode(pod_record())) | {"phase": "thinking"}
    with pytest.raises(PodRecordError, match="is none of drained, patched, finished"):
        decode(json.dumps(odd))


def test_the_record_of_a_pod_with_two_changed_containers_is_small() -> None:
    long = "x" * 71
    both = {name: Before(long, long, long, 3) for name in ("main", "side")}
    assert len(encode(pod_record(before=both))) < 1100


@pytest.mark.guard("every-write-names-what-was-judged")
def test_i4_every_write_carries_the_uid_and_the_resource_version_that_were_judged() -> None:
    body = patch(pod(), "off", gate=("False", "why")).body
    assert body["metadata"]["uid"] == "uid-a"
    assert body["metadata"]["resourceVersion"] == "7"


def test_c26_a_gate_is_written_as_our_condition_alone() -> None:
    written = patch(pod(), "off", gate=("False", "why"), at="noon")
    assert written.status
    assert [c["type"] for c in written.body["status"]["conditions"]] == [names.IN_SERVICE]


def test_a_gate_that_keeps_its_value_keeps_its_transition_time() -> None:
    body = patch(pod(), "on", gate=("True", "why"), at="noon").body
    assert "lastTransitionTime" not in body["status"]["conditions"][0]


def test_c21_images_are_written_by_container_name() -> None:
    written = patch(pod(), "image", images={"main": "app:v2"})
    assert written.body["spec"] == {"containers": [{"name": "main", "image": "app:v2"}]}
    assert not written.status


def test_the_record_goes_in_the_same_write() -> None:
    body = patch(pod(), "off", record=pod_record(), gate=("False", "why")).body
    assert decode(body["metadata"]["annotations"][names.IN_PLACE]) == pod_record()


def with_finalizers(*shown: str, managed: list[dict[str, Any]] | None = None) -> dict[str, float]:
    """Since when the server's answer says that each finalizer is there."""
    meta = {"name": "a", "uid": "u", "resourceVersion": "1", "finalizers": list(shown)}
    return dict(parse({"metadata": {**meta, "managedFields": managed or []}}).finalizers)


def owner(at: str, *owned: str) -> dict[str, Any]:
    """An entry of managedFields."""
    keys = {f'v:"{name}"': {} for name in owned}
    return {"time": at, "fieldsV1": {"f:metadata": {"f:finalizers": {".": {}, **keys}}}}


def test_a_finalizer_is_there_since_its_owner_last_wrote() -> None:
    managed = [owner("1970-01-01T00:00:30Z", "x/lb"), owner("1970-01-01T00:00:50Z", "x/other")]
    assert with_finalizers("x/lb", "x/other", managed=managed) == {"x/lb": 30.0, "x/other": 50.0}


def test_of_two_owners_of_a_finalizer_the_earlier_one_tells() -> None:
    managed = [owner("1970-01-01T00:00:50Z", "x/lb"), owner("1970-01-01T00:00:30Z", "x/lb")]
    assert with_finalizers("x/lb", managed=managed) == {"x/lb": 30.0}


def test_a_finalizer_that_no_owner_tells_of_is_there_since_ever() -> None:
    assert with_finalizers("x/lb", managed=[{"time": "1970-01-01T00:00:30Z"}]) == {"x/lb": 0.0}


@pytest.mark.parametrize("managed", [{}, {"managedFields": None}], ids=["none", "null"])
def test_a_finalizer_of_a_pod_whose_managed_fields_are_gone_is_there_since_ever(
    managed: dict[str, Any],
) -> None:
    found = parse(bare(metadata={"finalizers": ["x/lb"], **managed}))
    assert found.finalizers == {"x/lb": 0.0}
