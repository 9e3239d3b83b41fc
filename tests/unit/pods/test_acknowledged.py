"""The kubelet's quote of our gate settles what was not seen to appear (protocol 6, rule b)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.restarted import By, Settlement, acknowledgement, wants_acknowledgement
from tests.unit.builders import container, patched, quoted
from tests.unit.timelines import Timeline, judged, shown, status, taken_over

UNREADY = Condition("False", "ContainersNotReady")
ACKNOWLEDGED = Condition("Unknown", message=acknowledgement(3))


def at_generation_3(container_id: str, gate: Condition, ready: Condition) -> Pod:
    """A status after v1, v2 and v1 again; C1 is the recorded one."""
    return status(3, 3, container(container_id, "app:v1"), gate=gate, ready=ready)


def test_c84_the_acknowledgement_decides_and_its_writing_does_not() -> None:
    seen = Timeline()
    said = []
    for at, pod in (
        (12.34, at_generation_3("C2", Condition("False"), quoted("False"))),
        (13.47, at_generation_3("C2", ACKNOWLEDGED, quoted("False"))),
        (20.52, at_generation_3("C3", ACKNOWLEDGED, quoted("Unknown"))),
    ):
        seen.show(at, pod)
        said.append(judged(seen).by is not None)
    assert said == [False, False, True]


def test_c84_the_container_that_an_acknowledgement_shows_is_settled_after_a_takeover() -> None:
    seen = Timeline()
    seen.show(20.52, at_generation_3("C3", ACKNOWLEDGED, quoted("Unknown")))
    assert judged(seen) == Settlement(By.ACKNOWLEDGED)


@pytest.mark.guard("an-undone-patch-may-settle")
def test_c68_a_patch_that_was_undone_before_the_kubelet_read_it_settles_as_others_do() -> None:
    seen = Timeline()
    seen.show(1, at_generation_3("C1", Condition("False"), quoted("False")))
    assert judged(seen) == Settlement(ambiguous=True)
    seen.show(2, at_generation_3("C1", ACKNOWLEDGED, quoted("Unknown")))
    assert judged(seen) == Settlement(By.ACKNOWLEDGED)


@pytest.mark.guard("an-undone-patch-settles-by-what-its-kubelet-has-read")
def test_c68_of_a_kubelet_that_does_not_say_what_it_has_read_no_recorded_container_settles() -> (
    None
):
    seen = Timeline()
    seen.show(1, status(3, 0, container("C1", "app:v1")))
    seen.now = 1e6
    assert judged(seen) == Settlement()


@pytest.mark.guard("acknowledgement-is-quoted")
def test_c84_a_gate_that_is_written_and_not_quoted_yet_acknowledges_nothing() -> None:
    seen = Timeline()
    seen.show(0, at_generation_3("C2", ACKNOWLEDGED, quoted("False")))
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("acknowledgement-is-of-this-generation")
def test_an_acknowledgement_of_an_earlier_generation_acknowledges_nothing() -> None:
    old = Condition("Unknown", message=acknowledgement(2))
    seen = Timeline()
    seen.show(0, at_generation_3("C2", old, quoted("Unknown")))
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("acknowledgement-needs-ready-containers")
def test_an_acknowledgement_needs_ready_containers() -> None:
    seen = Timeline()
    pod = at_generation_3("C2", ACKNOWLEDGED, quoted("Unknown"))
    seen.show(0, replace(pod, containers_ready=UNREADY))
    assert judged(seen) == Settlement(ambiguous=True)


def test_an_acknowledgement_does_not_settle_the_recorded_container_under_another_image() -> None:
    seen = Timeline()
    shows = container("C1", "app:v2")
    seen.show(0, status(3, 3, shows, gate=ACKNOWLEDGED, ready=quoted("Unknown")))
    assert judged(seen) == Settlement()


def test_c84_an_ambiguous_container_whose_gate_is_quoted_wants_an_acknowledgement() -> None:
    seen = taken_over()
    assert seen.pod is not None
    assert wants_acknowledgement(seen.pod, seen.evidence)


@pytest.mark.guard("acknowledge-only-over-a-fresh-quote")
def test_no_acknowledgement_is_asked_for_while_an_old_value_is_still_quoted() -> None:
    seen = Timeline()
    seen.show(0, at_generation_3("C2", Condition("Unknown"), quoted("False")))
    assert seen.pod is not None
    assert not wants_acknowledgement(seen.pod, seen.evidence)


def test_no_acknowledgement_is_asked_for_while_containers_are_not_ready() -> None:
    seen = Timeline()
    shows = at_generation_3("C2", Condition("False"), quoted("False"))
    seen.show(0, replace(shows, containers_ready=UNREADY))
    assert seen.pod is not None
    assert not wants_acknowledgement(seen.pod, seen.evidence)


def test_no_acknowledgement_is_asked_for_without_a_gate_whatever_is_quoted_still() -> None:
    seen = Timeline()
    shows = at_generation_3("C2", Condition("False"), quoted("False"))
    seen.show(0, replace(shows, gate=ABSENT))
    assert seen.pod is not None
    assert not wants_acknowledgement(seen.pod, seen.evidence)


def test_no_acknowledgement_is_asked_for_twice() -> None:
    seen = Timeline()
    seen.show(0, at_generation_3("C2", ACKNOWLEDGED, quoted("Unknown")))
    assert seen.pod is not None
    assert not wants_acknowledgement(seen.pod, seen.evidence)


def test_no_acknowledgement_is_asked_for_where_rule_a_decides() -> None:
    seen = taken_over("C1", "D1")
    seen.show(103, shown(2, 2, "C2", "D2", "app:v2"))
    assert seen.pod is not None
    assert not wants_acknowledgement(seen.pod, seen.evidence)


def test_no_acknowledgement_is_asked_for_before_the_kubelet_has_seen_the_spec() -> None:
    seen = Timeline()
    seen.show(0, patched())
    assert seen.pod is not None
    assert not wants_acknowledgement(seen.pod, seen.evidence)


def test_no_acknowledgement_is_asked_of_a_kubelet_that_does_not_say_what_it_has_read() -> None:
    seen = Timeline()
    shows = at_generation_3("C2", Condition("False"), quoted("False"))
    seen.show(0, replace(shows, observed=0))
    assert seen.pod is not None
    assert judged(seen) == Settlement(ambiguous=True)
    assert not wants_acknowledgement(seen.pod, seen.evidence)


@pytest.mark.guard("an-acknowledgement-is-awaited")
def test_c84_time_decides_nothing_where_the_kubelet_quotes_our_gate() -> None:
    seen = Timeline()
    seen.show(0, at_generation_3("C2", ACKNOWLEDGED, quoted("False")))
    seen.now = 1000.0
    assert judged(seen) == Settlement(ambiguous=True)
