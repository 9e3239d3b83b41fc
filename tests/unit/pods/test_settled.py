"""The rules of protocol 6 on the timelines that were measured on a real kubelet there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kubectl_cafe.pods.done import done
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.settled import (
    By,
    Settlement,
    acknowledgement,
    patience,
    settled,
    wants_acknowledgement,
)
from kubectl_cafe.pods.sighting import look
from tests.unit.builders import READY, Timeline, before, container, patched, quoted, status

OLD = container("C1", "app:v1")
UNREADY = Condition("False", "ContainersNotReady")


def shown(generation: int, observed: int, container_id: str, image_id: str, target: str) -> Pod:
    """A status: the spec wishes `target`, the kubelet shows this container."""
    return status(generation, observed, container(container_id, target, image_id=image_id))


# Each: (seconds, the pod as it was shown, whether the upgrade is done then).
Shown = tuple[float, Pod, bool]
NORMAL: list[Shown] = [
    (3.95, shown(2, 1, "C1", "D1", "app:v2"), False),
    (3.97, shown(2, 2, "C1", "D1", "app:v2"), False),
    (6.53, shown(2, 2, "C2", "D2", "app:v2"), True),
]
BACK_AND_FORTH: list[Shown] = [
    (0.92, shown(2, 2, "C1", "D1", "app:v2"), False),
    (2.60, shown(3, 2, "C1", "D1", "app:v1"), False),
    (9.10, shown(3, 3, "C2", "D2", "app:v1"), False),
    (17.24, shown(3, 3, "C3", "D1", "app:v1"), True),
]
SAME_DIGEST: list[Shown] = [
    (0.92, shown(2, 2, "C1", "D1", "app:v2"), False),
    (2.60, shown(3, 2, "C1", "D1", "app:v2-again"), False),
    (9.10, shown(3, 3, "C2", "D2", "app:v2-again"), False),
    (17.24, shown(3, 3, "C3", "D2", "app:v2-again"), True),
]
CRASHED_BEFORE_SEEN: list[Shown] = [
    (1.00, shown(2, 1, "C1", "D1", "app:v2"), False),
    (1.50, shown(2, 1, "C1b", "D1", "app:v2"), False),
    (1.60, shown(2, 2, "C1b", "D1", "app:v2"), False),
    (9.00, shown(2, 2, "C2", "D2", "app:v2"), True),
]
MOVED_OLD_TAG: list[Shown] = [
    (1.00, shown(2, 1, "C1", "D1", "app:v2"), False),
    (1.50, shown(2, 1, "C1b", "D1-moved", "app:v2"), False),
    (1.60, shown(2, 2, "C1b", "D1-moved", "app:v2"), False),
    (9.00, shown(2, 2, "C2", "D2", "app:v2"), True),
]
NEW_TAG_SAME_DIGEST: list[Shown] = [
    (0.10, shown(2, 1, "C1", "D1", "app:v1-alias"), False),
    (0.20, shown(2, 2, "C1", "D1", "app:v1-alias"), False),
    (5.00, shown(2, 2, "C2", "D1", "app:v1-alias"), True),
]
TIMELINES = {
    "C1 the normal one": NORMAL,
    "C9 v1, v2 and v1 again while it kills": BACK_AND_FORTH,
    "C8 a second tag of the same digest while it kills": SAME_DIGEST,
    "C10 C67 the old container crashes before the kubelet sees the patch": CRASHED_BEFORE_SEEN,
    "C11 and comes back with a moved old tag": MOVED_OLD_TAG,
    "C2 C3 a new tag of the digest that it has": NEW_TAG_SAME_DIGEST,
}


def play(timeline: list[Shown], rule: Callable[[Timeline], bool]) -> list[bool]:
    """What `rule` says after each status."""
    watched = Timeline()
    said = []
    for at, pod, _ in timeline:
        watched.show(at, pod)
        said.append(rule(watched))
    return said


def truth(timeline: list[Shown]) -> list[bool]:
    return [expected for _, _, expected in timeline]


def ours(seen: Timeline) -> bool:
    assert seen.pod is not None
    return done(seen.pod, seen.evidence)


def by_generation_alone(seen: Timeline) -> bool:
    assert seen.pod is not None
    return seen.pod.observed >= seen.pod.generation and seen.pod.containers["main"].ready


def by_image_id_alone(seen: Timeline) -> bool:
    assert seen.pod is not None
    return seen.pod.containers["main"].image_id != "D1"


def by_container_id_alone(seen: Timeline) -> bool:
    assert seen.pod is not None
    return seen.pod.containers["main"].container_id != "C1"


@pytest.mark.parametrize("timeline", TIMELINES.values(), ids=TIMELINES)
def test_a_pod_is_done_at_the_status_that_the_kubelet_means_and_not_before(
    timeline: list[Shown],
) -> None:
    assert play(timeline, ours) == truth(timeline)


@pytest.mark.guard("first-status-container-is-not-new")
def test_c9_the_container_of_an_intermediate_spec_is_not_done() -> None:
    assert play(BACK_AND_FORTH, ours) == [False, False, False, True]


@pytest.mark.guard("kubelet-has-seen-the-spec")
def test_c67_a_crash_of_the_old_container_before_the_kubelet_saw_the_patch_is_not_done() -> None:
    seen = Timeline()
    for at, pod, _ in CRASHED_BEFORE_SEEN[:2]:
        seen.show(at, pod)
    seen.now = 1000.0  # However long the kubelet is away.
    assert not ours(seen)


def test_a_rule_that_trusts_observed_generation_alone_would_call_the_old_container_done() -> None:
    assert play(NORMAL, by_generation_alone) != truth(NORMAL)


def test_a_rule_that_trusts_the_image_id_alone_would_be_fooled_by_the_intermediate_one() -> None:
    assert play(BACK_AND_FORTH, by_image_id_alone) == [False, False, True, False]


def test_a_rule_that_trusts_the_image_id_alone_would_wait_for_ever_for_the_same_digest() -> None:
    assert not any(play(NEW_TAG_SAME_DIGEST, by_image_id_alone))


def test_a_rule_that_trusts_a_changed_container_id_alone_would_be_fooled_by_a_crash() -> None:
    assert play(CRASHED_BEFORE_SEEN, by_container_id_alone)[1]


def test_a_rule_that_trusts_a_changed_container_id_alone_would_be_fooled_while_it_kills() -> None:
    assert play(BACK_AND_FORTH, by_container_id_alone)[2]


# Rule a


def test_a_container_that_appears_after_the_first_status_is_settled_by_rule_a() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, shown(2, 2, "C2", "D2", "app:v2"))
    assert judged(seen) == Settlement(By.NEW_CONTAINER)


def test_c15_a_baseline_without_an_image_id_does_not_make_the_old_container_done() -> None:
    seen = Timeline({"main": before("C1", image_id="")})
    seen.show(0, shown(2, 1, "C1", "D1", "app:v2"))
    seen.show(1, shown(2, 2, "C1", "D1", "app:v2"))
    assert judged(seen) == Settlement()


def test_c14_a_container_without_a_status_is_not_settled() -> None:
    seen = Timeline()
    seen.show(0, status(2, 2, container("", "app:v2")))
    assert judged(seen) == Settlement()


def test_a_pod_that_was_never_patched_is_what_it_was_born_as() -> None:
    seen = Timeline({"main": None})
    seen.show(0, status(1, 1, container("C9", "app:v2")))
    assert judged(seen) == Settlement(By.BORN)


@pytest.mark.guard("recorded-container-never-settles")
def test_c68_the_recorded_container_never_settles_however_long_it_shows_ready() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.now = 1e6
    assert judged(seen) == Settlement()


# Taking over: the first status of the generation was not seen, or already held a new one.


def taken_over(container_id: str = "C2", image_id: str = "D2") -> Timeline:
    """A process whose first status of generation 2 shows a container that may be either."""
    seen = Timeline()
    seen.show(100, shown(2, 2, container_id, image_id, "app:v2"))
    return seen


def by_label(seen: Timeline) -> Timeline:
    """The same, of a pod without our gate: no acknowledgement can be had."""
    assert seen.pod is not None
    seen.pod = replace(seen.pod, gated=False, gate=ABSENT)
    return seen


def judged(seen: Timeline) -> Settlement:
    assert seen.pod is not None
    return settled(seen.pod, "main", seen.evidence)


def test_after_a_takeover_a_new_container_in_the_first_status_is_ambiguous() -> None:
    assert judged(taken_over()) == Settlement(ambiguous=True)


def test_after_a_takeover_a_container_that_appears_later_is_settled() -> None:
    seen = taken_over("C1", "D1")
    seen.show(103, shown(2, 2, "C2", "D2", "app:v2"))
    assert judged(seen).by is By.NEW_CONTAINER


def test_a_new_generation_begins_the_first_status_anew() -> None:
    seen = taken_over("C1", "D1")
    seen.show(103, shown(2, 2, "C2", "D2", "app:v2"))
    seen.show(104, shown(3, 3, "C2", "D2", "app:v3"))
    assert judged(seen) == Settlement(ambiguous=True)


# Rule b, with the timeline of the acknowledgement

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


def test_an_acknowledgement_does_not_settle_the_recorded_container() -> None:
    seen = Timeline()
    seen.show(0, at_generation_3("C1", ACKNOWLEDGED, quoted("Unknown")))
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


# Rule c: time, as the last resort


def test_without_an_acknowledgement_an_id_that_stays_for_t_is_settled() -> None:
    seen = by_label(taken_over())
    seen.now = 100 + 12.0  # grace 1 s: the kubelet's floor of 2 s, and 10 s.
    assert judged(seen) == Settlement(By.TIME)


@pytest.mark.guard("time-rule-waits")
def test_an_id_that_stays_for_less_than_t_is_not_settled() -> None:
    seen = by_label(taken_over())
    seen.now = 100 + 11.9
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("same-content-waits-twice")
def test_an_image_id_that_the_pod_had_under_another_string_takes_two_t() -> None:
    seen = by_label(taken_over("C2", "D1"))
    said = []
    for seen.now in (100 + 23.9, 100 + 24.0):
        said.append(judged(seen).by)
    assert said == [None, By.TIME]


@pytest.mark.guard("an-acknowledgement-is-awaited")
def test_c84_time_decides_nothing_where_the_kubelet_quotes_our_gate() -> None:
    seen = Timeline()
    seen.show(0, at_generation_3("C2", ACKNOWLEDGED, quoted("False")))
    seen.now = 1000.0
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("time-counts-from-what-the-kubelet-saw")
def test_c67_the_time_before_the_kubelet_saw_the_spec_does_not_count() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 1, "C1x", "D1x", "app:v2"))
    seen.show(60, shown(2, 2, "C1x", "D1x", "app:v2"))
    assert judged(by_label(seen)) == Settlement(ambiguous=True)


@pytest.mark.guard("a-reason-is-older-than-the-gate")
def test_c85_a_reason_that_stood_before_the_gate_was_written_counts_from_then() -> None:
    unready = Condition("False", "ContainersNotReady")
    pod = status(1, 1, ready=unready)
    before_w1 = look(None, replace(pod, gate=Condition("True")), 0.0)
    after_w1 = look(before_w1, replace(pod, gate=Condition("False")), 60.0)
    assert after_w1.ready_reason_since == 60.0


def test_c44_each_changed_container_adds_its_own_t() -> None:
    both = {"main": before(), "side": before("S1", "side:v1", "S")}
    pod = status(2, 2, container("C2", "app:v2"), container("S2", "side:v2", "side"), grace=30)
    assert patience(pod, "main", both) == 80.0


def test_a_change_of_the_spec_starts_the_time_anew() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C2", "D2", "app:v2"))
    seen.show(50, shown(3, 3, "C2", "D2", "app:v3"))
    seen.now = 61.0
    assert judged(seen) == Settlement(ambiguous=True)


def test_a_peer_that_rule_a_settled_proves_the_image_at_once() -> None:
    seen = taken_over()
    seen.peers = {"app:v2": frozenset({"D2"})}
    assert judged(seen) == Settlement(By.PEER)


def test_c12_a_peer_of_another_architecture_proves_nothing_and_breaks_nothing() -> None:
    seen = taken_over()
    seen.peers = {"app:v2": frozenset({"D2-arm"})}
    assert judged(seen) == Settlement(ambiguous=True)


@pytest.mark.guard("peer-needs-another-image-id")
def test_a_peer_proves_nothing_about_an_image_id_that_the_pod_had_before() -> None:
    seen = taken_over("C2", "D1")
    seen.peers = {"app:v2": frozenset({"D1"})}
    assert judged(seen) == Settlement(ambiguous=True)


def test_a_kubelet_that_reports_no_generation_is_judged_by_time() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 0, "C1", "D1", "app:v2"))
    seen.show(5, shown(2, 0, "C2", "D2", "app:v2"))
    said = []
    for seen.now in (16.9, 17.0):
        said.append(judged(seen).by)
    assert said == [None, By.TIME]


# Done


def test_c36_a_new_container_that_is_not_ready_is_not_done() -> None:
    seen = Timeline()
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, status(2, 2, container("C2", "app:v2", ready=False)))
    assert not ours(seen)


def test_c18_of_two_changed_containers_one_is_not_enough() -> None:
    seen = Timeline({"main": before(), "side": before("S1", "side:v1", "S")})
    side = container("S1", "side:v2", "side", image_id="S")
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1"), side))
    seen.show(3, status(2, 2, container("C2", "app:v2"), side))
    assert not ours(seen)


def test_c18_of_two_changed_containers_both_are_enough() -> None:
    seen = Timeline({"main": before(), "side": before("S1", "side:v1", "S")})
    side = container("S1", "side:v2", "side", image_id="S")
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1"), side))
    seen.show(3, status(2, 2, container("C2", "app:v2"), container("S2", "side:v2", "side")))
    assert ours(seen)


def test_c16_an_injected_sidecar_that_is_down_does_not_hold_up_the_changed_one() -> None:
    seen = Timeline()
    side = container("S1", "mesh:1", "mesh", ready=False)
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1"), side))
    seen.show(3, status(2, 2, container("C2", "app:v2"), side))
    assert ours(seen)


@pytest.mark.guard("startup-probe-has-spoken")
def test_c69_with_a_startup_probe_ready_must_hold_until_the_probe_has_spoken() -> None:
    seen = Timeline()
    new = container("C2", "app:v2", startup_period=10)
    seen.show(0, shown(2, 2, "C1", "D1", "app:v2"))
    seen.show(3, status(2, 2, new))
    said = [ours(seen)]
    for seen.now in (15.9, 16.0):
        said.append(ours(seen))
    assert said == [False, False, True]


def test_c69_ready_that_the_old_container_had_does_not_count_for_the_new_one() -> None:
    seen = Timeline()
    seen.show(0, status(2, 2, container("C1", "app:v2", image_id="D1", startup_period=10)))
    seen.show(100, status(2, 2, container("C2", "app:v2", startup_period=10)))
    assert not ours(seen)


def test_c42_a_ready_pod_of_the_old_version_is_not_done() -> None:
    seen = Timeline()
    seen.show(0, status(2, 2, OLD, ready=READY))
    assert not ours(seen)
