"""One pod's way through a release: what its record and status tell, and what they don't."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubectl_cafe.history.pod_timeline import Frame, passage
from kubectl_cafe.history.report_model import Passage, What
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.times import rfc3339
from tests.unit.builders import START, container, drained, patched, pod, pod_record, upgraded

NOW = Frame("r1", START, START + 100, under_way=True)
OVER = Frame("r1", START, START + 100, under_way=False)


def at(seconds: float) -> str:
    return rfc3339(START + seconds)


def way(shown: Pod, frame: Frame = NOW, over: float = 0.0) -> Passage:
    found = passage(shown, frame, over and START + over)
    assert found is not None
    return found


def spans(of: Passage) -> list[tuple[What, float, float]]:
    return [(span.what, span.start - START, span.end - START) for span in of.spans]


def whole(runs: float = 20, ready: float = 32, **changes: Any) -> Pod:
    """Drained at 5, patched at 10, runs at 20, switched on at 30, Ready at 32."""
    record = pod_record(
        Phase.FINISHED, gen=2, since=at(30), passed={"drained": at(5), "patched": at(10)}
    )
    assessment = {"record": record, "ready": Condition("True", since=START + ready), **changes}
    return upgraded("a", container("C2", "app:v2", started_at=START + runs), **assessment)


def test_a_pod_that_went_all_the_way_tells_every_phase() -> None:
    told = way(whole())
    assert spans(told) == [
        (What.DRAIN, 5, 10),
        (What.RESTART, 10, 20),
        (What.VERIFY, 20, 30),
        (What.RETURN, 30, 32),
    ]
    assert (told.stands, told.open, told.writes, told.out) == ("upgraded", False, 3, 27)


def test_a_restart_after_the_release_is_not_taken_for_the_releases_own() -> None:
    told = way(whole(runs=9000, ready=9001), OVER)
    assert spans(told) == [(What.DRAIN, 5, 10), (What.RESTART, 10, 30)]
    assert (told.runs, told.ready) == (0, 0)


def test_a_node_whose_clock_is_a_second_behind_moves_no_bar_backwards() -> None:
    assert spans(way(whole(runs=9)))[:2] == [(What.DRAIN, 5, 10), (What.VERIFY, 10, 30)]


def test_a_ready_that_changed_after_the_group_was_over_is_none_of_its() -> None:
    assert way(whole(ready=50), over=40).ready == 0
    assert way(whole(ready=39), over=40).ready == START + 39


def test_a_pod_that_was_ready_all_along_is_so_when_its_label_is_on() -> None:
    assert way(whole(ready=22)).ready == START + 30


def test_a_drained_pod_is_out_of_traffic_until_now() -> None:
    told = way(drained(record=pod_record(Phase.DRAINED, since=at(5))))
    assert spans(told) == [(What.DRAIN, 5, 100)]
    assert (told.open, told.stands) == (True, "out of traffic, image unchanged")


def test_a_patched_pod_restarts_until_now_though_its_old_container_still_runs() -> None:
    old = container("C1", "app:v2", started_at=START - 500)
    record = pod_record(since=at(10), passed={"drained": at(5)})
    told = way(patched("a", old, record=record))
    assert spans(told) == [(What.DRAIN, 5, 10), (What.RESTART, 10, 100)]
    assert (told.stands, told.writes) == ("restarting", 2)


def test_the_old_container_is_not_the_new_one_however_lately_it_started() -> None:
    old = container("C1", "app:v2", started_at=START + 9)
    told = way(patched("a", old, record=pod_record(since=at(10))))
    assert (told.runs, spans(told)) == (0, [(What.RESTART, 10, 100)])


def test_a_patched_pod_that_does_not_start_says_why() -> None:
    stuck = container("C1", "app:v2", ready=False, running=False, waiting="ErrImagePull")
    told = way(patched("a", stuck, record=pod_record(since=at(10))))
    assert spans(told) == [(What.TROUBLE, 10, 100)]
    assert "ErrImagePull" in told.trouble
    assert told.stands == told.trouble


def test_a_pod_that_an_abort_left_out_of_traffic_says_so() -> None:
    told = way(patched(record=pod_record(since=at(10))), OVER)
    assert told.stands == "left out of traffic, patched"


def test_a_pod_that_was_patched_again_shows_what_was_taken_back() -> None:
    passed = {"drained": at(5), "patched": at(10), "again": at(15)}
    told = way(whole(record=pod_record(Phase.FINISHED, gen=2, since=at(30), passed=passed)))
    assert spans(told)[:3] == [
        (What.DRAIN, 5, 10),
        (What.ASTRAY, 10, 15),
        (What.RESTART, 15, 20),
    ]
    assert told.writes == 4


def test_a_pod_that_was_let_back_untouched_was_not_upgraded() -> None:
    back = pod_record(Phase.FINISHED, to="v1", since=at(30), passed={"drained": at(5)})
    told = way(pod(record=back))
    assert spans(told) == [(What.DRAIN, 5, 30)]
    assert told.stands == "back in traffic, image unchanged"


def test_a_record_without_times_tells_no_more_than_its_end() -> None:
    old = pod_record(Phase.FINISHED, gen=2, since=at(30))
    told = way(whole(record=old))
    assert (told.off, told.patched, told.on) == (0, 0, START + 30)
    assert spans(told) == [(What.VERIFY, 20, 30), (What.RETURN, 30, 32)]


def test_without_a_switch_a_pod_is_done_when_its_new_container_is_ready() -> None:
    record = pod_record(mode=Mode.NONE, since=at(10))
    new = container("C2", "app:v2", started_at=START + 20)
    ready = Condition("True", since=START + 21)
    told = way(patched("a", new, gated=False, gate=ABSENT, ready=ready, record=record))
    assert spans(told) == [(What.RESTART, 10, 20), (What.VERIFY, 20, 21)]
    assert (told.open, told.stands, told.writes) == (False, "upgraded", 1)


def test_a_pod_that_did_it_all_within_a_second_is_still_seen() -> None:
    record = pod_record(
        Phase.FINISHED, gen=2, since=at(5), passed={"drained": at(5), "patched": at(5)}
    )
    assert spans(way(whole(runs=5, ready=5, record=record))) == [(What.DRAIN, 5, 5)]


def test_what_repair_did_after_the_end_is_not_the_releases() -> None:
    record = pod_record(
        Phase.FINISHED, since=at(930), passed={"drained": at(905), "patched": at(910)}
    )
    assert passage(whole(record=record), OVER) is None


def test_a_pod_that_was_born_meanwhile_tells_of_its_birth() -> None:
    told = way(pod(created=START + 40, ready=Condition("True", since=START + 44)))
    assert spans(told) == [(What.STARTING, 40, 44)]
    assert (told.stands, told.writes) == ("created", 1)


@pytest.mark.parametrize(("first", "told"), [(True, True), (False, False)])
def test_a_pod_as_old_as_the_release_was_born_by_it_only_if_it_is_a_first_one(
    first: bool, told: bool
) -> None:
    """Times are whole seconds: the next release may begin in that of the birth."""
    newborn = pod("a", created=START)

    assert (passage(newborn, replace(NOW, creates=first)) is not None) is told


def test_when_a_pod_that_was_restarted_since_became_ready_is_not_known() -> None:
    told = way(pod(created=START + 40, ready=Condition("True", since=START + 9000)), OVER)
    assert (spans(told), told.ready, told.out) == ([(What.STARTING, 40, 40)], 0, None)


def test_a_new_pod_that_is_not_ready_is_being_born_until_now() -> None:
    told = way(pod(created=START + 40, gate=ABSENT, ready=Condition("False")))
    assert spans(told) == [(What.STARTING, 40, 100)]
    assert (told.stands, told.writes) == ("created, not Ready yet", 0)


def test_pods_of_another_release_or_of_before_tell_nothing() -> None:
    other = pod_record(Phase.FINISHED, release="r2")
    for shown in (pod(), pod(record=other), pod(created=START + 101), whole(terminating=True)):
        assert passage(shown, NOW) is None
