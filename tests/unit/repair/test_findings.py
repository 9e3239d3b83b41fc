"""What repair finds and which write is due (protocol 4, 5, 10; C47, C55, C56)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase, decode
from kubectl_cafe.pods.restarted import acknowledgement
from kubectl_cafe.repair.findings import Finding, What, find
from kubectl_cafe.repair.pod_repairs import write
from kubectl_cafe.repair.rebuilt_record import with_record
from kubectl_cafe.traffic import Service
from statemachine.lifecycle import State
from tests.unit.builders import (
    cafe_object,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    release,
    snapshot,
    upgraded,
)

ORPHAN: dict[str, Any] = {"gate": Condition("False"), "ready": quoted()}
HOTFIX = container("C9", "app:hotfix")
STRANGE: dict[str, Any] = {"generation": 2, "observed": 2}
"""Somebody has changed the pod's spec since its birth."""
UNREADY = Condition("False", "ContainersNotReady")


def looked(*pods: Pod, state: State = State.ABORTED, **changes: Any) -> Snapshot:
    return snapshot(*pods, record=release(state), **changes)


def findings(of: Snapshot) -> tuple[Finding, ...]:
    return find(with_record(CafeDeployment(of.owner), of.record), of)


def only(of: Snapshot) -> Finding:
    (finding,) = findings(of)
    return finding


def written(of: Snapshot) -> str:
    """What is due for the one finding; empty while it has to wait."""
    patch = write(only(of), of)
    return patch.what if patch else ""


def test_pods_that_are_as_they_should_be_are_no_finding() -> None:
    assert findings(looked(pod("a"), upgraded("b"))) == ()


# Orphans


def test_an_orphan_is_let_into_traffic() -> None:
    of = looked(pod("a", **ORPHAN))
    assert (only(of).what, written(of)) == (What.ORPHAN, "open")


def test_an_orphan_of_label_mode_gets_its_label_back() -> None:
    of = looked(
        pod("a", gated=False, gate=ABSENT, labels={names.TRAFFIC: "off"}),
        services=(Service("shop", {"app": "shop", names.TRAFFIC: "on"}),),
    )
    patch = write(only(of), of)
    assert patch is not None
    assert patch.body["metadata"]["labels"] == {names.TRAFFIC: "on"}


def test_an_orphan_whose_containers_are_not_ready_is_listed_alone() -> None:
    finding = only(looked(pod("a", **{**ORPHAN, "containers_ready": UNREADY})))
    assert (finding.remedy, "not ready" in finding.found) == ("", True)


def test_an_orphan_on_a_lost_node_is_listed_alone() -> None:
    lost = Condition("False", "NodeStatusUnknown")
    assert only(looked(pod("a", gate=Condition("False"), ready=lost))).remedy == ""


def test_c56_an_orphan_that_may_be_restarting_has_its_gate_rewritten_for_the_kubelet_to_quote() -> (
    None
):
    of = looked(pod("a", **ORPHAN, generation=2, observed=2))
    assert written(of) == "acknowledge"


@pytest.mark.guard("an-orphan-is-verified-before-it-is-opened")
def test_c56_an_orphan_that_may_be_restarting_is_not_opened_before_it_is_settled() -> None:
    label = {names.TRAFFIC: "off"}
    wiped = pod("a", gated=False, gate=ABSENT, labels=label, generation=2, observed=2)
    assert written(looked(wiped)) == ""
    assert written(looked(replace(wiped, generation=1, observed=1))) == "on"


def test_c56_an_orphan_that_the_kubelet_has_acknowledged_is_opened() -> None:
    said = Condition("Unknown", message=acknowledgement(2))
    shown = pod("a", gate=said, ready=quoted("Unknown"), generation=2, observed=2)
    assert written(looked(shown)) == "open"


def test_an_orphan_that_was_verified_and_not_patched_since_is_opened_at_once() -> None:
    assert written(looked(upgraded("a", **ORPHAN))) == "open"


def test_an_orphan_that_runs_another_clients_image_is_not_opened_but_brought_back() -> None:
    finding = only(looked(pod("a", HOTFIX, **STRANGE, **ORPHAN)))
    assert (finding.what, finding.found.startswith("out of traffic")) == (What.DRIFT, True)


def test_an_orphan_is_found_in_the_middle_of_a_release_too() -> None:
    assert only(looked(pod("a", **ORPHAN), state=State.PAUSED)).what is What.ORPHAN


# Newborns


def test_c47_a_new_pod_that_nobody_opened_is_opened() -> None:
    of = looked(pod("a", gate=ABSENT, ready=UNREADY), state=State.COMPLETED)
    assert (only(of).what, written(of)) == (What.NEW_POD, "open")


def test_a_new_pod_whose_containers_are_not_ready_is_listed_alone() -> None:
    of = looked(pod("a", gate=ABSENT, ready=UNREADY, containers_ready=UNREADY))
    assert (only(of).what, only(of).remedy) == (What.NEW_POD, "")


def test_a_new_pod_of_a_release_under_way_is_its_drivers() -> None:
    of = looked(pod("a", gate=ABSENT, ready=UNREADY), state=State.PROGRESSING)
    assert findings(of) == ()


# Leftovers


def test_a_drained_pod_of_a_release_that_ended_is_let_back() -> None:
    of = looked(drained("a"))
    patch = write(only(of), of)
    assert patch is not None
    assert (only(of).what, patch.what) == (What.LEFTOVER, "on")
    assert decode(patch.body["metadata"]["annotations"][names.IN_PLACE]).phase is Phase.FINISHED


