"""The history that people are shown, from revisions, record and pods."""

from __future__ import annotations

from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.history.listing import detail_of, history_of
from kubectl_cafe.history.model import History
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.revisions.past_releases import Chronicle, encode, past
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry, Record
from statemachine.record import encode as encode_record
from statemachine.steps import Kind
from tests.unit.builders import START, cafe_object, container, pod, release, revision, upgraded

V1, V2 = revision("v1", 1), revision("v2", 2)


def at(seconds: float) -> str:
    return rfc3339(START + seconds)


def entry(trigger: Trigger, seconds: float, who: str, why: str = "") -> Entry:
    return Entry(at(seconds), trigger, State.PROGRESSING, who, why, host=f"{who}s-desk")


def told(*pods: Pod, record: Record | None = None, revisions: Any = (V1, V2)) -> History:
    """The history 100 s after START."""
    obj = cafe_object()
    if record is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode_record(record)}
    return history_of(CafeDeployment(obj), revisions, pods, START + 100)


def remembering(of: Revision, *records: Record) -> Revision:
    """The revision with the releases of `records` in its annotation."""
    kept = tuple(past(record, str(record.state), at(60)) for record in records)
    return revision(of.name, of.number, releases=encode(Chronicle(kept)))


def test_pods_are_counted_at_the_revision_whose_images_they_have() -> None:
    over = pod("d", phase="Failed")
    history = told(pod("a"), upgraded("b"), upgraded("c"), over, pod("e", terminating=True))
    assert [line.pods for line in history.revisions] == [1, 2]


def test_a_pod_of_no_known_revision_is_counted_nowhere() -> None:
    history = told(pod("a", container(image="app:v9"), generation=2))
    assert [line.pods for line in history.revisions] == [0, 0]


def test_revisions_stand_in_the_order_of_their_numbers() -> None:
    assert [line.number for line in told(revisions=(V2, V1)).revisions] == [1, 2]


def test_a_release_that_is_over_says_how_long_it_took() -> None:
    record = release(State.COMPLETED, started=at(0), journal=(entry(Trigger.START, 0, "alice"),))
    history = told(revisions=(V1, remembering(V2, record)))
    (line,) = history.revisions[1].releases
    assert (line.took, line.source, line.host) == (60.0, "1", "alices-desk")


def test_the_release_under_way_is_told_from_the_record() -> None:
    history = told(record=release(State.PAUSED, started=at(0)))
    (line,) = history.revisions[1].releases
    assert (line.outcome, line.ended, line.took) == ("Paused", "", 100.0)


def test_a_release_that_is_in_record_and_annotation_is_told_once() -> None:
    record = release(State.COMPLETED, since=at(60))
    history = told(record=record, revisions=(V1, remembering(V2, record)))
    assert len(history.revisions[1].releases) == 1


def test_a_release_that_turned_back_is_told_at_both_its_revisions_each_with_its_own_who() -> None:
    turned = release(
        State.ROLLED_BACK,
        kind=Kind.ROLLBACK,
        from_revision="v2",
        to_revision="v1",
        started=at(0),
        why="try",
        journal=(entry(Trigger.START, 0, "alice"), entry(Trigger.ROLLBACK, 40, "bob", "smells")),
    )
    history = told(revisions=(remembering(V1, turned), V2))
    (back,), (left,) = (line.releases for line in history.revisions)
    assert (back.outcome, back.who, back.why, back.took) == ("RolledBack", "bob", "smells", 20.0)
    assert (left.outcome, left.who, left.why, left.took) == (
        "rolled back to revision 1",
        "alice",
        "try",
        40.0,
    )


def test_an_annotation_that_can_t_be_read_is_said() -> None:
    history = told(revisions=(V1, revision("v2", 2, releases="{")))
    assert "cannot be read" in history.revisions[1].problem


def test_a_revision_that_came_from_a_pruned_one_names_it() -> None:
    record = release(State.COMPLETED, from_revision="v0")
    history = told(revisions=(V1, remembering(V2, record)))
    assert history.revisions[1].releases[0].source == "v0"


def test_a_revision_in_full_is_compared_with_the_one_before() -> None:
    shown = detail_of(told(), (V1, V2), V2)
    changed = [line for line in shown.difference.splitlines() if line[:1] in "+-"][2:]
    assert shown.before == 1
    assert changed == ["-  - image: app:v1", "+  - image: app:v2"]


def test_the_first_revision_is_compared_with_none() -> None:
    shown = detail_of(told(), (V1, V2), V1)
    assert (shown.before, shown.difference) == (None, "")
