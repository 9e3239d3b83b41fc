"""The rules of protocol 6 on the timelines that were measured on a real kubelet there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.model import Pod
from tests.unit.timelines import Timeline, ours, shown

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
@pytest.mark.parametrize("gated", [True, False], ids=["a gate", "no gate"])
def test_c67_a_crash_of_the_old_container_before_the_kubelet_saw_the_patch_is_not_done(
    gated: bool,
) -> None:
    seen = Timeline()
    for at, pod, _ in CRASHED_BEFORE_SEEN[:2]:
        seen.show(at, replace(pod, gated=gated))
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
