"""What people and machines are shown of a release, and the next command."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.lease_view import LeaseView
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Phase, PodRecord
from kubectl_cafe.status.build import status_of
from kubectl_cafe.status.model import Status
from kubectl_cafe.status.next_commands import next_commands
from kubectl_cafe.times import rfc3339
from kubectl_cafe.waits import texts
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record
from statemachine.record_json import encode
from statemachine.steps import Kind
from tests.unit.builders import (
    START,
    cafe_object,
    container,
    drained,
    pod,
    pod_record,
    quoted,
    release,
    snapshot,
    upgraded,
)

PLACE = "shop -n stores"


def cafe(record: Record | None = None, **spec: Any) -> CafeDeployment:
    """The CafeDeployment, with `record` if there is one."""
    obj = cafe_object(**spec)
    if record is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode(record)}
    return CafeDeployment(obj)


def of_spec(state: State, **changes: Any) -> Record:
    """A record in `state` that was planned from the spec as it stands."""
    return release(state, **{"spec_hash": cafe().spec_hash, **changes})


def reported(*pods: Pod, record: Record | None = None) -> Status:
    of = record or of_spec(State.PROGRESSING)
    return status_of(cafe(of), snapshot(*pods, record=of), (), None)


NEXT = [
    (State.PROGRESSING, False, f"kubectl cafe drive {PLACE}"),
    (State.PROGRESSING, True, None),
    (State.ROLLING_BACK, False, f"kubectl cafe drive {PLACE}"),
    (State.AWAITING_CONFIRM, False, f"kubectl cafe confirm {PLACE} --group 1"),
    (State.AWAITING_CONFIRM, True, f"kubectl cafe confirm {PLACE} --group 1 --detach"),
    (State.PAUSED, False, f"kubectl cafe resume {PLACE}"),
    (State.COMPLETED, False, None),
]


@pytest.mark.parametrize(("state", "driven", "command"), NEXT)
def test_the_next_command_is(state: State, driven: bool, command: str | None) -> None:
    assert next_commands(cafe(of_spec(state)), driven) == ((command,) if command else ())


def test_before_the_first_release_the_next_command_is_to_upgrade() -> None:
    assert next_commands(cafe(), False) == (f"kubectl cafe upgrade {PLACE}",)


@pytest.mark.parametrize(
    ("spec", "command"),
    [
        ({"replicas": 1_000_001}, "kubectl scale cafed shop -n stores --replicas 2"),
        ({"replicas": 1}, "kubectl cafe upgrade shop -n stores"),
        ({"replicas": 3}, "kubectl cafe upgrade shop -n stores"),
    ],
)
def test_another_number_of_pods_is_released_and_one_that_is_refused_is_put_back_first(
    spec: dict[str, Any], command: str
) -> None:
    (found,) = next_commands(cafe(of_spec(State.COMPLETED), **spec), False)
    assert found.startswith(command)


@pytest.mark.parametrize(
    ("by_field", "field", "awaited"),
    [
        (False, False, ["a resume"]),
        (True, True, ["spec.strategy.pause to be false"]),
        (False, True, ["spec.strategy.pause to be false", "a resume"]),
    ],
)
def test_c79_a_paused_release_waits_for_what_ends_its_pause(
    by_field: bool, field: bool, awaited: list[str]
) -> None:
    of = of_spec(State.PAUSED, origin=State.PROGRESSING, paused_by_field=by_field)
    found = status_of(cafe(of, strategy={"pause": field}), snapshot(record=of), (), None)
    assert [str(wait) for wait in found.waits] == awaited


def test_who_started_it_and_who_turned_it_back_have_a_reason_each() -> None:
    start = Entry(rfc3339(START), Trigger.START, State.PROGRESSING, "alice")
    turn = Entry(rfc3339(START + 9), Trigger.ROLLBACK, State.ROLLING_BACK, "bob", "INC-99")
    pause = Entry(rfc3339(START + 12), Trigger.PAUSE, State.PAUSED, "carol", "lunch")
    journal = (start, turn, pause)
    back = of_spec(State.PAUSED, origin=State.ROLLING_BACK, kind=Kind.ROLLBACK, journal=journal)

    found = reported(pod("a"), record=back)

    assert (found.who, found.why) == ("alice", "")
    assert found.turned == f"bob at {turn.at}: INC-99"
    assert found.last == f"pause by carol at {pause.at}: lunch"


def test_a_release_that_began_as_a_rollback_was_not_turned_back() -> None:
    first = Entry(rfc3339(START), Trigger.ROLLBACK, State.ROLLING_BACK, "bob", "INC-99")
    back = of_spec(State.ROLLING_BACK, kind=Kind.ROLLBACK, journal=(first,))
    assert reported(pod("a"), record=back).turned == ""


def test_a_status_says_that_the_spec_is_ahead() -> None:
    edited = release(State.COMPLETED, spec_hash="older")
    assert reported(pod("a"), record=edited).spec_ahead
    assert not reported(pod("a"), record=of_spec(State.COMPLETED)).spec_ahead


def test_after_an_edit_of_the_spec_the_next_command_is_to_upgrade() -> None:
    edited = cafe(release(State.COMPLETED, spec_hash="older"))
    assert next_commands(edited, False) == (f"kubectl cafe upgrade {PLACE}",)


SCALE: dict[str, Any] = {
    "kind": Kind.SCALE,
    "plan": replace(release().plan, before={"": 1}),
}


def test_a_failed_scale_names_no_image() -> None:
    failed = of_spec(State.FAILED, origin=State.PROGRESSING, **SCALE)
    found = [" ".join(command.split()[2:4]) for command in next_commands(cafe(failed), False)]
    assert found == ["rollback shop", "retry shop", "abort shop"]


def test_an_aborted_scale_names_no_rollback_to_an_earlier_version() -> None:
    aborted = of_spec(State.ABORTED, from_revision="v2", **SCALE)
    assert next_commands(cafe(aborted), False) == (f"kubectl cafe upgrade {PLACE}",)


def test_a_failed_release_names_every_legal_verb() -> None:
    found = next_commands(cafe(of_spec(State.FAILED, origin=State.PROGRESSING)), False)
    verbs = [command.split()[2] for command in found]
    assert sorted(verbs) == ["abort", "retry", "rollback", "upgrade"]


def test_a_release_says_where_it_stands() -> None:
    found = reported(upgraded("a"), pod("b"))
    assert (found.state, found.group, found.groups, found.step) == ("Progressing", 1, 2, "upgrade")
    assert found.target == "revision 2 (main=app:v2)"


def test_a_cell_counts_pods_at_the_goal_available_and_in_flight() -> None:
    (cell,) = reported(upgraded("a"), drained("b")).cells
    assert (cell.pods, cell.updated, cell.available, cell.in_flight) == (2, 1, 1, 1)


def test_a_release_without_a_driver_says_so() -> None:
    assert reported(pod("a")).driver == "nobody"


def test_a_wait_for_a_person_names_the_group() -> None:
    found = reported(record=of_spec(State.AWAITING_CONFIRM, step=1))
    assert texts(found.waits) == ("a confirmation of group 2",)


def test_i12_after_an_end_pods_that_are_left_out_of_traffic_are_listed() -> None:
    found = reported(drained("a"), record=of_spec(State.ABORTED))
    assert "1 pod left out of traffic: a" in found.notes


def test_an_abort_says_how_mixed_the_set_is() -> None:
    found = reported(upgraded("a"), pod("b"), record=of_spec(State.ABORTED))
    assert found.notes == ("pods: 1 at revision 1, 1 at revision 2",)


@pytest.mark.parametrize(
    ("shown", "trouble"),
    [
        (pod("a", container("C1", "app:hotfix"), generation=2), "drift"),
        (pod("a", gate=Condition("False"), ready=quoted()), "orphan"),
        (pod("a", record_problem="newer"), "unreadable record"),
    ],
    ids=["C55 drift", "orphan", "unreadable"],
)
def test_a_pod_that_is_left_alone_is_named_as(shown: Pod, trouble: str) -> None:
    assert reported(shown).pods[0].trouble == trouble


def test_c51_a_scale_that_waits_is_said() -> None:
    record = of_spec(State.PROGRESSING)
    found = status_of(cafe(record, replicas=5), snapshot(record=record), (), None)
    assert any("spec.replicas or spec.topology changed" in note for note in found.notes)


def born_now(name: str) -> Pod:
    """A replacement at the new version, made since the release began."""
    made = upgraded(name, record=None)
    return replace(made, created=START + 1)


@pytest.mark.guard("born-ahead-is-reported")
def test_c47_a_replacement_that_is_born_at_the_new_version_is_told() -> None:
    found = reported(born_now("a"), pod("b"))
    assert found.notes == ("created at the new version before their group: a",)


def test_c47_after_the_commit_replacements_are_born_at_the_new_version() -> None:
    found = reported(born_now("a"), upgraded("b"), record=of_spec(State.PROGRESSING, step=3))
    assert found.notes == ()


# What only repair mends


ORPHAN: dict[str, Any] = {"gate": Condition("False"), "ready": quoted()}
REPAIR = f"kubectl cafe repair {PLACE}"


@pytest.mark.parametrize("left", [pod("a", **ORPHAN), pod("a", gate=ABSENT), drained("a")])
def test_a_pod_that_nobody_brings_back_into_traffic_leads_to_repair(left: Pod) -> None:
    found = reported(left, pod("b"), record=of_spec(State.COMPLETED))
    assert (found.notes, found.next) == (("1 pod left out of traffic: a",), (REPAIR,))


def test_what_a_driver_will_bring_back_does_not_lead_to_repair() -> None:
    assert REPAIR not in reported(pod("a", gate=ABSENT), drained("b")).next


def test_c55_a_pod_that_drifted_leads_to_repair_once_no_release_is_under_way() -> None:
    strange = pod("a", container("C1", "app:hotfix"), generation=2)
    found = reported(strange, pod("b"), record=of_spec(State.COMPLETED))
    said = "1 pod drifted from the workload's template: a"
    assert (found.notes, found.next) == ((said,), (REPAIR,))
    assert REPAIR not in reported(strange, record=of_spec(State.PROGRESSING)).next


def test_c72_pods_in_the_middle_of_a_release_without_a_record_lead_to_repair() -> None:
    found = status_of(cafe(), None, (), None, lost=("a", "b"))
    assert "2 pods of an unfinished release without a record" in found.notes
    assert found.next == (REPAIR,)


def test_a_foreign_record_leads_to_repair() -> None:
    found = status_of(cafe(release(uid="of-another")), None, (), None)
    assert found.next == (REPAIR,)


# Who drives, and how old it is

HELD = LeaseView("desk_1_abc", True, 1, 20.0, rfc3339(START + 57))


def test_a_driver_is_named_and_when_it_was_last_heard_of() -> None:
    record = of_spec(State.PROGRESSING)
    found = status_of(cafe(record), snapshot(pod("a"), record=record), (), HELD)
    assert (found.driver, found.renewed) == ("desk_1_abc", 3.0)


def test_a_driver_whose_lease_looks_old_is_named_with_its_age() -> None:
    record = of_spec(State.PROGRESSING)
    old = replace(HELD, live=False, age=72.0)
    found = status_of(cafe(record), snapshot(pod("a"), record=record), (), old)
    assert found.driver == "nobody"
    assert found.notes[0].startswith("desk_1_abc has not renewed its lease for 72s")
    gone = replace(old, expired=True)
    notes = status_of(cafe(record), snapshot(pod("a"), record=record), (), gone).notes
    assert not any("desk_1_abc" in note for note in notes)


def test_of_a_release_that_nobody_drives_no_end_is_foreseen() -> None:
    done = Entry(rfc3339(START), Trigger.STEP_DONE, State.PROGRESSING, "alice", group=1)
    record = of_spec(
        State.PROGRESSING,
        step=1,
        journal=(done, replace(done, at=rfc3339(START + 30), group=2)),
    )
    of = snapshot(pod("a"), record=record)
    ends = [status_of(cafe(record), of, (), lease).remaining for lease in (None, HELD)]
    assert (ends[0], ends[1] is None) == (None, False)


def test_what_may_be_old_says_so_first() -> None:
    record = of_spec(State.PROGRESSING)
    found = status_of(cafe(record), snapshot(pod("a"), record=record), (), None, silent="it is old")
    assert found.notes[0] == "it is old"
    assert status_of(cafe(), None, (), None, silent="it is old").notes == ("it is old",)


# The current group


def finished(group: int) -> PodRecord:
    return pod_record(Phase.FINISHED, gen=2, group=group)


def current(record: Record) -> list[str]:
    """The pods of the group at work."""
    pods = [upgraded(name, record=finished(n)) for n, name in enumerate("abc", start=1)]
    return [line.name for line in reported(*pods, record=record).pods if line.current]


def test_the_pods_that_the_group_at_work_has_taken_are_current() -> None:
    assert current(of_spec(State.PROGRESSING, step=1, cells={"": 3}, batch_size=1)) == ["b"]


def test_while_a_group_waits_the_pods_of_the_one_before_are_looked_at() -> None:
    assert current(of_spec(State.AWAITING_CONFIRM, step=1, cells={"": 3}, batch_size=1)) == ["a"]


def test_when_it_is_over_no_pod_is_current() -> None:
    assert current(of_spec(State.COMPLETED, step=3, cells={"": 3}, batch_size=1)) == []
