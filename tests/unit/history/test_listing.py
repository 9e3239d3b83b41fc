"""The history that people are shown, from revisions, record and pods."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.history.listing import UnknownRelease, detail_of, history_of, since, with_id
from kubectl_cafe.history.model import History
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.record import release_record
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
    pod,
    release,
    revision,
    stored,
    stored_object,
    upgraded,
)

V1, V2 = revision("v1", 1), revision("v2", 2)


def at(seconds: float) -> str:
    return rfc3339(START + seconds)


def entry(trigger: Trigger, seconds: float, who: str, why: str = "") -> Entry:
    return Entry(at(seconds), trigger, State.PROGRESSING, who, why, host=f"{who}s-desk")


def told(
    *pods: Pod, record: Record | None = None, revisions: Any = (V1, V2), kept: Any = ()
) -> History:
    """The history 100 s after START."""
    obj = cafe_object()
    if record is not None:
        obj["metadata"]["annotations"] = {names.RELEASE: encode_record(record)}
    return history_of(CafeDeployment(obj), revisions, kept, pods, START + 100)


def remembering(of: Revision, *records: Record) -> Revision:
    """The revision with the releases of `records` as version 0.1.0 kept them."""
    ended = (structs.replace(record, since=at(60)) for record in records)
    return revision(of.name, of.number, releases=chronicle(*ended))


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


TURNED = release(
    State.ROLLED_BACK,
    kind=Kind.ROLLBACK,
    from_revision="v2",
    to_revision="v1",
    started=at(0),
    since=at(60),
    why="try",
    journal=(entry(Trigger.START, 0, "alice", "try"), entry(Trigger.ROLLBACK, 40, "bob", "smells")),
)


def test_a_release_that_turned_back_is_one_line_and_each_move_keeps_its_own_who_and_why() -> None:
    (line,) = told(kept=stored(TURNED)).releases
    assert (line.kind, line.source, line.target, line.outcome) == (
        "upgrade",
        "1",
        "2",
        "RolledBack",
    )
    assert (line.who, line.why, line.back) == ("alice", "try", "bob: smells")


def test_a_release_that_turned_back_is_one_of_both_its_revisions() -> None:
    first, second = told(kept=stored(TURNED)).revisions
    assert [len(line.releases) for line in (first, second)] == [1, 1]


def test_releases_stand_in_the_order_of_their_starts_whoever_kept_them() -> None:
    new = release(State.COMPLETED, id="r2", started=at(70), since=at(80))
    old = release(State.COMPLETED, id="r0", started=at(0))
    history = told(revisions=(V1, remembering(V2, old)), kept=stored(new))
    assert [line.id for line in history.releases] == ["r0", "r2"]


def test_a_release_whose_revision_was_deleted_keeps_its_number_and_images() -> None:
    gone = revision("v2", 7)
    kept = stored(release(State.COMPLETED), revisions=(V1, gone))
    (line,) = told(revisions=(V1,), kept=kept).releases
    assert (line.source, line.target, line.images) == ("1", "7", {"main": "app:v2"})


def test_who_confirmed_which_group_is_told() -> None:
    journal = (
        entry(Trigger.START, 0, "alice"),
        structs.replace(entry(Trigger.CONFIRM, 20, "bob"), group=2),
    )
    (line,) = told(kept=stored(release(State.COMPLETED, journal=journal))).releases
    assert line.confirmed == ("group 2: bob",)


def test_a_stored_release_that_can_t_be_read_is_a_problem_and_costs_no_other() -> None:
    broken = release_record.parse({**stored_object(TURNED), "data": {"v": 1}})
    history = told(kept=(broken, *stored(release(State.COMPLETED))))
    assert len(history.releases) == 1
    assert "shop-r1 cannot be read" in history.problems[0]


@pytest.mark.parametrize(("after", "found"), [(50, 1), (61, 0)])
def test_since_leaves_out_what_ended_before(after: float, found: int) -> None:
    assert len(since(told(kept=stored(TURNED)), START + after).releases) == found


def test_what_is_under_way_is_always_recent() -> None:
    assert len(since(told(record=release(State.PAUSED)), START + 10_000).releases) == 1


def test_an_id_that_no_release_has_is_an_error_with_the_next_command() -> None:
    history = told(kept=stored(TURNED))
    with pytest.raises(UnknownRelease, match='no release "r9"; known: r1') as error:
        with_id(CafeDeployment(cafe_object()), history, "r9")
    assert error.value.hint == "kubectl cafe history shop -n stores -o wide"


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
