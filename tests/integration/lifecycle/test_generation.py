"""What moves metadata.generation and is no image is nobody's change (protocol 6).

An ephemeral container as `kubectl debug` adds it, a toleration, a resize as a VPA makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testbed.client import Client, Object
from testbed.puppet import Container, Ready
from tests.integration.admission import MIRROR, Admission
from tests.integration.shop import NAME, image, name, phase
from tests.integration.stage import Stage, generation

Change = Callable[[Client, Object], Object]


def debug(client: Client, pod: Object) -> Object:
    """An ephemeral container."""
    body = {"spec": {"ephemeralContainers": [{"name": "debugger", "image": "busybox:1"}]}}
    return client.patch("pods", name(pod), body, "ephemeralcontainers")


def tolerate(client: Client, pod: Object) -> Object:
    """One toleration more; they are a list that is replaced as a whole."""
    more = {"key": "special", "operator": "Exists"}
    tolerations = [*client.get("pods", name(pod))["spec"].get("tolerations", []), more]
    return client.patch("pods", name(pod), {"spec": {"tolerations": tolerations}})


def resize(client: Client, pod: Object) -> Object:
    """Another request of CPU; a node that says what its containers have can be asked for it."""
    statuses = client.get("pods", name(pod))["status"]["containerStatuses"]
    able = [{**one, "resources": {"requests": {"cpu": "10m"}}} for one in statuses]
    client.patch("pods", name(pod), {"status": {"containerStatuses": able}}, "status")
    container = {"name": "main", "resources": {"requests": {"cpu": "20m"}}}
    return client.patch("pods", name(pod), {"spec": {"containers": [container]}}, "resize")


CHANGES = pytest.mark.parametrize("change", [debug, tolerate, resize])
MAIN = {"name": "main", "image": "app:v1", "resources": {"requests": {"cpu": "10m"}}}


def moved(stage: Stage, change: Change) -> None:
    """Change the pod, as its kubelet sees it at once; only the generation and the change move."""
    before = stage.pod()
    after = change(stage.shop.client, before)
    assert generation(after) == generation(before) + 1
    assert image(after) == image(before)


def born(stage: Stage, *more: Object) -> None:
    """One pod with requests to resize."""
    stage.born(containers=[*more, MAIN])


def rest(stage: Stage) -> tuple[Any, ...]:
    """What is said of the pod: available, its revision and trouble, and what is to be repaired."""
    (pod,) = stage.shop.cafe("status", NAME, "-o", "json").document()["pods"]
    repair = stage.shop.cafe("repair", NAME)
    drift = "drift" in repair.out + repair.err
    return pod["available"], pod["revision"], pod["trouble"], repair.code, drift


@CHANGES
@pytest.mark.parametrize("mirrored", [False, True], ids=["plain", "mirrored"])
def test_a_pod_at_rest_stays_available_and_is_no_drift(
    stage: Stage, admission: Admission, change: Change, mirrored: bool
) -> None:
    if mirrored:
        admission.mirror()
    born(stage)

    moved(stage, change)
    stage.show()

    assert rest(stage) == (True, "1", "", 0, False)


@CHANGES
@pytest.mark.parametrize("mirrored", [False, True], ids=["plain", "mirrored"])
def test_an_upgraded_pod_at_rest_stays_available_and_is_no_drift(
    stage: Stage, admission: Admission, change: Change, mirrored: bool
) -> None:
    if mirrored:
        admission.mirror()
    born(stage)
    upgrade(stage)

    moved(stage, change)
    stage.show()

    assert rest(stage) == (True, "2", "", 0, False)


SIDE = {"name": "side", "image": "side:v1"}


@CHANGES
@pytest.mark.guard("the-writer-of-the-images-decides")
def test_a_release_goes_on_when_it_moves_between_w1_and_w2(
    stage: Stage, admission: Admission, change: Change
) -> None:
    """Under a mirror, and the container whose image stays is not restarted (C20)."""
    admission.mirror(["CREATE"])
    born(stage, SIDE)
    kept = image(stage.pod(), "side")
    assert kept == f"{MIRROR}side:v1"
    running = stage.shop.start("app:v2")
    stage.until(lambda pod: phase(pod) == "drained", "the gate to be closed")

    moved(stage, change)
    stage.show()
    stage.until(lambda pod: phase(pod) == "patched", "the image to be patched")

    assert image(stage.pod(), "side") == kept
    stage.show()
    stage.show(Container(image(stage.pod()), run=1))
    assert stage.settled(running).code == 0
    assert rest(stage) == (True, "2", "", 0, False)


@CHANGES
@pytest.mark.parametrize("mirrored", [False, True], ids=["plain", "mirrored"])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_release_goes_on_when_it_moves_between_w2_and_done(
    stage: Stage, admission: Admission, change: Change, mirrored: bool, late: bool
) -> None:
    """Before and after its kubelet shows the new container; no acknowledgement is needed."""
    if mirrored:
        admission.mirror()
    born(stage)
    running = stage.patched("app:v2")
    stage.show()
    new = Container(image(stage.pod()), run=1)

    if late:
        stage.show(new, ready=Ready("False", "ContainersNotReady"))
    moved(stage, change)
    stage.show_busy(new)

    assert stage.settled(running).code == 0
    assert rest(stage) == (True, "2", "", 0, False)


def upgrade(stage: Stage) -> None:
    """A release to app:v2 whose kubelet does what it should."""
    running = stage.patched("app:v2")
    stage.show(seen=generation(stage.pod()))
    stage.show(Container(image(stage.pod()), run=1))
    assert stage.settled(running).code == 0
