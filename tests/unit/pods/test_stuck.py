"""When the kubelet says that it can't run the new image, and when it speaks of another one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kubectl_cafe.pods.done import Stuck, digest_contradicts, names_image, stuck
from kubectl_cafe.pods.model import Container
from tests.unit.builders import before, container
from tests.unit.timelines import Timeline, status

PULL_V2 = 'Back-off pulling image "app:v2"'
D = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def waiting(reason: str, message: str = "", container_id: str = "C1") -> Container:
    """The dead container's id stays while the new one can't start."""
    return container(
        container_id,
        "app:v2",
        image_id="D1",
        ready=False,
        running=False,
        waiting=reason,
        message=message,
    )


def found(seen: Timeline) -> list[Stuck]:
    assert seen.pod is not None
    return list(stuck(seen.pod, seen.evidence))


def after(*shown: tuple[float, Container], observed: int = 2) -> Timeline:
    """What the kubelet showed under generation 2."""
    seen = Timeline()
    for at, one in shown:
        seen.show(at, status(2, observed, one))
    return seen


RUNS = container("C1", "app:v2", image_id="D1")
NEW = container("C2", "app:v2")


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_c34_a_pull_error_that_names_the_target_is_stuck(reason: str) -> None:
    seen = after((0, RUNS), (3, waiting(reason, PULL_V2)))
    assert found(seen) == [Stuck("main", reason, PULL_V2, fails=False)]


def test_c34_the_group_fails_when_a_pull_error_has_lasted_30_seconds() -> None:
    seen = after((0, RUNS), (3, waiting("ErrImagePull", PULL_V2)))
    said = []
    for seen.now in (32.9, 33.0):
        said.append(found(seen)[0].fails)
    assert said == [False, True]


def test_c34_the_two_words_for_a_pull_error_are_one_trouble() -> None:
    seen = after(
        (0, RUNS), (3, waiting("ErrImagePull", PULL_V2)), (20, waiting("ImagePullBackOff", PULL_V2))
    )
    seen.now = 33.0
    assert found(seen)[0].fails


@pytest.mark.guard("pull-error-names-the-target")
def test_c83_a_pull_error_of_the_predecessor_is_not_stuck() -> None:
    seen = after((0, waiting("ErrImagePull", 'Back-off pulling image "app:v1"')))
    seen.now = 1000.0
    assert found(seen) == []


@pytest.mark.guard("nothing-is-stuck-before-it-is-seen")
def test_c83_nothing_is_stuck_before_the_kubelet_has_seen_the_spec() -> None:
    seen = after((0, waiting("ErrImagePull", PULL_V2)), observed=1)
    assert found(seen) == []


def test_c34_a_kubelet_that_does_not_say_which_spec_it_has_seen_is_believed() -> None:
    seen = after((0, RUNS), (3, waiting("ErrImagePull", PULL_V2)), observed=0)
    assert found(seen) == [Stuck("main", "ErrImagePull", PULL_V2, fails=False)]


def test_c37_a_configuration_error_of_the_new_image_is_stuck() -> None:
    seen = after((0, RUNS), (3, waiting("CreateContainerConfigError", "no secret")))
    seen.now = 40.0
    assert found(seen) == [Stuck("main", "CreateContainerConfigError", "no secret", fails=True)]


@pytest.mark.guard("configuration-error-is-not-stale")
def test_c83_a_configuration_error_in_the_first_status_is_the_predecessors() -> None:
    seen = after((0, waiting("CreateContainerConfigError", "no secret")))
    seen.now = 11.9
    assert found(seen) == []


def test_c83_a_configuration_error_that_outlasts_t_is_this_specs() -> None:
    seen = after((0, waiting("CreateContainerConfigError", "no secret")))
    seen.now = 30.0
    assert found(seen)[0].fails


def test_c36_a_crash_loop_of_the_new_container_is_stuck_and_fails_at_once() -> None:
    seen = after((0, RUNS), (3, NEW), (5, waiting("CrashLoopBackOff", "exit 1", "C2")))
    assert found(seen) == [Stuck("main", "CrashLoopBackOff", "exit 1", fails=True)]


@pytest.mark.guard("crash-needs-a-settled-container")
def test_c77_a_crash_loop_of_the_predecessor_is_not_stuck() -> None:
    seen = after((0, waiting("CrashLoopBackOff", "exit 1")))
    seen.now = 1000.0
    assert found(seen) == []


def test_c83_a_predecessor_that_exited_is_not_stuck() -> None:
    exited = container("C1", "app:v2", ready=False, running=False, terminated="Completed")
    assert found(after((0, exited))) == []


def test_a_new_container_that_exited_is_stuck_and_may_yet_be_restarted() -> None:
    exited = container("C2", "app:v2", ready=False, running=False, terminated="Error")
    seen = after((0, RUNS), (3, NEW), (4, exited))
    assert found(seen) == [Stuck("main", "Error", "", fails=False)]


def test_a_container_that_is_being_created_is_not_stuck() -> None:
    seen = after((0, RUNS), (3, waiting("ContainerCreating")))
    seen.now = 1000.0
    assert found(seen) == []


def test_c19_of_two_changed_containers_the_broken_one_is_named() -> None:
    seen = Timeline({"main": before(), "side": before("S1", "side:v1", "S")})
    side = container("S2", "side:v2", "side")
    seen.show(0, status(2, 2, RUNS, side))
    seen.show(3, status(2, 2, waiting("ErrImagePull", PULL_V2), side))
    assert [s.container for s in found(seen)] == ["main"]


def test_c20_a_container_that_was_not_changed_is_no_reason_to_fail() -> None:
    seen = Timeline()
    mesh = container("M1", "mesh:1", "mesh", running=False, waiting="CrashLoopBackOff")
    seen.show(0, status(2, 2, NEW, mesh))
    assert found(seen) == []


def test_c19_a_changed_container_is_stuck_beside_an_unchanged_one_that_comes_before_it() -> None:
    seen = Timeline()
    mesh = container("M1", "mesh:1", "mesh")
    seen.show(0, status(2, 2, mesh, RUNS))
    seen.show(3, status(2, 2, mesh, waiting("ErrImagePull", PULL_V2)))
    assert [s.container for s in found(seen)] == ["main"]


def test_c34_the_30_seconds_of_a_pull_error_begin_anew_with_the_spec() -> None:
    seen = after((0, RUNS), (3, waiting("ErrImagePull", PULL_V2)))
    pull_v3 = 'Back-off pulling image "app:v3"'
    seen.show(50, status(3, 3, replace(waiting("ErrImagePull", pull_v3), image="app:v3")))
    assert found(seen) == [Stuck("main", "ErrImagePull", pull_v3, fails=False)]


NAMES = [
    ('Back-off pulling image "app:v2"', "app:v2", True),
    ('failed to pull "docker.io/library/app:v2": not found', "app:v2", True),
    ('Back-off pulling image "app:v21"', "app:v2", False),
    ('Back-off pulling image "app:v2-rc"', "app:v2", False),
    ('Back-off pulling image "my-app:v2"', "app:v2", False),
    ('Back-off pulling image "app:latest"', "app", True),
    ('Back-off pulling image "app:v1"', "app", False),
    ('Back-off pulling image "host:5000/app:latest"', "host:5000/app", True),
    (f'Back-off pulling image "app@{D}"', f"app@{D}", True),
    (f'Back-off pulling image "app:v2@{D}"', "app:v2", False),
]


@pytest.mark.parametrize(("message", "image", "expected"), NAMES)
def test_c5_a_message_names_an_image_and_none_whose_name_it_is_part_of(
    message: str, image: str, expected: bool
) -> None:
    assert names_image(message, image) is expected


DIGESTS = [
    (f"app@{D}", f"docker.io/library/app@{D}", False),
    (f"app@{D}", f"docker-pullable://app@{D}", False),
    (f"app:v2@{D}", D, False),
    (f"app@{D}", f"app@{OTHER}", True),
    ("app:v2", f"app@{OTHER}", False),
    (f"app@{D}", "", False),
]


@pytest.mark.parametrize(("image", "image_id", "expected"), DIGESTS)
def test_c6_a_pinned_digest_is_contradicted_by_another_digest_alone(
    image: str, image_id: str, expected: bool
) -> None:
    assert digest_contradicts(container("C2", image, image_id=image_id)) is expected