def test_a_patched_pod_is_let_back_only_once_its_restart_is_verified() -> None:
    shown = patched("a", container("C2", "app:v2"), observed=2)
    assert written(looked(shown)) == "acknowledge"
    said = Condition("Unknown", message=acknowledgement(2))
    assert written(looked(replace(shown, gate=said, ready=quoted("Unknown")))) == "on"


@pytest.mark.guard("a-leftover-with-another-clients-image-is-settled-before-it-is-opened")
def test_c55_a_drained_pod_that_another_client_patched_is_let_back_once_its_restart_is_over() -> (
    None
):
    label = {names.TRAFFIC: "off"}
    record = pod_record(Phase.DRAINED, gen=1, mode=Mode.LABEL)
    shown = pod("a", gated=False, gate=ABSENT, labels=label, record=record)
    assert written(looked(shown)) == "on"
    assert written(looked(replace(shown, **STRANGE))) == ""


def test_c55_a_drained_pod_whose_strangers_image_does_not_start_is_listed_alone() -> None:
    record = pod_record(Phase.DRAINED, gen=1)
    shown = drained("a", record=record, **STRANGE, containers_ready=UNREADY)
    assert only(looked(shown)).remedy == ""


@pytest.mark.guard("a-leftover-is-done-before-it-is-opened")
def test_a_patched_pod_that_shows_its_old_container_is_waited_for() -> None:
    assert written(looked(patched("a"))) == ""


def test_a_patched_pod_that_crashes_is_listed_alone() -> None:
    crashing = container("C2", "app:v2", ready=False, running=False, waiting="CrashLoopBackOff")
    finding = only(looked(patched("a", crashing, observed=2, containers_ready=UNREADY)))
    assert (finding.remedy, "CrashLoopBackOff" in finding.found) == ("", True)
    assert "kubectl cafe rollback shop -n stores" in finding.hint


def test_a_pod_in_flight_of_a_release_under_way_is_its_drivers() -> None:
    assert findings(looked(drained("a"), patched("b"), state=State.PAUSED)) == ()


# Records that can't be read


def test_a_damaged_record_is_written_anew_as_finished() -> None:
    shown = pod("a", record_problem="not JSON", annotations={names.IN_PLACE: "garbage"})
    of = looked(shown)
    patch = write(only(of), of)
    assert (only(of).what, patch is not None) == (What.UNREADABLE, True)
    assert patch is not None
    record = decode(patch.body["metadata"]["annotations"][names.IN_PLACE])
    assert (record.phase, record.to, record.gen) == (Phase.FINISHED, "v1", 1)


def test_a_damaged_record_of_a_pod_out_of_traffic_is_written_with_its_opening() -> None:
    notes = {names.IN_PLACE: "garbage"}
    assert written(looked(pod("a", **ORPHAN, record_problem="x", annotations=notes))) == "on"


def test_a_damaged_record_of_a_pod_whose_containers_are_not_ready_is_listed_alone() -> None:
    finding = only(looked(pod("a", containers_ready=UNREADY, record_problem="not JSON")))
    assert (finding.what, finding.remedy) == (What.UNREADABLE, "")
    assert "not ready" in finding.found


def test_a_damaged_record_of_a_pod_of_no_known_revision_is_listed_alone() -> None:
    shown = pod("a", HOTFIX, **STRANGE, record_problem="not JSON")
    assert only(looked(shown)).remedy == ""


@pytest.mark.guard("a-newer-record-is-left-alone")
def test_a_record_that_a_newer_version_wrote_is_left_alone() -> None:
    notes = {names.IN_PLACE: '{"v":99}'}
    finding = only(looked(pod("a", record_problem="version 2", annotations=notes)))
    assert (finding.remedy, finding.hint) == ("", "kubectl cafe version")


# The release's own record


def test_a_foreign_record_is_found() -> None:
    of = looked(pod("a"))
    foreign = with_record(CafeDeployment(cafe_object()), release(uid="uid-other"))
    assert [f.what for f in find(foreign, of)] == [What.FOREIGN_RECORD]


def test_a_pod_that_terminates_is_no_finding() -> None:
    record = pod_record(Phase.DRAINED)
    assert findings(looked(pod("a", **ORPHAN, record=record, terminating=True))) == ()


def test_a_drained_pod_that_nobody_touched_is_let_back_although_it_is_not_ready() -> None:
    """No restart of ours is outstanding: its own readiness decides whether it is served."""
    record = pod_record(Phase.DRAINED, gen=1)
    finding = only(looked(drained("a", record=record, containers_ready=UNREADY)))
    assert (finding.what, finding.remedy != "", finding.hint) == (What.LEFTOVER, True, "")


# Workloads


@pytest.mark.parametrize(
    ("state", "source", "mend", "hint"),
    [
        (State.ABORTED, "v1", "create it again with 2 pods of revision 1", ""),
        (State.ABORTED, "", "", "kubectl cafe upgrade shop -n stores"),
        (State.PAUSED, "v1", "", "kubectl cafe drive shop -n stores"),
    ],
    ids=["at rest", "its template is not known", "under way"],
)
def test_a_workload_that_is_gone_is_found(state: State, source: str, mend: str, hint: str) -> None:
    finding = only(snapshot(record=release(state, from_revision=source), workloads=()))
    assert (finding.what, finding.object, finding.uid) == (What.WORKLOAD, "replicaset/shop", "")
    assert (finding.remedy, finding.hint) == (mend, hint)
    assert "2 pods" in finding.found


def test_a_finding_is_the_same_one_in_the_next_snapshot_whatever_it_says_by_then() -> None:
    one = Finding(What.DRIFT, "pod/a", "uid-a", "runs app:hotfix")
    assert dataclasses.replace(one, found="runs app:other").key == one.key
    assert dataclasses.replace(one, uid="uid-b").key != one.key
