"""A node's clock that is ahead or behind moves no minReadySeconds and no deadline (protocol 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe.assessment.node_clocks import NOISE, overdue, ready_since, written_at
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.group_progress import DEADLINE, failure
from kubectl_cafe.times import rfc3339
from tests.unit.builders import (
    START,
    assessments,
    before,
    container,
    patched,
    pod_record,
    release,
    snapshot,
    upgraded,
)

AHEAD, BEHIND = 600.0, -600.0


def up(skew: float, turned: float = 50.0) -> Pod:
    """A pod at the goal, let back after 40 s, whose node's clock is off by `skew` seconds."""
    at = START + turned + skew
    return upgraded(
        "a",
        container("C2", "app:v2", started_at=at),
        ready=Condition("True", since=at),
        record=pod_record(Phase.FINISHED, gen=2, since=rfc3339(START + 40)),
    )


def seen(*shown: tuple[float, Pod], now: float) -> Snapshot:
    """What a process knows that was shown this, each at its seconds after the start."""
    sighting = None
    for at, one in shown:
        sighting = look(sighting, one, at)
    assert sighting is not None
    last = shown[-1][1]
    of = snapshot(last, record=release(min_ready_seconds=3, progress_deadline_seconds=40), now=now)
    return replace(of, sightings={last.uid: sighting})


def available(*shown: tuple[float, Pod], now: float) -> bool:
    of = seen(*shown, now=now)
    return assess(of.pods["uid-a"], of).available


def unready(skew: float) -> Pod:
    return structs.replace(up(skew), ready=Condition("False", "ContainersNotReady"))


@pytest.mark.guard("a-clock-ahead-is-capped-by-the-first-sight")
def test_c63_min_ready_seconds_end_although_the_nodes_clock_is_ahead() -> None:
    assert [available((60, up(AHEAD)), now=t) for t in (62.9, 63)] == [False, True]


@pytest.mark.guard("a-change-that-was-seen-happened-when-it-was-seen")
@pytest.mark.parametrize("skew", [AHEAD, BEHIND], ids=["ahead", "behind"])
def test_c63_ready_counts_from_when_it_was_seen_to_turn_whatever_its_node_says(
    skew: float,
) -> None:
    shown = (45, unready(skew)), (60, up(skew))
    assert [available(*shown, now=t) for t in (62.9, 63)] == [False, True]


def test_c39_a_restart_that_was_seen_counts_from_then_on_a_clock_that_is_behind() -> None:
    first = up(BEHIND)
    again = structs.replace(
        first, containers={"main": container("C3", "app:v2", started_at=START + BEHIND + 58)}
    )
    of = seen((50, first), (60, again), now=62)
    assert ready_since(again, of) == START + 60


def test_without_having_seen_the_change_what_the_node_says_counts() -> None:
    shown = up(0)
    assert ready_since(shown, seen((60, shown), now=60)) == START + 50


def test_in_mode_none_no_container_is_older_than_its_image_patch() -> None:
    record = pod_record(Phase.PATCHED, mode=Mode.NONE, since=rfc3339(START + 40))
    shown = structs.replace(up(BEHIND), gated=False, gate=ABSENT, record=record)
    assert ready_since(shown, seen((60, shown), now=60)) == START + 40


@pytest.mark.guard("a-clock-ahead-is-capped-by-the-first-sight")
def test_c43_the_deadline_fires_although_a_nodes_clock_is_ahead() -> None:
    """The other pod never comes; the one that is there is no progress once more and more."""
    of = seen((60, up(AHEAD)), now=60)
    ends = [failure(replace(of, now=t, time=START + t), assessments(of)) for t in (102, 104)]
    assert [str(end or "")[: len(DEADLINE)] for end in ends] == ["", DEADLINE]


@pytest.mark.parametrize(("said", "believed"), [(60 + NOISE, True), (61 + NOISE, False)])
def test_a_record_that_is_yet_to_be_written_counts_from_when_this_driver_took_over(
    said: float, believed: bool
) -> None:
    """Two estimates of one server's clock differ by a little: that much is believed."""
    shown = patched(record=pod_record(since=rfc3339(START + said)))
    of = snapshot(shown, now=60, driven_since=START + 20)
    assert written_at(shown, of) == START + (said if believed else 20)


# Overdue


def late(now: float, **changes: object) -> bool:
    shown = patched(grace=30, **changes)
    return overdue(shown, snapshot(shown, record=release(progress_deadline_seconds=40), now=now))


def test_an_image_patch_is_overdue_after_the_deadline_and_its_grace_periods() -> None:
    assert [late(t) for t in (70, 71)] == [False, True]


def test_c44_each_container_that_is_killed_has_its_grace_period() -> None:
    both = {"main": before(), "side": before("S1", "side:v1", "S")}
    assert [late(t, record=pod_record(before=both)) for t in (100, 101)] == [False, True]


def test_nothing_is_overdue_but_an_image_patch() -> None:
    assert not late(9999, record=pod_record(Phase.DRAINED))
