"""What has drifted, and what can be brought back in place (protocol 6; C55)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.model import Condition
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.drift import Due, astray, strays
from kubectl_cafe.repair.findings import What
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State
from tests.unit.builders import (
    assessments,
    container,
    drained,
    patched,
    pod,
    pod_record,
    upgraded,
    workload,
)
from tests.unit.strays import (
    DOWN,
    HOTFIX,
    NONE,
    ORPHAN,
    STOPPED,
    STRANGE,
    UNREADY,
    at_rest,
    findings,
    only,
    step,
    strange,
    taken,
    written,
)

# What has drifted


@pytest.mark.parametrize("state", [State.IDLE, State.COMPLETED, State.ROLLED_BACK, State.ABORTED])
def test_c55_another_clients_image_is_brought_back_to_the_templates_revision(state: State) -> None:
    finding = only(at_rest(strange(), state=state))
    assert finding.what is What.DRIFT
    assert finding.remedy == "restore revision 1 in place: the pod restarts out of traffic"


@pytest.mark.guard("drift-under-way-is-left-alone")
@pytest.mark.parametrize("state", [State.PROGRESSING, State.PAUSED, State.FAILED])
def test_c55_while_a_release_is_under_way_drift_is_listed_alone(state: State) -> None:
    finding = only(at_rest(strange(), state=state))
    assert (finding.what, finding.remedy) == (What.DRIFT, "")
    assert finding.hint.startswith(
        "kubectl cafe repair shop -n stores   (after the release has ended)"
    )


@pytest.mark.parametrize("state", [State.COMPLETED, State.ROLLED_BACK])
def test_another_revision_than_the_templates_is_drift_where_all_are_to_be_one(state: State) -> None:
    of = at_rest(upgraded("a"), pod("b"), state=state)
    finding = only(of)
    assert (finding.what, finding.object) == (What.DRIFT, "pod/a")
    assert finding.found == "runs revision 2 (app:v2), not that of its template"


@pytest.mark.guard("an-aborted-mix-is-no-drift")
@pytest.mark.parametrize("state", [State.ABORTED, State.IDLE])
def test_a_mix_that_an_abort_has_left_is_none(state: State) -> None:
    assert findings(at_rest(upgraded("a"), pod("b"), state=state)) == ()


def test_without_a_switch_the_drift_is_seen_behind_the_record_of_the_last_restart() -> None:
    record = pod_record(Phase.PATCHED, mode=Mode.NONE)
    shown = pod("a", HOTFIX, record=record, generation=3, observed=3, **NONE)
    finding = only(at_rest(shown, state=State.COMPLETED))
    assert (finding.what, "restarts in traffic" in finding.remedy) == (What.DRIFT, True)


def test_c55_an_image_that_was_patched_over_a_leftover_is_brought_back() -> None:
    shown = patched("a", container("C2", "app:hotfix"), generation=3, observed=3)
    finding = only(at_rest(shown))
    assert (finding.what, finding.remedy != "") == (What.DRIFT, True)
    assert finding.found == "out of traffic; runs app:hotfix, an image of no revision"


@pytest.mark.parametrize("phase", [Phase.DRAINED, Phase.PATCHED])
def test_a_repair_that_was_interrupted_is_gone_on_with(phase: Phase) -> None:
    shown = drained("a", containers={"main": HOTFIX}, **STRANGE, record=taken(phase))
    finding = only(at_rest(shown))
    assert (finding.what, finding.remedy != "") == (What.DRIFT, True)
    assert "its repair was interrupted" in finding.found


def test_a_repair_that_was_interrupted_in_its_restart_is_gone_on_with_before_that_is_over() -> None:
    shown = drained(
        "a", record=taken(Phase.PATCHED), generation=3, observed=3, containers_ready=UNREADY
    )
    assert only(at_rest(shown)).remedy != ""


# What can't be brought back in place


@pytest.mark.guard("a-pod-that-lacks-a-container-is-not-brought-back")
def test_a_pod_without_one_of_the_templates_containers_is_listed_alone() -> None:
    lone = pod("a", container("C9", "app:hotfix", name="other"), **STRANGE)
    finding = only(at_rest(lone))
    assert (finding.remedy, "it has no container main" in finding.found) == ("", True)
    assert finding.hint.startswith("kubectl delete pod a -n stores")


def test_a_pod_whose_template_is_no_known_revision_is_listed_alone() -> None:
    of = at_rest(strange(), workloads=(workload(1, revision="v0"),))
    assert only(of).remedy == ""


def test_a_pod_on_a_lost_node_is_listed_alone() -> None:
    assert only(at_rest(strange(ready=Condition("False", "NodeStatusUnknown")))).remedy == ""


@pytest.mark.guard("no-finalizer-no-way-back-without-a-switch")
def test_c31_a_pod_that_no_finalizer_can_be_asked_for_is_listed_alone() -> None:
    asked = {"trafficFinalizers": ["example.com/lb"]}
    assert only(at_rest(strange(**NONE), strategy=asked)).remedy == ""
    assert only(at_rest(strange(**NONE))).remedy != ""
    assert only(at_rest(strange(), strategy=asked)).remedy != ""


def test_a_pod_of_a_known_revision_is_not_astray_where_its_workload_is_not_known() -> None:
    alone = pod("a", owner="uid-gone")
    assert not astray(alone, at_rest(alone, state=State.COMPLETED))


def test_a_pod_that_is_on_its_way_out_is_no_stray() -> None:
    of = at_rest(strange(), strange("b", terminating=True))
    assert strays(of, assessments(of)) == ["a"]


# On its way


def test_c55_an_image_that_two_pods_have_from_one_stranger_is_none_that_admission_made() -> None:
    stray = drained("a", containers={"main": HOTFIX}, **STRANGE, record=taken(Phase.DRAINED))
    of = at_rest(stray, strange("b"), off_since={"uid-a": 10.0})
    assert written(of).body["spec"]["containers"] == [{"name": "main", "image": "app:v1"}]


def test_a_way_ends_where_the_template_is_no_known_revision_any_more() -> None:
    assert step(at_rest(strange(), workloads=(workload(1, revision="v0"),))) == Due(over=True)


def test_a_pod_out_of_traffic_that_is_what_its_template_makes_is_not_taken() -> None:
    assert step(at_rest(pod("a", **ORPHAN), pod("b"))).patch is None


def test_what_is_awaited_of_a_pod_that_is_home_and_not_available_yet_is_said() -> None:
    record = taken(Phase.FINISHED, gen=3, before={})
    back = pod("a", record=record, generation=3, observed=3, **DOWN)
    assert texts(step(at_rest(back, pod("b"))).waits) == ("pods to become available (all: 2)",)


def test_a_restart_that_fails_is_told_in_the_kubelets_words() -> None:
    waiting = container("C9", "app:v1", ready=False, running=False, waiting="ErrImagePull")
    shown = drained(
        "a",
        containers={"main": replace(waiting, message="no app:v1")},
        generation=3,
        observed=3,
        record=taken(Phase.PATCHED),
        containers_ready=UNREADY,
    )
    failure = step(at_rest(shown, sightings={"uid-a": look(None, shown, 20.0)})).failure
    assert failure is not None
    assert (failure.container, failure.message) == ("main", "no app:v1")


def test_a_way_that_failed_is_not_over_while_its_pod_restarts() -> None:
    shown = drained("a", generation=3, observed=2, record=taken(Phase.PATCHED))
    assert step(at_rest(shown, pod("b")), failure=STOPPED) == Due()
