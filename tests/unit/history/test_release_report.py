"""The account of one release: groups in order of time, figures, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.history.release_report import Untold, account
from kubectl_cafe.history.report_model import Report
from kubectl_cafe.planning.rollback_target import UnknownRevision
from kubectl_cafe.pods.model import Condition, Pod
from kubectl_cafe.pods.record import Phase
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record
from statemachine.record_json import encode as encode_record
from statemachine.steps import Kind
from tests.unit.builders import (
    START,
    cafe_object,
    chronicle,
    container,
    patched,
    pod,
    pod_record,
    release,
    revision,
    stored,
    upgraded,
)

V1, V2 = revision("v1", 1), revision("v2", 2)


def at(seconds: float) -> str:
    return rfc3339(START + seconds)


def entry(seconds: float, trigger: Trigger, state: State, group: int | None = None) -> Entry:
    return Entry(at(seconds), trigger, state, "alice", group=group, host="desk")


BEGUN = entry(0, Trigger.START, State.PROGRESSING)
WAITS = entry(40, Trigger.STEP_DONE, State.AWAITING_CONFIRM, 2)
GOES = entry(60, Trigger.CONFIRM, State.PROGRESSING, 2)
ENDS = entry(100, Trigger.STEP_DONE, State.COMPLETED, 2)


def ran(*journal: Entry, **changes: Any) -> Record:
    """A release of two cells of two pods, a group each row: {1,1} {2,2}."""
    made = {"cells": {"A": 2, "B": 2}, "need_waiting_for_confirm": True, **changes}
    state = journal[-1].state
    of = release(state, journal=journal, since=journal[-1].at, **made)
    return replace(of, step=len(of.steps)) if state is State.COMPLETED else of


def done(name: str, cell: str, group: int, start: float, **changes: Any) -> Pod:
    """Drained at `start`, patched 5 s and finished 10 s later."""
    passed = {"drained": at(start), "patched": at(start + 5)}
    record = pod_record(
        Phase.FINISHED, gen=2, group=group, since=at(start + 10), passed=passed, **changes
    )
    return upgraded(
        name,
        container("C2", "app:v2", started_at=START + start + 8),
        record=record,
        labels={names.CELL: cell},
        ready=Condition("True", since=START + start + 10),
    )


PODS = (
    done("d", "B", 2, 65),
    done("a", "A", 1, 5),
    done("c", "A", 2, 62),
    done("b", "B", 1, 3),
)


def told(
    *pods: Pod,
    record: Record | None = None,
    revisions: Any = (V1, V2),
    kept: Any = (),
    number: int = 0,
    release: str = "",
    now: float = 200,
) -> Report:
    obj = cafe_object()
    if record is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode_record(record)}
    return account(CafeDeployment(obj), revisions, kept, pods, START + now, number, release)


def remembering(of: Revision, *records: Record) -> Revision:
    """The revision with releases as version 0.1.0 kept them."""
    return replace(of, releases=chronicle(*records))


COMPLETED = ran(BEGUN, WAITS, GOES, ENDS)


def shape(report: Report) -> list[tuple[str, list[str]]]:
    return [(group.title, [p.pod for p in group.passages]) for group in report.groups]


def test_every_pod_stands_in_its_group_in_order_of_time() -> None:
    report = told(*PODS, record=COMPLETED)
    assert shape(report) == [("Group 1", ["b", "a"]), ("Group 2", ["c", "d"])]
    assert [group.counts for group in report.groups] == [{"A": 1, "B": 1}] * 2


def test_the_head_says_what_who_when_and_how_it_ended() -> None:
    report = told(*PODS, record=replace(COMPLETED, why="CHG-1"))
    assert (report.outcome, report.who, report.host, report.why) == (
        "Completed",
        "alice",
        "desk",
        "CHG-1",
    )
    assert (report.started, report.ended) == (START, START + 100)
    assert report.source == "revision 1 (main=app:v1)"
    assert "+  - image: app:v2" in report.difference


def test_the_figures_count_writes_restarts_and_waits() -> None:
    facts = told(*PODS, record=COMPLETED).facts
    assert (facts["Writes to pods"], facts["Writes a pod"]) == ("12", "3.00")
    assert facts["Restarts"] == "4"
    assert facts["Waited for people"] == "20s"
    assert (facts["Pods"], facts["Cells"], facts["Groups"]) == ("4", "2", "2")


def test_the_phases_have_a_median_and_a_longest() -> None:
    phases = {p.name: p for p in told(*PODS, record=COMPLETED).phases}
    drain = phases["Traffic off, until the image is written"]
    assert (drain.pods, drain.median, drain.longest) == (4, 5, 5)
    assert phases["Out of traffic in total"].longest == 10


def test_a_release_under_way_shows_what_is_to_come() -> None:
    report = told(*PODS[1::2], record=ran(BEGUN, WAITS))
    assert (report.ended, report.until) == (0, START + 200)
    assert [(g.title, g.begun > 0) for g in report.groups] == [
        ("Group 1", True),
        ("Group 2", False),
    ]
    assert "So far" in report.facts


def test_a_pod_that_no_group_took_stands_outside_of_them() -> None:
    born = pod("e", created=START + 70, labels={names.CELL: "A"}, ready=Condition("True", since=0))
    assert shape(told(*PODS, born, record=COMPLETED))[-1] == ("Outside of the groups", ["e"])


def test_the_pods_of_a_first_release_stand_where_they_were_born() -> None:
    journal = (
        BEGUN,
        entry(1, Trigger.STEP_DONE, State.PROGRESSING, 1),
        WAITS,
        GOES,
        ENDS,
    )
    record = ran(*journal, kind=Kind.CREATE, from_revision="")
    born = [
        pod(name, created=START + when, labels={names.CELL: cell})
        for name, cell, when in (("z", "B", 61), ("y", "A", 59), ("x", "A", 2), ("w", "B", 2))
    ]
    report = told(*born, record=record)
    assert shape(report) == [("Group 1", ["x", "w"]), ("Group 2", ["y", "z"])]


def test_a_pod_of_a_rollback_stands_in_the_rollbacks_group() -> None:
    back = (
        BEGUN,
        entry(20, Trigger.ROLLBACK, State.ROLLING_BACK),
        entry(21, Trigger.STEP_DONE, State.ROLLING_BACK, 1),
        entry(40, Trigger.STEP_DONE, State.ROLLED_BACK, 1),
    )
    record = ran(*back, kind=Kind.ROLLBACK, to_revision="v1", from_revision="v2")
    report = told(done("a", "A", 1, 25, to="v1"), record=record)
    assert shape(report) == [("Group 1", []), ("Rollback, group 1", ["a"])]
    assert [group.given_up for group in report.groups] == [True, False]
    assert report.kind == "upgrade, rolled back"


def test_a_scale_that_was_rolled_back_is_a_scale() -> None:
    back = (BEGUN, entry(20, Trigger.ROLLBACK, State.ROLLED_BACK))
    record = ran(*back, kind=Kind.ROLLBACK, to_revision="v1", from_revision="v1")
    assert told(record=record).kind == "scale, rolled back"


def test_a_pod_that_was_taken_before_the_rollback_stands_in_the_group_that_took_it() -> None:
    back = (
        BEGUN,
        entry(20, Trigger.ROLLBACK, State.ROLLING_BACK),
        entry(21, Trigger.STEP_DONE, State.ROLLING_BACK, 1),
    )
    record = ran(*back, kind=Kind.ROLLBACK, to_revision="v1", from_revision="v2")
    report = told(done("a", "A", 1, 5, to="v1"), record=record)
    assert shape(report)[:2] == [("Group 1", ["a"]), ("Rollback, group 1", [])]


def test_a_pod_that_never_ran_the_new_image_was_not_restarted() -> None:
    record = pod_record(group=1, since=at(10))
    waiting = container("C1", "app:v2", ready=False, running=False, waiting="ErrImagePull")
    stuck = patched("a", waiting, labels={names.CELL: "A"}, record=record)
    assert told(stuck, record=ran(BEGUN)).facts["Restarts"] == "0"


# Older releases, and what is not known


OLD = ran(BEGUN, WAITS, GOES, ENDS, id="r0")
LATER = ran(entry(500, Trigger.START, State.PROGRESSING), entry(600, ENDS.trigger, ENDS.state))


def test_an_older_release_is_told_from_the_pods_that_nothing_wrote_over() -> None:
    one, *others = PODS
    assert one.record is not None
    kept = replace(one, record=replace(one.record, release="r0"))
    report = told(kept, *others, record=LATER, revisions=(V1, remembering(V2, OLD)), number=2)
    assert report.id == "r1"
    record = replace(LATER, to_revision="v1", from_revision="v2")
    report = told(kept, record=record, revisions=(V1, remembering(V2, OLD)), number=2, now=700)
    assert (report.id, shape(report)) == ("r0", [("Group 1", []), ("Group 2", ["d"])])
    assert report.unknown[0].startswith("Data of 1 pod without a later release")


def test_an_older_release_of_which_no_pod_tells_is_told_from_its_journal_and_says_so() -> None:
    record = replace(LATER, to_revision="v1", from_revision="v2")
    report = told(*PODS, record=record, revisions=(V1, remembering(V2, OLD)), number=2)
    assert report.unknown[0].startswith("No pod has data of this release any more")
    assert [group.over for group in report.groups] == [START + 40, START + 100]


def test_an_older_first_release_is_told_by_the_births_of_pods_that_later_ones_took() -> None:
    first = ran(BEGUN, ENDS, id="r0", kind=Kind.CREATE, to_revision="v1", from_revision="")
    born = [replace(p, created=START + 2) for p in PODS]
    later = replace(COMPLETED, started=at(500))
    report = told(*born, record=later, revisions=(remembering(V1, first), V2), number=1)
    assert (report.id, shape(report)) == ("r0", [("Outside of the groups", ["a", "c", "b", "d"])])
    assert report.unknown[0].startswith("Data of 4 pods that still exist")


def test_a_pod_that_tells_nothing_is_counted() -> None:
    report = told(*PODS[:3], record=COMPLETED)
    assert report.unknown == (
        "No data of 1 of 4 pods: they were at the target before, or have been replaced since.",
    )


def test_a_release_of_which_all_is_known_leaves_nothing_unsaid() -> None:
    assert told(*PODS, record=COMPLETED).unknown == ()


def test_records_of_an_older_version_are_named_as_such() -> None:
    bare = [replace(p, record=p.record and replace(p.record, passed={})) for p in PODS]
    report = told(*bare, record=COMPLETED)
    assert report.unknown == (
        "Times of drain and patch of 4 pods: an older version wrote their records.",
    )


def test_a_journal_that_was_cut_and_a_revision_that_was_pruned_are_said() -> None:
    record = replace(COMPLETED, journal_cut=7, from_revision="v0")
    said = told(*PODS, record=record).unknown
    assert said == (
        "7 journal entries not kept: times may be missing.",
        "The previous template: revision v0 was deleted (historyLimit).",
    )


def test_a_cafedeployment_without_a_release_has_nothing_to_report() -> None:
    with pytest.raises(Untold, match="has no release yet"):
        told(revisions=())


def test_a_cafedeployment_whose_record_and_releases_are_gone_has_nothing_to_report() -> None:
    with pytest.raises(Untold, match=r"no record of a release of .* is left; .* cannot be read"):
        told(revisions=(replace(V1, releases="{"), V2))


def test_a_revision_that_never_was_is_unknown() -> None:
    with pytest.raises(UnknownRevision, match="revision 7 not found"):
        told(*PODS, record=COMPLETED, number=7)


def test_a_revision_that_no_release_is_told_of_is_named() -> None:
    with pytest.raises(Untold, match="no record of a release of revision 1 is left"):
        told(*PODS, record=COMPLETED, number=1)


def test_a_release_is_chosen_by_its_id() -> None:
    report = told(record=LATER, kept=stored(OLD), release="r0")
    assert (report.id, report.ended) == ("r0", START + 100)


def test_an_id_that_no_release_has_is_an_error_with_the_last_ones() -> None:
    with pytest.raises(Untold, match=r'with the id "r9" is left; known: r1, r0'):
        told(record=LATER, kept=stored(OLD), release="r9")


def test_a_stored_release_keeps_its_plan_so_its_groups_have_their_counts() -> None:
    report = told(record=LATER, kept=stored(OLD), release="r0")
    assert [group.counts for group in report.groups] == [{"A": 1, "B": 1}, {"A": 1, "B": 1}]


def test_a_release_that_failed_and_was_rolled_back_keeps_its_failure() -> None:
    failed = Entry(at(20), Trigger.FAIL, State.FAILED, "alice", "a: CrashLoopBackOff", 1)
    back = entry(30, Trigger.ROLLBACK, State.ROLLING_BACK, 1)
    over = entry(60, Trigger.STEP_DONE, State.ROLLED_BACK, 1)
    turned = ran(BEGUN, failed, back, over, kind=Kind.ROLLBACK, to_revision="v1")
    record = replace(turned, from_revision="v2")
    assert told(record=record).failure == "a: CrashLoopBackOff"


def test_a_stored_release_whose_pods_a_later_one_took_says_that_their_records_are_gone() -> None:
    report = told(*PODS, record=LATER, kept=stored(OLD), release="r0")
    assert report.unknown[0].startswith("No pod has data of this release any more")
    assert not any("Planned pods" in said for said in report.unknown)


def test_a_release_that_another_one_replaced_has_no_groups_to_come() -> None:
    waited = ran(BEGUN, WAITS, id="r0")
    report = told(record=LATER, kept=stored(waited, outcome="Superseded"), release="r0")
    assert [group.title for group in report.groups] == ["Group 1"]


def test_of_the_pods_that_a_scale_in_removed_no_data_are_missing() -> None:
    ended = (BEGUN, entry(20, Trigger.STEP_DONE, State.COMPLETED, 1))
    plan = replace(ran(*ended).plan, before={"A": 4, "B": 4})
    record = ran(*ended, kind=Kind.SCALE, plan=plan)
    assert not [line for line in told(record=record).unknown if line.startswith("No data of")]
