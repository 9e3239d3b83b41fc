"""Reasons why a container does not run are an open vocabulary (protocol 6)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.done import NOT_RUNNING, Stuck, backing_off, names_image, stuck
from kubectl_cafe.pods.model import Container
from kubectl_cafe.pods.restarted import Evidence
from tests.unit.builders import container, pod, pod_record
from tests.unit.timelines import Timeline, status

RARER = [
    "RegistryUnavailable",
    "ImageInspectError",
    "SignatureValidationFailed",
    "PostStartHookError",
    "PreCreateHookError",
    "ReasonOfAVirtualKubelet",
]
RUNS = container("C1", "app:v2", image_id="D1")
D = "sha256:" + "a" * 64


def waiting(reason: str, message: str = "", container_id: str = "C1") -> Container:
    """The dead container's id stays while the new one can't start."""
    gone = container(container_id, "app:v2", image_id="D1", ready=False, running=False)
    return replace(gone, waiting=reason, message=message)


def after(*shown: tuple[float, Container], observed: int = 2) -> Timeline:
    """What the kubelet showed under generation 2."""
    seen = Timeline()
    for at, one in shown:
        seen.show(at, status(2, observed, one))
    return seen


def found(seen: Timeline, *, overdue: bool = False) -> list[Stuck]:
    assert seen.pod is not None
    evidence: Evidence = replace(seen.evidence, overdue=overdue)
    return list(stuck(seen.pod, evidence))


@pytest.mark.guard("a-reason-on-no-list-is-trouble")
@pytest.mark.parametrize("reason", RARER)
def test_any_reason_that_lasts_half_a_minute_is_stuck_and_fails_the_group(reason: str) -> None:
    seen = after((0, RUNS), (3, waiting(reason, "no words of an image")))
    said = []
    for seen.now in (32.9, 33.0):
        said.append(found(seen))
    assert said == [[], [Stuck("main", reason, "no words of an image", fails=True)]]


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_container_that_is_being_started_is_never_stuck_by_its_reason(reason: str) -> None:
    seen = after((0, RUNS), (3, waiting(reason)))
    seen.now = 9999.0
    assert found(seen) == []


def test_c83_a_rarer_reason_in_the_first_status_may_be_the_predecessors() -> None:
    """With a grace period of 30 s a kubelet has 40 s to act, twice that by the image it shows."""
    seen = Timeline()
    one = waiting("RegistryUnavailable", "no route")
    seen.show(0, status(2, 2, one, grace=30))
    said = []
    for seen.now in (79.9, 80.0):
        said.append([s.fails for s in found(seen)])
    assert said == [[], [True]]


def test_a_new_container_that_exited_and_is_not_started_again_fails_the_group() -> None:
    new = container("C2", "app:v2")
    exited = replace(new, ready=False, running=False, terminated="OOMKilled")
    seen = after((0, RUNS), (3, new), (4, exited))
    said = []
    for seen.now in (33.9, 34.0):
        said.append([s.fails for s in found(seen)])
    assert said == [[False], [True]]


# After the deadline


@pytest.mark.guard("what-does-not-run-after-the-deadline-is-stuck")
@pytest.mark.parametrize("reason", ["", "ContainerCreating", "CrashLoopBackOff"])
def test_after_the_deadline_what_does_not_run_is_stuck_for_any_reason(reason: str) -> None:
    """A recorded container's CrashLoopBackOff too; it is the deadline that fails the group."""
    seen = after((0, waiting(reason)))
    assert [found(seen), found(seen, overdue=True)] == [
        [],
        [Stuck("main", reason or NOT_RUNNING, "", fails=False, late=True)],
    ]


def test_after_the_deadline_a_pod_whose_kubelet_is_silent_is_reached_too() -> None:
    assert found(after((0, waiting("ContainerCreating")), observed=1), overdue=True)


def test_after_the_deadline_a_container_that_runs_is_not_stuck() -> None:
    assert found(after((0, RUNS)), overdue=True) == []


def test_after_the_deadline_a_container_that_was_not_changed_is_nobodys_business() -> None:
    seen = Timeline()
    mesh = container("M1", "mesh:1", "mesh", running=False, waiting="ContainerCreating")
    seen.show(0, status(2, 2, container("C2", "app:v2"), mesh))
    assert found(seen, overdue=True) == []


# A kubelet's back-off


