"""What a real kubelet was measured to show, played on the real API server (protocol 6).

A container may run, be ready, be new and have the new image, and still be the wrong one: the
driver has to leave the pod out of traffic until the right one is there.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.puppet import Container, Ready
from tests.integration.shop import NAME, Shop, image, ready, status
from tests.integration.stage import QUOTE, Stage, gate, generation

V1, V2 = Container("app:v1"), Container("app:v2", run=1)
BACK_OFF = ("CrashLoopBackOff", "back-off 10s restarting failed container=main")


@pytest.mark.guard("recorded-container-never-settles")
def test_c1_c68_the_measured_timeline_of_an_upgrade(stage: Stage) -> None:
    """Seen is not done: nothing has been killed yet, though all is running and ready."""
    stage.born()
    running = stage.patched("app:v2")

    stage.show(V1, seen=1)
    stage.stays()
    stage.show(V1, seen=2)
    stage.stays()
    stage.show(V1)
    stage.stays()
    stage.show(replace(V2, ready=False))
    stage.stays()
    stage.show(V2)

    assert stage.settled(running).code == 0
    assert (image(stage.pod()), ready(stage.pod())) == ("app:v2", True)


@pytest.mark.guard("first-status-container-is-not-new")
def test_c9_the_measured_timeline_of_a_change_back_while_the_kubelet_kills(stage: Stage) -> None:
    """A -> B -> A: B runs first, new and ready, with observedGeneration already A's."""
    uid = a_pod_at_v2_that_another_client_took_to_v1(stage)
    running = stage.patched("app:v2")
    target = generation(stage.pod())

    between = Container("app:v1", run=2)
    stage.show_busy(between, seen=target)
    stage.stays()
    stage.show_busy(Container("app:v2", run=3), seen=target)

    assert stage.settled(running).code == 0
    assert stage.pod()["metadata"]["uid"] == uid
    assert status(stage.pod())["restartCount"] == 3


def test_c8_the_container_between_two_changes_does_not_complete_the_second(stage: Stage) -> None:
    """A -> B -> C before the kubelet reported B."""
    a_pod_at_v2_that_another_client_took_to_v1(stage)
    running = stage.patched("app:v3")
    target = generation(stage.pod())

    stage.show_busy(Container("app:v1", run=2), seen=target)
    stage.stays()
    stage.show_busy(Container("app:v3", run=3), seen=target)

    assert stage.settled(running).code == 0


def a_pod_at_v2_that_another_client_took_to_v1(stage: Stage) -> str:
    """Its kubelet is told and goes on showing v2: it is busy killing that. The pod's uid."""
    stage.born()
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)
    stage.show(V2)
    assert stage.settled(running).code == 0
    pod = stage.pod()
    back = {"spec": {"containers": [{"name": "main", "image": "app:v1"}]}}
    stage.shop.client.patch("pods", str(pod["metadata"]["name"]), back)
    stage.show(V2)
    return str(pod["metadata"]["uid"])


@pytest.mark.guard("acknowledgement-is-quoted")
def test_c84_after_a_takeover_the_acknowledgement_decides(stage: Stage) -> None:
    """Whose container it is that a new driver finds, the kubelet says by quoting the gate back."""
    stage.born()
    first = stage.patched("app:v2")
    stage.show(V1, seen=2)
    first.kill9()
    stage.show_busy(V2)
    stage.forget_lease()

    second = stage.shop.cafe.start("drive", NAME)
    stage.until(lambda pod: gate(pod) == "Unknown", "the gate to be rewritten")
    stage.stays()
    stage.show_busy(V2, gate="Unknown")

    assert stage.settled(second).code == 0
    assert status(stage.pod())["restartCount"] == 1


def test_c84_another_container_at_the_acknowledgement_is_the_one(stage: Stage) -> None:
    """The one that the new driver found first is killed while the gate waits to be quoted."""
    stage.born()
    first = stage.patched("app:v2")
    first.kill9()
    stage.show_busy(V2)
    stage.forget_lease()

    second = stage.shop.cafe.start("drive", NAME)
    stage.until(lambda pod: gate(pod) == "Unknown", "the gate to be rewritten")
    stage.show_busy(Container("app:v2", run=2), gate="Unknown")

    assert stage.settled(second).code == 0


def test_c67_a_crash_between_w1_and_w2_is_no_restart_into_the_new_image(stage: Stage) -> None:
    stage.born()
    running = stage.shop.start("app:v2")
    stage.until(lambda pod: gate(pod) == "False", "the gate to be closed")
    crashed = replace(V1, run=1)
    stage.show(crashed)
    stage.until(lambda pod: image(pod) == "app:v2", "the image to be patched")

    stage.show(crashed, seen=2)
    stage.stays()
    stage.show(Container("app:v2", run=2))

    assert stage.settled(running).code == 0