@pytest.mark.parametrize(
    ("container_id", "expected"), [("C1", True), ("C2", False)], ids=["recorded", "new"]
)
def test_c90_a_crash_of_the_recorded_container_is_the_kubelets_back_off(
    container_id: str, expected: bool
) -> None:
    main = waiting("CrashLoopBackOff", "back-off 10s", container_id)
    assert backing_off(pod("a", main, record=pod_record()), main) is expected


@pytest.mark.parametrize(
    ("container_id", "expected"), [("C1", True), ("C2", False)], ids=["recorded", "new"]
)
def test_c90_the_end_of_the_recorded_container_is_the_kubelets_back_off(
    container_id: str, expected: bool
) -> None:
    main = container(container_id, "app:v2", ready=False, running=False, terminated="Completed")
    assert backing_off(pod("a", main, record=pod_record()), main) is expected


def test_c90_a_crash_of_a_container_whose_image_was_not_patched_is_no_back_off() -> None:
    mesh = replace(waiting("CrashLoopBackOff"), name="mesh", image="mesh:1")
    assert not backing_off(pod("a", RUNS, mesh, record=pod_record()), mesh)


def test_c90_it_is_neither_stuck_nor_failed_however_long_it_lasts() -> None:
    seen = after((0, RUNS), (3, waiting("CrashLoopBackOff", "back-off 20s restarting")))
    seen.now = 9999.0
    assert found(seen) == []


# How an image is named


NAMES = [
    ("initializing source docker://app:v2: reading manifest v2 in quay.io/app", "app:v2", True),
    ("initializing source docker://quay.io/team/app:v2: no route", "quay.io/team/app:v2", True),
    ("initializing source docker://app:v21: no route", "app:v2", False),
    ("reading manifest v2 in docker.io/library/app: unauthorized", "app:v2", True),
    ("reading manifest v2 in quay.io/team/app: unauthorized", "quay.io/team/app:v2", True),
    ("reading manifest v1 in docker.io/library/app: unauthorized", "app:v2", False),
    ("reading manifest v2 in docker.io/library/app-mesh: denied", "app:v2", False),
    ("reading manifest v2 in docker.io/app/mesh: denied", "app:v2", False),
    ("reading manifest latest in docker.io/library/app: denied", "app", True),
    ("reading manifest v2 in registry:5000/app: denied", "registry:5000/app:v2", True),
    (f"reading manifest {D} in quay.io/app: denied", f"quay.io/app@{D}", True),
]


@pytest.mark.parametrize(("message", "image", "expected"), NAMES)
def test_c5_an_image_is_known_in_cri_os_words(message: str, image: str, expected: bool) -> None:
    assert names_image(message, image) is expected


OF_V1 = [
    'Back-off pulling image "app:v1"',
    "initializing source docker://app:v1: reading manifest v1 in docker.io/library/app: denied",
    "reading manifest v1 in docker.io/library/app: denied",
    'Failed to inspect image "app:v1": rpc error',
]


@pytest.mark.parametrize("message", OF_V1)
@pytest.mark.parametrize("reason", ["ErrImagePull", "ImageInspectError"])
def test_c83_a_message_that_names_another_image_is_the_predecessors(
    reason: str, message: str
) -> None:
    seen = after((0, waiting(reason, message)))
    seen.now = 9999.0
    assert found(seen) == []


@pytest.mark.guard("an-image-is-known-in-every-runtimes-words")
def test_c34_a_pull_error_in_cri_os_words_is_stuck_at_once() -> None:
    said = "reading manifest v2 in docker.io/library/app: manifest unknown"
    seen = after((0, waiting("ErrImagePull", said)))
    assert found(seen) == [Stuck("main", "ErrImagePull", said, fails=False)]


def test_c34_a_pull_error_that_names_no_image_is_this_specs_once_it_is_another() -> None:
    seen = after((0, RUNS), (3, waiting("ErrImagePull", "pull QPS exceeded")))
    seen.now = 33.0
    assert [s.fails for s in found(seen)] == [True]


def test_c34_a_pull_error_that_names_no_image_is_stuck_at_once_where_it_is_another() -> None:
    seen = after((0, RUNS), (3, waiting("ErrImagePull", "pull QPS exceeded")))
    assert found(seen) == [Stuck("main", "ErrImagePull", "pull QPS exceeded", fails=False)]