@pytest.mark.guard("first-sight-is-of-this-spec")
def test_c67_a_crash_between_w2_and_its_being_seen_is_no_restart_into_the_new_image(
    stage: Stage,
) -> None:
    """Its containerID is neither the recorded one nor the target's."""
    stage.born()
    running = stage.patched("app:v2")
    crashed = replace(V1, run=1)

    stage.show_busy(crashed, seen=1)
    stage.stays()
    stage.show_busy(crashed, seen=2)
    stage.stays()
    stage.show_busy(Container("app:v2", run=2))

    assert stage.settled(running).code == 0


@pytest.mark.guard("startup-probe-has-spoken")
def test_c69_ready_carried_over_does_not_count_before_the_startup_probe_spoke(
    stage: Stage,
) -> None:
    """It must hold for the probe's period and 3 s; here it falls after 2.5 s, once."""
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    spec = [{"name": "main", "image": "app:v1", "startupProbe": probe}]
    stage.born(containers=spec)
    running = stage.patched("app:v2")
    stage.show(V1, seen=2)

    stage.show(V2)
    stage.stays(seconds=2.5)
    stage.show(replace(V2, ready=False))
    stage.stays()
    stage.show(V2)
    stage.stays(seconds=2.5)

    assert stage.settled(running).code == 0


@pytest.mark.guard("crash-needs-a-settled-container")
def test_c77_the_crash_of_the_version_that_is_left_does_not_fail_the_rollback(
    stage: Stage,
) -> None:
    """CrashLoopBackOff goes on being shown until the kubelet has acted on the undo."""
    stage.born()
    running = stage.patched("app:v2-bad")
    stage.show(V1, seen=2)
    crashing = Container("app:v2-bad", run=1, waiting=BACK_OFF)
    stage.show(crashing)
    failed = stage.ended(running)
    assert (failed.code, "CrashLoopBackOff" in failed.err) == (4, True)

    back = stage.shop.cafe.start("rollback", NAME, "--yes")
    stage.until(lambda pod: image(pod) == "app:v1", "the image to be patched back")
    stage.show(crashing, seen=3)
    stage.stays()
    assert back.running()
    stage.show(Container("app:v1", run=2))

    assert stage.settled(back).code == 0
    assert stage.shop.state() == "RolledBack"


@pytest.mark.parametrize(
    "stale",
    [
        Container("app:v1", waiting=BACK_OFF),
        Container("app:v1", run=1, waiting=BACK_OFF),
        Container("app:v1", run=1, terminated=1),
    ],
    ids=["back-off", "back-off of another run", "exited"],
)
def test_c83_a_predecessors_trouble_in_the_first_status_fails_nothing(
    stage: Stage, stale: Container
) -> None:
    stage.born()
    running = stage.patched("app:v2")

    stage.show(stale, seen=2)
    stage.stays()
    assert running.running()
    stage.show(Container("app:v2", run=2))

    done = stage.settled(running)
    assert (done.code, "CrashLoopBackOff" in done.err) == (0, False)


def test_c83_a_pull_error_of_another_image_is_not_the_targets(stage: Stage) -> None:
    stage.born()
    running = stage.patched("app:v2")
    pull = ("ErrImagePull", 'failed to pull and unpack image "app:v1": not found')

    stage.show(Container("app:v1", waiting=pull), seen=2)
    stage.stays()
    assert "ErrImagePull" not in running.said()[1]
    stage.show(V2)

    assert stage.settled(running).code == 0


def test_a_pull_error_that_names_the_target_is_told_at_once(stage: Stage) -> None:
    stage.born()
    running = stage.patched("app:v2")
    pull = ("ErrImagePull", 'failed to pull and unpack image "docker.io/library/app:v2": not found')

    stage.show(Container("app:v1", waiting=pull))
    stage.stays()
    assert "container main: ErrImagePull" in running.said()[1]
    stage.show(V2)

    assert stage.settled(running).code == 0


@pytest.mark.guard("verified-containers-may-still-crash")
def test_c36_a_version_that_is_ready_for_a_moment_and_then_crashes_fails_its_group(
    shop: Shop,
) -> None:
    shop.born(1)
    shop.edit({"strategy": {"minReadySeconds": 20}})

    done = shop.upgrade("app:v2-crash")

    assert (done.code, shop.state()) == (4, "Failed")
    assert "CrashLoopBackOff" in done.err


def test_c85_an_older_quote_is_not_taken_for_the_acknowledgement(stage: Stage) -> None:
    """Ready was False already, its message says nothing of our gate's present value."""
    stage.born()
    running = stage.shop.start("app:v2")
    stage.until(lambda pod: gate(pod) == "False", "the gate to be closed")

    stage.show(ready=Ready("False", "ReadinessGatesNotReady", QUOTE % "Unknown"))
    stage.until(lambda pod: not ready(pod), "Ready to be False")
    for _ in range(10):
        assert image(stage.pod()) == "app:v1"
        stage.show(ready=Ready("False", "ReadinessGatesNotReady", QUOTE % "Unknown"))
    stage.drained()
    stage.until(lambda pod: image(pod) == "app:v2", "the image to be patched")
    stage.show(V1, seen=2)
    stage.show(V2)

    assert stage.settled(running).code == 0
